"""One press of Run: a source, split into statements, executed by a client of the session's sandbox under limits."""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from app.config import Settings
from app.core.engine import Client, Engine
from app.core.errors import EngineBusy, InvalidRequest, PlaygroundError, StatementError, StatementStopped, TooLarge
from app.core.limits import Limits
from app.core.results import ErrorInfo, Message, Notice, Result, Statement, Stats, encode
from app.playground.engines import Engines
from app.playground.sandboxes import Place, Sandboxes
from app.playground.store import RunRecord, Store

log = logging.getLogger(__name__)

Explain = Literal["none", "plan", "measure"]
Origin = Literal["workbench", "compare"]

NET_MS = 1_500
"""How long past its limit a statement may take to end on the server before the runner stops waiting for it."""
KEPT_RUNS = 200
"""How many sessions' last results this process keeps, so that a reload shows them again."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run. `origin` is the page it came from: a page opens again with what was last run there."""

    engine: str
    source: str
    seed: str = ""
    explain: Explain = "none"
    client: str = "main"
    origin: Origin = "workbench"


@dataclass(slots=True)
class Active:
    """A run going on. `stopping` is set by the visitor's Stop."""

    client: Client | None = None
    stopping: bool = False


@dataclass(slots=True)
class Outcome:
    """What executing a list of statements gave."""

    results: list[Result] = field(default_factory=list)
    not_run: list[Statement] = field(default_factory=list)
    total_ms: float = 0.0

    @property
    def word(self) -> str:
        error = self.results[-1].error if self.results else None
        return error.outcome if error else "ok"


