"""Sample data as BatchWriteItem calls of 25 items each, in a source and by the driver."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

from app.core.datasets import IDENTIFIER, Content, Imported, Part

BATCH = 25
AT_ONCE = 4
MAX_DIGITS = 38

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


def seed(content: Content) -> str:
    """One source: the tables with their indexes, then the items in batches."""
    batches = [batch_write(chunk) for part in content.parts for chunk in part.chunks(BATCH)]
    return "\n\n".join(piece for piece in (content.before, *batches, content.after) if piece)


def imported(table: Imported) -> Content:
    """A table with the key as its partition key; without one the rows are counted in `row`."""
    key = table.key or "row"
    number = table.key is not None and _are_numbers(table, key)
    kind = "N" if number or table.key is None else "S"
    before = (
        f"CreateTable {{ TableName: {json.dumps(table.name)}, KeySchema: [{{ AttributeName: {json.dumps(key)}, KeyType: 'HASH' }}], "
        f"AttributeDefinitions: [{{ AttributeName: {json.dumps(key)}, AttributeType: '{kind}' }}], BillingMode: 'PAY_PER_REQUEST' }}"
    )
    items = []
    for row, record in enumerate(table.records(), 1):
        if table.key is None:
            items.append({key: row, **record})
        elif key in record:
            value = record[key]
            items.append(record if number else {**record, key: _as_text(value)})
    return Content(before, (Part(table.name, items),))


def _are_numbers(table: Imported, key: str) -> bool:
    """Whether a column's values can be a key of type N."""
    place = table.columns.index(key)
    kept = (row[place] for row in table.rows if row[place] is not None)
    return table.kinds[place] in ("integer", "decimal") and all(map(_is_number, kept))


def _as_text(value: Any) -> str:
    return str(value) if isinstance(value, str | float | Decimal) else json.dumps(value)


def batch_write(part: Part) -> str:
    puts = "\n".join(f"    {{ PutRequest: {{ Item: {literal(record)} }} }}," for record in part.records)
    return f"BatchWriteItem {{ RequestItems: {{ {_name(part.name)}: [\n{puts}\n] }} }}"


async def load(ask: Ask, part: Part) -> AsyncIterator[int]:
    """A few batches at a time. Yields how many items are in."""
    done = 0
    for chunk in part.chunks(BATCH * AT_ONCE):
        await asyncio.gather(*(_write(ask, batch) for batch in chunk.chunks(BATCH)))
        done += len(chunk.records)
        yield done


async def _write(ask: Ask, batch: Part) -> None:
    requests = {
        batch.name: [{"PutRequest": {"Item": {k: _typed(v) for k, v in record.items()}}} for record in batch.records]
    }
    while requests:
        answer = await ask("BatchWriteItem", {"RequestItems": requests})
        requests = answer.get("UnprocessedItems") or {}


def literal(value: Any) -> str:
    """A value as API calls write it."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_name(name)}: {literal(item)}' for name, item in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, float | Decimal):
        return str(value) if _is_number(value) else json.dumps(str(value))
    return json.dumps(value, ensure_ascii=False)


def _is_number(value: Any) -> bool:
    """Amazon DynamoDB Developer Guide, "Data types": up to 38 digits, within 1E-130 and 9.99E+125. Others are kept as text."""
    exact = Decimal(str(value))
    return not exact or (len(exact.as_tuple().digits) <= MAX_DIGITS and -130 <= exact.adjusted() <= 125)


def _name(name: str) -> str:
    return name if IDENTIFIER.fullmatch(name) else json.dumps(name)


def _typed(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case None:
            return {"NULL": True}
        case int() | float():
            return {"N": f"{value:g}" if isinstance(value, float) else str(value)}
        case list():
            return {"L": [_typed(item) for item in value]}
        case dict():
            return {"M": {name: _typed(item) for name, item in value.items()}}
        case _:
            return {"S": str(value)}
