"""The N+1 pattern: the same statement many times in a source, with other values each time."""

import re
from collections.abc import Iterable

from app.core.insights import Insight

MANY_TIMES = 5
MAX_SHOWN_CHARS = 80
MAX_READ_CHARS = 2_000
_VALUE = re.compile(r"""'(?:[^'\\]|\\.|'')*+(?:'|\Z)|"(?:[^"\\]|\\.)*+(?:"|\Z)|\b[0-9a-fA-F]{24}\b|\d+(?:\.\d+)?""")
_SPACE = re.compile(r"\s+")


def shape(text: str) -> str:
    """A statement with its values left out, so that two that differ in values alone are the same."""
    return _SPACE.sub(" ", _VALUE.sub("?", text[:MAX_READ_CHARS])).strip().rstrip(";").lower()


def repeated(texts: Iterable[str]) -> Insight | None:
    """The shape that comes most often, where it comes often. The very same text again and again is no such pattern."""
    seen: dict[str, set[str]] = {}
    for text in texts:
        if len(text) <= MAX_READ_CHARS and _VALUE.search(text):
            seen.setdefault(shape(text), set()).add(text)
    most = max(seen, key=lambda known: len(seen[known]), default="")
    count = len(seen.get(most, ()))
    if count < MANY_TIMES:
        return None
    shown = most if len(most) <= MAX_SHOWN_CHARS else f"{most[:MAX_SHOWN_CHARS]}…"
    return Insight(
        rule="n-plus-one",
        title="The same statement, many times",
        message=f"{count} statements of this source differ in their values alone: {shown}. Each is a round trip and a plan of its own; "
        "one statement that takes a list of values, or a join, would be one of each.",
    )
