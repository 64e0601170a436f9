"""Sample data as command lines, and as pipelines."""

import json
import re
from collections.abc import AsyncIterator, Iterable
from typing import Any

from redis.asyncio import Redis

from app.core.datasets import Content, Imported, Part

CHUNK = 1_000
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.:@/#*+-]+")


def seed(content: Content) -> str:
    """One source: a command a line."""
    lines = [" ".join(_word(word) for word in record) for part in content.parts for record in part.records]
    return "\n".join(line for line in (content.before, *lines, content.after) if line)


def imported(table: Imported) -> Content:
    """A hash for each row, `name:key`; without a key the rows are counted."""
    commands = []
    for number, record in enumerate(table.records(), 1):
        fields = [word for name, value in record.items() for word in (name, _text(value))]
        if fields:
            key = record.get(table.key, number) if table.key else number
            commands.append(["HSET", f"{table.name}:{key}", *fields])
    return Content("", (Part(table.name, commands),))


def _text(value: Any) -> str:
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


async def load(redis: "Redis", part: Part) -> AsyncIterator[int]:
    """Pipeline after pipeline. Yields how many commands are done."""
    done = 0
    for chunk in part.chunks(CHUNK):
        pipeline = redis.pipeline(transaction=False)
        for record in chunk.records:
            pipeline.execute_command(*_sent(record))
        await pipeline.execute()
        done += len(chunk.records)
        yield done


def _sent(record: Iterable[Any]) -> list[str]:
    return [str(word) for word in record]


def _word(word: Any) -> str:
    text = str(word)
    return text if _PLAIN_WORD.fullmatch(text) else json.dumps(text, ensure_ascii=False)
