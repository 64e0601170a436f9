"""One connection that speaks RESP3 and keeps the type of every reply.

The driver's parsers cannot serve here: they give the same bytes for a status and a string, the same list for a set
and an array, fail on a map whose key is itself a map, and read a reply whole, however long it is.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.engines.redis.replies import Reply, ReplyType

READ_BYTES = 65_536
MAX_LINE_BYTES = 65_536
MAX_DEPTH = 32
VALUES_PER_TURN = 2_000

_SCALARS: dict[int, ReplyType] = {ord("+"): "status", ord("-"): "error", ord(","): "double", ord("("): "big number"}
_BLOBS: dict[int, ReplyType] = {ord("$"): "string", ord("!"): "error", ord("="): "verbatim"}
_AGGREGATES: dict[int, ReplyType] = {ord("*"): "array", ord("~"): "set", ord("%"): "map", ord(">"): "push"}
_ATTRIBUTE = ord("|")


@dataclass(slots=True)
class Intake:
    """How much of one reply is taken in, and afterwards what was left out of it.

    `unread`: the limit of bytes was reached, and the rest of the reply still lies in the connection.
    """

    max_items: int
    max_bytes: int
    taken_bytes: int = 0
    values: int = 0
    cut_items: tuple[int, int] | None = None  # the first aggregate that was longer: its length, and how much is kept
    too_deep: bool = False
    unread: bool = False

    @property
    def left_bytes(self) -> int:
        return max(0, self.max_bytes - self.taken_bytes)

    @property
    def spent(self) -> bool:
        return self.taken_bytes > self.max_bytes


class Wire:
    """A connection. After a reply of which a rest is unread it is of no more use."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._at = 0

    @classmethod
    async def connect(cls, path: Path) -> "Wire":
        return cls(*await asyncio.open_unix_connection(path))

    @property
    def open(self) -> bool:
        return not (self._reader.at_eof() or self._writer.is_closing())

    async def send(self, arguments: Sequence[bytes]) -> None:
        parts = [b"*%d\r\n" % len(arguments)]
        for argument in arguments:
            parts += (b"$%d\r\n" % len(argument), argument, b"\r\n")
        self._writer.write(b"".join(parts))
        await self._writer.drain()

    async def read(self, intake: Intake) -> Reply:
        """The next reply. Raises ConnectionError when the server has closed the connection."""
        return await self._value(intake, 0)

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # it was gone already

    async def _value(self, intake: Intake, depth: int) -> Reply:
        line = await self._line(intake)
        kind, rest = line[0], line[1:]
        intake.values += 1
        if intake.values % VALUES_PER_TURN == 0:
            await asyncio.sleep(0)
        if kind in _BLOBS and rest != b"-1":
            data = await self._blob(int(rest), intake)
            return Reply(_BLOBS[kind], data[4:] if kind == ord("=") else data)
        if kind in _AGGREGATES and rest != b"-1":
            return await self._aggregate(_AGGREGATES[kind], int(rest), intake, depth)
        if kind == _ATTRIBUTE:
            await self._skip(2 * int(rest), intake)
            return await self._value(intake, depth)
        return _scalar(kind, rest)

    async def _aggregate(self, kind: ReplyType, count: int, intake: Intake, depth: int) -> Reply:
        kept = min(count, intake.max_items)
        if depth >= MAX_DEPTH and count:
            intake.too_deep = True
            kept = 0
        elif kept < count and intake.cut_items is None:
            intake.cut_items = (count, kept)
        per_item = 2 if kind == "map" else 1
        items: list[object] = []
        for _ in range(kept):
            if intake.spent or intake.unread:
                intake.unread = True
                return Reply(kind, items)
            item = await self._value(intake, depth + 1)
            items.append((item, await self._map_value(intake, depth)) if per_item == 2 else item)
        await self._skip((count - kept) * per_item, intake)
        return Reply(kind, items)

    async def _map_value(self, intake: Intake, depth: int) -> Reply:
        return Reply("nil", None) if intake.unread else await self._value(intake, depth + 1)

    async def _skip(self, count: int, intake: Intake) -> None:
        """Read past `count` values, however deep they are."""
        while count:
            if intake.spent or intake.unread:
                intake.unread = True
                return
            count -= 1
            line = await self._line(intake)
            kind, rest = line[0], line[1:]
            intake.values += 1
            if intake.values % VALUES_PER_TURN == 0:
                await asyncio.sleep(0)
            if rest == b"-1":
                continue
            if kind in _BLOBS:
                await self._blob(int(rest), intake)
            elif kind in _AGGREGATES or kind == _ATTRIBUTE:
                count += int(rest) * (2 if kind in (ord("%"), _ATTRIBUTE) else 1) + (kind == _ATTRIBUTE)

    async def _line(self, intake: Intake) -> bytes:
        """The bytes up to the next line end; cut when there is none within the longest line we hold."""
        searched = self._at
        while (end := self._buffer.find(b"\r\n", searched)) < 0:
            if len(self._buffer) - self._at > max(MAX_LINE_BYTES, intake.left_bytes):
                end = self._at + max(MAX_LINE_BYTES, intake.left_bytes)
                intake.unread = True
                break
            kept = len(self._buffer) - self._at
            await self._fill()
            searched = self._at + max(0, kept - 1)
        line = bytes(self._buffer[self._at : end])
        self._at = end + 2
        intake.taken_bytes += len(line) + 2
        return line

    async def _blob(self, length: int, intake: Intake) -> bytes:
        """A string of known length; cut to what may still be taken, without reading the rest."""
        wanted = min(length, intake.left_bytes)
        if wanted < length:
            intake.unread = True
        needed = wanted if intake.unread else length + 2
        while len(self._buffer) - self._at < needed:
            await self._fill()
        data = bytes(self._buffer[self._at : self._at + wanted])
        self._at += needed
        intake.taken_bytes += needed
        return data

    async def _fill(self) -> None:
        del self._buffer[: self._at]
        self._at = 0
        data = await self._reader.read(READ_BYTES)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self._buffer += data


def _scalar(kind: int, rest: bytes) -> Reply:
    if kind in _SCALARS:
        return Reply(_SCALARS[kind], rest)
    if kind == ord(":"):
        return Reply("integer", int(rest))
    if kind == ord("#"):
        return Reply("boolean", rest == b"t")
    if kind == ord("_") or rest == b"-1":
        return Reply("nil", None)
    raise ConnectionError(f"not a RESP3 reply: {bytes((kind,)) + rest[:40]!r}")
