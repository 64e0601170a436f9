"""Labs: ready scripts of two connections, and those that sessions go through now.

A folder each in `app/labs`, with `lab.toml` and the script:

title = "Non-repeatable read at READ COMMITTED"
engine = "postgres"
topic = 11                 # row of the subject
summary = "One sentence."
watch = "What to look at."
lesson = "What it shows."

[[expect]]                 # what must come out, checked by the tests
step = 4
state = "done"             # done, failed, waits (it waited before it was done or failed)
code = "40001"             # of an error
shows = "900"              # in the result
"""

import asyncio
import logging
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from app.config import Settings
from app.core.errors import InvalidRequest, NotFound, PlaygroundError, StatementFailed
from app.playground.engines import Engines
from app.playground.lab_runs import LabRun, open_lab
from app.playground.lab_scripts import Script, read
from app.playground.runner import Runner, RunRequest
from app.playground.sandboxes import Sandboxes

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parents[1] / "labs"
IDLE_S = 120.0
"""How long a lab that nobody steps keeps its two connections."""


@dataclass(frozen=True, slots=True)
class Lab:
    slug: str
    title: str
    engine: str
    topic: int
    order: int
    summary: str
    watch: str
    lesson: str
    source: str
    expect: tuple[dict[str, Any], ...]


@cache
def catalogue() -> dict[str, Lab]:
    """All ready labs by slug, in the order of topic, engine and their own."""
    found = [_read(folder) for folder in FOLDER.iterdir() if (folder / "lab.toml").exists()]
    found.sort(key=lambda lab: (lab.topic, ("postgres", "mongodb", "redis", "dynamodb").index(lab.engine), lab.order))
    return {lab.slug: lab for lab in found}


def _read(folder: Path) -> Lab:
    told = tomllib.loads((folder / "lab.toml").read_text())
    expect = tuple(told.pop("expect", ()))
    (script,) = folder.glob("script.*")
    return Lab(slug=folder.name, source=script.read_text().rstrip("\n"), expect=expect, **{"order": 9} | told)


def lab(slug: str) -> Lab:
    """Raises NotFound."""
    try:
        return catalogue()[slug]
    except KeyError:
        raise NotFound(f"There is no lab {slug!r}.") from None


@dataclass(slots=True)
class _Going:
    run: LabRun
    ends: AsyncExitStack
    idle: asyncio.TimerHandle | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Labs:
    """The labs that sessions go through: one per session and engine, in a sandbox emptied for it."""

    def __init__(self, engines: Engines, sandboxes: Sandboxes, runner: Runner, settings: Settings) -> None:
        self._engines = engines
        self._sandboxes = sandboxes
        self._runner = runner
        self._settings = settings
        self._going: dict[tuple[str, str], _Going] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def play(self, session_id: str, slug: str, source: str) -> dict[str, Any]:
        """All steps, from an emptied sandbox. Gives the timeline, as `LabRun.as_dict` says."""
        script = await self._script(slug, source)
        await self.end(session_id, slug)
        async with self._opened(session_id, slug, script) as run:
            while not run.over:
                await run.step()
            return run.as_dict()

    async def step(self, session_id: str, slug: str, source: str) -> dict[str, Any]:
        """The next step. Another source, or one that is over, begins anew."""
        key = (session_id, slug)
        going = self._going.get(key)
        if going is None or going.run.script.source != source or going.run.over:
            script = await self._script(slug, source)
            await self.end(session_id, slug)
            ends = AsyncExitStack()
            run = await ends.enter_async_context(self._opened(session_id, slug, script))
            going = self._going[key] = _Going(run, ends)
        async with going.lock:
            if going.idle:
                going.idle.cancel()
            await going.run.step()
            answer = going.run.as_dict()
        if going.run.over:
            await self.end(session_id, slug)
        else:
            loop = asyncio.get_running_loop()
            going.idle = loop.call_later(IDLE_S, self._end_soon, session_id, slug)
        return answer

    async def end(self, session_id: str, slug: str) -> None:
        """Close the lab's connections. Does nothing when none goes on."""
        going = self._going.pop((session_id, slug), None)
        if going is None:
            return
        if going.idle:
            going.idle.cancel()
        await going.ends.aclose()

    async def close(self) -> None:
        for session_id, slug in list(self._going):
            await self.end(session_id, slug)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _end_soon(self, session_id: str, slug: str) -> None:
        task = asyncio.create_task(self._end_quietly(session_id, slug), name="end an idle lab")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end_quietly(self, session_id: str, slug: str) -> None:
        try:
            await self.end(session_id, slug)
        except PlaygroundError as exc:
            log.warning("a lab did not end in good order: %s", exc.message)

    async def _script(self, slug: str, source: str) -> Script:
        engine = self._engines.get(slug)
        size, most = len(source.encode("utf-8", "surrogatepass")), self._settings.max_source_bytes_of(slug)
        if size > most:
            raise InvalidRequest(f"The script has {size:,} bytes; the limit is {most:,} (max_source_bytes).")
        return await asyncio.to_thread(read, engine, source)

    @asynccontextmanager
    async def _opened(self, session_id: str, slug: str, script: Script) -> AsyncIterator[LabRun]:
        engine = self._engines.get(slug)
        async with self._runner.streams[slug].one():
            await self._runner.reset(session_id, slug)
            await self._fill(session_id, slug, script.setup)
            async with (
                self._sandboxes.at_work(session_id, slug) as place,
                open_lab(engine, place.sandbox, script, self._runner.limits) as run,
            ):
                yield run

    async def _fill(self, session_id: str, slug: str, setup: str) -> None:
        """Raises StatementFailed, with its place, when what stands before the first marker does not complete."""
        if not setup.strip():
            return
        answer = await self._runner.run(session_id, RunRequest(slug, setup))
        for result in answer["results"]:
            if error := result.get("error"):
                raise StatementFailed(
                    error["message"], code=error["code"], hint=error.get("hint"), offset=error.get("position")
                )
