"""What this process keeps of the last run or lab of a session, so that a reload shows it and a share has it."""

from collections import OrderedDict
from typing import Generic, TypeVar

MAX_KEPT = 200
MAX_BYTES = 32_000_000
"""Of replies and sources, which take several times as much as Python's objects."""

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The newest value of each session and engine, as long as not too many came after it, or too large ones."""

    def __init__(self) -> None:
        self._values: OrderedDict[tuple[str, str], tuple[Value, int]] = OrderedDict()
        self._bytes = 0

    def keep(self, session_id: str, slug: str, value: Value, size: int) -> None:
        self.forget(session_id, slug)
        self._values[session_id, slug] = value, size
        self._bytes += size
        while len(self._values) > MAX_KEPT or (self._bytes > MAX_BYTES and len(self._values) > 1):
            self.forget(*next(iter(self._values)))

    def of(self, session_id: str, slug: str) -> Value | None:
        kept = self._values.get((session_id, slug))
        return kept[0] if kept else None

    def forget(self, session_id: str, slug: str) -> None:
        _, size = self._values.pop((session_id, slug), (None, 0))
        self._bytes -= size

    def engines_of(self, session_id: str) -> list[str]:
        return [slug for session, slug in self._values if session == session_id]
