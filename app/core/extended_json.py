"""Extended JSON as its shell writes it, on one line: types by their constructors."""

import json
import re
from datetime import UTC, datetime
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z_$][\w$]*")
_CONSTRUCTORS = {"$oid": "ObjectId", "$date": "ISODate", "$numberLong": "Long", "$numberDecimal": "Decimal128"}
KINDS = {
    "$oid": "objectId",
    "$date": "date",
    "$numberInt": "number",
    "$numberLong": "number",
    "$numberDouble": "number",
    "$numberDecimal": "number",
    "$binary": "binData",
    "$timestamp": "timestamp",
    "$regularExpression": "regex",
    "$minKey": "minKey",
    "$maxKey": "maxKey",
    "$undefined": "undefined",
    "$symbol": "symbol",
}


def special(data: Any) -> str | None:
    """The `$` key of a typed value such as `{"$oid": ...}`; None for everything else."""
    if not isinstance(data, dict) or len(data) != 1:
        return None
    key: str = next(iter(data))
    return key if key in KINDS else None


def one_line(data: Any, *, typed: bool = True) -> str:
    """`typed` is False for plain JSON, where a key such as $oid is a key like any other."""
    if isinstance(data, list):
        return f"[ {', '.join(one_line(item, typed=typed) for item in data)} ]" if data else "[]"
    if not isinstance(data, dict):
        return quoted(data) if isinstance(data, str) else json.dumps(data)
    text = constructed(data) if typed else None
    if text is not None:
        return text
    items = (f"{_key(key)}: {one_line(item, typed=typed)}" for key, item in data.items())
    return f"{{ {', '.join(items)} }}" if data else "{}"


def constructed(data: dict[str, Any]) -> str | None:
    """A typed value of the common kinds by its constructor; None for what is none, or has not its shape."""
    key = special(data)
    if key is None:
        return None
    inner = data[key]
    if key in ("$numberInt", "$numberDouble"):
        return inner if isinstance(inner, str) else None
    if key == "$date" and isinstance(inner, dict):
        inner = iso_date(inner.get("$numberLong"))
    name = _CONSTRUCTORS.get(key)
    return f"{name}({quoted(inner)})" if name and isinstance(inner, str) else None


def bare(data: dict[str, Any]) -> str | None:
    """A typed value without its constructor, where the text says it all; None otherwise."""
    inner = next(iter(data.values()))
    if special(data) == "$date" and isinstance(inner, dict):
        return iso_date(inner.get("$numberLong"))
    return inner if isinstance(inner, str) else None


def iso_date(ms: Any) -> str | None:
    """Milliseconds since 1970 as ISO 8601; None where a calendar has no such day, or it is no number."""
    try:
        whole = int(ms)
        at = datetime.fromtimestamp(whole // 1000, UTC).replace(microsecond=whole % 1000 * 1000)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def quoted(text: str) -> str:
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else quoted(key)
