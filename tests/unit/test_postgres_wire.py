"""The wire: rows cut at the byte limit, floods stopped, notifications taken, whatever the pieces that arrive."""

import random
import struct
from typing import Any

import pytest

from app.engines.postgres import wire as wire_module
from app.engines.postgres.wire import Wire


class Inner:
    def __init__(self) -> None:
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data


class Transport:
    paused = False
    protocol: Any = None

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def pause_reading(self) -> None:
        self.paused = True


class Connection:
    def __init__(self) -> None:
        self._protocol = Inner()
        self._transport = Transport()


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


def wired(max_bytes: int) -> tuple[Wire, Connection, list[int]]:
    floods: list[int] = []
    connection = Connection()
    wire = Wire(connection, lambda: floods.append(1))  # type: ignore[arg-type]
    wire.expect(max_bytes)
    return wire, connection, floods


def feed(wire: Wire, data: bytes, rng: random.Random) -> None:
    at = 0
    while at < len(data):
        size = rng.choice([1, 2, 3, 5, 7, 40, 1000])
        wire.data_received(data[at : at + size])
        at += size


@pytest.mark.parametrize("seed", range(20))
def test_rows_past_the_limit_are_dropped_whole_and_the_rest_passes(seed: int) -> None:
    wire, connection, floods = wired(100)
    row = message(b"D", b"x" * 25)  # 30 bytes each: three fit
    answer = [message(b"T", b"columns"), row, row, row, row, row, message(b"C", b"SELECT 5\0"), message(b"Z", b"I")]
    feed(wire, b"".join(answer), random.Random(seed))
    assert connection._protocol.received == b"".join(answer[:4] + answer[6:])
    assert (wire.received_bytes, wire.dropped_rows, wire.has_columns, floods) == (90, 2, True, [])


def test_a_small_row_after_a_dropped_one_is_dropped_too() -> None:
    wire, connection, _ = wired(100)
    wire.data_received(message(b"D", b"x" * 200) + message(b"D", b"y") + message(b"Z", b"I"))
    assert connection._protocol.received == message(b"Z", b"I")
    assert wire.dropped_rows == 2


@pytest.mark.parametrize("seed", range(20))
def test_notifications_are_taken_out(seed: int) -> None:
    wire, connection, _ = wired(0)
    note = message(b"A", struct.pack(">I", 7) + "kanal-é\0héllo\0".encode())
    feed(wire, message(b"Z", b"I") + note + note + message(b"Z", b"T"), random.Random(seed))
    assert list(wire.notifications) == [("kanal-é", "héllo")] * 2
    assert connection._protocol.received == message(b"Z", b"I") + message(b"Z", b"T")
    assert wire.status == b"T"


@pytest.mark.parametrize("seed", range(20))
def test_copied_lines_past_the_limit_are_dropped_as_rows_are(seed: int) -> None:
    wire, connection, floods = wired(100)
    line = message(b"d", b"x" * 25)
    feed(wire, message(b"H", b"\0" * 5) + line * 5 + message(b"c") + message(b"Z", b"E"), random.Random(seed))
    assert connection._protocol.received == message(b"H", b"\0" * 5) + line * 3 + message(b"c") + message(b"Z", b"E")
    assert (wire.dropped_rows, wire.status, floods) == (2, b"E", [])


def test_one_huge_value_is_stopped_at_its_header() -> None:
    wire, connection, floods = wired(1_000_000)
    wire.data_received(b"D" + struct.pack(">I", 500_000_000) + b"x" * 1000)
    assert floods == [1]
    assert connection._transport.paused
    wire.data_received(b"x" * 100_000)
    assert connection._protocol.received == b""


def test_a_long_flood_of_dropped_rows_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "MAX_DROPPED_BYTES", 10_000)
    wire, _, floods = wired(100)
    for _ in range(200):
        wire.data_received(message(b"D", b"x" * 95))
    assert floods == [1]


def test_a_huge_error_is_stopped() -> None:
    wire, _, floods = wired(1_000_000)
    wire.data_received(b"E" + struct.pack(">I", 100_000_000))
    assert floods == [1]
