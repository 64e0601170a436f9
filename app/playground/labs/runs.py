"""One going through a lab's script: two clients, a step at a time, in the script's order.

A step has begun when its statement is done, or when the server says that it waits. Whoever waits is asked after again when
another step is done. So the order of what happens is the script's and the server's, never that of a clock.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from app.core.engine import Client, Engine
from app.core.errors import EngineUnavailable, StatementError, StatementStopped
from app.core.limits import Limits
from app.core.results import ErrorInfo, Message, Notice, Result, Statement, Stats, encode
from app.core.sandbox import Sandbox
from app.playground.labs.steps import NAMES, Script
from app.playground.running.execution import end_client

State = Literal["ahead", "working", "waits", "done", "failed", "refused", "stopped"]

POLL_S = 0.004
SLOWEST_POLL_S = 0.1


@dataclass(slots=True)
class Step:
    """A statement of the script. Rows count what happened, in order: a step begins at `row`; one that waited ends at `end_row`,
    which the step `released_by` brought about.
    """

    number: int
    client: str
    statement: Statement
    state: State = "ahead"
    row: int | None = None
    end_row: int | None = None
    waits_for: str | None = None
    released_by: int | None = None
    result: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        s = self.statement
        return {
            "number": self.number,
            "client": self.client,
            "statement": {"text": s.text, "start": s.start, "end": s.end, "line": s.line},
            "state": self.state,
            "row": self.row,
            "end_row": self.end_row,
            "waits_for": self.waits_for,
            "released_by": self.released_by,
            "result": self.result,
        }


@dataclass(slots=True)
class _Lane:
    """A client and the step that is not done yet, if one is."""

    client: Client
    step: Step | None = None
    task: asyncio.Task[Result] | None = None
    began: float = 0.0


@dataclass(slots=True)
class LabRun:
    """Built by `open_lab`, which also ends it."""

    engine: Engine
    sandbox: Sandbox
    script: Script
    limits: Limits
    max_work_ms: int
    steps: list[Step]
    lanes: dict[str, _Lane] = field(default_factory=dict)
    at: int = 0
    rows: int = 0
    reply_bytes: int = 0  # of all steps, which have a run's limit together

    @property
    def over(self) -> bool:
        return self.at >= len(self.steps)

    async def step(self) -> Step:
        """Begin the next step, and see what it does to the one that waits."""
        step = self.steps[self.at]
        lane = self.lanes[step.client]
        if lane.task is not None:
            await self._settle(lane, None, patient=True)
            await self._settle_others(lane, None)
        self.at += 1
        step.row = self._next_row()
        step.state = "working"
        lane.step, lane.began = step, time.monotonic()
        lane.task = asyncio.create_task(self._run(lane.client, step.statement), name=f"lab step {step.number}")
        await self._settle(lane, None)
        await self._settle_others(lane, step)
        if lane.task is not None:  # a deadlock's other side may have let it go
            await self._settle(lane, None)
        if self.over:
            await self._end_all()
        return step

    async def stop(self) -> None:
        """End what works or waits, on the server."""
        for lane in self.lanes.values():
            if lane.task is not None:
                await lane.client.stop()
                await self._settle(lane, None, patient=True)

    async def _settle_others(self, lane: _Lane, cause: Step | None) -> None:
        for other in self.lanes.values():
            if other is not lane and other.task is not None:
                await self._settle(other, cause)

    async def _end_all(self) -> None:
        """After the last step: who still waits is waited for, up to the limit of a run."""
        for lane in self.lanes.values():
            if lane.task is not None:
                await self._settle(lane, None, patient=True)

    async def _settle(self, lane: _Lane, cause: Step | None, *, patient: bool = False) -> None:
        """Until the lane's step is done, or the server says that it waits. With `patient`, waiting lasts as long as a run may."""
        assert lane.task is not None
        assert lane.step is not None
        pause = POLL_S
        until = time.monotonic() + self.max_work_ms / 1000
        while not lane.task.done():
            waits_for = await self.engine.waiting(self.sandbox, lane.client.name)
            if waits_for is not None and not lane.task.done():
                lane.step.state, lane.step.waits_for = "waits", lane.step.waits_for or waits_for
                if not patient:
                    return
            if time.monotonic() > until:
                await lane.client.stop()
            await asyncio.wait({lane.task}, timeout=pause)
            pause = min(pause * 1.5, SLOWEST_POLL_S)
        self._done(lane, cause)

    def _done(self, lane: _Lane, cause: Step | None) -> None:
        step, task = lane.step, lane.task
        assert step is not None
        assert task is not None
        lane.step = lane.task = None
        result = task.result()
        step.state = cast(State, result.error.outcome) if result.error else "done"
        step.result = encode(result)
        self.reply_bytes += result.reply_bytes
        if step.waits_for is not None:
            step.end_row = self._next_row()
            step.released_by = cause.number if cause else None

    def _next_row(self) -> int:
        self.rows += 1
        return self.rows - 1

    async def _run(self, client: Client, statement: Statement) -> Result:
        """A statement's result. What the engine says no to is one; that the server is gone ends the lab."""
        began = time.perf_counter()
        notices: list[Notice] = []
        messages: list[Message] = []
        result: Result | None = None
        try:
            async for event in client.run(statement, self.limits.spent(0, self.reply_bytes)):
                match event:
                    case Result():
                        result = event
                    case Notice():
                        notices.append(event)
                    case Message():
                        messages.append(event)
            assert result is not None, "an engine's client ended without a result"
        except StatementError as exc:
            stats = Stats(total_ms=(time.perf_counter() - began) * 1000)
            error = ErrorInfo.of(exc, self.script.source)
            result = Result(kind="error", statement=statement, error=error, stats=stats)
        except EngineUnavailable as exc:
            lost = StatementStopped(exc.message, code=exc.code, hint=exc.hint)
            result = Result(kind="error", statement=statement, error=ErrorInfo.of(lost, self.script.source))
        result.notices = [*notices, *result.notices]
        result.messages = [*messages, *result.messages]
        return result

    def as_dict(self) -> dict[str, Any]:
        return {
            "engine": self.engine.slug,
            "version": self.engine.info.version,
            "source": self.script.source,
            "steps": [step.as_dict() for step in self.steps],
            "at": self.at,
            "rows": self.rows,
            "over": self.over,
        }


@asynccontextmanager
async def open_lab(engine: Engine, sandbox: Sandbox, script: Script, limits: Limits) -> AsyncIterator[LabRun]:
    """Two fresh clients on a script. At the end their connections are closed, which rolls back what is open."""
    # A statement that waits has longer than a run; what works for longer than one is ended by the lab.
    patient = replace(limits, left_ms=limits.max_stream_ms, max_run_ms=limits.max_stream_ms)
    steps = [Step(number, name, statement) for number, (name, statement) in enumerate(script.steps, 1)]
    run = LabRun(engine, sandbox, script, patient, limits.max_run_ms, steps)
    try:
        for name in NAMES:
            client = await engine.client(sandbox, name)
            await client.begin(script.source, patient)
            run.lanes[name] = _Lane(client)
            for statement in engine.split(engine.before_lab):
                async for _ in client.run(statement, limits):
                    pass
        yield run
    finally:
        try:
            await run.stop()
        finally:
            for lane in run.lanes.values():
                await end_client(engine, sandbox, lane.client)
