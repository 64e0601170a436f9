"""One press of Run: a source, split into statements, executed by a client of the session's sandbox under limits."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from app.config import Settings
from app.core.engine import Client, Engine
from app.core.errors import EngineBusy, PlaygroundError, TooLarge
from app.core.limits import Limits
from app.core.plan_encoding import plain
from app.core.repetition import repeated
from app.core.results import Notice, Result, Statement, encode
from app.playground.engines import Engines
from app.playground.running.execution import Active, Explain, Going, Outcome, execute, split
from app.playground.running.feeds import Feeds
from app.playground.running.kept import Kept
from app.playground.running.recent import RecentRuns
from app.playground.running.seeding import Seeding
from app.playground.running.slots import Slots
from app.playground.running.watching import RunEnd, Watcher
from app.playground.sandboxes.place import Place
from app.playground.sandboxes.sandboxes import Sandboxes
from app.playground.store import RunRecord, Store

log = logging.getLogger(__name__)

Origin = Literal["workbench", "compare"]

ANSWERS = ("rows", "documents", "reply")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. `origin` is the page it came from: a page opens again with what was last run there.

    `page`: the token of an open page, whose feed gets the run's events as they happen. `shown`: the editor's source and seed, where
    something else than they is run (a COMMIT, a preview). `part`: two character offsets; only the statements that they touch are run.
    `dataset` (`shop:S`) fills the fresh sandbox before the seed. `task` is whose solution it may be.
    """

    engine: str
    source: str
    seed: str = ""
    explain: Explain = "none"
    client: str = "main"
    origin: Origin = "workbench"
    shown: tuple[str, str] | None = None
    page: str = ""
    part: tuple[int, int] | None = None
    dataset: str = ""
    task: str = ""


