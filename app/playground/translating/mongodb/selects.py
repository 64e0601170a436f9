"""A SELECT or set operation as one pipeline, whose documents have a field for each column."""

from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb import joins
from app.playground.translating.mongodb.expressions import value
from app.playground.translating.mongodb.grouping import group
from app.playground.translating.mongodb.ordering import keys_of, sort_by
from app.playground.translating.mongodb.scopes import Columns, Context, Scope
from app.playground.translating.mongodb.values import Value
from app.playground.translating.mongodb.windows import windows
from app.playground.translating.sql import bare, conjuncts, number_of

_REFUSED = {
    "laterals": "LATERAL",
    "sample": "TABLESAMPLE",
    "locks": "FOR UPDATE",
    "pivots": "PIVOT",
    "qualify": "QUALIFY",
    "connect": "CONNECT BY",
    "into": "SELECT INTO",
    "match": "MATCH_RECOGNIZE",
}


@dataclass(slots=True)
class Compiled:
    """`columns`: by its name in SQL, the field that holds it; in order. `lets`: what it needs of the pipeline around it."""

    collection: str
    stages: list[dict[str, Any]]
    columns: Columns
    lets: dict[str, Any] = field(default_factory=dict)


def compiled(node: exp.Expr, context: Context, parent: Scope | None = None) -> Compiled:
    """Raises NotCarriedError, which names the construct."""
    context.count_query()
    while isinstance(node, exp.Subquery):
        node = node.this
    with_ = node.args.get("with_")
    if with_ is not None:
        if with_.recursive:
            raise NotCarriedError("WITH RECURSIVE")
        context.ctes |= {cte.alias: cte.this for cte in with_.expressions}
    if isinstance(node, exp.SetOperation):
        return _set_operation(node, context, parent)
    if not isinstance(node, exp.Select):
        raise NotCarriedError(f"{node.key.upper()} as a query")
    for name, words in _REFUSED.items():
        if node.args.get(name):
            raise NotCarriedError(words)
    return _select(node, context, parent)


def _select(select: exp.Select, context: Context, parent: Scope | None) -> Compiled:
    scope = Scope(context, parent=parent)
    joins.match(scope, joins.begin(select, scope, compiled))
    group(select, scope)
    having = select.args.get("having")
    if having is not None:
        joins.match(scope, conjuncts(having.this))
    windows(select, scope)
    distinct = select.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        raise NotCarriedError("DISTINCT ON")
    found = {name: value(bare(node), scope) for name, node in _named(select)}
    outputs = _outputs(found)
    if distinct is None:
        _order(select, scope, dict(_named(select)))
        _limit(select, scope)
    scope.add("$project", _projection(found, outputs))
    columns = {name: replace(held, code=f"${outputs[name]}", constant=False) for name, held in found.items()}
    if distinct is not None:
        _unique(scope, columns)
        _order_outputs(select, scope, columns)
        _limit(select, scope)
    return Compiled(scope.collection, scope.stages, columns, scope.lets)


def _named(select: exp.Select) -> list[tuple[str, exp.Expr]]:
    """Columns by name; a name that comes again has a number."""
    found: dict[str, exp.Expr] = {}
    for node in select.expressions:
        if isinstance(node, exp.Star) or node.find(exp.Star) is bare(node):
            raise NotCarriedError("SELECT * here")
        name, number = node.alias_or_name, 2
        while name in found:
            name, number = f"{node.alias_or_name}_{number}", number + 1
        found[name] = node
    return list(found.items())


def _outputs(found: dict[str, Value]) -> dict[str, str]:
    """The fields' names: the columns', where MongoDB takes them."""
    taken: dict[str, str] = {}
    for number, name in enumerate(found, 1):
        usable = bool(name) and name[0] != "$" and "." not in name and not name.startswith("_col_") and name != "_id"
        taken[name] = name if usable else f"column_{number}"
    return taken


def _projection(found: dict[str, Value], outputs: dict[str, str]) -> dict[str, Any]:
    """Fields by 1 where none has to be computed; else all by their paths, which keeps their order."""
    included = all(held.path == outputs[name] and not held.constant for name, held in found.items())
    body: dict[str, Any] = {"_id": 0}
    for name, held in found.items():
        code = {"$literal": held.held} if held.constant else held.code
        body[outputs[name]] = 1 if included else code
    return body


def _unique(scope: Scope, columns: Columns) -> None:
    """Each row once; null and missing are the same."""
    key = {held.path: {"$ifNull": [held.code, None]} if held.nullable else held.code for held in columns.values()}
    scope.add("$group", {"_id": key})
    scope.add("$replaceRoot", {"newRoot": "$_id"})


