"""One client's commands on the server: stamped, weighed, watched, and ended when their time is over."""

import asyncio
import itertools
import secrets
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bson import Int64
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure

from app.core.errors import StatementRefused
from app.engines.mongodb import values
from app.engines.mongodb.admin import Admin, database_of, marked
from app.engines.mongodb.commands import Order, stamped
from app.engines.mongodb.errors import MAX_TIME_EXPIRED, driver_error, refusal, translated
from app.engines.mongodb.quota import Ledger
from app.engines.mongodb.seats import Seat, Seats
from app.scripting.bridge import GRACE_S
from app.scripting.errors import ScriptStopped

WATCH_S = 0.1
PART_BYTES = 500_000
BATCH_DOCUMENTS = 500
MAX_WATCHING = 5
MAX_WAIT_MS = 200
"""A cursor that waits on the oplog is deaf to killOp meanwhile, so that it waits a little at a time."""
TOO_MANY_WATCHING = StatementRefused(
    f"A run may have {MAX_WATCHING} change streams open.",
    code="max_change_streams",
    hint="Close those that are no longer needed: close().",
    limit=("max_change_streams", MAX_WATCHING),
)


@dataclass(slots=True)
class Cursor:
    """A cursor on the server with the documents that have come and were not asked for yet."""

    server_id: int
    collection: str
    seat: Seat
    buffer: deque[RawBSONDocument] = field(default_factory=deque)
    batch_size: int | None = None
    token: Any = None
    """Where a change stream stands; None for other cursors."""

    @property
    def exhausted(self) -> bool:
        return not self.server_id and not self.buffer


