"""Values that are written out in SQL, as Python's, and as the text that stands in keys."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.sql import bare, says

NUMBERS = ("int", "bigint", "decimal")


def literal(node: exp.Expr, kind: str) -> Any:
    """A constant beside a column of that kind: int, Decimal, text, or a datetime in UTC. Raises NotCarriedError for anything else."""
    node = bare(node)
    if isinstance(node, exp.Cast):
        node = bare(node.this)
    negative = isinstance(node, exp.Neg)
    if negative:
        node = bare(node.this)
    if not isinstance(node, exp.Literal):
        raise NotCarriedError(f"{says(node)}: only values that are written out")
    if kind in NUMBERS:
        found = number(node.this)
        return -found if negative else found
    if negative or (not node.is_string and kind in ("date", "timestamp")):
        raise NotCarriedError(says(node))
    return moment(node.this) if kind in ("date", "timestamp") else node.this


def number(text: str) -> int | Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise NotCarriedError(f"{text!r} is no number") from None
    if not found.is_finite():
        raise NotCarriedError(f"the number {text}")
    return int(found) if "." not in text and found == found.to_integral_value() else found


def moment(text: str) -> datetime:
    """A date or time as PostgreSQL reads it from ISO text, in UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise NotCarriedError(f"{text!r} is no date or time in ISO form") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def text_of(value: Any, kind: str) -> str:
    """A value as it stands in keys and text attributes."""
    if isinstance(value, datetime):
        if value.microsecond:
            raise NotCarriedError(f"{value.isoformat()}: times are kept in whole seconds")
        return f"{value:%Y-%m-%d}" if kind == "date" else f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return str(value)
