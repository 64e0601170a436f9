"""The wire: rows cut at the byte limit, floods stopped, notifications taken, whatever the pieces that arrive."""

import random
import struct
from typing import Any

import pytest

from app.core.results import Notice
from app.engines.postgres import presenting
from app.engines.postgres.connections import wire as wire_module
from app.engines.postgres.connections.wire import Wire


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


def notice(text: str) -> bytes:
    return message(b"N", b"SNOTICE\0VNOTICE\0C00000\0M" + text.encode() + b"\0\0")


@pytest.mark.parametrize("seed", range(20))
def test_notices_are_taken_out_and_the_rest_counted(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "MAX_NOTICES", 3)
    wire, connection, _ = wired(10_000)
    row = message(b"D", b"x" * 25)
    feed(wire, b"".join(notice(f"n{i}") + row for i in range(7)) + message(b"Z", b"I"), random.Random(seed))
    assert [presenting.notice_of(raw, "me") for raw in wire.notices] == [Notice("notice", f"n{i}") for i in range(3)]
    assert connection._protocol.received == row * 7 + message(b"Z", b"I")
    assert (wire.dropped_notices, wire.dropped_rows) == (4, 0)


def test_rows_after_a_flood_of_notices_pass() -> None:
    wire, connection, floods = wired(10_000)
    row = message(b"D", b"x" * 25)
    wire.data_received(notice("x" * 100) * 200 + row + message(b"Z", b"I"))
    assert connection._protocol.received == row + message(b"Z", b"I")
    assert len(wire.notices) + wire.dropped_notices == 200
    assert (wire.dropped_rows, floods) == (0, [])


def test_notifications_wait_up_to_a_number_of_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "MAX_WAITING_BYTES", 1_000)
    wire, _, _ = wired(0)
    wire.data_received(message(b"A", struct.pack(">I", 7) + b"c\0" + b"x" * 100 + b"\0") * 20)
    assert (len(wire.notifications), wire.lost_notifications) == (8, 12)
    assert wire.take_notification(50) is None
    assert wire.take_notification(101) == ("c", "x" * 100, 101)
    while wire.take_notification(1_000):
        pass
    wire.data_received(message(b"A", struct.pack(">I", 7) + b"c\0y\0"))
    assert wire.take_notification(1_000) == ("c", "y", 2)


def test_many_small_dropped_messages_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "MAX_DROPPED", 1_000)
    wire, _, floods = wired(70)
    wire.data_received(message(b"d", b"x\n") * 2_000)
    assert floods == [1]


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
