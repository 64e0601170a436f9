"""One sandbox's redis-server: started on demand, saved, parked, killed and restored."""

import asyncio
import contextlib
import logging
import os
import secrets
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from app.core.limits import Usage
from app.core.places import Places
from app.core.process import ServerProcess, end_leftover, pid_path
from app.engines.redis.binary import Binary, configuration
from app.engines.redis.policy import ADMIN_USER
from app.engines.redis.replies import Reply
from app.engines.redis.wire import Intake, Wire
from app.engines.redis.writing import as_line

log = logging.getLogger(__name__)

HEADROOM_BYTES = 256_000_000
"""Virtual memory beyond twice maxmemory: what the program itself maps, and what a script may hold."""
READY_TRIES = 40
READY_TRY_S = 0.001
SETTLE_S = 0.5
_OWN_REPLY_BYTES = 100_000


class SandboxProcess(ServerProcess):
    """A server process that stays down when it dies: its sandbox starts it again at the next command."""

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode if self._process else None

    async def _watch(self) -> None:
        assert self._process
        code = await self._process.wait()
        if not self._stopping:
            log.warning("%s ended with code %s", self.name, code)


@dataclass(frozen=True, slots=True)
class ClientState:
    """What a connection had that can be given to the one after it, and whether a transaction was open in it."""

    db: int
    name: bytes
    resp: int
    in_transaction: bool
    user: str


