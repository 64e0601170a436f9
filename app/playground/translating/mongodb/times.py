"""Dates and times, all in UTC as the sandboxes' PostgreSQL is."""

import re
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.expressions import arithmetic, register, value
from app.playground.translating.mongodb.scopes import Scope
from app.playground.translating.mongodb.values import TIMES, Value, coerced, dated
from app.playground.translating.sql import bare, says

_UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_PARTS = {
    "year": "$year",
    "month": "$month",
    "day": "$dayOfMonth",
    "hour": "$hour",
    "minute": "$minute",
    "doy": "$dayOfYear",
    "isodow": "$isoDayOfWeek",
    "week": "$isoWeek",
    "isoyear": "$isoWeekYear",
}
_FORMAT = re.compile(r"(?:%[YmdHMS]|[^%A-Za-z0-9\"])+")


def _time(node: exp.Expr, scope: Scope) -> Value:
    found = value(node, scope)
    if found.kind not in TIMES:
        raise NotCarriedError(f"{says(node)}: a date or time is wanted, this is a {found.kind}")
    return found


@register
def _(node: exp.Extract, scope: Scope) -> Value:
    part = node.this.name.lower()
    if part == "epoch":
        return _seconds(node, scope)
    inner = _time(node.expression, scope)
    if part == "dow":
        code: Any = {"$subtract": [{"$dayOfWeek": dated(inner)}, 1]}
    elif part == "quarter":
        code = {"$ceil": {"$divide": [{"$month": dated(inner)}, 3]}}
    elif part in _PARTS:
        code = {_PARTS[part]: dated(inner)}
    else:
        raise NotCarriedError(f"{says(node)}: the part {part}")
    return Value(code, "decimal", inner.nullable)


def _seconds(node: exp.Extract, scope: Scope) -> Value:
    inner = bare(node.expression)
    if isinstance(inner, exp.Sub):
        left, right = _time(inner.this, scope), _time(inner.expression, scope)
        code: Any = {"$subtract": [dated(left), dated(right)]}
        nullable = left.nullable or right.nullable
    else:
        found = _time(inner, scope)
        code, nullable = {"$toLong": dated(found)}, found.nullable
    return Value({"$divide": [{"$toDecimal": code}, 1000]}, "decimal", nullable)


@register(exp.TimestampTrunc)
@register(exp.DateTrunc)
def _(node: exp.Func, scope: Scope) -> Value:
    unit = node.args["unit"].name.lower()
    if unit not in _UNITS:
        raise NotCarriedError(f"{says(node)}: the unit {unit}")
    inner = _time(node.this, scope)
    how = {"date": dated(inner), "unit": unit}
    if unit == "week":
        how["startOfWeek"] = "monday"
    return Value({"$dateTrunc": how}, "timestamp", inner.nullable)


@register
def _(node: exp.TimeToStr, scope: Scope) -> Value:
    inner, wanted = _time(node.this, scope), node.args.get("format")
    text = wanted.this if isinstance(wanted, exp.Literal) else ""
    if not _FORMAT.fullmatch(text):
        raise NotCarriedError(f"{says(node)}: only with a format of YYYY, MM, DD, HH24, MI and SS that is written out")
    return Value({"$dateToString": {"date": dated(inner), "format": text}}, "text", inner.nullable)


@register
def _(node: exp.CurrentTimestamp, scope: Scope) -> Value:
    return Value("$$NOW", "timestamp")


@register
def _(node: exp.CurrentDate, scope: Scope) -> Value:
    return Value({"$dateTrunc": {"date": "$$NOW", "unit": "day"}}, "date")


def moved(node: exp.Binary, scope: Scope) -> Value | None:
    """A time plus or minus an interval, a date plus days, the days between dates; None for arithmetic of numbers."""
    if isinstance(bare(node.expression), exp.Interval):
        return _with_interval(node, scope)
    left, right = value(node.this, scope), value(node.expression, scope)
    left = coerced(left, right.kind) if right.kind in TIMES else left
    right = coerced(right, left.kind) if left.kind in TIMES and isinstance(node, exp.Sub) else right
    if left.kind not in TIMES and right.kind not in TIMES:
        return None
    nullable = left.nullable or right.nullable
    if left.kind == "date" and right.kind == "int":
        name = "$dateAdd" if isinstance(node, exp.Add) else "$dateSubtract"
        return Value({name: {"startDate": dated(left), "unit": "day", "amount": right.code}}, "date", nullable)
    if left.kind == right.kind == "date" and isinstance(node, exp.Sub):
        how = {"startDate": dated(right), "endDate": dated(left), "unit": "day"}
        return Value({"$dateDiff": how}, "int", nullable)
    raise NotCarriedError(f"{says(node)}: MongoDB has no intervals")


def _with_interval(node: exp.Binary, scope: Scope) -> Value:
    inner, interval = _time(node.this, scope), bare(node.expression)
    name = "$dateAdd" if isinstance(node, exp.Add) else "$dateSubtract"
    unit = interval.args["unit"].name.lower().removesuffix("s") if interval.args.get("unit") else ""
    amount = interval.this.name if isinstance(interval.this, exp.Literal) else ""
    if unit not in _UNITS or not amount.removeprefix("-").isdecimal():
        raise NotCarriedError(f"{says(node)}: only a whole number of one unit")
    how = {"startDate": dated(inner), "unit": unit, "amount": int(amount)}
    return Value({name: how}, "timestamp", inner.nullable)


@register(exp.Add)
@register(exp.Sub)
def _(node: exp.Binary, scope: Scope) -> Value:
    return moved(node, scope) or arithmetic(node, scope)
