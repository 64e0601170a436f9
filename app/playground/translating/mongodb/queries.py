"""Conditions in MongoDB's query language, which indexes answer: comparisons of a field with values that are written out."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from app.playground.translating.mongodb.conditions import COMPARED, COMPARISONS, pattern
from app.playground.translating.mongodb.expressions import value
from app.playground.translating.mongodb.scopes import Scope
from app.playground.translating.mongodb.values import alike, coerced

Query = dict[str, Any]
TURNED = {"$eq": "$eq", "$ne": "$ne", "$lt": "$gt", "$lte": "$gte", "$gt": "$lt", "$gte": "$lte"}


def matching(node: exp.Expr, scope: Scope) -> Query | None:
    """None where only an expression says it."""
    node = node.this if isinstance(node, exp.Paren) else node
    if isinstance(node, COMPARISONS):
        return _compared(node, scope)
    for kind, said in _SAID:
        if isinstance(node, kind):
            return said(node, scope)
    return None


def _or(node: exp.Expr, scope: Scope) -> Query | None:
    sides = [matching(side, scope) for side in (node.this, node.expression)]
    if any(side is None for side in sides):
        return None
    return {"$or": [part for side in sides if side for part in side.get("$or", [side])]}


def _and(node: exp.Expr, scope: Scope) -> Query | None:
    return merged([matching(side, scope) for side in (node.this, node.expression)])


def _not(node: exp.Expr, scope: Scope) -> Query | None:
    return _among(node.this, scope, "$nin") if isinstance(node.this, exp.In) else None


def _like(node: exp.Expr, scope: Scope) -> Query | None:
    inner = value(node.this, scope)
    regex, options = pattern(node)
    return {inner.path: {"$regex": regex, "$options": options}} if inner.path and inner.kind == "text" else None


def merged(parts: Sequence[Query | None]) -> Query | None:
    """Parts that hold together, as one; None where one of them is None."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    found: Query = {}
    for part in known:
        if any(name in found and not _compatible(found[name], held) for name, held in part.items()):
            return {"$and": known}
        found |= {name: {**found[name], **held} if name in found else held for name, held in part.items()}
    return found


def _compatible(held: Any, other: Any) -> bool:
    """Whether two sets of operators on one field can be one."""
    both = isinstance(held, dict) and isinstance(other, dict)
    return both and set(held) | set(other) <= set(TURNED) and not set(held) & set(other)


def _plain(held: Any) -> bool:
    return held is not None and not isinstance(held, dict)


def _compared(node: exp.Expr, scope: Scope) -> Query | None:
    name = COMPARED[type(node)][0]
    if isinstance(node.expression, exp.Any):
        array, one = value(node.expression.this, scope), value(node.this, scope)
        found = array.path and array.kind == "text[]" and one.constant and one.kind == "text" and name == "$eq"
        return {str(array.path): one.held} if found else None
    if isinstance(node.expression, exp.All):
        return None
    left, right = alike((value(node.this, scope), value(node.expression, scope)))
    if left.constant:
        left, right, name = right, left, TURNED[name]
    if left.path is None or not right.constant or not _plain(right.held) or left.kind == "text[]":
        return None
    if name == "$ne" and left.nullable:
        return {left.path: {"$nin": [right.held, None]}}
    return {left.path: right.held if name == "$eq" else {name: right.held}}


def _between(node: exp.Expr, scope: Scope) -> Query | None:
    if node.args.get("symmetric"):
        return None
    one, low, high = alike(value(part, scope) for part in (node.this, node.args["low"], node.args["high"]))
    if one.path is None or not (low.constant and high.constant and _plain(low.held) and _plain(high.held)):
        return None
    return {one.path: {"$gte": low.held, "$lte": high.held}}


def _among(node: exp.Expr, scope: Scope, name: str = "$in") -> Query | None:
    if not node.expressions:
        return None
    one, *others = alike(value(part, scope) for part in (node.this, *node.expressions))
    if one.path is None or not all(other.constant and _plain(other.held) for other in others):
        return None
    held = [coerced(other, one.kind).held for other in others]
    return {one.path: {name: [*held, None] if name == "$nin" and one.nullable else held}}


_SAID: tuple[tuple[type[exp.Expr], Callable[[exp.Expr, Scope], Query | None]], ...] = (
    (exp.Or, _or),
    (exp.And, _and),
    (exp.Not, _not),
    (exp.In, _among),
    (exp.Between, _between),
    (exp.Like, _like),
    (exp.ILike, _like),
)
