"""Subqueries in conditions and expressions: looked up into a field of the document that asks."""

from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.conditions import Test, both, either, listed, tested
from app.playground.translating.mongodb.expressions import register, value
from app.playground.translating.mongodb.scopes import Scope
from app.playground.translating.mongodb.selects import Compiled, compiled
from app.playground.translating.mongodb.values import Value, whether_there
from app.playground.translating.sql import conjuncts, number_of, says


def _asked(query: exp.Expr, scope: Scope, *last: dict[str, Any]) -> tuple[str, Compiled]:
    """Look a query up once, and give the field with its rows."""
    known = scope.computed.get(f"rows of {query.sql()}")
    if known is not None:
        name, found = known.held
        return name, found
    found = compiled(query, scope.context, scope)
    name = scope.context.fresh("q")
    body: dict[str, Any] = {"from": found.collection}
    if found.lets:
        body["let"] = found.lets
    scope.add("$lookup", {**body, "pipeline": [*found.stages, *last], "as": name})
    scope.computed[f"rows of {query.sql()}"] = Value(None, "rows", held=(name, found))
    return name, found


@tested.register
def _(node: exp.Exists, scope: Scope) -> Test:
    name, _ = _asked(node.this, scope, {"$limit": 1})
    return {"$ne": [f"${name}", []]}, {"$eq": [f"${name}", []]}, False


@register
def _(node: exp.Subquery, scope: Scope) -> Value:
    query = node.this
    if not _one_row(query, scope):
        raise NotCarriedError(f"{says(node)}: a subquery that may give several rows, where SQL wants one")
    name, found = _asked(query, scope)
    if len(found.columns) != 1:
        raise NotCarriedError(f"{says(node)}: a subquery of several columns")
    (held,) = found.columns.values()
    return Value({"$first": f"${name}.{held.path}"}, held.kind, not _counts(query), held.exact, held.as_text)


def _one_row(query: exp.Expr, scope: Scope) -> bool:
    """Whether it can't give two: it aggregates all, takes one, or names one row by its key."""
    if not isinstance(query, exp.Select):
        return False
    limit = query.args.get("limit")
    if isinstance(limit, exp.Limit) and number_of(limit.expression) == 1:
        return True
    aggregated = all(part.find(exp.AggFunc) and not part.find(exp.Window) for part in query.expressions)
    return (aggregated and query.args.get("group") is None) or _by_key(query, scope)


def _by_key(query: exp.Select, scope: Scope) -> bool:
    from_, where = query.args.get("from_"), query.args.get("where")
    if from_ is None or where is None or query.args.get("joins") or from_.this.name not in scope.context.tables:
        return False
    alias = from_.this.alias_or_name
    fixed = set()
    for part in conjuncts(where.this):
        if isinstance(part, exp.EQ):
            for side, other in ((part.this, part.expression), (part.expression, part.this)):
                if (
                    isinstance(side, exp.Column)
                    and side.table == alias
                    and alias not in {c.table for c in other.find_all(exp.Column)}
                ):
                    fixed.add(side.name)
    return fixed.issuperset(scope.context.tables[from_.this.name].key)


def _counts(query: exp.Expr) -> bool:
    inner = query.expressions[0].unalias()
    return isinstance(inner, exp.Count) and query.args.get("group") is None and query.args.get("having") is None


def among(node: exp.Expr, one: exp.Expr, query: exp.Expr, scope: Scope) -> Test:
    """`one IN (query)`: null where one of them hides whether it is."""
    name, found = _asked(query, scope)
    if len(found.columns) != 1:
        raise NotCarriedError(f"{says(node)}: a subquery of several columns")
    (held,) = found.columns.values()
    wanted = value(one, scope)
    if (wanted.kind, wanted.exact, wanted.as_text) != (held.kind, held.exact, held.as_text):
        raise NotCarriedError(f"{says(node)}: comparing {wanted.kind} with {held.kind}")
    values = f"${name}.{held.path}"
    inside = {"$in": [wanted.code, values]}
    there = whether_there(wanted) if wanted.nullable else True
    true, false = both([there, inside]), {"$not": [inside]}
    if held.nullable:
        complete = {
            "$eq": [{"$size": {"$filter": {"input": values, "cond": {"$gt": ["$$this", None]}}}}, {"$size": f"${name}"}]
        }
        false = both([false, complete])
    if wanted.nullable:
        false = either([{"$eq": [f"${name}", []]}, both([there, false])])
    return true, false, wanted.nullable or held.nullable


@tested.register
def _(node: exp.In, scope: Scope) -> Test:
    query = node.args.get("query")
    return among(node, node.this, query.this, scope) if query else listed(node, scope)


register(exp.Exists)(lambda node, scope: Value(tested(node, scope)[0], "bool"))
