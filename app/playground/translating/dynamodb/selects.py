"""A SELECT as one PartiQL statement, or as a Query or Scan where it counts or limits."""

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from app.playground.comparing.answers import Reading
from app.playground.translating.carried import Answering, Carried, Part
from app.playground.translating.dynamodb.keys import Keys, ask, upwards
from app.playground.translating.dynamodb.requests import Request, Test, call, partiql
from app.playground.translating.errors import NotCarriedError
from app.playground.translating.literals import text_of
from app.playground.translating.shapes import Pattern, Table
from app.playground.translating.simple import Condition, Simple, simple

LABEL = "DynamoDB"
MAX_IN = 50
"""How many values DynamoDB takes in one IN of a partition key."""


def select(node: exp.Expr, tables: Mapping[str, Table]) -> Carried:
    """Raises NotCarriedError, which names what can't be said."""
    wanted = simple(node, tables, LABEL)
    if wanted.aggregate in ("min", "max"):
        raise NotCarriedError(f"{wanted.aggregate.upper()}(): DynamoDB computes no aggregate")
    request, keys, left = ask(wanted.table, wanted.conditions)
    if request.partition and len(request.partition) - 2 > MAX_IN:
        raise NotCarriedError(f"IN with more than {MAX_IN} keys")
    request.filters = [_filter(one, wanted.table, keys) for one in left]
    request.order = _order(wanted, request, keys)
    if wanted.offset:
        raise NotCarriedError("OFFSET: DynamoDB goes on from a key, not from a number")
    notes = [] if request.queries or _one_item(request) else ["Reads the whole table: no key decides where to look."]
    if wanted.aggregate == "count":
        if wanted.limit is not None:
            raise NotCarriedError("LIMIT of a count")
        return Carried("dynamodb", call(request, count=True), notes=tuple(notes), answering=Answering(counted=True))
    parts = tuple(_part(name, wanted.table, keys, request, notes) for name in wanted.columns)
    answering = Answering(Reading(columns=tuple(request.attributes)), parts)
    if wanted.limit is None:
        return Carried("dynamodb", partiql(request), notes=tuple(notes), answering=answering)
    if wanted.limit == 0 or not request.queries:
        raise NotCarriedError("LIMIT: only of a Query, since DynamoDB counts the items it reads")
    answering = replace(answering, limited=True)
    if not wanted.order:
        notes.append("LIMIT without ORDER BY: SQL leaves open which rows these are.")
    return Carried("dynamodb", call(request, limit=wanted.limit), notes=tuple(notes), answering=answering)


def _one_item(request: Request) -> bool:
    return request.partition is not None and request.partition[0] == "in"


def _part(name: str, table: Table, keys: Keys, request: Request, notes: list[str]) -> Part:
    """How a column is read from an item: an attribute, or a part of a key."""
    section = table.engines["dynamodb"]
    fields = table.fields("dynamodb")
    if name in fields:
        return Part(_attribute(fields[name], request))
    partition, sort = section.get("names", ["pk", "sk"])
    for key, pattern in ((partition, Pattern(section["partition"])), (sort, Pattern(section["sort"]))):
        if name in pattern.columns:
            at = _attribute(key, request)
            if pattern.text == f"{{{name}}}":
                return Part(at)
            notes.append(f"{name} stands in {key} as {pattern.text}.")
            return Part(at, "pattern", pattern=pattern.regex(), name=name)
    raise NotCarriedError(f"{table.name}.{name} is not kept in DynamoDB")


def _attribute(name: str, request: Request) -> int:
    if name not in request.attributes:
        request.attributes.append(name)
    return request.attributes.index(name)


def _filter(one: Condition, table: Table, keys: Keys) -> Test:
    if one.operator in ("and", "or", "not"):
        return (one.operator, *(_filter(part, table, keys) for part in one.parts))
    fields = table.fields("dynamodb")
    name = fields.get(one.column)
    if name is None:
        where = (
            "stands in a key and is asked for by = alone" if _in_keys(one.column, table) else "is not kept in DynamoDB"
        )
        raise NotCarriedError(f"{table.name}.{one.column} {where}")
    if name in keys.names:
        raise NotCarriedError(f"{table.name}.{one.column} is a key, which no filter may name")
    kind = table.columns[one.column]
    if one.operator == "contains" and kind not in ("text", "text[]"):
        raise NotCarriedError(f"a pattern on {table.name}.{one.column}, which is no text")
    values = [value if kind not in ("date", "timestamp") else text_of(value, kind) for value in one.values]
    return upwards(("begins_with" if one.operator == "like" else one.operator, name, *values))


def _in_keys(name: str, table: Table) -> bool:
    section = table.engines["dynamodb"]
    return name in Pattern(section["partition"]).columns + Pattern(section["sort"]).columns


def _order(wanted: Simple, request: Request, keys: Keys) -> tuple[str, bool] | None:
    if not wanted.order:
        return None
    name, descending = wanted.order[0]
    if not request.queries:
        raise NotCarriedError("ORDER BY: only within one partition")
    if len(wanted.order) > 1 or not _sorts(name, wanted, keys):
        raise NotCarriedError(f"ORDER BY {name}: items come in the order of their sort key, {keys.names[1]}, alone")
    return keys.names[1], descending


def _sorts(name: str, wanted: Simple, keys: Keys) -> bool:
    """Whether the sort key goes as the column does: behind what is decided, and no number without leading zeros among text."""
    if keys.index and keys.sort.text == f"{{{keys.names[1]}}}":
        return wanted.table.fields("dynamodb").get(name) == keys.names[1]
    undecided = [column for column in keys.sort.columns if not wanted.equal(column)]
    if undecided[:1] != [name]:
        return False
    return wanted.table.columns[name] in ("timestamp", "date", "text") or f"{{{name}:0" in keys.sort.text
