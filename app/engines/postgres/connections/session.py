"""One connection of a sandbox's own role: work done on it under limits, and ended on the server when it must be."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from app.core.engine import Transaction
from app.core.errors import EngineUnavailable, StatementError, StatementFailed, StatementStopped
from app.core.limits import Limits
from app.core.results import Message, Notice
from app.core.sandbox import Sandbox
from app.engines.postgres.admin import Admin, name_of
from app.engines.postgres.connections.connecting import Connector
from app.engines.postgres.connections.text_codec import Answer, NeedsParametersError, execute
from app.engines.postgres.connections.watchdog import Watchdog
from app.engines.postgres.connections.wire import MAX_NOTICES, MAX_NOTIFICATIONS, MAX_WAITING_BYTES, NO_LIMIT, Wire
from app.engines.postgres.errors import UNREACHABLE, failed, unavailable
from app.engines.postgres.presenting import notice_of

log = logging.getLogger(__name__)
Done = TypeVar("Done")

TERMINATE_AFTER_S = 0.3
MAX_ASKED_BYTES = 4_000_000
TRANSACTIONS: dict[bytes, Transaction] = {b"T": "open", b"E": "failed"}
RECONNECTED = "This is a new connection: the session's settings, temporary tables and open transaction are gone."


@dataclass(slots=True)
class _Work:
    """A statement that the server executes now, and why and how it is being ended."""

    done: asyncio.Event
    reason: StatementStopped | None = None
    ender: asyncio.Task[None] | None = None


class Session:
    """Survives the loss of its connection: the next `connect` opens another one and says so."""

    def __init__(self, sandbox: Sandbox, name: str, connector: Connector, admin: Admin, watchdog: Watchdog) -> None:
        self.role = name_of(sandbox)
        self.pid = 0
        self.watchdog = watchdog
        self.expands = False
        """Whether psql's expanded display is on."""
        self._sandbox = sandbox
        self._name = name
        self._connector = connector
        self._admin = admin
        self._connection: asyncpg.Connection[Any] | None = None
        self._wire: Wire | None = None
        self._work: _Work | None = None
        self._ender: asyncio.Task[None] | None = None
        self._notices: list[Notice] = []

    @property
    def connection(self) -> "asyncpg.Connection[Any]":
        assert self._connection
        return self._connection

    @property
    def wire(self) -> Wire:
        assert self._wire
        return self._wire

    @property
    def transaction(self) -> Transaction:
        connection = self._connection
        if connection is None or connection.is_closed():
            return "none"
        return TRANSACTIONS.get(self.wire.status, "none")

    @property
    def harmless(self) -> frozenset[str]:
        """Names that may stand before a parenthesis in a SELECT without changing anything."""
        return self._connector.harmless

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
        connection = await self._connector.connect(self._sandbox, self._name)
        self._wire = Wire(connection, self._flooded)
        self._connection = connection
        self.pid = connection.get_server_pid()
        if again:
            self.say(Notice("warning", RECONNECTED))

    async def stop(self) -> None:
        """End what runs, because its visitor said so."""
        if self._work is not None:
            self.end(StatementStopped.by_visitor())
        if self._ender is not None:
            await asyncio.wait([self._ender])

    async def close(self) -> None:
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

    async def ask(self, text: str, start: int, limits: Limits, *arguments: str) -> Answer:
        """The whole answer to a statement of ours, which is small."""
        return await self.do(
            lambda connection: execute(connection, text, 0, arguments), start, limits, max_bytes=MAX_ASKED_BYTES
        )

    async def do(
        self,
        work_on: Callable[["asyncpg.Connection[Any]"], Awaitable[Done]],
        start: int,
        limits: Limits,
        *,
        max_bytes: int,
        max_rows: int = NO_LIMIT,
    ) -> Done:
        """Have the server do something within the limits; `start` is where its text begins in the source."""
        connection = self.connection
        self.wire.expect(max_bytes, max_rows)
        work = self._work = _Work(asyncio.Event())
        loop = asyncio.get_running_loop()
        began = loop.time()
        by_time = StatementStopped.by_time(limits.max_run_ms)
        timer = loop.call_later(limits.left_ms / 1000, self.end, by_time)
        try:
            with self.watchdog.watching(self):
                answer = await work_on(connection)
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
        if isinstance(told, NeedsParametersError) and told.given:
            return StatementFailed(
                f"The statement has {told.wanted} parameters, and {told.given} values came with it.",
                code="08P01",
                offset=start,
            )
        if isinstance(told, NeedsParametersError):
            return StatementFailed(
                "This statement has parameters ($1), and nothing gives them values.",
                code="42P02",
                hint="Write the values in their place, or use PREPARE and EXECUTE.",
                offset=start,
            )
        if isinstance(told, asyncpg.PostgresError) and not isinstance(told, UNREACHABLE):
            return failed(told, self.role, start)
        self.connection.terminate()
        if isinstance(exc, UNREACHABLE):
            return unavailable()
        if isinstance(exc, asyncpg.InternalClientError):
            # The server ended the connection between two messages of one answer, and asyncpg stumbled over it.
            return StatementFailed("The server ended the connection while it answered.", code="08006")
        log.warning("an answer of PostgreSQL could not be read", exc_info=exc)
        return StatementFailed(f"The answer could not be read: {exc}", code="unreadable_answer")

    def say(self, notice: Notice) -> None:
        """Have the next notices taken begin with this, or go on with it."""
        self._notices.append(notice)

    def take_notices(self) -> list[Notice]:
        """What was said since the last time."""
        notices, self._notices = self._notices, []
        wire = self._wire
        if wire is None:
            return notices
        raw, wire.notices = wire.notices, []
        notices += [notice for message in raw if (notice := notice_of(message, self.role))]
        if wire.dropped_notices:
            why = f"the byte limit of a run, or the {MAX_NOTICES:,} notices that are kept of a statement"
            notices.append(
                Notice("warning", f"{wire.dropped_notices:,} more notices were left out: they came after {why}.")
            )
            wire.dropped_notices = 0
        return notices

    def take_messages(self, at_ms: float, max_bytes: int) -> tuple[list[Message], int]:
        """Notifications that arrived, up to so many bytes, and how many bytes they have; the rest waits for the next time."""
        messages, taken = [], 0
        while found := self.wire.take_notification(max_bytes - taken):
            messages.append(Message(found[0], found[1], at_ms=at_ms))
            taken += found[2]
        self.say_lost()
        if self.wire.notifications:
            self.say(
                Notice(
                    "warning",
                    f"{len(self.wire.notifications):,} more notifications wait for the next run: this one may have {max_bytes:,} bytes more.",
                )
            )
        return messages, taken

    def say_lost(self) -> None:
        """Say how many notifications came and were not kept."""
        if self.wire.lost_notifications:
            lost = f"{self.wire.lost_notifications:,} notifications were lost: {MAX_NOTIFICATIONS:,} or {MAX_WAITING_BYTES:,} bytes wait here at most."
            self.say(Notice("warning", lost))
            self.wire.lost_notifications = 0

    def _flooded(self) -> None:
        limit = self.wire.max_bytes
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
