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
            return await runner.run(session_id, RunRequest(slug, source, seed))
        except PlaygroundError as exc:
            return {"engine": slug, "error": {"code": exc.code, "message": exc.message, "hint": exc.hint}}

    runs = await asyncio.gather(*(one(slug, seed, source) for slug, (seed, source) in sources.items()))
    return dict(zip(sources, runs, strict=True))


def answer_count(run: dict[str, Any]) -> int | None:
    """How many rows, documents or replies the last statement that answered gave; None when none did."""
    for result in reversed(run.get("results", [])):
        if result["kind"] in ("rows", "documents", "reply"):
            count = result["stats"].get("row_count")
            return int(count) if count is not None else 1
    return None
