"""Sample data as one engine holds it: the sources that make and finish its structure, and the records between them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """Records of one kind: rows by `columns` of a table, documents of a collection, items of a table, or commands as lists of words.

    Values are plain Python: text, numbers, booleans, None, datetimes with a zone, lists and dicts.
    """

    name: str
    records: list[Any]
    columns: tuple[str, ...] = ()

    def chunks(self, size: int) -> Iterator["Part"]:
        for at in range(0, len(self.records), size):
            yield Part(self.name, self.records[at : at + size], self.columns)


@dataclass(frozen=True, slots=True)
class Content:
    """A dataset for one engine. `before` and `after` are sources in the engine's own language."""

    before: str
    parts: tuple[Part, ...]
    after: str = ""

    @property
    def record_count(self) -> int:
        return sum(len(part.records) for part in self.parts)


def code_lines(source: str, comment: str) -> int:
    """How many lines of a source are neither blank nor only a comment that begins with `comment`."""
    return len([line for line in source.splitlines() if line.strip() and not line.strip().startswith(comment)])


IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
