"""`sandtable serve`: the engines and the pages."""

import argparse
import asyncio
import contextlib
import gc
import socket

from app import logs
from app.cli import serving, workers
from app.config import Settings
from app.core import memory, priority
from app.core.places import Places
from app.main import create_app
from app.playground.engines import Engines
from app.playground.services import Services
from app.web.admin import create_admin

HELP = "start the engines and serve the pages"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default 8000)")
    parser.add_argument("--workers", type=int, help="how many processes serve, side by side (default 1)")
    parser.add_argument("--listening-fd", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--admin-port", type=int, help="port of /metrics and the admin pages (default: none)")


def run(settings: Settings, given: argparse.Namespace) -> int:
    logs.configure(settings.log_level)
    serving.raise_file_limit()
    with Places(settings.data_dir, shared=settings.is_worker):
        pass
    if settings.workers > 1:
        return 0 if asyncio.run(_serve_many(settings)) else 1
    return 0 if asyncio.run(_serve(settings, given.listening_fd)) else 1


async def _serve_many(settings: Settings) -> bool:
    listening = serving.listen(settings.host, settings.port)

    def announce(engines: Engines) -> None:
        _print_engines(engines)
        print(f"{settings.workers} workers", flush=True)
        print(f"http://{settings.host}:{listening.getsockname()[1]}", flush=True)

    return await workers.serve(settings, listening, announce)


async def _serve(settings: Settings, listening_fd: int | None = None) -> bool:
    """Serve until a signal comes. Whether it ever began. A worker gets the socket from the process that started it."""
    listening = (
        serving.listen(settings.host, settings.port) if listening_fd is None else socket.socket(fileno=listening_fd)
    )
    admin_port = settings.admin_port
    admin = None if admin_port is None else serving.listen(settings.admin_host, admin_port, "--admin-port")
    peers = workers.listen_for_peers(settings.peer_address) if settings.is_worker and settings.peer_address else None
    built: list[Services] = []
    ready = asyncio.Event()

    def announce(services: Services) -> None:
        built.append(services)
        ready.set()
        gc.freeze()  # what stands now stays: looking through it for garbage held up everybody for 55 ms
        if settings.is_worker:
            return
        _print_engines(services.engines)
        if services.store_note:
            print(services.store_note, flush=True)
        if admin:
            print(f"http://{settings.admin_host}:{admin.getsockname()[1]}/metrics", flush=True)
        print(f"http://{settings.host}:{listening.getsockname()[1]}", flush=True)

    def drain() -> None:
        for services in built:
            services.state.draining = True

    def end() -> None:
        drain()
        for services in built:
            services.runner.end_streams()

    memory.give_back()
    priority.go_first()
    app = create_app(settings, on_ready=announce)
    public = serving.Public(serving.config(app, settings), drain_ms=settings.drain_ms, on_drain=drain, on_end=end)
    async with contextlib.AsyncExitStack() as stack:
        if admin:
            await stack.enter_async_context(serving.beside(create_admin(settings, app), settings, admin))
        if peers:
            await stack.enter_async_context(serving.beside(app, settings, peers, after=ready))
        await public.serve(sockets=[listening])
    return public.started


def _print_engines(engines: Engines) -> None:
    for offer in engines:
        label = f"{offer.engine.label:<11}"
        if offer.ready:
            info = offer.engine.info
            print(f"{label} {info.version:<8} {info.how}, {offer.start_ms:.0f} ms", flush=True)
        else:
            print(f"{label} is away: {offer.reason} {offer.fix or ''}".rstrip(), flush=True)
