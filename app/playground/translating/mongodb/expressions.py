"""Scalar expressions of SQL as aggregation expressions."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import singledispatch
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.scopes import Scope
from app.playground.translating.mongodb.values import TIMES, Value, alike, coerced, constant, exactly, whether_there
from app.playground.translating.sql import says


def value(node: exp.Expr, scope: Scope) -> Value:
    """Raises NotCarriedError, which names the construct."""
    known = scope.computed.get(node.sql())
    if known is not None:
        return known
    found = _value(node, scope)
    scope.context.bounded(found.code)
    return found


@singledispatch
def _value(node: exp.Expr, scope: Scope) -> Value:
    raise NotCarriedError(says(node))


register = _value.register
"""For the modules beside this one that know more kinds of expressions."""


@_value.register
def _(node: exp.Alias, scope: Scope) -> Value:
    return value(node.this, scope)


@_value.register
def _(node: exp.Paren, scope: Scope) -> Value:
    return value(node.this, scope)


@_value.register
def _(node: exp.Column, scope: Scope) -> Value:
    return scope.column(node)


@_value.register
def _(node: exp.Literal, scope: Scope) -> Value:
    if node.is_string:
        return constant(node.this, "text")
    return constant(int(node.this), "int") if node.is_int else constant(Decimal(node.this), "decimal")


@_value.register
def _(node: exp.Null, scope: Scope) -> Value:
    return constant(None, "null")


@_value.register
def _(node: exp.Boolean, scope: Scope) -> Value:
    return constant(bool(node.this), "bool")


@_value.register
def _(node: exp.Neg, scope: Scope) -> Value:
    inner = value(node.this, scope)
    if inner.constant and isinstance(inner.held, int | Decimal):
        return constant(-inner.held, inner.kind)
    return replace(inner, code={"$multiply": [exactly(inner), -1]}, exact=True, constant=False)


@_value.register(exp.Mul)
@_value.register(exp.Div)
@_value.register(exp.Mod)
def arithmetic(node: exp.Binary, scope: Scope) -> Value:
    left, right = value(node.this, scope), value(node.expression, scope)
    if left.kind in TIMES or right.kind in TIMES:
        raise NotCarriedError(says(node))
    left, right = coerced(left, right.kind), coerced(right, left.kind)
    for side in (left, right):
        if side.kind not in ("int", "decimal", "null"):
            raise NotCarriedError(f"{says(node)}: arithmetic with {side.kind}")
    kind = "int" if left.kind == right.kind == "int" else "decimal"
    names = {exp.Add: "$add", exp.Sub: "$subtract", exp.Mul: "$multiply", exp.Div: "$divide", exp.Mod: "$mod"}
    code: Any = {names[type(node)]: [exactly(left), exactly(right)]}
    if isinstance(node, exp.Div):
        code = {"$trunc": code} if kind == "int" else _exact_division(left, right)
    return Value(code, kind, left.nullable or right.nullable)


def _exact_division(left: Value, right: Value) -> Any:
    if any(side.kind == "decimal" for side in (left, right)):
        return {"$divide": [exactly(left), exactly(right)]}
    return {"$divide": [{"$toDecimal": left.code}, right.code]}


def one_of(values: list[Value], code: Any, *, nullable: bool) -> Value:
    kinds = [found.kind for found in values if found.kind != "null"]
    kind = "decimal" if "decimal" in kinds else kinds[0] if kinds else "null"
    exact = all(found.exact and not isinstance(found.held, float) for found in values)
    return Value(code, kind, nullable, exact, as_text=any(found.as_text for found in values))


@_value.register
def _(node: exp.Coalesce, scope: Scope) -> Value:
    values = alike(value(part, scope) for part in (node.this, *node.expressions))
    return one_of(
        values, {"$ifNull": [found.code for found in values]}, nullable=all(found.nullable for found in values)
    )


@_value.register
def _(node: exp.Nullif, scope: Scope) -> Value:
    left, right = alike((value(node.this, scope), value(node.expression, scope)))
    code = {"$cond": [{"$eq": [left.code, right.code]}, None, left.code]}
    return replace(left, code=code, nullable=True, constant=False)


@_value.register(exp.Greatest)
@_value.register(exp.Least)
def _(node: exp.Func, scope: Scope) -> Value:
    values = alike(value(part, scope) for part in (node.this, *node.expressions))
    code = {"$max" if isinstance(node, exp.Greatest) else "$min": [found.code for found in values]}
    return one_of(values, code, nullable=all(found.nullable for found in values))


def texted(node: exp.Expr, scope: Scope) -> Value:
    """A part of a concatenation as text."""
    found = value(node, scope)
    if found.kind == "text":
        return found
    if found.kind == "int":
        return replace(found, code={"$toString": found.code}, kind="text", constant=False)
    if found.kind == "null":
        return replace(found, kind="text")
    raise NotCarriedError(f"{says(node)} as text: PostgreSQL and MongoDB write a {found.kind} differently")


@_value.register
def _(node: exp.DPipe, scope: Scope) -> Value:
    left, right = texted(node.this, scope), texted(node.expression, scope)
    parts: list[Any] = []
    for side in (left, right):
        parts += side.code["$concat"] if isinstance(side.code, dict) and "$concat" in side.code else [side.code]
    return Value({"$concat": parts}, "text", left.nullable or right.nullable)


@_value.register
def _(node: exp.Concat, scope: Scope) -> Value:
    parts = [texted(part, scope) for part in node.expressions]
    codes = [{"$ifNull": [part.code, ""]} if part.nullable else part.code for part in parts]
    return Value({"$concat": codes}, "text")


TEXT_FUNCTIONS: dict[type[exp.Func], Callable[[Any], Any]] = {
    exp.Lower: lambda code: {"$toLower": code},
    exp.Upper: lambda code: {"$toUpper": code},
    exp.Length: lambda code: {"$strLenCP": code},
}


@_value.register(exp.Lower)
@_value.register(exp.Upper)
@_value.register(exp.Length)
def _(node: exp.Func, scope: Scope) -> Value:
    inner = _text(node.this, scope)
    code = TEXT_FUNCTIONS[type(node)](inner.code)
    if isinstance(node, exp.Lower | exp.Upper):
        scope.context.notes.append(f"{says(node)}: MongoDB changes the case of ASCII letters only.")
    if inner.nullable:
        code = {"$cond": [whether_there(inner), code, None]}
    return Value(code, "int" if isinstance(node, exp.Length) else "text", inner.nullable)


def _text(node: exp.Expr, scope: Scope) -> Value:
    found = value(node, scope)
    if found.kind not in ("text", "null"):
        raise NotCarriedError(f"{says(node)}: text is wanted, this is a {found.kind}")
    return found


@_value.register
def _(node: exp.Substring, scope: Scope) -> Value:
    inner = _text(node.this, scope)
    start, length = (value(part, scope) if part else None for part in (node.args.get("start"), node.args.get("length")))
    if start is None or not start.constant or start.held < 1 or (length and (not length.constant or length.held < 0)):
        raise NotCarriedError(f"{says(node)}: only with a start from 1 and a length that are written out")
    rest = length.held if length else {"$strLenCP": inner.code}
    code: Any = {"$substrCP": [inner.code, start.held - 1, rest]}
    return Value({"$cond": [whether_there(inner), code, None]} if inner.nullable else code, "text", inner.nullable)


@_value.register
def _(node: exp.Left, scope: Scope) -> Value:
    return value(exp.Substring(this=node.this, start=exp.Literal.number(1), length=node.expression), scope)


@_value.register
def _(node: exp.ArraySize, scope: Scope) -> Value:
    # array_length is null for an empty array.
    found = _size(node.this, node, scope)
    return Value({"$cond": [{"$eq": [found, 0]}, None, found]}, "int", nullable=True)


@_value.register
def _(node: exp.Anonymous, scope: Scope) -> Value:
    if node.name.lower() != "cardinality" or len(node.expressions) != 1:
        raise NotCarriedError(says(node))
    return Value(_size(node.expressions[0], node, scope), "int")


def _size(array: exp.Expr, node: exp.Expr, scope: Scope) -> Any:
    inner = value(array, scope)
    if inner.kind != "text[]" or inner.nullable:
        raise NotCarriedError(says(node))
    return {"$size": inner.code}
