"""One run of a script across engines: what it asks for is done on connections into the session's sandboxes, and written down."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from app.core.errors import InvalidRequest, PlaygroundError, StatementError, StatementFailed, StatementStopped
from app.core.limits import Limits
from app.core.results import Notice, Progress
from app.playground.running.feeds import Speaker
from app.playground.scripts.pools import Opening, Pool
from app.playground.scripts.records import Call, Kind, Output, Span, busy_ms
from app.scripting.bridge import Operation

MAX_TIMERS = 2_000
LONGEST_SLEEP_MS = 3_600_000
"""The script's own limit ends it long before."""
MAX_SPANS = 100
MAX_SHOWN_CHARS = 400
ENGINE_ERROR = "EngineError"
"""What a script knows the errors of its calls by."""

Enter = Callable[[str, Opening], Awaitable[Pool]]
"""Gives the pool of an engine, which is made when a script first calls it. Raises what a sandbox that can't be had raises."""


class ScriptRun:
    """Answers a script's host calls. All methods are called on the app's loop."""

    def __init__(self, limits: Limits, max_calls: int, enter: Enter, speaker: Speaker) -> None:
        self.calls: list[Call] = []
        self.spans: list[Span] = []
        self.output = Output()
        self.reply_bytes = 0
        self.errors: list[PlaygroundError] = []
        self._limits = limits
        self._max_calls = max_calls
        self._enter = enter
        self._speaker = speaker
        self._began = 0.0
        self._calls_made = 0
        self._timers = 0
        self._pools: dict[str, Pool] = {}
        self._entering: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished: list[str] = []
        self._changed = asyncio.Event()
        self._fatal: BaseException | None = None

    @property
    def at_ms(self) -> float:
        return (time.perf_counter() - self._began) * 1000

    @property
    def waiting(self) -> int:
        """How many calls wait for a free connection."""
        return sum(pool.waiting for pool in self._pools.values())

    async def prepare(self, slugs: list[str]) -> None:
        """Make the sandboxes of these engines ready, with a connection each; the script begins then, and its times count from there."""
        await asyncio.gather(*map(self._ready, slugs))
        self._began = time.perf_counter()

    async def _ready(self, slug: str) -> None:
        with contextlib.suppress(PlaygroundError):  # the script is told when it calls the engine
            await (await self._pool(slug)).warm()

    def in_order(self) -> list[Call]:
        """The calls by the time they began, numbered so."""
        found = sorted(self.calls, key=lambda call: (call.start_ms, call.number))
        for number, call in enumerate(found, 1):
            call.number = number
        return found

    def error_of(self, name: str, message: str, offset: int | None) -> StatementError | None:
        """The error of a call that the script did not catch, with its place in the source; None where it is another's."""
        for error in reversed(self.errors):
            if name == ENGINE_ERROR and error.message == message:
                if not isinstance(error, StatementError):
                    return StatementFailed(message, code=error.code, hint=error.hint, offset=offset)
                kind = type(error)
                return kind(
                    message, code=error.code, hint=error.hint, detail=error.detail, offset=offset, limit=error.limit
                )
        return None

    def operations(self) -> dict[str, Operation]:
        return {
            "begin": self._begin,
            "wait": self._wait,
            "print": self._print,
            "time": self._time,
            "span": self._span,
            "spanEnd": self._span_end,
        }

    async def end(self) -> None:
        """End what still goes on, on the servers, and close the connections."""
        for pool in self._pools.values():
            await pool.end()
        pending = [task for task in self._tasks if not task.done()]
        for task in pending:
            if task.get_name() == "timer":
                task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for call in self.calls:
            if call.outcome is None:
                call.outcome, call.note = "stopped", "It was still waiting when the script ended."
                call.waited_ms = self.at_ms - call.start_ms
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    async def _begin(self, request: dict[str, Any]) -> str:
        for fields in request.get("calls") or ():
            try:
                number, ms = int(fields["id"]), float(fields.get("sleep") or 0)
            except (AttributeError, KeyError, TypeError, ValueError):
                raise InvalidRequest("The script changed how its calls are made.") from None
            self._begin_one(number, fields, ms)
        return "null"

    def _begin_one(self, number: int, fields: dict[str, Any], ms: float) -> None:
        if "sleep" in fields:
            self._timers += 1
            if self._timers > MAX_TIMERS:
                raise _too_many("timers", MAX_TIMERS, "max_timers")
            work, name = self._sleep(number, ms), "timer"
        else:
            self._calls_made += 1
            if self._calls_made > self._max_calls:
                raise _too_many("calls", self._max_calls, "max_script_calls")
            work, name = self._answer(number, fields), "call"
            self._speaker.say(Progress("calls:", self._calls_made))
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        """A task that broke ends the script, with whatever broke it."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fatal = self._fatal or error
            self._changed.set()

    async def _wait(self, request: dict[str, Any]) -> str:
        """Begin what is asked for; then all that has finished, as `[[number, {"value"} or {"error"}], ...]`, at least one."""
        await self._begin(request)
        while not self._finished and self._fatal is None:
            self._changed.clear()
            await self._changed.wait()
        if self._fatal is not None:
            raise self._fatal
        finished, self._finished = self._finished, []
        return f"[{','.join(finished)}]"

    async def _sleep(self, number: int, ms: float) -> None:
        await asyncio.sleep(min(ms, LONGEST_SLEEP_MS) / 1000 if ms > 0 else 0)
        self._finish(number, {"value": None})

    def _finish(self, number: int, answer: dict[str, Any]) -> None:
        self._finished.append(f"[{number},{json.dumps(answer)}]")
        self._changed.set()

    async def _answer(self, number: int, request: dict[str, Any]) -> None:
        slug, kind = str(request.get("engine")), _kind_of(request)
        call = self._new(slug, kind, str(request.get("shown"))[:MAX_SHOWN_CHARS])
        try:
            pool = await self._pool(slug)
            match kind:
                case "connect":
                    value: Any = await self._connect(pool, call)
                case "close":
                    call.connection = str(request.get("link"))
                    with self._timed(call):
                        await pool.disconnect(call.connection)
                    value = None
                case "call":
                    value = await self._call(pool, call, request)
        except PlaygroundError as exc:
            call.outcome = exc.outcome if isinstance(exc, StatementError) else "failed"
            call.note = exc.message
            self.errors = [*self.errors[-9:], exc]
            self._finish(number, {"error": _fields(exc)})
            return
        self._finish(number, {"value": value})

    async def _connect(self, pool: Pool, call: Call) -> str:
        name = await pool.connect()
        self.calls.remove(call)  # the pool wrote down that it opened one
        return name

    async def _call(self, pool: Pool, call: Call, request: dict[str, Any]) -> Any:
        asked, link = request.get("request"), request.get("link")
        if not isinstance(asked, dict):
            raise InvalidRequest("A call is an object.")
        async with pool.link(None if link is None else str(link)) as client:
            call.waited_ms = self.at_ms - call.start_ms
            call.connection = client.name
            with self._timed(call):
                called = await client.call(asked, self._left())
        if called.ms is not None:
            call.ms = min(call.ms, called.ms)
        call.rows, call.bytes = called.row_count, called.reply_bytes
        if called.truncated is not None:
            call.outcome, call.note = "cut", called.truncated.message
        self.reply_bytes += called.reply_bytes
        most = self._limits.max_reply_bytes
        if self.reply_bytes > most or (called.truncated is not None and called.truncated.limit == "max_reply_bytes"):
            self._fatal = StatementStopped(
                f"Stopped: the answers of this script have more than {most:,} bytes.",
                code="max_reply_bytes",
                limit=("max_reply_bytes", most),
            )
        return called.value

    def _left(self) -> Limits:
        """What is left to one call: its own time, or the script's where that is less, and the script's bytes."""
        left_ms = max(1, int(self._limits.left_ms - self.at_ms))
        most = self._limits.max_reply_bytes
        return replace(
            self._limits,
            left_ms=min(self._limits.max_run_ms, left_ms),
            max_reply_bytes=max(1, most - self.reply_bytes),
        )

    async def _pool(self, slug: str) -> Pool:
        async with self._entering.setdefault(slug, asyncio.Lock()):
            if slug not in self._pools:
                self._pools[slug] = await self._enter(slug, lambda name: self._opening_of(slug, name))
            return self._pools[slug]

    def _opening_of(self, slug: str, name: str) -> contextlib.AbstractContextManager[None]:
        call = self._new(slug, "connect", "connect")
        call.connection = name
        return self._timed(call)

    def _new(self, slug: str, kind: Kind, shown: str) -> Call:
        call = Call(len(self.calls) + 1, slug, kind, shown, round(self.at_ms, 3))
        self.calls.append(call)
        return call

    @contextlib.contextmanager
    def _timed(self, call: Call) -> Iterator[None]:
        began = self.at_ms
        try:
            yield
            call.outcome = "ok"
        except StatementError as exc:
            call.outcome, call.note = exc.outcome, exc.message
            raise
        finally:
            call.ms = self.at_ms - began

    async def _print(self, request: dict[str, Any]) -> str:
        text = str(request.get("text"))
        severity = "warning" if request.get("severity") == "warning" else "print"
        if self.output.add(severity, text, self.at_ms):
            self._speaker.say(Notice(severity, text[:MAX_SHOWN_CHARS]))
        return "null"

    async def _time(self, request: dict[str, Any]) -> str:
        return f"{self.at_ms:.3f}"

    async def _span(self, request: dict[str, Any]) -> str:
        if len(self.spans) >= MAX_SPANS:
            raise _too_many("measurements", MAX_SPANS, "max_spans")
        self.spans.append(Span(str(request.get("name"))[:100], self.at_ms, len(self.calls)))
        return str(len(self.spans) - 1)

    async def _span_end(self, request: dict[str, Any]) -> str:
        number = request.get("span")
        if not isinstance(number, int) or not 0 <= number < len(self.spans):
            raise InvalidRequest("There is no such measurement.")
        span = self.spans[number]
        span.ms = self.at_ms - span.start_ms
        within = self.calls[span.first :]
        span.calls = sum(call.kind == "call" for call in within)
        span.connects = sum(call.kind == "connect" for call in within)
        span.rows = sum(call.rows or 0 for call in within)
        span.bytes = sum(call.bytes for call in within)
        span.engine_ms = busy_ms(within)
        told = asdict(span)
        return json.dumps({name: told[name] for name in ("ms", "engine_ms", "calls", "connects", "rows", "bytes")})


def _kind_of(request: dict[str, Any]) -> Kind:
    if request.get("connect"):
        return "connect"
    return "close" if request.get("close") else "call"


def _fields(error: PlaygroundError) -> dict[str, Any]:
    """The error as a script catches it."""
    outcome = error.outcome if isinstance(error, StatementError) else "failed"
    named = {"name": ENGINE_ERROR, "message": error.message, "code": error.code, "outcome": outcome}
    return named | ({"hint": error.hint} if error.hint else {})


def _too_many(what: str, most: int, limit: str) -> StatementStopped:
    return StatementStopped(f"Stopped at the limit of {most:,} {what} a script.", code=limit, limit=(limit, most))
