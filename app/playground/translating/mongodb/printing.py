"""Values of a pipeline as the shell's JavaScript writes them."""

import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

WIDTH = 100
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_SAFE_INT = 2**53


def printed(value: Any, indent: int = 0) -> str:
    """On one line where it fits, else a line for each part."""
    line = _line(value)
    if len(line) + indent <= WIDTH or not isinstance(value, dict | list) or not value:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{_key(name)}: {printed(held, indent + 2)}" for name, held in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(inner + printed(item, indent + 2) for item in value) + "\n" + " " * indent + "]"


def collection(name: str) -> str:
    return f"db.{name}" if _NAME.fullmatch(name) else f"db.getCollection({json.dumps(name)})"


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) and name != "__proto__" else json.dumps(name, ensure_ascii=False)


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(name)}: {_line(held)}' for name, held in value.items())} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_line, value))}]"
    if isinstance(value, Decimal):
        return f"NumberDecimal({json.dumps(str(value))})"
    if isinstance(value, datetime):
        return f'ISODate("{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z")'.replace(".000Z", "Z")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _SAFE_INT:
        return f'NumberLong("{value}")'
    return json.dumps(value, ensure_ascii=False)
