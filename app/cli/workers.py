"""`sandtable serve --workers N`: one process starts the servers and listens; N workers share both, and the store."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.config import Settings
from app.core.places import PlaceError, Places
from app.core.process import end_leftover
from app.engines import create
from app.engines.postgres.engine import PostgresEngine
from app.main import STORE_DATABASE, secret_keys
from app.playground.engines import Engines

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 0.2
MAX_BACKOFF_S = 10.0
READY_POLL_S = 0.05
READY_WAIT_S = 60.0
STOP_WAIT_S = 60.0


class Worker:
    """One of the processes that serve. Started again when it dies on its own."""

    def __init__(self, number: int, settings: Settings, listening: socket.socket, address: Path) -> None:
        self.number = number
        self.address = address
        own = {"peer_address": f"unix:{address}"}
        if settings.admin_port is not None:
            own["admin_port"] = str(settings.admin_port + number)
        self._environment = os.environ | environment_of(settings.model_copy(update=own))
        self._listening = listening
        self.process: asyncio.subprocess.Process | None = None
        self.stopping = False

    async def keep(self) -> None:
        """Run until `stop`."""
        backoff = FIRST_BACKOFF_S
        while not self.stopping:
            began = time.monotonic()
            self.address.unlink(missing_ok=True)
            fd = self._listening.fileno()
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app.cli", "serve", "--listening-fd", str(fd)),
                env=self._environment,
                pass_fds=[fd],
                start_new_session=True,  # Ctrl-C comes to the parent alone, which then asks the workers to end
            )
            code = await self.process.wait()
            if self.stopping:
                return
            if time.monotonic() - began > READY_WAIT_S:
                backoff = FIRST_BACKOFF_S
            log.error("worker %d ended with code %s; starting it again in %.1f s", self.number, code, backoff)
            await asyncio.sleep(backoff)
            backoff = min(MAX_BACKOFF_S, backoff * 2)

    def stop(self) -> None:
        self.stopping = True
        if self.process and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)


async def serve(settings: Settings, listening: socket.socket, announce: Callable[[Engines], None]) -> bool:
    """Serve with several workers until a signal comes."""
    with Places(settings.data_dir) as places:
        await asyncio.to_thread(_end_leftovers, places)
        secret_keys(settings, places)
        places.host_id()
        shared = {slug: engine for slug in settings.engines if (engine := create(slug, settings, places)).is_shared}
        async with Engines(shared) as engines:
            told = await _shared_settings(settings, places, engines)
            workers = [
                Worker(number, told, listening, places.runtime / f"worker-{number}.sock")
                for number in range(settings.workers)
            ]
            ended = asyncio.Event()
            loop = asyncio.get_running_loop()
            for which in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(which, ended.set)
            tasks = [asyncio.create_task(worker.keep(), name=f"worker {worker.number}") for worker in workers]
            started = await _until_up(workers, settings.allowed_hosts[0], ended)
            if started:
                announce(engines)
                await ended.wait()
            for worker in workers:
                worker.stop()
            await asyncio.wait(tasks, timeout=STOP_WAIT_S)
            return started


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment variables that give these settings."""
    found = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if value is not None:
            plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
            found[f"SANDTABLE_{name.upper()}"] = ",".join(plain) if isinstance(plain, tuple) else str(plain)
    return found


async def _shared_settings(settings: Settings, places: Places, engines: Engines) -> Settings:
    """What a worker is told: where the servers are, and its part of PostgreSQL's connections."""
    urls = {f"{engine.slug}_url": url for engine in engines.standing() if (url := engine.url())}
    postgres = next((engine for engine in engines.standing() if isinstance(engine, PostgresEngine)), None)
    if settings.store_url is None and postgres is None:
        raise PlaceError("Several workers need a store that they share: give store_url, or offer PostgreSQL.")
    if settings.store_url is None and postgres is not None:
        await postgres.server.ensure_database(STORE_DATABASE)
        urls["store_url"] = postgres.server.url(STORE_DATABASE)
    told = {
        **{name: getattr(settings, name) for name in settings.model_fields_set},
        **urls,
        "data_dir": places.data,
        "is_worker": True,
        "workers": 1,
        "postgres_max_clients": max(2, settings.postgres_max_clients // settings.workers),
    }
    return Settings(**told)


async def _until_up(workers: list[Worker], host: str, ended: asyncio.Event) -> bool:
    """Whether every worker answers within a minute."""
    deadline = time.monotonic() + READY_WAIT_S
    while time.monotonic() < deadline and not ended.is_set():
        if all(await asyncio.gather(*(_is_up(worker, host) for worker in workers))):
            return True
        await asyncio.sleep(READY_POLL_S)
    return False


async def _is_up(worker: Worker, host: str) -> bool:
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_unix_connection(worker.address)
            writer.write(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read(16)
            writer.close()
    except (OSError, TimeoutError):
        return False
    return answer.startswith(b"HTTP/1.1 200")


def _end_leftovers(places: Places) -> None:
    """End what workers that were killed left behind."""
    for file in (places.data / "pids").glob("*.json"):
        end_leftover(file)


def listen_for_peers(address: str) -> socket.socket:
    """The socket by which the other workers reach this one."""
    path = address.removeprefix("unix:")
    Path(path).unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(path)
    Path(path).chmod(0o600)
    listening.listen(512)
    return listening