class Runner:
    """Runs sources. One run at a time per client; a full engine answers "busy" after a short wait."""

    def __init__(self, engines: Engines, sandboxes: Sandboxes, store: Store, settings: Settings) -> None:
        self._engines = engines
        self._sandboxes = sandboxes
        self._store = store
        self._settings = settings
        self._slots = {offer.engine.slug: asyncio.Semaphore(settings.max_runs_per_engine) for offer in engines}
        self._active: dict[tuple[str, str, str], Active] = {}
        self._last: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()
        self._logging: set[asyncio.Task[None]] = set()

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
        word, count = "internal_error", 0
        try:
            async with self._slot(engine):
                place = await self._sandboxes.get(session_id, request.engine)
                place.users += 1
                try:
                    answer, outcome = await self._run_in(engine, place, request, active)
                finally:
                    place.users -= 1
                    self._sandboxes.use(place)
            word, count = outcome.word, len(outcome.results)
        except PlaygroundError as exc:
            word = exc.code
            raise
        finally:
            del self._active[key]
            total_ms = (time.perf_counter() - began) * 1000
            self._log(
                RunRecord(
                    session_id,
                    request.engine,
                    request.client,
                    request.source,
                    request.seed,
                    word,
                    count,
                    total_ms,
                    started_at,
                )
            )
        answer["stats"]["round_trip_ms"] = total_ms
        self._keep(session_id, request, answer)
        return answer

    async def stop(self, session_id: str, slug: str, client_name: str = "main") -> bool:
        """End the run that goes on there, on the server. False when none does."""
        active = self._active.get((session_id, slug, client_name))
        if active is None:
            return False
        active.stopping = True
        if active.client is not None:
            await active.client.stop()
        return True

    async def reset(self, session_id: str, slug: str) -> None:
        """Stop what runs, drop the sandbox, forget its results."""
        for name in ("main", "A", "B"):
            await self.stop(session_id, slug, name)
        await self._sandboxes.reset(session_id, slug)
        self._last.pop((session_id, slug), None)

    def last(self, session_id: str, slug: str) -> dict[str, Any] | None:
        """The session's last run of that engine with its `source`, `seed` and `origin`, while this process still keeps it."""
        return self._last.get((session_id, slug))

    async def close(self) -> None:
        """Wait until the run log is written."""
        await asyncio.gather(*self._logging, return_exceptions=True)

    def _check_size(self, request: RunRequest) -> None:
        most = self._settings.max_source_bytes_of(request.engine)
        for what, text in (("source", request.source), ("seed", request.seed)):
            size = len(text.encode("utf-8", "surrogatepass"))
            if size > most:
                raise TooLarge(f"The {what} has {size:,} bytes; the limit is {most:,} (max_source_bytes).")

    @asynccontextmanager
    async def _slot(self, engine: Engine) -> AsyncIterator[None]:
        slots = self._slots[engine.slug]
        try:
            await asyncio.wait_for(slots.acquire(), self._settings.slot_wait_ms / 1000)
        except TimeoutError:
            raise engine.busy() from None
        try:
            yield
        finally:
            slots.release()

    async def _run_in(
        self, engine: Engine, place: Place, request: RunRequest, active: Active
    ) -> tuple[dict[str, Any], Outcome]:
        answer: dict[str, Any] = {"engine": engine.slug, "version": engine.info.version}
        if request.seed.strip():
            failed = await self._seed(engine, place, request, active)
            if failed is not None:
                answer |= {"results": [], "not_run": [], "seed_error": encode(failed), "stats": _stats(Outcome())}
                return answer, Outcome([failed])
            place = await self._sandboxes.get(place.sandbox.session_id or "", engine.slug)
        outcome = await self._execute(engine, place, request.source, request, active)
        answer |= {
            "results": [encode(result) for result in outcome.results],
            "not_run": [_as_dict(statement) for statement in outcome.not_run],
            "stats": _stats(outcome),
        }
        return answer, outcome

    async def _seed(self, engine: Engine, place: Place, request: RunRequest, active: Active) -> Result | None:
        """Run a new seed in a fresh sandbox; the same one again does nothing. Gives the failed result, if one failed."""
        digest = hashlib.sha256(request.seed.encode("utf-8", "surrogatepass")).hexdigest()
        if place.seed_hash == digest:
            return None
        session_id = place.sandbox.session_id or ""
        await self._sandboxes.reset(session_id, engine.slug)
        fresh = await self._sandboxes.get(session_id, engine.slug)
        outcome = await self._execute(engine, fresh, request.seed, replace(request, explain="none"), active)
        if outcome.word != "ok":
            return outcome.results[-1]
        await self._sandboxes.set_seed(fresh, digest)
        return None

    async def _execute(self, engine: Engine, place: Place, source: str, request: RunRequest, active: Active) -> Outcome:
        limits = self._limits()
        outcome = Outcome()
        began = time.perf_counter()
        try:
            statements = await asyncio.to_thread(engine.split, source)
        except StatementError as exc:
            outcome.results.append(_failed(Statement(source, 0, len(source), 1), exc, source, 0))
            return outcome
        if len(statements) > self._settings.max_statements:
            raise InvalidRequest(
                f"The source has {len(statements):,} statements; the limit is {self._settings.max_statements:,} (max_statements)."
            )
        if not statements:
            return outcome
        client = await engine.client(place.sandbox, request.client)
        active.client = client
        await client.begin(source, limits)
        try:
            reply_bytes = 0
            for number, statement in enumerate(statements):
                left = limits.spent((time.perf_counter() - began) * 1000, reply_bytes)
                result = await self._statement(engine, client, statement, left, request.explain, active, source)
                outcome.results.append(result)
                reply_bytes += result.reply_bytes
                if result.error is not None:
                    outcome.not_run = statements[number + 1 :]
                    break
        finally:
            await client.finish()
            active.client = None
        outcome.total_ms = (time.perf_counter() - began) * 1000
        return outcome

    async def _statement(
        self,
        engine: Engine,
        client: Client,
        statement: Statement,
        limits: Limits,
        explain: Explain,
        active: Active,
        source: str,
    ) -> Result:
        began = time.perf_counter()
        plan_fields: dict[str, Any] = {}
        notices: list[Notice] = []
        messages: list[Message] = []
        try:
            if active.stopping:
                raise StatementStopped.by_visitor()
            if limits.left_ms <= 0:
                raise StatementStopped.by_time(limits.max_run_ms)
            if explain != "none" and engine.explains_before_run:
                plan_fields = await _explain(client, statement, limits, measure=explain == "measure")
            result = await _drive(client, statement, limits, notices, messages)
            if explain != "none" and not engine.explains_before_run:
                plan_fields = await _explain(client, statement, limits, measure=explain == "measure")
        except StatementError as exc:
            result = _failed(statement, exc, source, (time.perf_counter() - began) * 1000)
        result.notices = [*notices, *result.notices]
        result.messages = [*messages, *result.messages]
        result.plan = plan_fields.get("plan")
        result.plan_note = plan_fields.get("plan_note")
        return result

    def _limits(self) -> Limits:
        s = self._settings
        return Limits(
            max_run_ms=s.max_run_ms,
            max_rows=s.max_rows,
            max_reply_bytes=s.max_reply_bytes,
            max_stream_ms=s.max_stream_ms,
            max_messages=s.max_messages,
            left_ms=s.max_run_ms,
        )

    def _keep(self, session_id: str, request: RunRequest, answer: dict[str, Any]) -> None:
        self._last[session_id, request.engine] = answer | {
            "source": request.source,
            "seed": request.seed,
            "origin": request.origin,
        }
        self._last.move_to_end((session_id, request.engine))
        while len(self._last) > KEPT_RUNS:
            self._last.popitem(last=False)

    def _log(self, record: RunRecord) -> None:
        task = asyncio.create_task(self._write(record))
        self._logging.add(task)
        task.add_done_callback(self._logging.discard)

    async def _write(self, record: RunRecord) -> None:
        try:
            await self._store.add_run(record)
        except Exception:
            log.exception("a run is missing in the run log")