class Work:
    """The commands of one client. `deadline` (monotonic seconds) is set for each statement."""

    def __init__(self, seat: Seat, admin: Admin, ledger: Ledger, namespace: str) -> None:
        self.admin = admin
        self.ledger = ledger
        self.namespace = namespace
        self.database = database_of(namespace)
        self.seats = Seats(seat, self.database)
        self.comment = ""
        self.deadline = 0.0
        self.stopped = False
        self.cursors: dict[str, Cursor] = {}
        self._keys = itertools.count(1)
        self._running: asyncio.Future[Any] | None = None
        self._direct = False

    def begin(self) -> None:
        """A run begins: its own mark on all it sends."""
        self.comment = f"sandtable {self.namespace} {secrets.token_hex(4)}"
        self.stopped = False
        self.ledger.begin()

    @property
    def left_ms(self) -> int:
        return int((self.deadline - time.monotonic()) * 1000)

    async def command(
        self, order: Order, *, n_bytes: int = 0, done: int = 0, seat: Seat | None = None, remark: bool = False
    ) -> RawBSONDocument:
        """Send a command and give its reply. Raises HostFailure, ScriptStopped, EngineUnavailable."""
        if order.effect == "grow":
            try:
                await self.ledger.before(order, n_bytes, done)
            except StatementRefused as exc:
                raise refusal(exc) from exc
        if self.left_ms <= 0:
            raise ScriptStopped("time")
        ready = stamped(order, comment=values.REMARK if remark else self.comment, left_ms=self.left_ms)
        database = "admin" if order.name == "renameCollection" else self.database
        if order.name == "renameCollection":
            ready["renameCollection"] = f"{self.database}.{ready['renameCollection']}"
            ready["to"] = f"{self.database}.{ready.get('to')}"
        return await self._send(database, ready, order, done, seat or self.seats.of(None))

    async def _send(self, database: str, ready: dict[str, Any], order: Order, done: int, seat: Seat) -> RawBSONDocument:
        if self.stopped:
            raise ScriptStopped("stopped")
        with self._translated():
            answer = seat.motor[database].command(ready, codec_options=values.RAW, session=seat.session)
            sent = self._running = asyncio.ensure_future(answer)
            sent.add_done_callback(_looked_at)
            while not (await asyncio.wait({sent}, timeout=WATCH_S))[0]:
                if time.monotonic() > self.deadline + GRACE_S:
                    raise ScriptStopped("time")
                if order.effect == "grow" and await self.ledger.overrun():
                    await self.end()
                    raise refusal(self.ledger.too_big(done))
            reply: RawBSONDocument = sent.result()
        return reply

    def insert_now(self, order: Order, n_bytes: int, seat: Seat) -> RawBSONDocument | None:
        """A small insert on the calling thread, which saves two changes of threads; None when the quota has to be asked first.

        Nothing watches it: the server ends it by itself at the deadline.
        """
        if self.stopped:
            raise ScriptStopped("stopped")
        if self.left_ms <= 0:
            raise ScriptStopped("time")
        if not self.ledger.passes(order, n_bytes):
            return None
        ready = stamped(order, comment=self.comment, left_ms=self.left_ms)
        database = seat.motor.delegate[self.database]
        self._direct = True
        try:
            with self._translated():
                reply: RawBSONDocument = database.command(
                    ready, codec_options=values.RAW, session=seat.session.delegate
                )
                return reply
        finally:
            self._direct = False

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with translated(self.database):
            try:
                yield
            except OperationFailure as exc:
                if exc.code == MAX_TIME_EXPIRED and time.monotonic() >= self.deadline - 0.02:
                    raise ScriptStopped("time") from exc
                raise
            except (TypeError, ValueError, OverflowError, BSONError) as exc:
                raise driver_error(exc) from exc

    async def end(self) -> None:
        """End what still runs of this run on the server, and return when it has ended."""
        sent, self._running = self._running, None
        if self._direct or (sent is not None and (sent.cancelled() or not sent.done())):
            await self.admin.end(marked(self.comment))

    async def open(self, order: Order, session: str | None = None) -> tuple[str, Cursor]:
        """Send a command that answers with a cursor; it is known by its key until it is exhausted or closed."""
        if order.waits and sum(cursor.token is not None for cursor in self.cursors.values()) >= MAX_WATCHING:
            raise refusal(TOO_MANY_WATCHING)
        seat = self.seats.of(session)
        reply = await self.command(order, seat=seat)
        answer = reply["cursor"]
        batch_size = order.command.get("batchSize") or (order.command.get("cursor") or {}).get("batchSize")
        cursor = Cursor(
            int(answer["id"]),
            str(answer["ns"]).partition(".")[2],
            seat,
            deque(answer["firstBatch"]),
            int(batch_size) if batch_size else None,
            answer.get("postBatchResumeToken", {}) if order.waits else None,
        )
        key = str(next(self._keys))
        self.cursors[key] = cursor
        return key, cursor

    async def take(self, cursor: Cursor, max_documents: int, max_bytes: int = PART_BYTES) -> list[RawBSONDocument]:
        """The next documents of a cursor, fetched if need be: at least one, unless it is exhausted."""
        while not cursor.buffer and cursor.server_id:
            await self._more(cursor)
        part: list[RawBSONDocument] = []
        size = 0
        while cursor.buffer and len(part) < max_documents:
            size += len(cursor.buffer[0].raw)
            if part and size > max_bytes:
                break
            part.append(cursor.buffer.popleft())
        return part

    def shown(self, cursor: Cursor, documents: list[RawBSONDocument]) -> list[dict[str, Any]]:
        """The documents as the visitor may see them: the profiler's speak of the server too."""
        found = [values.decode(document) for document in documents]
        if cursor.collection != "system.profile":
            return found
        entries = (values.recorded(entry, self.database) for entry in found)
        return [entry for entry in entries if entry is not None]

    async def poll(self, cursor: Cursor, wait_ms: int) -> list[RawBSONDocument]:
        """What a change stream has, after waiting for it so long at the most."""
        until = min(time.monotonic() + wait_ms / 1000, self.deadline - 0.05)
        while wait_ms and not cursor.buffer and cursor.server_id and not self.stopped:
            left_ms = int((until - time.monotonic()) * 1000)
            await self._more(cursor, max(1, min(left_ms, MAX_WAIT_MS)))
            if left_ms <= MAX_WAIT_MS:
                break
        return await self.take(cursor, len(cursor.buffer)) if cursor.buffer else []

    async def _more(self, cursor: Cursor, wait_ms: int | None = None) -> None:
        command: dict[str, Any] = {
            "getMore": Int64(cursor.server_id),
            "collection": cursor.collection,
            "batchSize": min(cursor.batch_size or BATCH_DOCUMENTS, BATCH_DOCUMENTS),
            "comment": self.comment,
        }
        if wait_ms is not None:
            command["maxTimeMS"] = wait_ms
        order = Order("getMore", command, "read")
        if time.monotonic() >= self.deadline:
            raise ScriptStopped("time")
        reply = await self._send(self.database, command, order, 0, cursor.seat)
        cursor.server_id = int(reply["cursor"]["id"])
        if cursor.token is not None:
            cursor.token = reply["cursor"].get("postBatchResumeToken", cursor.token)
        cursor.buffer.extend(reply["cursor"]["nextBatch"])

    async def close(self, key: str) -> None:
        """Forget a cursor, on the server too."""
        cursor = self.cursors.pop(key, None)
        if cursor is not None:
            await self.close_cursor(cursor)

    async def close_cursor(self, cursor: Cursor) -> None:
        cursor.buffer.clear()
        if cursor.server_id:
            command = {"killCursors": cursor.collection, "cursors": [Int64(cursor.server_id)]}
            cursor.server_id = 0
            with translated(self.database):
                await cursor.seat.motor[self.database].command(command, session=cursor.seat.session)

    def forget(self) -> None:
        """The server is gone, and with it whatever ran or was open."""
        self._running = None
        self.cursors.clear()
        self.seats.forget()

    async def close_all(self, keep: Cursor | None) -> None:
        """Forget all cursors but one, and what the run had of sessions: it is over."""
        for key in [key for key, cursor in self.cursors.items() if cursor is not keep]:
            await self.close(key)
        self.cursors.clear()
        await self.seats.end_all()


def _looked_at(sent: "asyncio.Future[Any]") -> None:
    """An answer that comes after its command was given up is nobody's."""
    if not sent.cancelled():
        sent.exception()
