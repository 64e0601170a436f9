"""Calls of scripts: a command as its list of words, and its reply as JavaScript knows such values."""

from dataclasses import dataclass
from typing import Any

from app.core.calls import Called
from app.core.errors import StatementFailed
from app.core.results import Result, Statement
from app.engines.redis.writing import as_line


@dataclass(frozen=True, slots=True)
class Words(Statement):
    """A command whose words need not be read from its text."""

    words: tuple[bytes, ...] = ()


def statement_of(request: dict[str, Any]) -> Words:
    """`{"words": [text]}`. Raises StatementFailed for anything else."""
    words = request.get("words")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise StatementFailed("A Redis command is a list of texts and numbers.", code="TypeError")
    found = tuple(word.encode("utf-8", "replace") for word in words)
    text = as_line(found)
    return Words(text, 0, len(text), 1, found)


def called(result: Result) -> Called:
    """A result as `redis.get` and its like give it."""
    value = _value(result.reply) if result.reply is not None else None
    stats = result.stats
    return Called(value, stats.row_count, result.reply_bytes, stats.total_ms, result.truncated)


def _value(reply: dict[str, Any]) -> Any:
    """Text, numbers, booleans and null as they are; arrays and sets as lists; a map with keys of text as an object."""
    value = reply["value"]
    match reply["type"]:
        case "array" | "set" | "push":
            return [_value(item) for item in value]
        case "map":
            return {str(_value(key)): _value(item) for key, item in value}
        case _:
            return value
