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


@dataclass(frozen=True, slots=True)
class Imported:
    """A visitor's own table, read from a file. `kinds` are `integer`, `decimal`, `boolean`, `date`, `timestamp`, `json` or `text`, one a column.

    Values fit their kind: numbers, booleans, dates and timestamps as ISO text, lists and dicts, text, None. `key`: the column that tells rows apart.
    """

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: list[list[Any]]
    key: str | None = None

    def records(self) -> list[dict[str, Any]]:
        """Rows as documents; a field without a value is left out."""
        return [{n: v for n, v in zip(self.columns, row, strict=True) if v is not None} for row in self.rows]


def code_lines(source: str, comment: str) -> int:
    """How many lines of a source are neither blank nor only a comment that begins with `comment`."""
    return len([line for line in source.splitlines() if line.strip() and not line.strip().startswith(comment)])


IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