class SandboxServer:
    """`in_use` counts the runs under way; a server in use is never parked. `restores` counts the starts after an unexpected end."""

    def __init__(
        self, namespace: str, *, root: Path, runtime: Path, places: Places, binary: Binary, max_bytes: int
    ) -> None:
        self.namespace = namespace
        self.folder = root / namespace
        self.socket = runtime / namespace
        self.lock = asyncio.Lock()
        self.in_use = 0
        self.used_at = time.monotonic()
        self.starts = 0
        self.restores = 0
        self.told: dict[str, int] = {}
        self.remembered: dict[str, ClientState] = {}
        self.client_ids: dict[str, int] = {}
        self.max_virtual_bytes = 2 * max_bytes + HEADROOM_BYTES
        self._places = places
        self._max_bytes = max_bytes
        self._admin_secret = secrets.token_hex(24)
        self._admins: dict[int, Redis] = {}
        self._key_events = ""
        self._wanted = False
        self._last_usage: Usage | None = None
        self._lost = ""
        self.process = SandboxProcess(
            f"redis-{namespace}",
            [str(binary.path), str(self.folder / "redis.conf")],
            places=places,
            ready=self._ready,
            stop_signal=signal.SIGKILL,
            max_virtual_kb=self.max_virtual_bytes // 1024,
        )

    @property
    def running(self) -> bool:
        return self.process.running

    @property
    def private_bytes(self) -> int:
        """What the process has in memory for itself alone; 0 while it is parked."""
        if self.process.pid is None:
            return 0
        try:
            memory = psutil.Process(self.process.pid).memory_info()
        except psutil.Error:
            return 0
        return int(memory.rss - getattr(memory, "shared", 0))

    @property
    def snapshot(self) -> Path:
        return self.folder / "dump.rdb"

    @property
    def lost(self) -> str:
        """What the last unexpected end took away, in words."""
        return self._lost

    def admin(self, db: int = 0) -> Redis:
        """The app's own connection, as a user the visitor doesn't know."""
        if db not in self._admins:
            self._admins[db] = Redis(
                unix_socket_path=str(self.socket),
                db=db,
                username=ADMIN_USER,
                password=self._admin_secret,
                client_name=ADMIN_USER,
                protocol=3,
                socket_timeout=5,
                driver_info=None,
                retry=Retry(NoBackoff(), 1),
            )
        return self._admins[db]

    async def ask(self, *words: str | bytes | int, db: int = 0) -> Any:
        """The driver's reply to a command, as its callbacks shape it."""
        ask: Callable[..., Awaitable[Any]] = self.admin(db).execute_command
        return await ask(*words)

    async def ask_typed(self, *words: bytes) -> Reply:
        """The reply with its type, to the administrator. Raises ResponseError."""
        wire = await Wire.connect(self.socket)
        try:
            for command in ((b"HELLO", b"3", b"AUTH", ADMIN_USER.encode(), self._admin_secret.encode()), words):
                await wire.send(command)
                reply = await wire.read(Intake(1_000, _OWN_REPLY_BYTES))
                if reply.type == "error":
                    raise ResponseError(reply.value.decode(errors="replace"))
        finally:
            await wire.close()
        return reply

    async def notify_of_keys(self, flags: str) -> None:
        """Set `notify-keyspace-events`, for as long as this app serves. Raises ResponseError for flags there are not."""
        await self.admin().config_set("notify-keyspace-events", flags)
        self._key_events = flags

    def keep_users(self, lines: list[bytes]) -> None:
        """Remember the visitor's own users, as lines of ACL LIST, for the next start."""
        self._write_private(self.folder / "users.acl", "".join(f"{as_line(line.split(b' '))}\n" for line in lines))

    @contextmanager
    def using(self) -> Iterator[None]:
        """While a run is under way it is not parked."""
        self.in_use += 1
        try:
            yield
        finally:
            self.in_use -= 1
            self.used_at = time.monotonic()

    async def start(self, visitor_secret: str) -> None:
        """Start it from its last snapshot. What it says once it is up is not logged: scripts can write to the log."""
        self.starts += 1
        if self._wanted:
            self._note_loss()
        await self._forget_process()
        self._places.folder(self.folder)
        config = self.folder / "redis.conf"
        text = configuration(
            folder=self.folder,
            socket=self.socket,
            max_bytes=self._max_bytes,
            admin_secret=self._admin_secret,
            visitor_secret=visitor_secret,
        )
        users = self.folder / "users.acl"
        self._write_private(config, text + (users.read_text() if users.exists() else ""))
        await self.process.start()
        self._wanted = True
        self.used_at = time.monotonic()
        with contextlib.suppress(ResponseError):  # servers before 7.2 don't know the word
            await self.admin().config_set("loglevel", "nothing")
        if self._key_events:
            await self.notify_of_keys(self._key_events)

    async def save(self) -> bool:
        """Take a snapshot if something changed since the last one. False when there was nothing to save."""
        persistence = await self.admin().info("persistence")
        if not persistence["rdb_changes_since_last_save"]:
            return False
        await self.admin().save()
        return True

    async def park(self) -> bool:
        """Save and stop. False when it is in use or can't be saved; it then goes on."""
        async with self.lock:
            if self.in_use or not self.running:
                return False
            try:
                self._last_usage = await self.usage()
                for name, client_id in self.client_ids.items():
                    await self.remember(name, client_id)
                await self.save()
            except (RedisError, OSError) as exc:
                log.warning("%s could not be parked: %s", self.process.name, exc)
                return False
            if self.in_use:  # since it was saved
                return False
            self._wanted = False
            await self._forget_process()
            self.process.log_path.unlink(missing_ok=True)
            return True

    async def kill(self) -> None:
        """End it now, whatever it does; what was not in the snapshot is lost."""
        async with self.lock:
            await self._forget_process()

    async def drop(self) -> None:
        """End it and remove everything of it from this machine."""
        async with self.lock:
            self._wanted = False
            await self._forget_process()
            await asyncio.to_thread(end_leftover, pid_path(self._places, self.process.name))
            self.process.log_path.unlink(missing_ok=True)
            if self.folder.exists():
                await asyncio.to_thread(shutil.rmtree, self.folder)

    async def usage(self) -> Usage:
        """What it holds; while parked, what it held."""
        if not self.running:
            size = self.snapshot.stat().st_size if self.snapshot.exists() else 0
            return self._last_usage or Usage(bytes=size, objects=0)
        memory = await self.admin().info("memory")
        databases = await self.admin().info("keyspace")
        keys = sum(database["keys"] for database in databases.values())
        return Usage(bytes=int(memory["used_memory_dataset"]), objects=keys)

    async def remember(self, name: str, client_id: int) -> None:
        """Keep what can be given to the next connection of the client `name`."""
        for client in await self.admin().client_list(client_id=[str(client_id)]):
            in_transaction = int(client["multi"]) >= 0 or int(client.get("watch", 0)) > 0
            self.remembered[name] = ClientState(
                int(client["db"]), client["name"].encode(), int(client.get("resp", 3)), in_transaction, client["user"]
            )

    async def ended(self, start: int) -> bool:
        """Whether that start of the process is over, or is found to be within a moment; asked when a connection broke."""
        deadline = time.monotonic() + SETTLE_S
        while self.starts == start and self.running and time.monotonic() < deadline:
            try:
                await self.admin().ping()
            except ResponseError:
                return False
            except (RedisError, OSError):
                await asyncio.sleep(0.01)
            else:
                return self.starts != start
        return self.starts != start or not self.running

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether it ended itself, which it does when the system gives it no more memory."""
        return self.process.exit_code in (-signal.SIGABRT, -signal.SIGSEGV, 1)

    def _note_loss(self) -> None:
        self.restores += 1
        self.client_ids.clear()
        self.remembered.clear()
        if self.snapshot.exists():
            age_s = time.time() - self.snapshot.stat().st_mtime
            data = f"Its data is that of the last snapshot, taken {age_s:,.1f} s before; what was written after it is lost."
        else:
            data = "There was no snapshot yet, so the sandbox is empty."
        self._lost = f"{data} SELECT, MULTI, WATCH, subscriptions and loaded scripts (SCRIPT LOAD) are gone too."

    async def _ready(self) -> None:
        for _ in range(READY_TRIES):
            if self.socket.exists():
                break
            await asyncio.sleep(READY_TRY_S)
        await self.admin().ping()

    async def _forget_process(self) -> None:
        for admin in self._admins.values():
            with contextlib.suppress(RedisError, OSError):
                await admin.aclose()
        self._admins.clear()
        await self.process.stop()
        self.socket.unlink(missing_ok=True)

    def _write_private(self, path: Path, text: str) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(text)
            if self._places.account:
                os.fchown(fd, self._places.account.uid, self._places.account.gid)
