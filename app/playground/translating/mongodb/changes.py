"""INSERT, UPDATE and DELETE as insertMany, updateMany, deleteMany, $addToSet and $pull."""

from decimal import Decimal
from typing import Any

from app.playground.translating.changes import Change, Setting
from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.conditions import truth
from app.playground.translating.mongodb.expressions import value
from app.playground.translating.mongodb.numbers import rounded
from app.playground.translating.mongodb.printing import collection, printed
from app.playground.translating.mongodb.queries import matching, merged
from app.playground.translating.mongodb.scopes import Context, Scope
from app.playground.translating.mongodb.sources import columns_of
from app.playground.translating.mongodb.values import Value, exactly
from app.playground.translating.simple import Condition


def statements(change: Change, context: Context) -> list[str]:
    """Raises NotCarriedError, which names what can't be said."""
    section = change.table.engines["mongodb"]
    change.refuse_what_is_kept("mongodb", "MongoDB")
    if "gathered" in section:
        raise NotCarriedError(f"{change.table.name} has no collection: it is gathered from {section['collection']}")
    if change.verb != "insert" and "fixed" in section:
        raise NotCarriedError(section["fixed"])
    if "unwind" in section:
        return _in_array(change)
    name = collection(section["collection"])
    if change.verb == "insert":
        documents = [_document(change, row) for row in change.rows]
        return [f"{name}.insertMany({printed(documents)})"]
    scope = Scope(context, section["collection"], places={change.alias: columns_of(change.table, "")})
    if change.verb == "delete":
        return [f"{name}.deleteMany({printed(_query(change, scope))})"]
    return [f"{name}.updateMany({printed(_query(change, scope))}, {printed(_update(change, scope))})"]


def _query(change: Change, scope: Scope) -> dict[str, Any]:
    queries = [matching(part, scope) for part in change.where]
    found = merged([query for query in queries if query is not None]) or {}
    tests = [truth(part, scope) for part, query in zip(change.where, queries, strict=True) if query is None]
    return {**found, "$expr": {"$and": tests}} if tests else found


def _update(change: Change, scope: Scope) -> Any:
    fields = change.table.fields("mongodb")
    settings = {fields.get(one.column, one.column): one for one in change.settings}
    missing = [one.column for one in change.settings if one.column in change.table.engines["mongodb"].get("absent", ())]
    if missing:
        raise NotCarriedError(f"{change.table.name}.{missing[0]} is not kept in MongoDB")
    kinds = change.table.columns
    if all(one.node is None and not one.operator for one in settings.values()):
        return {"$set": {path: _kept(one.value, kinds[one.column]) for path, one in settings.items()}}
    if all(one.operator and kinds[one.column] != "decimal" for one in settings.values()):
        return {"$inc": {path: one.value if one.operator == "+" else -one.value for path, one in settings.items()}}
    return [{"$set": {path: _computed(one, change, scope) for path, one in settings.items()}}]


def _computed(setting: Setting, change: Change, scope: Scope) -> Any:
    kind = change.table.columns[setting.column]
    if setting.operator:
        own = scope.places[change.alias][setting.column]
        amount = setting.value if setting.operator == "+" else -setting.value
        found = Value({"$add": [exactly(own), amount]}, own.kind)
    elif setting.node is None:
        held = _kept(setting.value, kind)
        return {"$literal": held}
    else:
        found = value(setting.node, scope)
    if kind == "decimal" and found.kind in ("int", "decimal"):
        return {"$toDouble": rounded(exactly(found), 2)}
    if kind == "int" and found.kind == "decimal":
        return {"$toInt": rounded(exactly(found), 0)}
    if found.kind == kind and kind in ("int", "text") and not found.nullable:
        return found.code
    raise NotCarriedError(
        f"{setting.column} = a {found.kind} that may be null"
        if found.nullable
        else f"{setting.column} = a {found.kind}"
    )


def _document(change: Change, row: dict[str, Any]) -> dict[str, Any]:
    section = change.table.engines["mongodb"]
    absent = [name for name in row if name in section.get("absent", ())]
    if absent:
        raise NotCarriedError(f"{change.table.name}.{absent[0]} is not kept in MongoDB")
    fields = change.table.fields("mongodb")
    found: dict[str, Any] = {}
    for name, held in row.items():
        *above, last = fields.get(name, name).split(".")
        inner = found
        for part in above:
            inner = inner.setdefault(part, {})
        texts = name in section.get("texts", ())
        inner[last] = f"{held:%Y-%m-%d}" if texts else _kept(held, change.table.columns[name])
    return found


def _kept(held: Any, kind: str) -> Any:
    return float(held) if kind == "decimal" and isinstance(held, Decimal | int) else held


def _in_array(change: Change) -> list[str]:
    """The rows of an array of plain values: put in, and pulled out."""
    section, fields = change.table.engines["mongodb"], change.table.fields("mongodb")
    name, array = collection(section["collection"]), section["unwind"]
    held = next((column for column, path in fields.items() if path == array), None)
    if held is None or change.verb == "update":
        raise NotCarriedError(f"a change inside the array {array} of {section['collection']}")
    owner = next(column for column in fields if column != held)
    if change.verb == "insert":
        return [
            f"{name}.updateOne({printed({fields[owner]: row[owner]})}, {printed({'$addToSet': {array: row[held]}})})"
            for row in change.rows
        ]
    conditions = change.conditions()
    pulled = [_operator(one) for one in conditions if one.column == held]
    others = [{fields[owner]: _operator(one)} for one in conditions if one.column == owner]
    if len(pulled) + len(others) < len(conditions) or len(pulled) > 1:
        raise NotCarriedError(f"a DELETE by these conditions from the array {array}")
    found = merged(list(others)) or {}
    emptied = {"$pull": {array: pulled[0]}} if pulled else {"$set": {array: []}}
    return [f"{name}.updateMany({printed(found)}, {printed(emptied)})"]


def _operator(one: Condition) -> Any:
    names = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "<>": "$ne"}
    if one.operator == "=":
        return one.values[0]
    if one.operator == "in":
        return {"$in": list(one.values)}
    if one.operator == "between":
        return {"$gte": one.values[0], "$lte": one.values[1]}
    if one.operator in names:
        return {names[one.operator]: one.values[0]}
    raise NotCarriedError(f"the condition {one.operator} on an array's values")
