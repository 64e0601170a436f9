"""Values in one form for all engines: what a cell, a document's field or a reply's value means, whoever gave it."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?")
_NUMERIC_TYPES = ("smallint", "integer", "bigint", "numeric", "real", "double precision", "oid")
_NUMBER_NAMES = ("$numberInt", "$numberLong", "$numberDouble", "$numberDecimal")
AN_ID = "an id"


class Pair(tuple[str, Any]):
    """A field of a document, told apart from a list of two."""


def shown(value: Any) -> str:
    """A normalised value as text."""
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, tuple):
        return json.dumps(_jsonable(value), ensure_ascii=False)
    return str(value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, tuple):
        if value and all(isinstance(item, Pair) for item in value):
            return {item[0]: _jsonable(item[1]) for item in value}
        return [_jsonable(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def cell(text: str | None, kind: str) -> Any:
    """A table's cell, from the text that the server printed for a column of that type."""
    if text is None:
        return None
    if kind == "boolean":
        return text == "t"
    if kind in ("json", "jsonb"):
        return json.loads(text, parse_float=Decimal)
    if kind.endswith("[]"):
        return [cell(item, kind[:-2]) for item in _array(text)]
    if kind.split("(", maxsplit=1)[0] in _NUMERIC_TYPES:
        return _number(text)
    return text


def _array(text: str) -> list[Any]:
    """The elements of a one-dimensional array as PostgreSQL prints it."""
    found: list[Any] = []
    for quoted, bare in re.findall(r'"((?:[^"\\]|\\.)*)"|([^{},]+)', text):
        found.append(None if bare == "NULL" else bare or re.sub(r"\\(.)", r"\1", quoted))
    return found


def _number(text: str) -> Any:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def normal(value: Any, decimals: int) -> Any:
    """The normal form: None, a Decimal, text, a tuple of values, or a tuple of Pairs."""
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, int | float | Decimal):
        return _rounded(Decimal(str(value)), decimals)
    if isinstance(value, list | tuple):
        return tuple(normal(item, decimals) for item in value)
    if isinstance(value, dict):
        return _mapping(value, decimals)
    return _text(value, decimals) if isinstance(value, str) else value


def _text(value: str, decimals: int) -> Any:
    if _NUMBER.fullmatch(value) and len(value) < 40:
        return _rounded(Decimal(value), decimals)
    if _TIME.fullmatch(value):
        try:
            return _moment(datetime.fromisoformat(value))
        except ValueError:
            return value
    return value


def _moment(at: datetime) -> str:
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0):
        return f"{at:%Y-%m-%d}"
    return f"{at:%Y-%m-%dT%H:%M:%S}" + (f".{at.microsecond // 1000:03}" if at.microsecond else "") + "Z"


def _mapping(value: dict[str, Any], decimals: int) -> Any:
    """Extended JSON's own types, or a document."""
    if len(value) == 1:
        ((name, held),) = value.items()
        if name in _NUMBER_NAMES:
            return _text(str(held), decimals)
        if name == "$date":
            ms = int(held["$numberLong"]) if isinstance(held, dict) else 0
            return _moment(datetime.fromtimestamp(ms / 1000, UTC)) if isinstance(held, dict) else _text(held, decimals)
        if name == "$oid":
            return AN_ID
    return tuple(Pair((name, normal(held, decimals))) for name, held in sorted(value.items()) if held is not None)


def _rounded(number: Decimal, decimals: int) -> Decimal | str:
    if not number.is_finite():
        return str(number)
    return round(number, decimals).normalize() + 0
