"""What FROM reads: the stages that make a table's rows of the documents that hold it, and its columns in them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.playground.translating.mongodb.scopes import Columns
from app.playground.translating.mongodb.values import Value
from app.playground.translating.shapes import Table

_KINDS = {"bigint": "int"}


@dataclass(slots=True)
class Source:
    """One table or subquery of FROM: the stages that make its rows, and its columns at a path."""

    alias: str
    collection: str
    stages: list[dict[str, Any]]
    columns: Callable[[str], Columns]
    table: Table | None = None


def columns_of(table: Table, base: str) -> Columns:
    """A table's columns where its document, or the row of its array, stands at `base` (with its dot)."""
    section = table.engines["mongodb"]
    fields, gathered = section.get("fields", {}), "gathered" in section
    found: Columns = {}
    for name, kind in table.columns.items():
        if name in section.get("absent", ()):
            continue
        path = fields.get(name, name)
        if gathered:
            path = "_id" if path == section["gathered"] else name
        code: Any = f"${base}{path}"
        if name == section.get("place"):
            code = {"$add": [f"${base}_place", 1]}
        found[name] = Value(
            code, _KINDS.get(kind, kind), exact=kind != "decimal", as_text=name in section.get("texts", ())
        )
    return found


def stages_of(table: Table, base: str = "", *, keep: bool = False, place: bool = False) -> list[dict[str, Any]]:
    """What makes rows of the documents that hold a table. `keep`: documents without a row stay."""
    section = table.engines["mongodb"]
    if "gathered" in section:
        body: dict[str, Any] = {"_id": f"${section['gathered']}"}
        for name in table.columns:
            if section["fields"][name] != section["gathered"]:
                body[name] = {"$first": f"${section['fields'][name]}"}
        return [{"$group": body}]
    if "unwind" not in section:
        return []
    how: dict[str, Any] = {"path": f"${base}{section['unwind']}"}
    if place:
        how["includeArrayIndex"] = f"{base}_place"
    if keep:
        how["preserveNullAndEmptyArrays"] = True
    return [{"$unwind": how if len(how) > 1 else how["path"]}]
