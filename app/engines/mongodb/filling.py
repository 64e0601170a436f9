"""Sample data as insertMany calls, and as bulk inserts by the driver."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.core.datasets import IDENTIFIER, Content, Imported, Part

CHUNK = 1_000
DECIMAL_DIGITS = 34
"""Of a Decimal128; a number with more is kept as text."""
MAX_SAFE_INTEGER = 2**53 - 1
"""JavaScript's: beyond it a plain number would lose digits."""


def seed(content: Content) -> str:
    """One source: collections and indexes, and an insertMany for each collection."""
    return "\n\n".join(piece for piece in (content.before, *map(insert_many, content.parts), content.after) if piece)


def imported(table: Imported) -> Content:
    """A collection; the key becomes `_id`."""
    kinds = dict(zip(table.columns, table.kinds, strict=True))

    def document(record: dict[str, Any]) -> dict[str, Any]:
        found = {
            name: _moment(value) if kinds[name] in ("date", "timestamp") else value for name, value in record.items()
        }
        return {"_id": found.pop(table.key), **found} if table.key in found else found

    return Content("", (Part(table.name, [document(record) for record in table.records()]),))


def _moment(value: str) -> datetime | str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def insert_many(part: Part) -> str:
    documents = "\n".join(f"  {literal(record)}," for record in part.records)
    collection = f"db.{part.name}" if IDENTIFIER.fullmatch(part.name) else f"db.getCollection({json.dumps(part.name)})"
    return f"{collection}.insertMany([\n{documents}\n])"


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
        seconds = "milliseconds" if value.microsecond else "seconds"  # a date has no more
        return f'ISODate("{value.replace(tzinfo=None).isoformat(timespec=seconds)}Z")'
    if isinstance(value, dict):
        pairs = (
            f"{name if IDENTIFIER.fullmatch(name) else json.dumps(name)}: {literal(item)}"
            for name, item in value.items()
        )
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, int | float | Decimal):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value: float | Decimal) -> str:
    if isinstance(value, Decimal):
        return f'NumberDecimal("{value}")' if len(value.as_tuple().digits) <= DECIMAL_DIGITS else json.dumps(str(value))
    if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        return f'NumberLong("{value}")'
    if isinstance(value, float) and value.is_integer():
        return f"Double({value:.0f})"
    return json.dumps(value)
