"""One live connection into a sandbox, as the sandbox's own role, with its state between runs."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg

from app.core.engine import Client
from app.core.errors import EngineUnavailable, StatementError, StatementFailed, StatementStopped
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.results import Event, Message, Notice, Statement
from app.core.sandbox import Sandbox
from app.engines.postgres import dialects, plan
from app.engines.postgres.admin import Admin, name_of
from app.engines.postgres.connecting import Connector
from app.engines.postgres.errors import UNREACHABLE, failed, unavailable
from app.engines.postgres.presenting import notice_of, refuse_copy_with_client, result_of
from app.engines.postgres.statements import first_words
from app.engines.postgres.text_codec import Answer, NeedsParametersError, execute
from app.engines.postgres.watchdog import Watchdog
from app.engines.postgres.wire import Wire

log = logging.getLogger(__name__)

TERMINATE_AFTER_S = 0.3
MAX_PLAN_BYTES = 4_000_000
GROWING = frozenset({"insert", "update", "merge", "copy", "create", "do", "call", "refresh", "reindex", "import"})
RECONNECTED = "This is a new connection: the session's settings, temporary tables and open transaction are gone."


@dataclass(slots=True)
class _Work:
    """A statement that the server executes now, and why and how it is being ended."""

    done: asyncio.Event
    reason: StatementStopped | None = None
    ender: asyncio.Task[None] | None = None


class PostgresClient(Client):
    """Survives the loss of its connection: the next statement opens another one and says so."""

    def __init__(self, sandbox: Sandbox, name: str, connector: Connector, admin: Admin, watchdog: Watchdog) -> None:
        super().__init__(sandbox, name)
        self.role = name_of(sandbox)
        self._connector = connector
        self._admin = admin
        self._watchdog = watchdog
        self._connection: asyncpg.Connection[Any] | None = None
        self._wire: Wire | None = None
        self._work: _Work | None = None
        self._ender: asyncio.Task[None] | None = None
        self._notices: list[Notice] = []
        self._closed = False
        self.pid = 0

    @property
    def alive(self) -> bool:
        return not self._closed

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open between runs, or failed and waits for ROLLBACK."""
        connection = self._connection
        return connection is not None and not connection.is_closed() and connection.is_in_transaction()

    @property
    def is_working(self) -> bool:
        """Whether a statement is being executed now."""
        return self._work is not None

    async def connect(self) -> None:
        """Open the connection if there is none."""
        if self._connection is not None and not self._connection.is_closed():
            return
        if self._ender:
            await asyncio.wait([self._ender])
        again = self._connection is not None
        connection = await self._connector.connect(self.sandbox, self.name)
        connection.add_log_listener(self._heard)
        self._wire = Wire(connection, self._flooded)
        self._connection = connection
        self.pid = connection.get_server_pid()
        if again:
            self._notices.append(Notice("warning", RECONNECTED))

    async def run(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        began = time.perf_counter()
        words = first_words(statement.text)
        if words[:1] == ("copy",):
            refuse_copy_with_client(statement)
        await self.connect()
        if words[:1] and words[0] in GROWING:
            await self._watchdog.refuse_growth(self.role)
        try:
            answer = await self._execute(
                statement.text, statement.start, limits, limits.max_rows + 1, limits.max_reply_bytes
            )
        except StatementError as exc:
            for notice in self._take_notices():
                yield notice
            if exc.hint is None and exc.code in dialects.UNREADABLE:
                exc.hint = await asyncio.to_thread(dialects.hint, statement.text)
            raise
        total_ms = (time.perf_counter() - began) * 1000
        assert self._wire
        result = result_of(statement, answer, self._wire, limits, total_ms)
        for notice in self._take_notices():
            yield notice
        while self._wire.notifications:
            channel, text = self._wire.notifications.popleft()
            yield Message(channel, text, at_ms=total_ms)
        await self._keep_encoding(limits)
        for notice in self._take_notices():
            yield notice
        yield result

    async def _keep_encoding(self, limits: Limits) -> None:
        """Text crosses as UTF-8 in both directions, whatever the visitor set."""
        assert self._connection
        if self._connection.get_settings().client_encoding.upper() in ("UTF8", "UTF-8", "UNICODE"):
            return
        self._notices.append(Notice("warning", "client_encoding stays UTF8 here."))
        await self._ask("SET client_encoding = 'UTF8'", 0, limits)

    async def explain(self, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
        plan.require_explainable(statement.text)
        await self.connect()
        kept = self._take_notices()
        try:
            return await self._measure(statement, limits) if measure else await self._plan(statement, limits)
        finally:
            self._notices = kept

    async def _plan(self, statement: Statement, limits: Limits) -> Plan:
        prefix = plan.prefix(measure=False)
        answer = await self._ask(prefix + statement.text, statement.start - len(prefix), limits)
        return plan.read(answer, measured=False)

    async def _measure(self, statement: Statement, limits: Limits) -> Plan:
        """Execute the statement for its plan and roll it back, leaving an open transaction as it was."""
        prefix = plan.prefix(measure=True)
        opening, closing = ["BEGIN"], ["ROLLBACK"]
        if self.in_transaction:
            opening = ["SAVEPOINT sandtable_plan"]
            closing = ["ROLLBACK TO SAVEPOINT sandtable_plan", "RELEASE SAVEPOINT sandtable_plan"]
        for step in opening:
            await self._ask(step, statement.start, limits)
        try:
            answer = await self._ask(prefix + statement.text, statement.start - len(prefix), limits)
        finally:
            if self.in_transaction:
                for step in closing:
                    await self._ask(step, statement.start, limits)
        return plan.read(answer, measured=True)

    async def finish(self) -> None:
        self.used_at = time.monotonic()
        self._watchdog.measure_soon(self.role)

    async def stop(self) -> None:
        if self._work is not None:
            self.end(StatementStopped.by_visitor())
        if self._ender is not None:
            await asyncio.wait([self._ender])

    async def close(self) -> None:
        self._closed = True
        await self.stop()
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            with contextlib.suppress(*UNREACHABLE):
                await connection.close(timeout=1)

    def end(self, reason: StatementStopped, *, hard: bool = False) -> None:
        """Begin to end what runs: cancel it, and end the connection when that doesn't help, or at once if `hard`."""
        work = self._work
        if work is None or work.reason is not None:
            return
        work.reason = reason
        work.ender = self._ender = asyncio.create_task(self._end_on_server(work, hard), name=f"end {self.pid}")

    async def _end_on_server(self, work: _Work, hard: bool) -> None:
        connection = self._connection
        try:
            if not hard:
                await self._admin.cancel(self.pid, self.role)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(work.done.wait(), TERMINATE_AFTER_S)
            if not work.done.is_set():
                if connection is not None:
                    connection.terminate()  # first, since a server that is sending notices nothing else
                await self._admin.terminate(self.pid, self.role)
        except EngineUnavailable as exc:
            log.warning("could not see that backend %d ended: %s", self.pid, exc)
            if connection is not None:
                connection.terminate()

    async def _ask(self, text: str, start: int, limits: Limits) -> Answer:
        return await self._execute(text, start, limits, 0, MAX_PLAN_BYTES)

    async def _execute(self, text: str, start: int, limits: Limits, max_rows: int, max_bytes: int) -> Answer:
        assert self._connection
        assert self._wire
        connection = self._connection
        self._wire.expect(max_bytes)
        work = self._work = _Work(asyncio.Event())
        loop = asyncio.get_running_loop()
        began = loop.time()
        by_time = StatementStopped.by_time(limits.max_run_ms)
        timer = loop.call_later(limits.left_ms / 1000, self.end, by_time)
        try:
            with self._watchdog.watching(self):
                answer = await execute(connection, text, max_rows)
        except asyncio.CancelledError:
            self.end(StatementStopped.by_visitor(), hard=True)
            connection.terminate()
            raise
        except Exception as exc:
            work.done.set()
            if work.ender:
                await asyncio.wait([work.ender])
            if work.reason is None and _timed_out(exc, loop.time() - began, limits):
                work.reason = by_time
            raise (work.reason or self._translate(exc, start)) from exc
        else:
            work.done.set()
            if work.ender:
                await asyncio.wait([work.ender])
            if work.reason:
                work.reason.detail = "The statement had just completed."
                raise work.reason
            return answer
        finally:
            timer.cancel()
            self._work = None

    def _translate(self, exc: Exception, start: int) -> StatementError | EngineUnavailable:
        told = exc.__cause__ if isinstance(exc, asyncpg.ConnectionDoesNotExistError) else exc
        if isinstance(told, NeedsParametersError):
            return StatementFailed(
                "This statement has parameters ($1), and nothing gives them values.",
                code="42P02",
                hint="Write the values in their place, or use PREPARE and EXECUTE.",
                offset=start,
            )
        if isinstance(told, asyncpg.PostgresError) and not isinstance(told, UNREACHABLE):
            return failed(told, self.role, start)
        if self._connection is not None:
            self._connection.terminate()
        if isinstance(exc, UNREACHABLE):
            return unavailable()
        log.warning("an answer of PostgreSQL could not be read", exc_info=exc)
        return StatementFailed(f"The answer could not be read: {exc}", code="unreadable_answer")

    def _heard(self, _: object, message: asyncpg.PostgresLogMessage) -> None:
        notice = notice_of(message, self.role)
        if notice is not None:
            self._notices.append(notice)

    def _take_notices(self) -> list[Notice]:
        notices, self._notices = self._notices, []
        if self._wire and self._wire.dropped_notices:
            more = (
                f"{self._wire.dropped_notices:,} more notices were left out: they came after the byte limit of a run."
            )
            notices.append(Notice("warning", more))
        return notices

    def _flooded(self) -> None:
        assert self._wire
        limit = self._wire.max_bytes
        reason = StatementStopped(
            f"Stopped: the answer was far longer than the {limit:,} bytes that the results of a run may have.",
            code="max_reply_bytes",
            detail="PostgreSQL sends a value in one piece, so the connection was closed to stop it.",
            limit=("max_reply_bytes", limit),
        )
        self.end(reason, hard=True)


def _timed_out(exc: Exception, took_s: float, limits: Limits) -> bool:
    """Whether our own default statement_timeout fired; a visitor's shorter one is the visitor's business."""
    return isinstance(exc, asyncpg.QueryCanceledError) and took_s * 1000 >= limits.left_ms - 50
