"""How requests come in: the listeners, clients that keep us waiting, and an end without a broken run."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Callable, Generator
from types import FrameType
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.config import Settings
from app.core.places import PlaceError

log = logging.getLogger(__name__)

REQUEST_WAIT_S = 20.0
"""How long a client may take to send one whole request, from its first byte."""
READ_WAIT_S = 20.0
"""How long a client may leave our answer unread once 64 kB of it wait here, until fewer than 16 kB do."""
MAX_HEAD_BYTES = 32_768
KEEP_ALIVE_S = 15
AFTER_RUN_S = 3.0
"""What the end waits for beyond the longest run: the answer's way out."""
WANTED_FILES = 65_536


class Impatient(H11Protocol):
    """HTTP/1.1 for clients that may be slow on purpose: a request that is not whole in time, or an answer not read in time, costs the connection."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._wait_for_request()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._was_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(READ_WAIT_S, self._abandon)

    def resume_writing(self) -> None:
        self._was_read()
        super().resume_writing()

    def _wait_for_request(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_WAIT_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _was_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _abandon(self) -> None:
        log.info("an answer was not read for %g s; its connection is closed", READ_WAIT_S)
        self.transport.abort()  # to close would wait for the reader

    def _give_up(self) -> None:
        log.info("a request was not whole after %g s; its connection is closed", REQUEST_WAIT_S)
        self.transport.close()


class Side(uvicorn.Server):
    """A server beside the public one: it leaves signals to that one and ends with it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Public(uvicorn.Server):
    """Ends in two steps: first `on_drain` is told, and what comes is still answered for `drain_ms`; then `on_end`, and no more is taken."""

    def __init__(
        self, config: uvicorn.Config, *, drain_ms: int, on_drain: Callable[[], None], on_end: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._drain_s = drain_ms / 1000
        self._on_drain = on_drain
        self._on_end = on_end
        self._draining = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        loop = asyncio.get_running_loop()
        if self._draining or not self._drain_s or sig == signal.SIGINT:
            loop.call_soon_threadsafe(self._on_end)
            super().handle_exit(sig, frame)
            return
        self._draining = True
        self._on_drain()
        log.info("draining for %g s", self._drain_s)
        loop.call_soon_threadsafe(loop.call_later, self._drain_s, self.handle_exit, sig, None)


def config(app: FastAPI, settings: Settings, **more: Any) -> uvicorn.Config:
    """uvicorn's settings for any of our listeners."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=Impatient,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=round(settings.max_run_ms / 1000 + AFTER_RUN_S),
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        **more,
    )


@contextlib.asynccontextmanager
async def beside(
    app: FastAPI, settings: Settings, listening: socket.socket, *, after: asyncio.Event | None = None
) -> AsyncIterator[None]:
    """Serve on another socket meanwhile, from the event on; who connects before that waits."""
    server = Side(config(app, settings, lifespan="off"))

    async def serve() -> None:
        if after:
            await after.wait()
        await server.serve(sockets=[listening])

    task = asyncio.create_task(serve(), name="side listener")
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        if after and not after.is_set():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """A socket to listen on, had before anything is started. Raises PlaceError when the port is in use."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as exc:
        raise PlaceError(
            f"Cannot listen on {host}, port {port}: {os.strerror(exc.errno or 0)}. Choose another with {option}."
        ) from exc


def raise_file_limit() -> None:
    """As many open files as this account may have: each visitor's connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
