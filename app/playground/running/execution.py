"""Executing a source: its statements in order on one client, under what is left of the run's limits."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from app.core.engine import Client, Engine, Transaction
from app.core.errors import InvalidRequest, PlaygroundError, StatementError, StatementStopped
from app.core.limits import Limits
from app.core.results import ErrorInfo, Message, Notice, Progress, Result, Statement, Stats
from app.core.sandbox import Sandbox
from app.playground.running.feeds import Speaker
from app.playground.sandboxes.place import Place

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Explain = Literal["none", "plan", "measure"]

NET_MS = 1_500
"""How long past its limit a statement may take to end on the server before it is no longer waited for."""


@dataclass(slots=True)
class Active:
    """A run going on. `stopping` is set by the visitor's Stop; `streams`: it waits for events, for as long as a stream may."""

    client: Client | None = None
    streams: bool = False
    stopping: bool = False


@dataclass(slots=True)
class Going:
    """A run under way: where, by which client, and who hears of it. `replaced`: its place is another one, since its seed was new."""

    engine: Engine
    place: Place
    client: str
    limits: Limits
    active: Active
    speaker: Speaker
    replaced: bool = False


@dataclass(slots=True)
class Outcome:
    """What executing a list of statements gave."""

    results: list[Result] = field(default_factory=list)
    not_run: list[Statement] = field(default_factory=list)
    total_ms: float = 0.0
    transaction: Transaction = "none"
    stopped: bool = False  # by the visitor

    @property
    def word(self) -> str:
        error = self.results[-1].error if self.results else None
        if error:
            return error.outcome
        return "stopped" if self.stopped and self.not_run else "ok"

    @property
    def reason(self) -> str:
        """The limit or rule that ended it; "" where none did."""
        error = self.results[-1].error if self.results else None
        if error is None or error.outcome == "failed":
            return ""
        return str(error.limit["name"]) if error.limit else error.code

    @property
    def server_ms(self) -> float | None:
        """The sum of what servers told of statements that completed; None when one did not tell."""
        told = [result.stats.server_ms for result in self.results if result.error is None]
        return sum(ms for ms in told if ms is not None) if told and None not in told else None

    @property
    def reply_bytes(self) -> int:
        return sum(result.reply_bytes for result in self.results)


async def split(engine: Engine, source: str, max_statements: int) -> list[Statement] | Result:
    """The statements of a source, or the failed result that says where it can't be read. Raises InvalidRequest for too many."""
    try:
        statements = await asyncio.to_thread(engine.split, source)
    except StatementError as exc:
        return failed(Statement(source, 0, len(source), 1), exc, source, 0)
    if len(statements) > max_statements:
        raise InvalidRequest(
            f"The source has {len(statements):,} statements; the limit is {max_statements:,} (max_statements)."
        )
    return statements


async def execute(run: Going, source: str, statements: list[Statement], explain: Explain) -> Outcome:
    """Run a source's statements up to the first that does not complete. Raises what opening the client raises."""
    outcome = Outcome()
    if not statements:
        return outcome
    engine, limits, active, speaker = run.engine, run.limits, run.active, run.speaker
    began = time.perf_counter()
    client = await engine.client(run.place.sandbox, run.client)
    active.client = client
    client.explaining = explain != "none"
    await client.begin(source, limits)
    try:
        reply_bytes, heard, listened_ms = 0, 0, 0.0
        for number, statement in enumerate(statements):
            left = limits.spent(_ms_since(began) - listened_ms, reply_bytes)
            listens = engine.streams(statement)
            if listens:
                left_ms = limits.max_stream_ms - int(listened_ms)
                left = replace(left, left_ms=left_ms, max_messages=limits.max_messages - heard)
                speaker.listening(left_ms)
                listened_ms -= _ms_since(began)
            over = _over(limits, left, listens=listens)
            result = await _one(engine, client, statement, left, explain, active, source, speaker, over)
            if listens:
                listened_ms += _ms_since(began)
                heard += len(result.messages)
                speaker.answered(result)
            outcome.results.append(result)
            reply_bytes += result.reply_bytes
            if result.error is not None or active.stopping:
                outcome.not_run = statements[number + 1 :]
                break
    finally:
        await client.finish()
        active.client = None
        outcome.transaction = client.transaction
    outcome.stopped = active.stopping
    outcome.total_ms = _ms_since(began)
    return outcome


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _over(limits: Limits, left: Limits, *, listens: bool) -> StatementStopped | None:
    """What of a run's limits is used up before a statement of it begins."""
    if left.left_ms <= 0:
        return (
            StatementStopped.by_stream_time(limits.max_stream_ms)
            if listens
            else StatementStopped.by_time(limits.max_run_ms)
        )
    return StatementStopped.by_messages(limits.max_messages) if left.max_messages <= 0 else None


