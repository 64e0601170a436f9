"""The `sandtable` command: serve, doctor."""

import argparse
import os
import socket
import sys
from pathlib import Path

import uvicorn

from app import __version__, logs
from app.config import Settings
from app.core.places import PlaceError, Places
from app.engines import ENGINES, load
from app.main import create_app
from app.playground.services import Services

GRACEFUL_STOP_S = 5


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="sandtable", description="A database playground with four real engines.")
    parser.add_argument("--version", action="version", version=f"sandtable {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="start the engines and serve the pages")
    serve.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on (default 8000)")
    serve.add_argument("--data-dir", type=Path, help="where servers keep their data")
    doctor = commands.add_parser("doctor", help="look at each engine's binary and say what mends what is wrong")
    doctor.add_argument("--data-dir", type=Path, help="where servers keep their data")
    given = {key: value for key, value in vars(parser.parse_args(arguments)).items() if value is not None}
    command = given.pop("command")
    settings = Settings(**given)
    try:
        return _serve(settings) if command == "serve" else _doctor(settings)
    except PlaceError as exc:
        print(f"sandtable: {exc}", file=sys.stderr)
        return 1


def _serve(settings: Settings) -> int:
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


def _doctor(settings: Settings) -> int:
    places = Places(settings.data_dir)
    healthy = True
    for slug in ENGINES:
        engine = load(slug)
        found = engine.diagnose(settings, places)
        healthy = healthy and found.fix is None
        print(f"{engine.label:<11} {'ok' if found.fix is None else 'NOT OK'}")
        print(f"  binary   {found.binary or 'none found'}")
        print(f"  version  {found.version or 'unknown'}")
        for library in found.missing_libraries:
            print(f"  missing  {library}")
        if found.fix:
            print(f"  mend     {found.fix}")
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
