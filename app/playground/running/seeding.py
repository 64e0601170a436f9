"""What a sandbox is filled with before a source runs in it: a dataset, then a seed."""

import asyncio
import hashlib
import logging
import time
from weakref import WeakValueDictionary

from app.config import Settings
from app.core.errors import PlaygroundError, StatementError, StatementStopped
from app.core.results import Result, Statement
from app.playground import datasets
from app.playground.running.execution import Going, execute, failed, split
from app.playground.sandboxes.sandboxes import Sandboxes

log = logging.getLogger(__name__)


class Seeding:
    """A new seed runs in an empty sandbox; the same one again does nothing."""

    def __init__(self, sandboxes: Sandboxes, settings: Settings) -> None:
        self._sandboxes = sandboxes
        self._settings = settings
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def fill(self, run: Going, dataset: str, seed: str) -> Result | None:
        """See that the run's sandbox was filled so; its place may be another one then. Gives the failed result, if one failed."""
        named = f"{dataset}\0{seed}" if dataset else seed
        digest = hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()
        session_id, slug = run.place.sandbox.session_id or "", run.engine.slug
        async with self._locks.setdefault((session_id, slug), asyncio.Lock()):
            run.place = await self._sandboxes.get(session_id, slug)  # another client may have seeded it meanwhile
            lost = run.engine.lost(run.place.sandbox) if run.place.seed_hash == digest else ""
            if run.place.seed_hash == digest and not lost:
                return None
            result = await self._fill(run, dataset, seed, digest)
            if lost and result is None:
                run.replaced = False
                run.place.note = f"{lost} The seed was run again."
        if result is None:
            run.place = await self._sandboxes.get(session_id, slug)
        return result

    async def _fill(self, run: Going, dataset: str, seed: str, digest: str) -> Result | None:
        statements = await split(run.engine, seed, self._settings.max_statements)
        await self._begin_empty(run)
        entries = run.place.entries
        if await run.engine.seeded(run.place.sandbox, digest):
            await self._sandboxes.set_seed(run.place, digest)
            return None
        began = time.perf_counter()
        if dataset:
            try:
                await _load(run, dataset)
            except StatementError as exc:
                return failed(Statement("", 0, 0, 1), exc, "", 0)
        if isinstance(statements, Result):
            return statements
        outcome = await execute(run, seed, statements, "none")
        if outcome.word != "ok":
            return outcome.results[-1]
        await self._sandboxes.set_seed(run.place, digest)
        heavy = (time.perf_counter() - began) * 1000 >= self._settings.heavy_seed_ms
        alone = run.place.entries == entries  # no other client could change what the seed left
        if heavy and outcome.transaction == "none" and alone:
            await _keep(run, digest, statements)
        return None

    async def _begin_empty(self, run: Going) -> None:
        """Take another sandbox, but for one that was made for this very run."""
        if not (run.place.is_new and run.place.entries == 1):
            sandbox = run.place.sandbox
            await self._sandboxes.reset(sandbox.session_id or "", sandbox.engine)
            run.place = await self._sandboxes.get(sandbox.session_id or "", sandbox.engine)
            run.replaced = True
        run.place.is_new = False


async def _load(run: Going, dataset: str) -> None:
    async for progress in datasets.fill(run.engine, run.place.sandbox, dataset, run.limits):
        run.speaker.say(progress)
        if run.active.stopping:
            raise StatementStopped.by_visitor()


async def _keep(run: Going, digest: str, statements: list[Statement]) -> None:
    """Keep what a heavy seed left. The run goes on whatever comes of it."""
    try:
        await run.engine.keep_seed(run.place.sandbox, digest, statements)
    except PlaygroundError as exc:
        log.warning("a seed of %s could not be kept: %s", run.engine.slug, exc.message)
