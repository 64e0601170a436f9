"""`\\listen [channel ...]`: notifications as they come, until Stop or a limit. psql shows them after the next statement only."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from app.core.errors import StatementFailed, StatementRefused
from app.core.limits import Limits
from app.core.results import Event, Message, Notice, Result, Statement, Stats, Truncated
from app.engines.postgres.connections.session import Session

_COMMAND = re.compile(r"\\listen(?=\s|;|$)")
_CHANNEL = re.compile(r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)(?=[\s,;]|$)')
STOP_WAIT_S = 3.0


def is_listen(statement: Statement) -> bool:
    return _COMMAND.match(statement.text) is not None


def channels(statement: Statement) -> list[str]:
    """The channels that are named, as they are written. Raises StatementFailed where one is no name."""
    at, found = len("\\listen"), []
    text = statement.text
    while rest := text[at:].lstrip(" \t,;"):
        at = len(text) - len(rest)
        match = _CHANNEL.match(rest)
        if match is None:
            raise StatementFailed(
                "A channel is a name.", code="42601", hint="\\listen orders news", offset=statement.start + at
            )
        found.append(match[0])
        at += match.end()
    return found


@dataclass(slots=True)
class Listener:
    """Listens on a session. `stop` ends it with a result; `over` is set when it has ended."""

    session: Session
    halt: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def stop(self) -> None:
        self.halt.set()
        await asyncio.wait_for(self.over.wait(), STOP_WAIT_S)

    async def events(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        """Messages as they arrive, and the result. Raises StatementFailed where nothing is listened to or the connection ends."""
        began = time.perf_counter()
        try:
            yield Notice("info", f"Listening on {', '.join(await self._subscribed(statement, limits))}.")
            heard = taken = 0
            truncated: Truncated | None = None
            while truncated is None and not self.halt.is_set():
                left_ms = limits.left_ms - (time.perf_counter() - began) * 1000
                messages, size, is_cut = self._arrived(
                    began, limits.max_messages - heard, limits.max_reply_bytes - taken
                )
                heard, taken = heard + len(messages), taken + size
                for message in messages:
                    yield message
                truncated = _why_over(heard, left_ms, limits, is_cut=is_cut)
                if truncated is None:
                    await self._wait(left_ms / 1000, statement)
            self.session.say_lost()
            for notice in self.session.take_notices():
                yield notice
            seconds = time.perf_counter() - began
            yield Result(
                kind="status",
                statement=statement,
                status=f"listened {seconds:.1f} s, {heard:,} notification{'' if heard == 1 else 's'}",
                truncated=truncated,
                stats=Stats(total_ms=seconds * 1000, row_count=heard),
                reply_bytes=taken,
            )
        finally:
            self.over.set()

    async def _subscribed(self, statement: Statement, limits: Limits) -> list[str]:
        """LISTEN to what is named. Gives all that this connection listens to."""
        session = self.session
        if session.transaction != "none":
            raise StatementRefused(
                "No notification arrives while a transaction is open.",
                code="open_transaction",
                hint="COMMIT or ROLLBACK first.",
                offset=statement.start,
            )
        for channel in channels(statement):
            await session.ask(f"LISTEN {channel}", statement.start, limits)
        answer = await session.ask("SELECT pg_listening_channels()", statement.start, limits)
        if not answer.rows:
            raise StatementFailed(
                "This connection listens to nothing.",
                code="no_channel",
                hint="\\listen orders",
                offset=statement.start,
            )
        return [str(row[0]) for row in answer.rows]

    def _arrived(self, began: float, most: int, max_bytes: int) -> tuple[list[Message], int, bool]:
        """Up to `most` messages, their bytes, and whether the next one has more bytes than are left."""
        wire = self.session.wire
        wire.arrived.clear()
        messages: list[Message] = []
        at_ms, taken = (time.perf_counter() - began) * 1000, 0
        while len(messages) < most and (found := wire.take_notification(max_bytes - taken)):
            messages.append(Message(found[0], found[1], at_ms))
            taken += found[2]
        return messages, taken, len(messages) < most and bool(wire.notifications)

    async def _wait(self, most_s: float, statement: Statement) -> None:
        """Until a notification arrives, the visitor stops it or the time is over."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self.session.wire.arrived, self.halt)]
        try:
            await asyncio.wait(waits, timeout=max(0.0, most_s), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self.session.connection.is_closed():
            raise StatementFailed(
                "The server ended the connection: what was listened to and what came meanwhile is lost.",
                code="08006",
                hint="Run it again; if notifications were many, they filled the queue that all sandboxes share.",
                offset=statement.start,
            )


def _why_over(heard: int, left_ms: float, limits: Limits, *, is_cut: bool) -> Truncated | None:
    if heard >= (most := limits.max_messages):
        return Truncated("max_messages", most, heard, f"Listening ended after {most:,} notifications.")
    if is_cut:
        most = limits.max_reply_bytes
        return Truncated("max_reply_bytes", most, heard, f"Listening ended after {most:,} bytes of notifications.")
    if left_ms <= 0:
        most = limits.max_stream_ms
        return Truncated("max_stream_ms", most, heard, f"Listening ends after {most / 1000:g} s.")
    return None
