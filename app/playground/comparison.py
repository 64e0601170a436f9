"""The same task on several engines at the same time."""

import asyncio
from collections.abc import Mapping
from typing import Any

from app.core.errors import PlaygroundError
from app.playground.runner import Runner, RunRequest


async def run_all(runner: Runner, session_id: str, sources: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Run `{engine: (seed, source)}` side by side. Each gives its run, or `{"engine", "error"}` if it could not begin."""

    async def one(slug: str, seed: str, source: str) -> dict[str, Any]:
        try:
            return await runner.run(session_id, RunRequest(slug, source, seed, origin="compare"))
        except PlaygroundError as exc:
            return could_not_begin(slug, exc)

    runs = await asyncio.gather(*(one(slug, seed, source) for slug, (seed, source) in sources.items()))
    return dict(zip(sources, runs, strict=True))


def could_not_begin(slug: str, error: PlaygroundError) -> dict[str, Any]:
    """In place of a run: why none was begun."""
    return {"engine": slug, "error": {"code": error.code, "message": error.message, "hint": error.hint}}
