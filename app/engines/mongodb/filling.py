"""Sample data as insertMany calls, and as bulk inserts by the driver."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from app.core.datasets import IDENTIFIER, Content, Part

CHUNK = 1_000


def seed(content: Content) -> str:
    """One source: collections and indexes, and an insertMany for each collection."""
    return "\n\n".join(piece for piece in (content.before, *map(insert_many, content.parts), content.after) if piece)


def insert_many(part: Part) -> str:
    documents = "\n".join(f"  {literal(record)}," for record in part.records)
    return f"db.{part.name}.insertMany([\n{documents}\n])"


async def load(database: Any, part: Part) -> AsyncIterator[int]:
    """Chunk after chunk, as the sandbox's own user. Yields how many documents are in."""
    done = 0
    for chunk in part.chunks(CHUNK):
        # The driver adds an `_id` to what has none; the records are shared.
        await database[part.name].insert_many([dict(record) for record in chunk.records], ordered=False)
        done += len(chunk.records)
        yield done


def literal(value: Any) -> str:
    """A value as JavaScript writes it."""
    if isinstance(value, datetime):
        return f'ISODate("{value:%Y-%m-%dT%H:%M:%SZ}")'
    if isinstance(value, dict):
        pairs = (
            f"{name if IDENTIFIER.fullmatch(name) else json.dumps(name)}: {literal(item)}"
            for name, item in value.items()
        )
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, float) and value.is_integer():
        return f"Double({value:.0f})"
    return json.dumps(value, ensure_ascii=False)
