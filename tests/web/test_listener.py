"""Clients that speak broken HTTP, or none for a long time, to the real listener."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from app.cli import serving
from app.main import create_app
from app.stores.memory import MemoryStore
from tests.fakes import FakeEngine
from tests.web.conftest import SETTINGS

WAIT_S = 0.6
HOST = b"Host: testserver\r\n"
FORM = HOST + b"Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    settings = SETTINGS.model_copy(update={"max_connections": 40})
    fakes = {slug: FakeEngine(settings, slug) for slug in settings.engines}
    app = create_app(settings, engines=fakes, store=MemoryStore())  # type: ignore[arg-type]
    listening = serving.listen("127.0.0.1", 0)
    server = serving.Side(serving.config(app, settings))
    patience, serving.REQUEST_WAIT_S = serving.REQUEST_WAIT_S, WAIT_S
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    yield int(listening.getsockname()[1])
    server.should_exit = server.force_exit = True
    thread.join(5)
    serving.REQUEST_WAIT_S = patience


def talk(port: int, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Send the pieces, then read until the other side closes or is silent for 2 s."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        for piece in pieces:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(piece)
            time.sleep(pause_s)
        said = b""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while part := connection.recv(65536):
                said += part
        return said


def status(said: bytes) -> int:
    return int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/1.1 ") else 0


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", {200}),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", {400}),
        (b"nonsense\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 200_000 + b"\r\n\r\n", {400, 0}),
        (b"POST /alpha HTTP/1.1\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", {411}),
        (
            b"POST /alpha HTTP/1.1\r\n" + FORM + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            {400, 411, 403, 200},  # one of both lengths wins; what must not be is a second answer
        ),
        (b"POST /alpha HTTP/1.1\r\n" + FORM + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", {400}),
        (b"POST /alpha HTTP/1.1\r\n" + FORM + b"Content-Length: +5\r\n\r\nhello", {400}),
        (b"POST /alpha HTTP/1.1\r\n" + FORM + b"Content-Length: 99999999\r\n\r\nhello", {413}),
        (b"GET / HTTP/1.1\r\nHost: testserver\r\nX: a\rb\r\n\r\n", {400}),
        (b"GET / HTTP/1.1\r\nHost: testserver\r\nX : a\r\n\r\n", {400}),
    ],
)
def test_broken_requests_get_one_answer(port: int, request_: bytes, expected: set[int]) -> None:
    said = talk(port, request_)
    assert status(said) in expected, said[:300]
    assert said.count(b"HTTP/1.1 ") <= 1


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"GET / HT",),
        tuple(b"GET / HTTP/1.1\r\nX: y"[n : n + 1] for n in range(10)),
        (b"POST /alpha HTTP/1.1\r\n" + FORM + b"Content-Length: 100\r\n\r\n", b"sou", b"rce"),
    ],
    ids=["silence", "half a line", "a byte at a time", "half a body"],
)
def test_a_client_that_stalls_loses_its_connection(port: int, pieces: tuple[bytes, ...]) -> None:
    began = time.monotonic()
    said = talk(port, *pieces, pause_s=0.1)
    assert time.monotonic() - began < WAIT_S + 1.9, "closed by us, not given up by the test"
    assert status(said) in (0, 400)


def test_stalling_clients_at_the_limit_do_not_shut_others_out_for_long(port: int) -> None:
    stalled = [socket.create_connection(("127.0.0.1", port)) for _ in range(45)]
    try:
        refused = talk(port, b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert status(refused) == 503
        time.sleep(WAIT_S + 0.3)
        again = talk(port, b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert status(again) == 200
    finally:
        for connection in stalled:
            connection.close()
