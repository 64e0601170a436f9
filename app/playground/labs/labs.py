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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from app.config import Settings
from app.core.errors import EngineBusy, InvalidRequest, NotFound, PlaygroundError, StatementFailed
from app.playground.engines import Engines
from app.playground.labs.runs import LabRun, open_lab
from app.playground.labs.steps import Script, read
from app.playground.running.kept import Kept
from app.playground.running.runner import Runner, RunRequest
from app.playground.sandboxes.sandboxes import Sandboxes

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parents[2] / "labs"
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


_Key = tuple[str, str]
"""Session and engine."""


@dataclass(frozen=True, slots=True)
class Played:
    """A script with what happened in it, as it is shared. `run`: as `LabRun.as_dict` says; None where it was not gone through."""

    engine: str
    source: str
    run: dict[str, Any] | None


@dataclass(slots=True)
class _Going:
    run: LabRun
    ends: AsyncExitStack
    idle: asyncio.TimerHandle | None = None


class Labs:
    """The labs that sessions go through: one per session and engine, in a sandbox emptied for it."""

    def __init__(self, engines: Engines, sandboxes: Sandboxes, runner: Runner, settings: Settings) -> None:
        self._engines = engines
        self._sandboxes = sandboxes
        self._runner = runner
        self._settings = settings
        self._going: dict[_Key, _Going] = {}
        self._locks: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()
        self._last: Kept[Played] = Kept()
        self._ending: set[asyncio.Task[None]] = set()

    async def play(self, session_id: str, slug: str, source: str) -> dict[str, Any]:
        """All steps, from an emptied sandbox. Gives the timeline, as `LabRun.as_dict` says. Raises EngineBusy as `step` does."""
        key = (session_id, slug)
        script = await self._script(slug, source)
        async with self._turn(key):
            await self._end(key)
            async with self._opened(key, script) as run:
                while not run.over:
                    await run.step()
                return self._keep(key, source, run)

    async def step(self, session_id: str, slug: str, source: str) -> dict[str, Any]:
        """The next step. Another source, or one that is over, begins anew.

        Pressed again meanwhile, it waits for its turn; raises EngineBusy when that does not come soon. What fails ends the lab.
        """
        key = (session_id, slug)
        async with self._turn(key):
            going = self._going.get(key)
            if going is None or going.run.script.source != source:
                going = await self._begin(key, await self._script(slug, source))
            if going.idle:
                going.idle.cancel()
                going.idle = None
            try:
                await going.run.step()
                answer = self._keep(key, source, going.run)
            except BaseException as exc:
                del self._going[key]
                await going.ends.__aexit__(type(exc), exc, exc.__traceback__)
                raise
            if going.run.over:
                await self._end(key)
            else:
                going.idle = asyncio.get_running_loop().call_later(IDLE_S, self._end_soon, key, going)
            return answer

    def played(self, session_id: str, slug: str, source: str) -> Played:
        """The script, with what happened when the session last went through it, while this process still keeps that."""
        last = self._last.of(session_id, slug)
        return last if last and last.source == source else Played(slug, source, None)

    def _keep(self, key: _Key, source: str, run: LabRun) -> dict[str, Any]:
        answer = run.as_dict()
        self._last.keep(*key, Played(key[1], source, answer), len(source) + run.reply_bytes)
        return answer

    async def end(self, session_id: str, slug: str) -> None:
        """Close the lab's connections. Does nothing when none goes on. Raises EngineBusy as `step` does."""
        async with self._turn((session_id, slug)):
            await self._end((session_id, slug))

    async def close(self) -> None:
        for key, going in list(self._going.items()):
            if going.idle:
                going.idle.cancel()
            self._end_soon(key, going)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _lock(self, key: _Key) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())

    @asynccontextmanager
    async def _turn(self, key: _Key) -> AsyncIterator[None]:
        """One press at a time: a step changes what the next one finds."""
        lock = self._lock(key)
        try:
            await asyncio.wait_for(lock.acquire(), self._settings.slot_wait_ms / 1000)
        except TimeoutError:
            raise EngineBusy("This lab is still at work; nothing was done.", hint="Wait for its end.") from None
        try:
            yield
        finally:
            lock.release()

    async def _begin(self, key: _Key, script: Script) -> _Going:
        await self._end(key)
        ends = AsyncExitStack()
        run = await ends.enter_async_context(self._opened(key, script))
        going = self._going[key] = _Going(run, ends)
        return going

    async def _end(self, key: _Key) -> None:
        going = self._going.pop(key, None)
        if going is None:
            return
        if going.idle:
            going.idle.cancel()
        await going.ends.aclose()

    def _end_soon(self, key: _Key, going: _Going) -> None:
        going.idle = None
        task = asyncio.create_task(self._end_idle(key, going), name="end an idle lab")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end_idle(self, key: _Key, going: _Going) -> None:
        async with self._lock(key):
            if self._going.get(key) is not going or going.idle is not None:
                return  # it was stepped meanwhile
            try:
                await self._end(key)
            except PlaygroundError as exc:
                log.warning("a lab did not end in good order: %s", exc.message)

    async def _script(self, slug: str, source: str) -> Script:
        engine = self._engines.get(slug)
        size, most = len(source.encode("utf-8", "surrogatepass")), self._settings.max_source_bytes_of(slug)
        if size > most:
            raise InvalidRequest(f"The script has {size:,} bytes; the limit is {most:,} (max_source_bytes).")
        return await asyncio.to_thread(read, engine, source)

    @asynccontextmanager
    async def _opened(self, key: _Key, script: Script) -> AsyncIterator[LabRun]:
        session_id, slug = key
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
