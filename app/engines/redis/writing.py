"""Commands written as lines of redis-cli."""

from collections.abc import Callable, Sequence
from typing import Any

from app.core.errors import StatementFailed
from app.engines.redis.replies import printable


def as_line(words: Sequence[bytes]) -> str:
    """A command as a line of redis-cli."""
    return " ".join(quoted(word) for word in words)


def quoted(word: bytes) -> str:
    try:
        text = word.decode()
    except UnicodeDecodeError:
        return printable(word)
    if text and text.isprintable() and not any(c in " \"'\\" for c in text) and not text.startswith(("#", "//")):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    for plain, written in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\0", "\\x00")):
        escaped = escaped.replace(plain, written)
    return f'"{escaped}"'


def encoded(word: Any, failed: Callable[[str], StatementFailed]) -> bytes:
    """A word as redis-py's encoder writes it."""
    if isinstance(word, bytes):
        return word
    if isinstance(word, str):
        return word.encode("utf-8", "surrogatepass")
    if isinstance(word, int | float) and not isinstance(word, bool):
        return repr(word).encode()
    raise failed(
        f"redis-py sends bytes, text and numbers, not {type(word).__name__}: convert it first, with str() or json.dumps()."
    )
