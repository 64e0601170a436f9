"""`sandtable serve`: the engines and the pages."""

import argparse
import os
import socket

import uvicorn

from app import logs
from app.config import Settings
from app.core.places import PlaceError, Places
from app.main import create_app
from app.playground.services import Services

HELP = "start the engines and serve the pages"
GRACEFUL_STOP_S = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default 8000)")


def run(settings: Settings, given: argparse.Namespace) -> int:
    logs.configure(settings.log_level)
    listening = _listen(settings.host, settings.port)

    def announce(services: Services) -> None:
        for offer in services.engines:
            label = f"{offer.engine.label:<11}"
            if offer.ready:
                info = offer.engine.info
                print(f"{label} {info.version:<8} {info.how}, {offer.start_ms:.0f} ms", flush=True)
            else:
                print(f"{label} is away: {offer.reason} {offer.fix or ''}".rstrip(), flush=True)
        if services.store_note:
            print(services.store_note, flush=True)
        print(f"http://{settings.host}:{listening.getsockname()[1]}", flush=True)

    with Places(settings.data_dir):
        pass
    config = uvicorn.Config(
        create_app(settings, on_ready=announce),
        host=settings.host,
        port=settings.port,
        loop="asyncio",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_STOP_S,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    return 0 if server.started else 1


def _listen(host: str, port: int) -> socket.socket:
    """The web server's socket, had before anything is started. Raises PlaceError when the port is in use."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as exc:
        raise PlaceError(
            f"Cannot listen on {host}, port {port}: {os.strerror(exc.errno or 0)}. Choose another with --port."
        ) from exc
