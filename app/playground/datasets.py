"""Filling a sandbox with a sample dataset: its structure by sources, its records in bulk."""

import asyncio
from collections.abc import AsyncIterator
from functools import lru_cache

from app.core.datasets import Content
from app.core.engine import Engine
from app.core.errors import NotFound, PlaygroundError, StatementError
from app.core.limits import Limits
from app.core.results import Progress, Result
from app.core.sandbox import Sandbox
from app.datasets import SIZES, Dataset, dataset


def find(slug: str) -> Dataset:
    """Raises NotFound."""
    try:
        return dataset(slug)
    except KeyError:
        raise NotFound(f"There is no dataset {slug!r}.") from None


def read_name(name: str) -> tuple[Dataset, int]:
    """A dataset and how many times S: from `shop`, `shop:M` or `shop:16`. Raises NotFound."""
    slug, _, size = name.partition(":")
    scale = SIZES.get(size or "S") or (int(size) if size.isdecimal() and len(size) < 4 else 0)
    if not 1 <= scale <= max(SIZES.values()):
        raise NotFound(f"There is no size {size!r}; choose {', '.join(SIZES)}.")
    return find(slug), scale


@lru_cache(maxsize=32)
def small(slug: str, engine: str) -> Content:
    """A dataset in size S, which is asked for again and again."""
    return dataset(slug).content(engine)


async def content(name: str, engine: str) -> Content:
    """A dataset's content for an engine. Raises NotFound."""
    found, scale = read_name(name)
    if scale == 1:
        return small(found.slug, engine)
    return await asyncio.to_thread(found.content, engine, scale)


async def fill(engine: Engine, sandbox: Sandbox, name: str, limits: Limits) -> AsyncIterator[Progress]:
    """Fill a fresh sandbox, saying how far it is. Raises PlaygroundError when a statement of the dataset fails."""
    held = await content(name, engine.slug)
    total, before = held.record_count, 0
    await _run(engine, sandbox, held.before, limits)
    for part in held.parts:
        async for done in engine.load(sandbox, part, limits):
            yield Progress(f"Filling {part.name}", before + done, total)
        before += len(part.records)
    await _run(engine, sandbox, held.after, limits)


async def _run(engine: Engine, sandbox: Sandbox, source: str, limits: Limits) -> None:
    if not source:
        return
    client = await engine.client(sandbox)
    await client.begin(source, limits)
    try:
        for statement in await asyncio.to_thread(engine.split, source):
            async for event in client.run(statement, limits):
                assert not isinstance(event, Result) or event.error is None
    except StatementError as exc:
        raise PlaygroundError(f"The dataset could not be loaded: {exc.message}") from exc
    finally:
        await client.finish()