class Runner:
    """Runs sources. One run at a time per client; a full engine answers "busy" after a short wait."""

    def __init__(self, engines: Engines, sandboxes: Sandboxes, store: Store, settings: Settings) -> None:
        self._engines = engines
        self._sandboxes = sandboxes
        self._store = store
        self._settings = settings
        self.limits = Limits(
            max_run_ms=settings.max_run_ms,
            max_rows=settings.max_rows,
            max_reply_bytes=settings.max_reply_bytes,
            max_stream_ms=settings.max_stream_ms,
            max_messages=settings.max_messages,
            left_ms=settings.max_run_ms,
        )
        """What each run begins with."""
        s = settings
        self.slots = {o.engine.slug: Slots(o.engine, s.max_runs_per_engine, s.slot_wait_ms) for o in engines}
        self.streams = {o.engine.slug: Slots(o.engine, s.max_streams_per_engine, s.slot_wait_ms) for o in engines}
        self.feeds = Feeds(settings)
        self.watchers: list[Watcher] = []
        self._active: dict[tuple[str, str, str], Active] = {}
        self._last: Kept[dict[str, Any]] = Kept()
        self.recent = RecentRuns()
        self._logging: set[asyncio.Task[None]] = set()
        self._seeding = Seeding(sandboxes, settings)

    async def run(self, session_id: str, request: RunRequest) -> dict[str, Any]:
        """Run a source and give the JSON shape of the run: `engine`, `version`, `results`, `not_run`, `stats`.

        Raises InvalidRequest, TooLarge, EngineBusy, EngineUnavailable; what a statement does wrong is in its result.
        """
        engine = self._engines.get(request.engine)
        self._check_size(request)
        key = (session_id, request.engine, request.client)
        if key in self._active:
            raise EngineBusy(
                "A run is already going on here; nothing was started.", hint="Wait for its end, or press Stop."
            )
        active = self._active[key] = Active()
        started_at, began = datetime.now(UTC), time.perf_counter()
        word, outcome = "internal_error", Outcome()
        try:
            statements = await split(engine, request.source, self._settings.max_statements)
            if request.part is not None and isinstance(statements, list):
                statements = touched(statements, *request.part)
            active.streams = isinstance(statements, list) and any(map(engine.streams, statements))
            slots = self.streams if active.streams else self.slots
            async with slots[engine.slug].one(), self._sandboxes.at_work(session_id, request.engine) as place:
                with self.feeds.speaker(session_id, request.page, request.engine, request.client) as speaker:
                    run = Going(engine, place, request.client, self.limits, active, speaker)
                    answer, outcome = await self._run_in(run, request, statements)
            word = outcome.word
        except PlaygroundError as exc:
            word = exc.code
            raise
        finally:
            del self._active[key]
            total_ms = (time.perf_counter() - began) * 1000
            record = RunRecord(
                session_id,
                request.engine,
                request.client,
                request.source,
                request.seed,
                word,
                len(outcome.results),
                total_ms,
                started_at,
            )
            self.ended(RunEnd(record, outcome.reason, outcome.server_ms, outcome.reply_bytes, active.streams))
        answer["stats"]["round_trip_ms"] = total_ms
        if request.client == "main":
            answer["id"] = secrets.token_urlsafe(9)
            self._keep(session_id, request, answer, outcome.reply_bytes)
        return answer

    @asynccontextmanager
    async def borrow(self, session_id: str, slug: str) -> AsyncIterator[Client]:
        """The main client of the session's sandbox for work that is no run: it takes a slot, and Stop ends it."""
        engine, key = self._engines.get(slug), (session_id, slug, "main")
        if key in self._active:
            raise EngineBusy("A run is already going on here.", hint="Wait for its end, or press Stop.")
        active = self._active[key] = Active()
        try:
            async with self.inside(session_id, slug) as place:
                active.client = await engine.client(place.sandbox)
                yield active.client
        finally:
            del self._active[key]

    @asynccontextmanager
    async def inside(self, session_id: str, slug: str) -> AsyncIterator[Place]:
        """The session's sandbox, for work that is no run: it takes a slot."""
        async with self.slots[slug].one(), self._sandboxes.at_work(session_id, slug) as place:
            yield place

    async def stop(self, session_id: str, slug: str, client_name: str = "main") -> bool:
        """End the run that goes on there, on the server. False when none does."""
        active = self._active.get((session_id, slug, client_name))
        if active is None:
            return False
        active.stopping = True
        if active.client is not None:
            await active.client.stop()
        return True

    def end_streams(self) -> None:
        """This process ends: no feed and no streaming run outlives it. Other runs are left their time."""
        self.feeds.close()
        for key, active in self._active.items():
            if active.streams:
                task = asyncio.create_task(self._stop_quietly(*key))
                self._logging.add(task)
                task.add_done_callback(self._logging.discard)

    async def _stop_quietly(self, session_id: str, slug: str, client_name: str) -> None:
        try:
            await self.stop(session_id, slug, client_name)
        except PlaygroundError as exc:
            log.warning("a stream could not be stopped: %s", exc.message)

    async def reset(self, session_id: str, slug: str) -> None:
        """Stop what runs, drop the sandbox, forget its results."""
        for name in ("main", "A", "B"):
            await self.stop(session_id, slug, name)
        await self._sandboxes.reset(session_id, slug)
        self._last.forget(session_id, slug)
        self.recent.forget(session_id, slug)

    def forget(self, session_id: str) -> None:
        """Forget the session's last results."""
        for slug in self._last.engines_of(session_id):
            self._last.forget(session_id, slug)
            self.recent.forget(session_id, slug)

    def last(self, session_id: str, slug: str) -> dict[str, Any] | None:
        """The session's last run of that engine with its `source`, `seed`, `origin` and `shown`, while this process still keeps it."""
        return self._last.of(session_id, slug)

    async def close(self) -> None:
        """Wait until the run log is written."""
        await asyncio.gather(*self._logging, return_exceptions=True)

    def _check_size(self, request: RunRequest) -> None:
        most = self._settings.max_source_bytes_of(request.engine)
        for what, text in (("source", request.source), ("seed", request.seed)):
            size = len(text.encode("utf-8", "surrogatepass"))
            if size > most:
                raise TooLarge(f"The {what} has {size:,} bytes; the limit is {most:,} (max_source_bytes).")

    async def _run_in(
        self, run: Going, request: RunRequest, statements: list[Statement] | Result
    ) -> tuple[dict[str, Any], Outcome]:
        engine = run.engine
        answer: dict[str, Any] = {"engine": engine.slug, "version": engine.info.version}
        if request.seed.strip() or request.dataset:
            failed = await self._seeding.fill(run, request.dataset, request.seed)
            if run.replaced:
                answer["replaced"] = True
            if failed is not None:
                answer |= {"results": [], "not_run": [], "seed_error": encode(failed), "stats": _stats(Outcome())}
                return answer, Outcome([failed])
        if isinstance(statements, Result):
            outcome = Outcome([statements])
        else:
            outcome = await execute(run, request.source, statements, request.explain)
        if (note := run.place.take_note()) and outcome.results:
            outcome.results[0].notices.insert(0, Notice("warning", note))
        answer |= {
            "results": [_encoded(engine, result) for result in outcome.results],
            "not_run": [_as_dict(statement) for statement in outcome.not_run],
            "stats": _stats(outcome),
        }
        if outcome.transaction != "none":
            answer["transaction"] = outcome.transaction
        if found := repeated(result.statement.text for result in outcome.results if result.kind in ANSWERS):
            answer["insights"] = [plain(found)]
        return answer, outcome

    def _keep(self, session_id: str, request: RunRequest, answer: dict[str, Any], reply_bytes: int) -> None:
        kept = answer | {
            "source": request.source if request.part is None else None,  # what is shared is a whole run
            "seed": request.seed,
            "origin": request.origin,
            "dataset": request.dataset,
            "task": request.task,
            "shown": request.shown or (request.source, request.seed),
        }
        size = reply_bytes + len(request.source) + len(request.seed)
        self._last.keep(session_id, request.engine, kept, size)
        self.recent.add(session_id, request.engine, request.source, datetime.now(UTC), answer)

    def ended(self, end: RunEnd) -> None:
        """A run is over: its watchers are told, and it goes to the run log."""
        for watcher in self.watchers:
            try:
                watcher(end)
            except Exception:
                log.exception("a watcher of runs failed")
        task = asyncio.create_task(self._write(end.record))
        self._logging.add(task)
        task.add_done_callback(self._logging.discard)

    async def _write(self, record: RunRecord) -> None:
        try:
            await self._store.add_run(record)
        except Exception:
            log.exception("a run is missing in the run log")


def touched(statements: list[Statement], start: int, end: int) -> list[Statement]:
    """The statements that a selection touches; for a cursor alone, the one it stands in or after."""
    if start == end:
        before = [statement for statement in statements if statement.start <= start]
        return before[-1:] or statements[:1]
    return [statement for statement in statements if statement.start < end and statement.end > start]


def _encoded(engine: Engine, result: Result) -> dict[str, Any]:
    """A result as JSON. `reads`: there is more of it, and an export may run its statement again."""
    data = encode(result)
    if (result.truncated or result.more) and engine.reads(result.statement):
        data["reads"] = True
    return data


def _as_dict(statement: Statement) -> dict[str, Any]:
    return {"text": statement.text, "start": statement.start, "end": statement.end, "line": statement.line}


def _stats(outcome: Outcome) -> dict[str, Any]:
    """`total_ms` is our time with the engine; `server_ms` the sum of what servers told, None when one did not."""
    return {
        "total_ms": outcome.total_ms,
        "server_ms": outcome.server_ms,
        "statement_count": len(outcome.results),
        "outcome": outcome.word,
    }
