"""Conditions of SQL, whose logic has three values, in expressions that have two.

A condition is asked for in two ways: when it is true, and when it is false. Where it is neither, it is null. NOT swaps the two,
so that a null never turns into true. What can't be null carries no guards.
"""

from functools import singledispatch
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.expressions import one_of, register, value
from app.playground.translating.mongodb.scopes import Scope
from app.playground.translating.mongodb.values import Value, alike, constant, whether_there
from app.playground.translating.sql import says

Test = tuple[Any, Any, bool]
"""When a condition is true, when it is false, and whether it may be null."""

COMPARED: dict[type[exp.Expr], tuple[str, str]] = {
    exp.EQ: ("$eq", "$ne"),
    exp.NEQ: ("$ne", "$eq"),
    exp.LT: ("$lt", "$gte"),
    exp.LTE: ("$lte", "$gt"),
    exp.GT: ("$gt", "$lte"),
    exp.GTE: ("$gte", "$lt"),
}
COMPARISONS = tuple(COMPARED)


def truth(node: exp.Expr, scope: Scope) -> Any:
    """An expression that is true where the condition is, and false where it is false or null."""
    return tested(node, scope)[0]


@singledispatch
def tested(node: exp.Expr, scope: Scope) -> Test:
    found = value(node, scope)
    if found.kind not in ("bool", "null"):
        raise NotCarriedError(f"{says(node)} as a condition")
    if found.constant:
        return found.held is True, found.held is False, found.held is None
    if not found.nullable:
        return found.code, {"$not": [found.code]}, False
    return {"$eq": [found.code, True]}, {"$eq": [found.code, False]}, True


def both(parts: list[Any]) -> Any:
    kept = [part for part in parts if part is not True]
    if any(part is False for part in kept):
        return False
    return True if not kept else kept[0] if len(kept) == 1 else {"$and": kept}


def either(parts: list[Any]) -> Any:
    kept = [part for part in parts if part is not False]
    if any(part is True for part in kept):
        return True
    return False if not kept else kept[0] if len(kept) == 1 else {"$or": kept}


def guarded(code: Any, *values: Value) -> Any:
    """The code, and that none of the values is null."""
    return both([*(whether_there(found) for found in values if found.nullable), code])


@tested.register
def _(node: exp.Paren, scope: Scope) -> Test:
    return tested(node.this, scope)


@tested.register
def _(node: exp.And, scope: Scope) -> Test:
    left, right = tested(node.this, scope), tested(node.expression, scope)
    return both([left[0], right[0]]), either([left[1], right[1]]), left[2] or right[2]


@tested.register
def _(node: exp.Or, scope: Scope) -> Test:
    left, right = tested(node.this, scope), tested(node.expression, scope)
    return either([left[0], right[0]]), both([left[1], right[1]]), left[2] or right[2]


@tested.register
def _(node: exp.Not, scope: Scope) -> Test:
    true, false, nullable = tested(node.this, scope)
    return false, true, nullable


@tested.register(exp.EQ)
@tested.register(exp.NEQ)
@tested.register(exp.LT)
@tested.register(exp.LTE)
@tested.register(exp.GT)
@tested.register(exp.GTE)
def _(node: exp.Binary, scope: Scope) -> Test:
    if isinstance(node.expression, exp.Any | exp.All):
        return _with_array(node, scope)
    left, right = alike((value(node.this, scope), value(node.expression, scope)))
    if "null" in (left.kind, right.kind):
        return False, False, True
    true, false = COMPARED[type(node)]
    sides = [left.code, right.code]
    return (
        guarded({true: sides}, left, right),
        guarded({false: sides}, left, right),
        left.nullable or right.nullable,
    )


def _with_array(node: exp.Binary, scope: Scope) -> Test:
    if not isinstance(node, exp.EQ) or not isinstance(node.expression, exp.Any):
        raise NotCarriedError(says(node))
    array, one = value(node.expression.this, scope), value(node.this, scope)
    if array.kind != "text[]" or array.nullable or one.kind != "text":
        raise NotCarriedError(says(node))
    inside = {"$in": [one.code, array.code]}
    return guarded(inside, one), guarded({"$not": [inside]}, one), one.nullable


@tested.register
def _(node: exp.ArrayContainsAll, scope: Scope) -> Test:
    array, wanted = value(node.this, scope), node.expression
    if array.kind != "text[]" or array.nullable or not isinstance(wanted, exp.Array):
        raise NotCarriedError(says(node))
    parts = [value(part, scope) for part in wanted.expressions]
    if any(part.kind != "text" or not part.constant for part in parts):
        raise NotCarriedError(says(node))
    inside = {"$setIsSubset": [[part.code for part in parts], array.code]}
    return inside, {"$not": [inside]}, False


