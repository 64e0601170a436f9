"""Where each engine keeps a dataset's tables: `shapes.toml` beside its data, one section a table.

key = ["id"]                        # tells rows apart
columns = { id = "int", … }         # every one NOT NULL; kinds: int bigint decimal text date timestamp text[]

mongodb.collection, .fields         # a column's path where it isn't its name
       .texts, .absent              # dates kept as text; columns that aren't there
       .unwind, .place              # the array that holds the rows; the column that is the place in it, from 1
       .gathered                    # no collection of its own: a row for each value of that path
       .inside.<table>              # another table's columns that stand in the same document, and on what it joins
       .copied                      # columns that other documents hold copies of
dynamodb.table, .names              # the table; its key attributes where they aren't pk and sk
        .partition, .sort           # patterns of the keys; `above` stands before the first sort key
        .fields, .written           # attributes; what an INSERT writes besides
        .indexes, .turned           # by attributes; by patterns
redis.hash                          # a key for each row, with fields
     .entries                       # a hash whose fields and values are two columns
     .sets, .sorted, .list, .stream # by a pattern of the key
<engine>.kept                       # what else is kept with a row, which SQL's table doesn't hold: such a table takes no INSERT or DELETE
<engine>.fixed                      # why rows can't be changed
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.datasets import DATASETS

FOLDER = Path(__file__).parents[2] / "datasets"
_PLACEHOLDER = re.compile(r"\{(\w+)(?::0(\d+))?\}")


@dataclass(frozen=True, slots=True)
class Table:
    """`engines`: the section of each engine, as it is written."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    engines: Mapping[str, Mapping[str, Any]]

    def fields(self, engine: str) -> dict[str, str]:
        """A column's path or attribute, for the columns that are kept in fields."""
        section = self.engines[engine]
        return named(section.get("fields", {}))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A key's text with columns in it, as `USER#{id}` or `TRACK#{place:02}`."""

    text: str

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(found[1] for found in _PLACEHOLDER.finditer(self.text))

    @property
    def prefix(self) -> str:
        """What stands before the first column."""
        return self.text.partition("{")[0]

    def filled(self, values: Mapping[str, str]) -> str:
        """Columns without a value end it: the longest beginning that is known."""
        found = ""
        at = 0
        for match in _PLACEHOLDER.finditer(self.text):
            found += self.text[at : match.start()]
            if match[1] not in values:
                return found
            found += values[match[1]].rjust(int(match[2] or 0), "0")
            at = match.end()
        return found + self.text[at:]

    def regex(self) -> str:
        """Matches a whole key; each column is a group of its name."""
        parts, at = [], 0
        for match in _PLACEHOLDER.finditer(self.text):
            parts += [re.escape(self.text[at : match.start()]), f"{'0*' if match[2] else ''}(?P<{match[1]}>.+)"]
            at = match.end()
        return "".join([*parts, re.escape(self.text[at:])])


def named(fields: Any) -> dict[str, str]:
    """Fields as a list are named as their columns."""
    return {name: name for name in fields} if isinstance(fields, list) else dict(fields)


def kept(name: str, table: Table, engine: str) -> bool:
    """Whether an engine keeps a column at all."""
    section = table.engines[engine]
    if engine == "mongodb":
        return name not in section.get("absent", ())
    if engine == "dynamodb":
        keys = Pattern(section["partition"]).columns + Pattern(section["sort"]).columns
        return name in keys or name in table.fields("dynamodb")
    singles = [section[kind] for kind in ("hash", "entries", "list", "stream") if kind in section]
    for one in [*singles, *(one for one in section.get("sets", []) if one["member"] in table.key)]:
        held = {*Pattern(one["key"]).columns, *named(one.get("fields", []))}
        if name in held or name in [one.get(part) for part in ("name", "value", "place", "time", "member")]:
            return True
    return False


@cache
def tables(dataset: str) -> Mapping[str, Table]:
    """The tables of a dataset, by name. Raises KeyError."""
    if dataset not in DATASETS:
        raise KeyError(dataset)
    data = tomllib.loads((FOLDER / dataset / "shapes.toml").read_text())
    return {
        name: Table(
            name,
            tuple(section["key"]),
            section["columns"],
            {engine: section[engine] for engine in ("mongodb", "dynamodb", "redis")},
        )
        for name, section in data.items()
    }
