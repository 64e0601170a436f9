"""A client: one connection into a sandbox, with its database, transaction and RESP version, and the runs on it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

from redis.exceptions import RedisError

from app.core.calls import Called, run_to_end
from app.core.engine import Client, Transaction
from app.core.errors import EngineBusy, PlaygroundError, StatementStopped
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.priority import giving_way, may_change
from app.core.results import Event, Notice, Result, Statement, Stats
from app.core.sandbox import Sandbox
from app.engines.redis import calls
from app.engines.redis.binary import OUTPUT_LIMIT_BYTES
from app.engines.redis.commands import arguments, command_name
from app.engines.redis.connection import Connection
from app.engines.redis.errors import gone, out_of_memory, reply_too_long, statement_error, translated
from app.engines.redis.fleet import Fleet
from app.engines.redis.interrupt import interrupt
from app.engines.redis.manual import Manual
from app.engines.redis.messages import MonitorLines, as_message, is_confirmation
from app.engines.redis.own import own_reply
from app.engines.redis.plan import Planner, Ran, Seen
from app.engines.redis.policy import LISTENING, SCRIPTS, UNSUBSCRIBING, waits
from app.engines.redis.python import Note
from app.engines.redis.replies import AGGREGATES, Reply
from app.engines.redis.results import count_of, listened, reply_result, waited
from app.engines.redis.slowlog import ask_for_all, is_slowlog_get, visitors_part
from app.engines.redis.slowlog import server_ms as time_on_server
from app.engines.redis.standing import QUEUED
from app.engines.redis.wire import Intake

log = logging.getLogger(__name__)

STOP_WAIT_S = 3.0
LONG_TEXT = 10_000
NICE = 5


class RedisClient(Client):
    """One statement at a time. `_ending` is the work of stopping it, begun by the time limit or by `stop`."""

    def __init__(self, sandbox: Sandbox, name: str, fleet: Fleet, manual: Manual) -> None:
        super().__init__(sandbox, name)
        self._fleet = fleet
        self._manual = manual
        self._planner = Planner(manual)
        self._server = fleet.of(sandbox)
        self._connection = Connection(self._server, name, sandbox.secret)
        self._ran: Ran | None = None
        self._in_run = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._halt = asyncio.Event()
        self._unsettling = False
        self._listening = False
        self._stopped_by_visitor = False
        self._ending: asyncio.Task[str | None] | None = None
        self._last_word: Reply | None = None
        self._first = True

    @property
    def transaction(self) -> Transaction:
        return self._connection.standing.transaction if self._connection.open else "none"

    @property
    def connection_id(self) -> int:
        """The server's id of this connection."""
        return self._connection.id

    @property
    def alive(self) -> bool:
        return not self._idle.is_set() or self._connection.in_step

    async def connect(self) -> None:
        """Wake the server and log in, unless that is so already."""
        if self._connection.in_step:
            return
        with translated(), self._server.using():
            await self._fleet.wake(self._server, self.sandbox.secret)
            try:
                await self._connection.connect()
            except OSError:  # it ended just now, and that was not known yet
                if not await self._server.ended(self._server.starts):
                    raise
                await self._fleet.wake(self._server, self.sandbox.secret)
                await self._connection.connect()

    async def begin(self, source: str, limits: Limits) -> None:
        self._refuse_two()
        self._server.in_use += 1
        self._in_run = self._first = True
        try:
            await self.connect()
        except BaseException:
            self._end_run()
            raise

    async def finish(self) -> None:
        """Take a snapshot of what the run changed, so that a crash later loses nothing of it."""
        try:
            if self._server.running:
                await self._server.save()
        except (RedisError, OSError) as exc:
            log.warning("no snapshot of %s: %s", self._server.process.name, exc)
        finally:
            self._end_run()

    async def run(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        self._refuse_two()
        self.used_at = time.monotonic()
        self._ran = self._ending = self._last_word = None
        self._stopped_by_visitor = self._listening = False
        self._halt.clear()
        self._idle.clear()
        try:
            if isinstance(statement, Note):
                yield Result(kind="status", statement=statement, status=statement.said)
                return
            words = await _words(statement)
            with self._server.using():
                await self.connect()
                for notice in self._notices():
                    yield notice
                own = await self._own_reply(words, statement)
                if own is not None:
                    yield reply_result(statement, words, own, Intake(0, limits.max_reply_bytes), limits, Stats())
                    return
                if command_name(words) in SCRIPTS:
                    with translated():
                        await self._server.save()
                async for event in self._execute(statement, words, limits):
                    yield event
        finally:
            self._idle.set()

    async def call(self, request: dict[str, Any], limits: Limits) -> Called:
        return calls.called(await run_to_end(self.run(calls.statement_of(request), limits)))

    async def explain(self, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
        with translated(), self._server.using():
            await self._fleet.wake(self._server, self.sandbox.secret)
            ran = self._ran if self._ran and self._ran.statement is statement else None
            return await self._planner.plan(self._server, self._connection.id, await _words(statement), ran)

    async def stop(self) -> None:
        if not self._idle.is_set():
            self._stopped_by_visitor = True
            if self._listening:
                self._halt.set()
            else:
                await self._end_work()
            with suppress(TimeoutError):  # nobody takes the run's events any more
                await asyncio.wait_for(self._idle.wait(), STOP_WAIT_S)
        elif self._connection.pending:  # the run was abandoned while the server still worked
            await self._end_work()
            await self._connection.close()

    async def close(self) -> None:
        if self._connection.pending:
            await self._end_work()
        elif self._connection.in_step and self._server.running:
            with suppress(RedisError, OSError):
                await self._server.remember(self.name, self._connection.id)
        await self._connection.close()

    def _notices(self) -> list[Notice]:
        """What the visitor should know before the next statement: a restart, and what lasts from the run before."""
        notices = self._connection.take_notices()
        if self._first and (said := self._connection.standing.said):
            notices.append(Notice("info", said))
        self._first = False
        return notices

    async def _own_reply(self, words: list[bytes], statement: Statement) -> Reply | None:
        with translated():
            return await own_reply(self._server, self._manual, self._connection.standing, words, statement)

    async def _execute(self, statement: Statement, words: list[bytes], limits: Limits) -> AsyncIterator[Event]:
        name = command_name(words)
        listening, waiting = name in LISTENING, waits(words)
        self._unsettling = listening or name in ("RESET", "QUIT")
        intake = Intake(limits.max_rows, limits.max_reply_bytes)
        seen = await self._look(words) if self.explaining and not waiting else None
        began = time.perf_counter()
        deadline = began + limits.left_ms / 1000
        if self._stopped_by_visitor:
            raise StatementStopped.by_visitor()
        with translated():
            await self._connection.send(ask_for_all(words) if is_slowlog_get(words) else words, intake)
        while True:
            with self._giving_way(waiting):
                reply = await self._reply(intake, deadline, limits, waiting)
            if reply is None:
                yield waited(statement, limits, _ms_since(began), stopped=self._stopped_by_visitor)
                return
            if reply.type != "push" or name in UNSUBSCRIBING or listening:
                break
            yield as_message(reply, _ms_since(began))
        if listening and _is_heard(reply):
            async for event in self._listen(statement, limits, began, deadline):
                yield event
            return
        total_ms = _ms_since(began)
        self._connection.standing.note(name, words, reply)
        if reply.type == "error":
            raise statement_error(reply.value, statement)
        await self._keep_in_step(name, reply, intake)
        if is_slowlog_get(words):
            reply = visitors_part(words, reply)
        server_ms = await time_on_server(self._server, words) if reply != QUEUED else None
        returned = intake.cut_items[0] if intake.cut_items and reply.type in AGGREGATES else count_of(reply)
        self._ran = Ran(statement, returned, server_ms, seen)
        stats = Stats(
            server_ms=server_ms,
            server_ms_source="slow log" if server_ms is not None else None,
            total_ms=total_ms,
            row_count=count_of(reply),
        )
        yield reply_result(statement, words, reply, intake, limits, stats)

    async def _look(self, words: list[bytes]) -> Seen:
        with translated():
            return await self._planner.look(self._server, self._connection.id, words)

    def _giving_way(self, waiting: bool) -> AbstractContextManager[None]:
        """A command that computes for long lets the app and the other servers go first."""
        pid = self._server.process.pid
        return nullcontext() if waiting or pid is None or not may_change() else giving_way(pid, NICE)

    async def _reply(self, intake: Intake, deadline: float, limits: Limits, waiting: bool) -> Reply | None:
        """The next reply. Ends the work on the server at the deadline; raises what ended it.

        None when a command that waits was ended with nothing lost: what came at the last moment is its reply all the same.
        """
        try:
            reply = await self._connection.next(intake, deadline - time.perf_counter())
        except (OSError, RedisError) as exc:
            if self._ending is None:
                raise await self._broken() from exc
            reply = None
        if self._ending is None and reply is not None:
            return reply
        lost = await self._end_work()
        if self._unsettling:  # what it has become in the meantime goes with the connection
            await self._connection.close()
        reply = reply or self._last_word
        if waiting and lost is None:
            return reply if reply is not None and reply.type != "error" else None
        if self._stopped_by_visitor:
            raise StatementStopped.by_visitor(lost)
        raise StatementStopped.by_time(limits.max_run_ms, lost)

    async def _end_work(self) -> str | None:
        """End what the server does for this client. Says what was lost when the server had to be killed for it."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._interrupt())
        return await asyncio.shield(self._ending)

    async def _interrupt(self) -> str | None:
        killed = await interrupt(self._server, self._connection.id, lambda: not self._connection.pending)
        self._last_word = await self._connection.settle()
        return f"Nothing else could end it, so the server was killed. {await self._restore()}" if killed else None

    async def _restore(self) -> str:
        """Start the server again after it ended, and say what was lost."""
        with translated():
            await self._fleet.wake(self._server, self.sandbox.secret)
        self._connection.told()
        return f"It was started again. {self._server.lost}"

    async def _broken(self) -> PlaygroundError:
        """Why the connection broke in the middle of a statement."""
        if not await self._server.ended(self._connection.server_start):
            return reply_too_long(OUTPUT_LIMIT_BYTES)
        if self._server.ran_out_of_memory:
            return out_of_memory(self._server.max_virtual_bytes, await self._restore())
        return gone()

    async def _listen(
        self, statement: Statement, limits: Limits, began: float, deadline: float
    ) -> AsyncIterator[Event]:
        """Messages as they arrive, until the time is over, there are enough of them, or the visitor stops it."""
        self._listening = True
        intake = Intake(limits.max_rows, limits.max_reply_bytes)
        heard, lines = 0, MonitorLines()
        halt = asyncio.create_task(self._halt.wait())
        try:
            while heard < limits.max_messages and not (intake.spent or intake.unread):
                reply = await self._connection.next(intake, deadline - time.perf_counter(), halt)
                if reply is None:
                    break
                message = None if is_confirmation(reply) else lines.shown(as_message(reply, _ms_since(began)))
                if message is not None:
                    heard += 1
                    yield message
            with translated():
                await self._connection.reconnect()
        except (OSError, RedisError) as exc:
            raise await self._broken() from exc
        finally:
            halt.cancel()
        full = intake.spent or intake.unread
        yield listened(statement, limits, _ms_since(began), heard, stopped=self._stopped_by_visitor, full=full)

    async def _keep_in_step(self, name: str, reply: Reply, intake: Intake) -> None:
        """Put the connection right after what unsettles it: an unread rest, RESET, QUIT."""
        with translated():
            if intake.unread:
                await self._connection.reconnect()
            elif name == "RESET" and reply.value == b"RESET":
                await self._connection.log_in()
            elif name == "QUIT":
                await self._connection.close()

    def _refuse_two(self) -> None:
        if not self._idle.is_set():
            raise EngineBusy("This client is in a run already.", hint="Stop it, or wait until it ends.")

    def _end_run(self) -> None:
        if self._in_run:
            self._in_run = False
            self._server.in_use -= 1
            self._server.used_at = time.monotonic()


async def _words(statement: Statement) -> list[bytes]:
    """The statement's words; long ones are read in a thread, since that may take a tenth of a second."""
    if isinstance(statement, calls.Words):
        return list(statement.words)
    if len(statement.text) < LONG_TEXT:
        return arguments(statement.text)
    return await asyncio.to_thread(arguments, statement.text)


def _is_heard(reply: Reply) -> bool:
    """Whether a listening command was accepted, and not queued or refused."""
    return reply.type not in ("error", "nil") and reply != QUEUED


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
