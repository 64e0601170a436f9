"""Commands as redis-cli reads them, and keys."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.literals import text_of
from app.playground.translating.shapes import Pattern, Table

_PLAIN = re.compile(r"[A-Za-z0-9_.:@/#*+>()-]+")
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def command(*words: Any) -> str:
    return " ".join(_word(str(word)) for word in words)


def _word(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    held = "".join(_ESCAPED.get(c, c if c.isprintable() else _bytes(c)) for c in text)
    return f'"{held}"'


def _bytes(letter: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in letter.encode())


def key(text: str, values: Mapping[str, Any], table: Table) -> str:
    """A pattern with its columns' values in it."""
    return Pattern(text).filled({name: held_text(value, table.columns[name]) for name, value in values.items()})


def held_text(value: Any, kind: str) -> str:
    """A value as hashes, keys and members have it: times in seconds."""
    if isinstance(value, datetime) and kind == "timestamp":
        return str(seconds(value))
    return text_of(value, kind)


def seconds(value: datetime) -> int:
    if value.microsecond:
        raise NotCarriedError(f"{value.isoformat()}: Redis keeps these times in whole seconds")
    return int(value.timestamp())