def _order(select: exp.Select, scope: Scope, named: dict[str, exp.Expr]) -> None:
    order = select.args.get("order")
    if order is None:
        return
    parts = []
    for part in order.expressions:
        one, node = part.copy(), part.this
        if isinstance(node, exp.Column) and not node.table and node.name in named:
            one.set("this", bare(named[node.name]).copy())
        parts.append(one)
    sort = sort_by(keys_of(parts, scope), scope)
    if sort:
        scope.add("$sort", sort)


def _order_outputs(node: exp.Expr, scope: Scope, columns: Columns) -> None:
    order = node.args.get("order")
    if order is None:
        return
    scope.places, scope.grouped, scope.parent = {"": columns}, False, None
    scope.computed = {}
    parts = []
    for part in order.expressions:
        if not (isinstance(part.this, exp.Column) and part.this.name in columns):
            raise NotCarriedError("ORDER BY something that is no column of the result")
        one = part.copy()
        one.set("this", exp.column(part.this.name))
        parts.append(one)
    sort = sort_by(keys_of(parts, scope), scope)
    if sort:
        scope.add("$sort", sort)
    made = [name for stage in scope.stages[-2:] for name in stage.get("$set", {})]
    if made:
        scope.add("$unset", made)


def _limit(node: exp.Expr, scope: Scope) -> None:
    limit, offset = node.args.get("limit"), node.args.get("offset")
    if (limit or offset) and node.args.get("order") is None:
        scope.context.notes.append("LIMIT without ORDER BY: SQL leaves open which rows these are.")
    if offset is not None:
        skipped = number_of(offset.expression)
        if skipped is None:
            raise NotCarriedError("an OFFSET that is not written out")
        if skipped:
            scope.add("$skip", skipped)
    if limit is None:
        return
    ties = isinstance(limit, exp.Fetch) and limit.args.get("limit_options")
    if ties and ties.args.get("with_ties"):
        raise NotCarriedError("FETCH … WITH TIES")
    count = number_of(limit.args.get("count") if isinstance(limit, exp.Fetch) else limit.expression)
    if count is None:
        raise NotCarriedError("a LIMIT that is not written out")
    if count:
        scope.add("$limit", count)
    else:
        scope.add("$match", {"$expr": False})


def _set_operation(node: exp.SetOperation, context: Context, parent: Scope | None) -> Compiled:
    left, right = compiled(node.left, context, parent), compiled(node.right, context, parent)
    ours, theirs = list(left.columns.values()), list(right.columns.values())
    every = not node.args.get("distinct")
    if every and not isinstance(node, exp.Union):
        raise NotCarriedError(f"{node.key.upper()} ALL")
    if len(ours) != len(theirs):
        raise NotCarriedError("a set operation of queries with different numbers of columns")
    for a, b in zip(ours, theirs, strict=True):
        if (a.kind, a.as_text) != (b.kind, b.as_text) and "null" not in (a.kind, b.kind):
            if {a.kind, b.kind} <= {"int", "decimal"}:
                continue
            raise NotCarriedError(f"a set operation of a column that is {a.kind} with one that is {b.kind}")
    names = {b.path: a.path for a, b in zip(ours, theirs, strict=True)}
    pipeline = list(right.stages)
    if any(theirs != ours for theirs, ours in names.items()):
        pipeline.append({"$project": {f"{a}": 1 if a == b else f"${b}" for b, a in names.items()}})
    scope = Scope(context, left.collection, list(left.stages), parent=parent, lets=left.lets | right.lets)
    columns = {
        name: replace(a, nullable=a.nullable or b.nullable, exact=a.exact and b.exact)
        for (name, a), b in zip(left.columns.items(), theirs, strict=True)
    }
    _combined(node, scope, right.collection, pipeline, columns)
    lets = scope.lets
    _order_outputs(node, scope, columns)
    _limit(node, scope)
    return Compiled(scope.collection, scope.stages, columns, lets)


def _combined(node: exp.SetOperation, scope: Scope, collection: str, pipeline: list[Any], columns: Columns) -> None:
    if isinstance(node, exp.Union):
        scope.add("$unionWith", {"coll": collection, "pipeline": pipeline})
        if node.args.get("distinct"):
            _unique(scope, columns)
        return
    side = scope.context.fresh("side")
    scope.add("$set", {side: 1})
    scope.add("$unionWith", {"coll": collection, "pipeline": [*pipeline, {"$set": {side: 2}}]})
    key = {held.path: {"$ifNull": [held.code, None]} if held.nullable else held.code for held in columns.values()}
    scope.add("$group", {"_id": key, "sides": {"$addToSet": f"${side}"}})
    scope.add("$match", {"sides": [1] if isinstance(node, exp.Except) else {"$size": 2}})
    scope.add("$replaceRoot", {"newRoot": "$_id"})
