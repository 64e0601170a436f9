"""Functions of numbers and conversions, by PostgreSQL's rules of rounding."""

from decimal import Decimal
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.expressions import register, value
from app.playground.translating.mongodb.scopes import Scope
from app.playground.translating.mongodb.values import TIMES, Value, coerced, constant, dated, exactly, moment
from app.playground.translating.sql import number_of, says

_KINDS = {
    exp.DType.INT: "int",
    exp.DType.BIGINT: "int",
    exp.DType.SMALLINT: "int",
    exp.DType.DECIMAL: "decimal",
    exp.DType.TEXT: "text",
    exp.DType.VARCHAR: "text",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamp",
}


def rounded(code: Any, decimals: int, *, nonnegative: bool = False) -> Any:
    """Halves go away from zero, as numeric's do; $round's go to the even neighbour."""
    half = Decimal(5).scaleb(-decimals - 1)
    added: Any = half if nonnegative else {"$cond": [{"$gte": [code, 0]}, half, -half]}
    return {"$trunc": [{"$add": [code, added]}, decimals]}


def _number(node: exp.Expr, scope: Scope) -> Value:
    found = value(node, scope)
    if found.kind not in ("int", "decimal", "null"):
        raise NotCarriedError(f"{says(node)}: a number is wanted, this is a {found.kind}")
    return found


@register
def _(node: exp.Round, scope: Scope) -> Value:
    inner = _number(node.this, scope)
    decimals = 0 if node.args.get("decimals") is None else number_of(node.args["decimals"])
    if decimals is None or decimals > 20:
        raise NotCarriedError(f"{says(node)}: only to a number of decimals that is written out")
    return Value(rounded(exactly(inner), decimals), "decimal", inner.nullable)


@register(exp.Abs)
@register(exp.Ceil)
@register(exp.Floor)
def _(node: exp.Func, scope: Scope) -> Value:
    inner = _number(node.this, scope)
    name = {exp.Abs: "$abs", exp.Ceil: "$ceil", exp.Floor: "$floor"}[type(node)]
    return Value({name: exactly(inner)}, inner.kind if isinstance(node, exp.Abs) else "decimal", inner.nullable)


@register
def _(node: exp.Trunc, scope: Scope) -> Value:
    inner = _number(node.this, scope)
    decimals = number_of(node.args.get("decimals")) if node.args.get("decimals") else 0
    if decimals is None:
        raise NotCarriedError(says(node))
    return Value({"$trunc": [exactly(inner), decimals]}, "decimal", inner.nullable)


@register
def _(node: exp.Cast, scope: Scope) -> Value:
    kind = _KINDS.get(node.to.this)
    inner = value(node.this, scope)
    if kind is None:
        raise NotCarriedError(f"{says(node)}: the type {node.to.sql(dialect='postgres')}")
    if inner.kind == "null":
        return constant(None, kind)
    if inner.constant and inner.kind == "text":
        return _written(inner, kind)
    if kind == "decimal" and node.to.expressions:
        scale = number_of(node.to.expressions[1].this) if len(node.to.expressions) > 1 else 0
        if inner.kind not in ("int", "decimal") or scale is None:
            raise NotCarriedError(says(node))
        return Value(rounded(exactly(inner), scale), "decimal", inner.nullable)
    code = _converted(inner, kind)
    if code is None:
        raise NotCarriedError(f"{says(node)}: a {inner.kind} as {kind}")
    return Value(code, kind, inner.nullable)


def _written(inner: Value, kind: str) -> Value:
    if kind == "date":
        return constant(moment(inner.held).replace(hour=0, minute=0, second=0, microsecond=0), "date")
    return inner if kind == "text" else coerced(inner, kind)


def _converted(inner: Value, kind: str) -> Any:
    """The code of a conversion; None for one that isn't known."""
    if inner.kind in TIMES:
        return _time_as(inner, kind)
    made = {
        ("int", "int"): inner.code,
        ("text", "text"): inner.code,
        ("int", "decimal"): {"$toDecimal": inner.code},
        ("decimal", "decimal"): exactly(inner),
        ("decimal", "int"): {"$toLong": rounded(exactly(inner), 0)},
        ("int", "text"): {"$toString": inner.code},
        ("text", "int"): {"$toLong": inner.code},
        ("text", "decimal"): {"$toDecimal": inner.code},
    }
    return made.get((inner.kind, kind))


def _time_as(inner: Value, kind: str) -> Any:
    if kind == "date":
        return {"$dateTrunc": {"date": dated(inner), "unit": "day"}}
    if kind == "text" and inner.kind == "date":
        return inner.code if inner.as_text else {"$dateToString": {"date": inner.code, "format": "%Y-%m-%d"}}
    return dated(inner) if kind == "timestamp" else None