async def _drive(
    client: Client, statement: Statement, limits: Limits, notices: list[Notice], messages: list[Message]
) -> Result:
    """Collect a statement's events. The net: a client that overstays its limit is stopped and no longer waited for."""
    result: Result | None = None
    try:
        async with asyncio.timeout((limits.left_ms + NET_MS) / 1000):
            async for event in client.run(statement, limits):
                match event:
                    case Result():
                        result = event
                    case Notice():
                        notices.append(event)
                    case Message():
                        messages.append(event)
    except TimeoutError:
        async with asyncio.timeout(NET_MS / 1000):
            await client.stop()
        raise StatementStopped.by_time(limits.max_run_ms) from None
    assert result is not None, "an engine's client ended without a result"
    return result


async def _explain(client: Client, statement: Statement, limits: Limits, *, measure: bool) -> dict[str, Any]:
    try:
        return {"plan": await client.explain(statement, limits, measure=measure)}
    except StatementStopped:
        raise
    except StatementError as exc:
        return {"plan_note": exc.message}


def _failed(statement: Statement, error: StatementError, source: str, total_ms: float) -> Result:
    return Result(kind="error", statement=statement, error=ErrorInfo.of(error, source), stats=Stats(total_ms=total_ms))


def _as_dict(statement: Statement) -> dict[str, Any]:
    return {"text": statement.text, "start": statement.start, "end": statement.end, "line": statement.line}


def _stats(outcome: Outcome) -> dict[str, Any]:
    """`total_ms` is our time with the engine; `server_ms` the sum of what servers told, None when one did not."""
    told = [result.stats.server_ms for result in outcome.results if result.error is None]
    return {
        "total_ms": outcome.total_ms,
        "server_ms": sum(ms for ms in told if ms is not None) if told and None not in told else None,
        "statement_count": len(outcome.results),
        "outcome": outcome.word,
    }
