"""Sample data as COPY statements: the sources that a seed is made of, and the chunks of a bulk load."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from app.core.datasets import Content, Part
from app.core.engine import Client
from app.core.limits import Limits
from app.core.results import Result, Statement

CHUNK = 5_000
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def seed(content: Content) -> str:
    """One source: tables, a COPY with its rows for each of them, indexes."""
    return "\n\n".join(piece for piece in (content.before, *map(copy, content.parts), content.after) if piece)


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
