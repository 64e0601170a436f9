"""`sandtable serve`: the engines and the pages."""

import argparse
import asyncio
import contextlib

from app import logs
from app.cli import serving
from app.config import Settings
from app.core.places import Places
from app.main import create_app
from app.playground.services import Services
from app.web.admin import create_admin

HELP = "start the engines and serve the pages"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default 8000)")
    parser.add_argument("--admin-port", type=int, help="port of /metrics and the admin pages (default: none)")


def run(settings: Settings, given: argparse.Namespace) -> int:
    logs.configure(settings.log_level)
    serving.raise_file_limit()
    with Places(settings.data_dir):
        pass
    return 0 if asyncio.run(_serve(settings)) else 1


async def _serve(settings: Settings) -> bool:
    """Serve until a signal comes. Whether it ever began."""
    listening = serving.listen(settings.host, settings.port)
    admin_port = settings.admin_port
    admin = None if admin_port is None else serving.listen(settings.admin_host, admin_port, "--admin-port")
    built: list[Services] = []

    def announce(services: Services) -> None:
        built.append(services)
        _print_engines(services)
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

    app = create_app(settings, on_ready=announce)
    public = serving.Public(serving.config(app, settings), drain_ms=settings.drain_ms, on_drain=drain, on_end=end)
    async with contextlib.AsyncExitStack() as stack:
        if admin:
            await stack.enter_async_context(serving.beside(create_admin(settings, app), settings, admin))
        await public.serve(sockets=[listening])
    return public.started


def _print_engines(services: Services) -> None:
    for offer in services.engines:
        label = f"{offer.engine.label:<11}"
        if offer.ready:
            info = offer.engine.info
            print(f"{label} {info.version:<8} {info.how}, {offer.start_ms:.0f} ms", flush=True)
        else:
            print(f"{label} is away: {offer.reason} {offer.fix or ''}".rstrip(), flush=True)
    if services.store_note:
        print(services.store_note, flush=True)
