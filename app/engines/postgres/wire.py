"""What comes from the server, measured before it is in memory: sits between the socket and asyncpg.

Rows beyond the reply limit are dropped as they arrive, without being held, so that the connection and its open
transaction stay usable. A reply that goes on far beyond it, or one huge value, ends the connection.
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
MAX_OTHER_BYTES = 2_000_000  # of any message that is not a row or a notice
MAX_NOTIFICATIONS = 1_000

_HEADER = struct.Struct(">cI")
_ROW, _NOTICE, _NOTIFICATION, _COLUMNS, _NO_COLUMNS = b"D", b"N", b"A", b"T", b"n"
_COPIED, _READY = b"d", b"Z"


class Wire(asyncio.Protocol):
    """Passes messages on to asyncpg's protocol; counts, drops and stops."""

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
        self.notifications: deque[tuple[str, str]] = deque(maxlen=MAX_NOTIFICATIONS)
        self.expect(0)
        self._transport.set_protocol(self)

    def expect(self, max_bytes: int) -> None:
        """A statement begins whose rows and notices may have this many bytes."""
        self.max_bytes = max_bytes
        self.received_bytes = 0
        self.dropped_bytes = 0
        self.dropped_rows = 0
        self.dropped_notices = 0
        self.has_columns = False
        self.flooded = False

    def data_received(self, data: bytes) -> None:
        if self.flooded:
            return
        if self._head:
            data, self._head = self._head + data, b""
        parts = []
        start = at = 0
        while at < len(data):
            if not self._left:
                if len(data) - at < (READY_BYTES if data[at : at + 1] == _READY else HEADER_BYTES):
                    self._head = data[at:]
                    break
                self._begin_message(data, at)
                if self.flooded:
                    return
            step = min(self._left, len(data) - at)
            if not self._pass:
                parts.append(data[start:at])
                start = at + step
                if self._held is not None:
                    self._held += data[at:start]
            self._left -= step
            at += step
            if not self._left and self._held is not None:
                self._notify()
        parts.append(data[start:at])
        passed = parts[0] if len(parts) == 1 else b"".join(parts)
        if passed:
            self._inner.data_received(passed)

    def _begin_message(self, data: bytes, at: int) -> None:
        kind, length = _HEADER.unpack_from(data, at)
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

    def _count(self, kind: bytes, size: int) -> None:
        if not self.dropped_bytes and self.received_bytes + size <= self.max_bytes:
            self.received_bytes += size
            return
        self._pass = False
        self.dropped_bytes += size
        if kind != _NOTICE:
            self.dropped_rows += 1
        else:
            self.dropped_notices += 1
        if self.dropped_bytes > MAX_DROPPED_BYTES:
            self._flood()

    def _flood(self) -> None:
        self.flooded = True
        self._transport.pause_reading()
        self._on_flood()

    def _notify(self) -> None:
        assert self._held is not None
        channel, text = bytes(self._held[HEADER_BYTES + 4 :]).split(b"\0")[:2]
        self.notifications.append((channel.decode(errors="replace"), text.decode(errors="replace")))
        self._held = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
