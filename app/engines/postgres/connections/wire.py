"""What comes from the server, measured before it is in memory: sits between the socket and asyncpg.

Rows beyond the reply limit are dropped as they arrive, without being held, so that the connection and its open
transaction stay usable. A reply that goes on far beyond it, or one huge value, ends the connection. Notices and
notifications are taken out here, raw and bounded: asyncpg would make objects and callbacks of each, and a flood of
them would hold up everyone's event loop.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from typing import Any

import asyncpg

HEADER_BYTES = 5  # one for the kind of message, four for its length
READY_BYTES = 6  # the whole message that ends an answer
MAX_DROPPED_BYTES = 32_000_000
MAX_DROPPED = 1_000_000  # messages, which may be small
MAX_OTHER_BYTES = 2_000_000  # of any message that is not a row or a notice
NO_LIMIT = 1 << 62
MAX_NOTICES = 1_000
MAX_NOTIFICATIONS = 1_000
MAX_WAITING_BYTES = 1_000_000  # of notifications that nobody has taken yet

_LENGTH = struct.Struct(">I")
_ROW, _NOTICE, _NOTIFICATION, _COLUMNS, _NO_COLUMNS = b"DNATn"
_COPIED, _READY = b"dZ"


class Wire(asyncio.Protocol):
    """Passes messages on to asyncpg's protocol; counts, takes, drops and stops."""

    def __init__(self, connection: "asyncpg.Connection[Any]", on_flood: Callable[[], None]) -> None:
        asyncpg_connection: Any = connection
        self._inner = asyncpg_connection._protocol  # noqa: SLF001
        self._transport = asyncpg_connection._transport  # noqa: SLF001
        self._on_flood = on_flood
        self._head = b""
        self._left = 0
        self._pass = True
        self._held: bytearray | None = None
        self.status = b"I"
        """Of the transaction, as the server told at the end of the last answer: I none, T open, E failed."""
        self.notifications: deque[tuple[str, str]] = deque()
        self.waiting_bytes = 0
        self._held_bytes: deque[int] = deque()
        self.lost_notifications = 0
        self.arrived = asyncio.Event()
        """Set when a notification came or the connection ended."""
        self.notices: list[bytes] = []
        self.expect(0)
        self._transport.set_protocol(self)

    def expect(self, max_bytes: int, max_rows: int = NO_LIMIT) -> None:
        """A statement begins whose rows and notices may have this many bytes."""
        self.max_bytes = max_bytes
        self._rows_left = max_rows
        self.received_bytes = 0
        self.dropped_bytes = 0
        self.dropped_rows = 0
        self.dropped_notices = 0
        self.has_columns = False
        self.flooded = False

    def data_received(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        parts = []
        start = at = 0
        while at < len(data) and not self.flooded:
            if not self._left:
                kind = data[at]
                if len(data) - at < (READY_BYTES if kind == _READY else HEADER_BYTES):
                    self._head = data[at:]
                    break
                begun, at = at, self._whole(data, at, kind)
                if at > begun:
                    if self._drops(kind):
                        parts.append(data[start:begun])
                        start = at
                    continue
                self._begin_message(data, at, kind)
            step = min(self._left, len(data) - at)
            if not self._pass:
                parts.append(data[start:at])
                start = at + step
                self._keep(data[at:start])
            self._left -= step
            at += step
        parts.append(data[start:at])
        passed = parts[0] if len(parts) == 1 else b"".join(parts)
        if passed and not self.flooded:
            self._inner.data_received(passed)

    def _drops(self, kind: int) -> bool:
        """Whether messages of this kind are over what a statement may have."""
        return self.dropped_notices > 0 if kind == _NOTICE else self.dropped_rows > 0

    def _whole(self, data: bytes, at: int, kind: int) -> int:
        """Count as many whole messages of a kind as follow each other, passed or dropped alike. Returns where they end.

        Millions of them may come, so this is all that is done for each; those that need more are left to `_begin_message`.
        """
        if kind not in (_ROW, _COPIED) and not (kind == _NOTICE and self.dropped_notices):
            return at
        dropping = self._drops(kind)
        most = len(data) if dropping else min(len(data), at + self.max_bytes - self.received_bytes)
        begun, count = at, 0
        room = NO_LIMIT if dropping else self._rows_left
        while at + HEADER_BYTES <= most and data[at] == kind and count < room:
            (length,) = _LENGTH.unpack_from(data, at + 1)
            if at + 1 + length > most:
                break
            at += 1 + length
            count += 1
        if dropping:
            self._drop(kind, at - begun, count)
        else:
            self.received_bytes += at - begun
            self._rows_left -= count
        return at

    def _begin_message(self, data: bytes, at: int, kind: int) -> None:
        (length,) = _LENGTH.unpack_from(data, at + 1)
        self._left = length + 1
        self._pass = True
        if kind == _NOTIFICATION:
            self._pass, self._held = False, bytearray()
        elif kind == _READY:
            self.status = data[at + HEADER_BYTES : at + READY_BYTES]
        elif kind in (_ROW, _NOTICE, _COPIED):
            self._count(kind, length + 1)
        elif length > MAX_OTHER_BYTES:
            self._flood()
        elif kind in (_COLUMNS, _NO_COLUMNS):
            self.has_columns = kind == _COLUMNS

    def _count(self, kind: int, size: int) -> None:
        fits = not self._drops(kind) and self.received_bytes + size <= self.max_bytes
        if fits and (len(self.notices) < MAX_NOTICES if kind == _NOTICE else self._rows_left > 0):
            self.received_bytes += size
            if kind == _NOTICE:
                self._pass, self._held = False, bytearray()
            else:
                self._rows_left -= 1
            return
        self._pass = False
        self._drop(kind, size, 1)

    def _drop(self, kind: int, size: int, count: int) -> None:
        self.dropped_bytes += size
        if kind == _NOTICE:
            self.dropped_notices += count
        else:
            self.dropped_rows += count
        if self.dropped_bytes > MAX_DROPPED_BYTES or self.dropped_rows + self.dropped_notices > MAX_DROPPED:
            self._flood()

    def _flood(self) -> None:
        self.flooded = True
        self._transport.pause_reading()
        self._on_flood()

    def _keep(self, piece: bytes) -> None:
        """A piece of a message that is not passed on: held, or let go."""
        if self._held is None:
            return
        self._held += piece
        if len(piece) < self._left:
            return
        held, self._held = self._held, None
        body = bytes(held[HEADER_BYTES:])
        if held[0] == _NOTICE:
            self.notices.append(body)
        elif len(self.notifications) >= MAX_NOTIFICATIONS or self.waiting_bytes + len(held) > MAX_WAITING_BYTES:
            self.lost_notifications += 1
        else:
            self.waiting_bytes += len(held)
            channel, text = body[4:].split(b"\0")[:2]
            self.notifications.append((channel.decode(errors="replace"), text.decode(errors="replace")))
            self._held_bytes.append(len(held))
            self.arrived.set()

    def take_notification(self, max_bytes: int) -> tuple[str, str, int] | None:
        """The next notification and its bytes; None when there is none, or it has more bytes than that."""
        if not self.notifications:
            return None
        channel, text = self.notifications[0]
        size = len(channel.encode()) + len(text.encode())
        if size > max_bytes:
            return None
        self.notifications.popleft()
        self.waiting_bytes -= self._held_bytes.popleft()
        return channel, text, size

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
        self.arrived.set()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
