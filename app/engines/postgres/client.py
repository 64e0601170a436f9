"""A visitor's client: statements, COPY and psql's commands on one session, with what lasts between runs."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

from app.core.calls import Called, run_to_end
from app.core.engine import Client, Transaction
from app.core.errors import StatementError, StatementRefused
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.results import Event, More, Notice, Result, Statement
from app.core.sandbox import Sandbox
from app.core.trials import Trial
from app.engines.postgres import calls, commands, copying, exporting
from app.engines.postgres.admin import Admin
from app.engines.postgres.connections import held, listening
from app.engines.postgres.connections.connecting import Connector
from app.engines.postgres.connections.session import RECONNECTED, Session
from app.engines.postgres.connections.text_codec import Answer, execute
from app.engines.postgres.connections.watchdog import Watchdog
from app.engines.postgres.plans import explaining
from app.engines.postgres.presenting import expanded, result_of
from app.engines.postgres.sources import dialects
from app.engines.postgres.sources.statements import first_words, without_go, words_of
from app.engines.postgres.volatile import Views, may_change

__all__ = ["RECONNECTED", "PostgresClient"]

GROWING = frozenset({"insert", "update", "merge", "copy", "create", "do", "call", "refresh", "reindex", "import"})
MAX_NATURAL_JOINS = 12
READING = frozenset({"select", "with", "table", "values"})
_NATURAL = re.compile(r"\bnatural\b", re.IGNORECASE)


class PostgresClient(Client):
    """Survives the loss of its connection: the next statement opens another one and says so."""

    def __init__(
        self, sandbox: Sandbox, name: str, connector: Connector, admin: Admin, watchdog: Watchdog, views: Views
    ) -> None:
        super().__init__(sandbox, name)
        self._views = views
        self._session = Session(sandbox, name, connector, admin, watchdog)
        self._closed = False
        self._source = ""
        self._held: set[str] = set()
        self._listener: listening.Listener | None = None

    @property
    def alive(self) -> bool:
        return not self._closed

    @property
    def transaction(self) -> Transaction:
        return self._session.transaction

    @property
    def pid(self) -> int:
        """The backend's process id; 0 before the first connection."""
        return self._session.pid

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open between runs, or failed and waits for ROLLBACK."""
        return self.transaction != "none"

    @property
    def farewell(self) -> str | None:
        """What is lost when this is closed now."""
        return held.lost(self._held, rolled_back=self.in_transaction)

    @property
    def is_working(self) -> bool:
        """Whether a statement is being executed now, or the client listens."""
        return self._session.is_working or self._listener is not None

    async def connect(self) -> None:
        """Open the connection if there is none."""
        await self._session.connect()

    def say(self, notice: Notice) -> None:
        """Have the next statement say this first."""
        self._session.say(notice)

    async def begin(self, source: str, limits: Limits) -> None:
        self._source = source

    async def run(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        began = time.perf_counter()
        session = self._session
        words = first_words(statement.text)
        await session.connect()
        if listening.is_listen(statement):
            async for event in self._listen(statement, limits):
                yield event
            return
        if words[:1] and words[0] in GROWING:
            await session.watchdog.refuse_growth(session.role)
        try:
            result = await self._result(statement, words, limits)
        except StatementError as exc:
            for notice in session.take_notices():
                yield notice
            if exc.code in dialects.UNREADABLE:
                exc.translation = await asyncio.to_thread(dialects.translation, self._source)
            raise
        self._note(words)
        total_ms = (time.perf_counter() - began) * 1000
        result.stats = replace(result.stats, total_ms=total_ms)
        if words[:1] == ("listen",):
            result.more = More("Show notifications as they come", "\\listen")
        messages, message_bytes = session.take_messages(total_ms, limits.max_reply_bytes - result.reply_bytes)
        result.reply_bytes += message_bytes
        for notice in session.take_notices():
            yield notice
        for message in messages:
            yield message
        await self._keep_encoding(limits)
        for notice in session.take_notices():
            yield notice
        yield result

    async def call(self, request: dict[str, Any], limits: Limits) -> Called:
        return calls.called(await run_to_end(self.run(calls.statement_of(request), limits)))

    async def export(self, statement: Statement, limits: Limits) -> AsyncGenerator[Result, None]:
        async with aclosing(exporting.export(statement, self._session, limits)) as parts:
            async for part in parts:
                yield part

    async def _listen(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        listener = self._listener = listening.Listener(self._session)
        self._held.add(held.LISTENING)
        try:
            for notice in self._session.take_notices():
                yield notice
            async for event in listener.events(statement, limits):
                yield event
        finally:
            self._listener = None

    def _note(self, words: tuple[str, ...]) -> None:
        """Remember what a statement that completed left in the connection."""
        if words[:2] == ("discard", "all"):
            self._held.clear()
        elif words[:1] == ("unlisten",):
            self._held.discard(held.LISTENING)
        elif kept := held.kept_by(words):
            self._held.add(kept)

    async def _result(self, statement: Statement, words: tuple[str, ...], limits: Limits) -> Result:
        session = self._session
        if words[:1] == ("copy",) and (copy := copying.read(statement)):
            return await copying.run(copy, statement, session, limits)
        text = without_go(statement.text)
        if text.startswith("\\"):
            result = await commands.run(statement, session, limits)
        else:
            _refuse_natural_joins(text, statement.start)
            answer = await self._executed(text + self._semicolon(statement), words, statement, limits)
            result = result_of(statement, answer, session.wire, limits)
        if result.kind == "rows" and (session.expands or text != statement.text):
            expanded(result)
        return result

    async def _executed(self, text: str, words: tuple[str, ...], statement: Statement, limits: Limits) -> Answer:
        """What the server answers. Of a SELECT it is asked for no more rows than are shown, unless one may change something as it goes on."""
        most = limits.max_rows + 1
        reads = not words or words[0] in READING  # without a word it begins with a parenthesis
        whole = reads and await may_change(text, self._session, self._views, statement.start, limits)
        if whole or not reads:
            self._views.may_change = None
        return await self._session.do(
            lambda connection: execute(connection, text, 0 if whole else most, calls.parameters_of(statement)),
            statement.start,
            limits,
            max_bytes=limits.max_reply_bytes,
            max_rows=most,
        )

    def _semicolon(self, statement: Statement) -> str:
        """What ends the statement in the source, with the space before it: the server names it in its errors, as it does to psql."""
        rest = self._source[statement.end :]
        space = len(rest) - len(rest.lstrip())
        return rest[: space + 1] if rest[space : space + 1] == ";" else ""

    async def _keep_encoding(self, limits: Limits) -> None:
        """Text crosses as UTF-8 in both directions, whatever the visitor set."""
        session = self._session
        if session.connection.get_settings().client_encoding.upper() in ("UTF8", "UTF-8", "UNICODE"):
            return
        session.say(Notice("warning", "client_encoding stays UTF8 here."))
        await session.ask("SET client_encoding = 'UTF8'", 0, limits)

    async def explain(self, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
        async with self._quietly():
            return await explaining.explain(self._session, statement, limits, measure=measure)

    async def try_index(self, statement: Statement, explained: Any, index: str, limits: Limits) -> Trial:
        async with self._quietly():
            return await explaining.try_index(self._session, statement, index, limits)

    @asynccontextmanager
    async def _quietly(self) -> AsyncIterator[None]:
        """With a connection, and without the notices of what is done beside the visitor's own runs."""
        await self._session.connect()
        kept = self._session.take_notices()
        try:
            yield
        finally:
            self._session.take_notices()
            for notice in kept:
                self._session.say(notice)

    async def finish(self) -> None:
        self.used_at = time.monotonic()
        self._session.watchdog.measure_soon(self._session.role)

    async def stop(self) -> None:
        if self._listener is not None:
            await self._listener.stop()
        await self._session.stop()

    async def close(self) -> None:
        self._closed = True
        await self._session.close()


def _refuse_natural_joins(text: str, start: int) -> None:
    """Of wide tables, each takes the planner longer than the last, and nothing interrupts it there."""
    if len(_NATURAL.findall(text)) > MAX_NATURAL_JOINS and words_of(text).count("natural") > MAX_NATURAL_JOINS:
        raise StatementRefused(
            f"A statement here has at most {MAX_NATURAL_JOINS} NATURAL JOINs: PostgreSQL can't be interrupted while it plans them.",
            code="natural_joins",
            hint="Name the columns: JOIN ... USING (id).",
            offset=start,
        )