@tested.register
def _(node: exp.Is, scope: Scope) -> Test:
    wanted = node.expression
    if isinstance(wanted, exp.Boolean):
        test = tested(node.this, scope)
        code = test[0] if wanted.this else test[1]
        return code, {"$not": [code]}, False
    if not isinstance(wanted, exp.Null):
        raise NotCarriedError(says(node))
    inner = value(node.this, scope)
    if not inner.nullable:
        return False, True, False
    return {"$lte": [inner.code, None]}, whether_there(inner), False


@tested.register(exp.NullSafeEQ)
@tested.register(exp.NullSafeNEQ)
def _(node: exp.Binary, scope: Scope) -> Test:
    left, right = alike((value(node.this, scope), value(node.expression, scope)))
    sides = [{"$ifNull": [side.code, None]} if side.nullable else side.code for side in (left, right)]
    same, other = {"$eq": sides}, {"$ne": sides}
    return (same, other, False) if isinstance(node, exp.NullSafeEQ) else (other, same, False)


@tested.register
def _(node: exp.Between, scope: Scope) -> Test:
    low = exp.GTE(this=node.this.copy(), expression=node.args["low"].copy())
    high = exp.LTE(this=node.this.copy(), expression=node.args["high"].copy())
    if node.args.get("symmetric"):
        raise NotCarriedError(says(node))
    return tested(exp.And(this=low, expression=high), scope)


def listed(node: exp.In, scope: Scope) -> Test:
    """`one IN (values)`; a null among them hides that it isn't there."""
    one, *others = alike(value(part, scope) for part in (node.this, *node.expressions))
    known = [other for other in others if other.kind != "null"]
    if any(other.nullable for other in known):
        raise NotCarriedError(f"{says(node)}: a list with values that may be null")
    inside = {"$in": [one.code, [other.code for other in known]]}
    if len(known) < len(others):
        return guarded(inside, one), False, True
    return guarded(inside, one), guarded({"$not": [inside]}, one), one.nullable


def pattern(node: exp.Expr) -> tuple[str, str]:
    """LIKE's pattern as a regular expression of PCRE, and its options."""
    wanted = node.expression
    if not isinstance(wanted, exp.Literal) or not wanted.is_string:
        raise NotCarriedError(f"{says(node)}: only with a pattern that is written out")
    found, text, at = "", wanted.this, 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
            found += _literally(text[at])
        else:
            found += {"%": ".*", "_": "."}.get(text[at]) or _literally(text[at])
        at += 1
    found = "^" + found + r"\z"
    found = found.removesuffix(r".*\z").removeprefix("^.*")
    return found, "is" if isinstance(node, exp.ILike) else "s"


def _literally(letter: str) -> str:
    return letter if letter.isalnum() or letter in " _-@," else "\\" + letter


@tested.register(exp.Like)
@tested.register(exp.ILike)
def _(node: exp.Binary, scope: Scope) -> Test:
    inner = value(node.this, scope)
    if inner.kind != "text":
        raise NotCarriedError(says(node))
    regex, options = pattern(node)
    found = {"$regexMatch": {"input": inner.code, "regex": regex, "options": options}}
    return found, guarded({"$not": [found]}, inner), inner.nullable


@register
def _(node: exp.Case, scope: Scope) -> Value:
    branches: list[tuple[Any, Value]] = []
    for arm in node.args["ifs"]:
        test = exp.EQ(this=node.this.copy(), expression=arm.this.copy()) if node.this else arm.this
        branches.append((truth(test, scope), value(arm.args["true"], scope)))
    default = node.args.get("default")
    otherwise = value(default, scope) if default else constant(None, "null")
    *results, otherwise = alike([*(found for _, found in branches), otherwise])
    nullable = otherwise.nullable or any(found.nullable for found in results)
    if len(results) == 1:
        code: Any = {"$cond": [branches[0][0], results[0].code, otherwise.code]}
    else:
        arms = [{"case": test, "then": result.code} for (test, _), result in zip(branches, results, strict=True)]
        code = {"$switch": {"branches": arms, "default": otherwise.code}}
    return one_of([*results, otherwise], code, nullable=nullable)


def as_value(node: exp.Expr, scope: Scope) -> Value:
    """A condition where a value stands: true, false or null."""
    true, false, nullable = tested(node, scope)
    if not nullable:
        return constant(true, "bool") if isinstance(true, bool) else Value(true, "bool")
    return Value({"$cond": [true, True, {"$cond": [false, False, None]}]}, "bool", nullable=True)


for _kind in (*COMPARISONS, exp.And, exp.Or, exp.Not, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In):
    register(_kind)(as_value)
for _kind in (exp.Like, exp.ILike, exp.ArrayContainsAll):
    register(_kind)(as_value)
