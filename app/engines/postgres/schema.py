"""What a sandbox holds, read from its catalog: for the sidebar, and as a diagram."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.core.diagrams import Attribute, Diagram, Entity, Relation
from app.core.engine import SchemaObject
from app.engines.postgres.catalog import question

if TYPE_CHECKING:
    import asyncpg

    Inside = asyncpg.Connection[Any]
    Rows = Sequence[asyncpg.Record]


async def objects(inside: "Inside") -> list[SchemaObject]:
    """Tables and views with their parts first, then what stands beside them."""
    relations, columns = await _relations(inside)
    beside = await inside.fetch(question("beside"), [row["oid"] for row in relations])
    parts: dict[int, list[SchemaObject]] = {}
    for row in columns:
        parts.setdefault(row["relation"], []).append(_column(row))
    for row in beside:
        if row["relation"] is not None:
            parts.setdefault(row["relation"], []).append(SchemaObject(row["kind"], row["name"], row["detail"]))
    tables = [
        SchemaObject(row["kind"], _name(row), _extent(row), parts.get(row["oid"], []), row["reference"])
        for row in relations
    ]
    others = [
        SchemaObject(row["kind"], _name(row), _short(row["detail"] or "") or None)
        for row in beside
        if row["relation"] is None
    ]
    return tables + others


async def diagram(inside: "Inside") -> Diagram:
    """Tables and the references between them."""
    relations, columns = await _relations(inside)
    tables = {row["oid"]: _name(row) for row in relations if "table" in row["kind"]}
    references = await inside.fetch(question("references"), list(tables))
    attributes: dict[int, list[Attribute]] = {}
    for row in columns:
        attributes.setdefault(row["relation"], []).append(Attribute(row["name"], _short(row["type"]), _marks(row)))
    return Diagram(
        entities=tuple(Entity(name, tuple(attributes.get(oid, ()))) for oid, name in tables.items()),
        relations=tuple(
            Relation(
                source=tables[row["source"]],
                target=tables[row["target"]],
                attributes=tuple(zip(row["source_columns"], row["target_columns"], strict=True)),
                required=row["required"],
                one=row["one"],
            )
            for row in references
        ),
    )


async def _relations(inside: "Inside") -> tuple["Rows", "Rows"]:
    relations = await inside.fetch(question("relations"))
    return relations, await inside.fetch(question("columns"), [row["oid"] for row in relations])


def _name(row: "asyncpg.Record") -> str:
    name: str = row["name"]
    return name if row["schema"] in ("public", None) else f"{row['schema']}.{name}"


def _extent(row: "asyncpg.Record") -> str | None:
    rows = f"about {row['rows']:,} rows" if row["rows"] >= 0 and row["kind"] != "view" else None
    return ", ".join(part for part in (rows, row["size"]) if part) or None


# The admin looks with nothing of the sandbox's in its search path, so names come with their schema.
def _short(text: str) -> str:
    return text.replace("public.", "")


def _column(row: "asyncpg.Record") -> SchemaObject:
    marks: list[str] = [row["type"].removeprefix("public.")]
    if row["is_primary"]:
        marks.append("primary key")
    elif row["required"]:
        marks.append("not null")
    if row["is_unique"] and not row["is_primary"]:
        marks.append("unique")
    if row["refers_to"]:
        marks.append(f"refers to {_short(row['refers_to'])}")
    return SchemaObject("column", row["name"], ", ".join(marks), reference=row["reference"])


def _marks(row: "asyncpg.Record") -> tuple[str, ...]:
    marks = (
        ("primary key", row["is_primary"]),
        ("unique", row["is_unique"] and not row["is_primary"]),
        ("not null", row["required"] and not row["is_primary"]),
        ("foreign key", row["refers_to"]),
    )
    return tuple(name for name, holds in marks if holds)
