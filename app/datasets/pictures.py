"""A dataset's tables as entities and relations, read off the CREATE TABLE statements that make them."""

import re
from functools import cache

from app.core.diagrams import Attribute, Diagram, Entity, Relation
from app.datasets import dataset

_TABLE = re.compile(r"CREATE TABLE (\w+) \(\n(.*?)\n\);", re.DOTALL)
_COLUMN = re.compile(r"    (\w+)\s+(\w+(?:\([^)]*\))?(?:\[\])?)(.*?),?$")
_KEY = re.compile(r"    (PRIMARY KEY|UNIQUE) \(([^)]*)\)")
_CONSTRAINTS = ("PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT")


@cache
def tables(slug: str) -> Diagram:
    """Our own files only: a table a statement, a column a line."""
    found = _TABLE.findall(dataset(slug).content("postgres").before)
    entities, relations = [], []
    for name, body in found:
        keys = {column: kind.lower() for kind, columns in _KEY.findall(body) for column in columns.split(", ")}
        attributes = []
        for line in body.split("\n"):
            match = _COLUMN.match(line)
            if match is None or match[1] in _CONSTRAINTS:
                continue
            column, kind, rest = match.groups()
            target = re.search(r"REFERENCES (\w+)", rest)
            attributes.append(Attribute(column, kind, _marks(rest, keys.get(column), references=target is not None)))
            if target:
                relations.append(Relation(name, target[1], ((column, "id"),), required="NOT NULL" in rest))
        entities.append(Entity(name, tuple(attributes)))
    return Diagram(tuple(entities), tuple(relations))


def _marks(rest: str, key: str | None, *, references: bool) -> tuple[str, ...]:
    marks = []
    if "PRIMARY KEY" in rest or key == "primary key":
        marks.append("primary key")
    if "UNIQUE" in rest or key == "unique":
        marks.append("unique")
    if references:
        marks.append("foreign key")
    if "NOT NULL" in rest or "primary key" in marks:
        marks.append("not null")
    return tuple(marks)