async def _one(
    engine: Engine,
    client: Client,
    statement: Statement,
    limits: Limits,
    explain: Explain,
    active: Active,
    source: str,
    speaker: Speaker,
    over: StatementStopped | None,
) -> Result:
    began = time.perf_counter()
    plan_fields: dict[str, Any] = {}
    notices: list[Notice] = []
    messages: list[Message] = []
    try:
        if active.stopping:
            raise StatementStopped.by_visitor()
        if over:
            raise over
        if explain != "none" and engine.explains_before_run:
            plan_fields = await _explain(client, statement, limits, explain)
            if active.stopping:
                raise StatementStopped.by_visitor()
        result = await _netted(client, limits, _drive(client, statement, limits, notices, messages, speaker))
        if explain != "none" and not engine.explains_before_run:
            plan_fields = await _explain(client, statement, limits, explain)
    except StatementError as exc:
        result = failed(statement, exc, source, (time.perf_counter() - began) * 1000)
    result.notices = [*notices, *result.notices]
    result.messages = [*messages, *result.messages]
    result.plan = plan_fields.get("plan", result.plan)
    result.plan_note = plan_fields.get("plan_note", result.plan_note)
    return result


async def _drive(
    client: Client,
    statement: Statement,
    limits: Limits,
    notices: list[Notice],
    messages: list[Message],
    speaker: Speaker,
) -> Result:
    """Collect a statement's events."""
    result: Result | None = None
    async for event in client.run(statement, limits):
        match event:
            case Result():
                result = event
                continue
            case Notice():
                notices.append(event)
            case Message():
                messages.append(event)
            case Progress():
                pass
        speaker.say(event)
    assert result is not None, "an engine's client ended without a result"
    return result


async def _netted(client: Client, limits: Limits, work: Coroutine[Any, Any, Answer]) -> Answer:
    """The net below the engine's own limits: a client that overstays is stopped and no longer waited for."""
    try:
        async with asyncio.timeout((limits.left_ms + NET_MS) / 1000):
            return await work
    except TimeoutError:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.stop(), NET_MS / 1000)
        if limits.left_ms > limits.max_run_ms:
            raise StatementStopped.by_stream_time(limits.max_stream_ms) from None
        raise StatementStopped.by_time(limits.max_run_ms) from None


async def _explain(client: Client, statement: Statement, limits: Limits, explain: Explain) -> dict[str, Any]:
    """The plan, or why there is none. A plan that could not be had leaves the statement its own result."""
    try:
        work = client.explain(statement, limits, measure=explain == "measure")
        return {"plan": await _netted(client, limits, work)}
    except StatementError as exc:
        return {"plan_note": exc.message}


def failed(statement: Statement, error: StatementError, source: str, total_ms: float) -> Result:
    return Result(kind="error", statement=statement, error=ErrorInfo.of(error, source), stats=Stats(total_ms=total_ms))


async def end_client(engine: Engine, sandbox: Sandbox, client: Client) -> None:
    """The end of a client that was opened for one piece of work."""
    try:
        await client.finish()
    except PlaygroundError as exc:
        log.warning("client %s did not finish in good order: %s", client.name, exc.message)
    finally:
        await engine.close_client(sandbox, client.name)
