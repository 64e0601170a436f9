"""Sample data as COPY statements: the sources that a seed is made of, and the chunks of a bulk load."""

import json
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from app.core.datasets import Content, Imported, Part
from app.core.engine import Client
from app.core.limits import Limits
from app.core.results import Result, Statement

CHUNK = 5_000
PLAIN = re.compile(r"[a-z][a-z0-9_]*_[a-z0-9_]*|[a-z]{1,3}[0-9]+")
"""Names that are no key words: with an underscore, or with a number."""
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def seed(content: Content) -> str:
    """One source: tables, a COPY with its rows for each of them, indexes."""
    return "\n\n".join(piece for piece in (content.before, *map(copy, content.parts), content.after) if piece)


TYPES = {"integer": "bigint", "decimal": "numeric", "timestamp": "timestamptz", "json": "jsonb"}


def imported(table: Imported) -> Content:
    """A table with typed columns; the key, if there is one, is its primary key."""
    columns = tuple(_quoted(name) for name in table.columns)
    lines = [
        f"  {column} {TYPES.get(kind, kind)}{' PRIMARY KEY' if name == table.key else ''}"
        for column, name, kind in zip(columns, table.columns, table.kinds, strict=True)
    ]
    name = _quoted(table.name)
    rows = [[json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list) else v for v in row] for row in table.rows]
    body = ",\n".join(lines)
    return Content(f"CREATE TABLE {name} (\n{body}\n);", (Part(name, rows, columns),))


def _quoted(name: str) -> str:
    return name if PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def copy(part: Part) -> str:
    rows = "\n".join("\t".join(_field(value) for value in record) for record in part.records)
    return f"COPY {part.name} ({', '.join(part.columns)}) FROM stdin;\n{rows}\n\\."


async def load(client: Client, part: Part, limits: Limits) -> AsyncIterator[int]:
    """Chunk after chunk, on the visitor's own connection. Yields how many rows are in."""
    done = 0
    for chunk in part.chunks(CHUNK):
        text = copy(chunk)
        async for event in client.run(Statement(text, 0, len(text), 1), limits):
            if isinstance(event, Result):
                done += len(chunk.records)
                yield done


def _field(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, list):
        quoted = ",".join('"' + str(item).replace("\\", "\\\\").replace('"', '\\"') + '"' for item in value)
        return f"{{{quoted}}}".translate(_ESCAPES)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return str(value).translate(_ESCAPES)
