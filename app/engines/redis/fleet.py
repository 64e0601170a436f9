"""All sandboxes' servers: awake up to a cap, the others parked as snapshots on disk."""

import asyncio
import logging
import time

from app.config import Settings
from app.core.errors import EngineBusy, SandboxExpired
from app.core.places import Places
from app.core.process import end_leftover
from app.core.sandbox import Sandbox, is_namespace
from app.engines.redis.binary import Binary
from app.engines.redis.errors import translated
from app.engines.redis.server import SandboxServer

log = logging.getLogger(__name__)

SLUG = "redis"


class Fleet:
    """Servers are made known here when a sandbox first needs one; their folders are what survives the app."""

    def __init__(self, settings: Settings, places: Places, binary: Binary) -> None:
        self._settings = settings
        self._places = places
        self._binary = binary
        self._root = places.engine_data(SLUG)
        self._runtime = places.engine_runtime(SLUG)
        self._servers: dict[str, SandboxServer] = {}
        self._starting: set[str] = set()

    async def end_leftovers(self) -> None:
        """End the servers of an app that was killed, and remove their sockets."""
        for pid_path in (self._places.data / "pids").glob(f"{SLUG}-*.json"):
            await asyncio.to_thread(end_leftover, pid_path)
        for socket in self._runtime.iterdir():
            socket.unlink()

    def namespaces(self) -> set[str]:
        return {folder.name for folder in self._root.iterdir() if is_namespace(folder.name)}

    def known(self, namespace: str) -> SandboxServer | None:
        """The server of a sandbox that exists, awake or not."""
        if not is_namespace(namespace) or not (self._root / namespace).is_dir():
            return None
        if namespace not in self._servers:
            self._servers[namespace] = self.apart(namespace)
        return self._servers[namespace]

    def apart(self, name: str) -> SandboxServer:
        """A server that is not counted among the sandboxes'."""
        return SandboxServer(
            name,
            root=self._root,
            runtime=self._runtime,
            places=self._places,
            binary=self._binary,
            max_bytes=self._settings.redis_quota_bytes,
        )

    def create(self, sandbox: Sandbox) -> None:
        if not is_namespace(sandbox.namespace):
            raise ValueError(f"not a namespace: {sandbox.namespace!r}")
        self._places.folder(self._root / sandbox.namespace)

    async def drop(self, sandbox: Sandbox) -> None:
        server = self.known(sandbox.namespace)
        if server is not None:
            await server.drop()
            self._servers.pop(sandbox.namespace, None)

    def of(self, sandbox: Sandbox) -> SandboxServer:
        """The sandbox's server, awake or not. Raises SandboxExpired when there is none any more."""
        server = self.known(sandbox.namespace)
        if server is None:
            raise SandboxExpired("This Redis sandbox no longer exists.", hint="Reset makes a new one.")
        return server

    async def wake(self, server: SandboxServer, secret: str) -> None:
        """Let it run. Parks another one when the fleet is full; raises EngineBusy when none is idle."""
        if server.running and not server.lock.locked():
            return
        async with server.lock:
            if server.running:
                return
            self._starting.add(server.namespace)
            try:
                await self._make_room()
                with translated():
                    await server.start(secret)
            finally:
                self._starting.discard(server.namespace)

    async def park_idle(self, idle_ms: int, busy: frozenset[str]) -> int:
        """Park servers that nobody used for `idle_ms`. Returns how many."""
        before = time.monotonic() - idle_ms / 1000
        idle = [s for s in self._awake() if s.used_at < before and s.namespace not in busy]
        parked = sum([await server.park() for server in idle])
        while self._bytes() > self._settings.redis_fleet_bytes and await self._park_one(set()):
            parked += 1
        return parked

    async def close(self) -> None:
        """Save and stop every server."""
        await asyncio.gather(*(self._close_one(server) for server in self._servers.values()))
        self._servers.clear()

    async def _close_one(self, server: SandboxServer) -> None:
        server.in_use = 0
        if not await server.park():
            await server.kill()

    def _awake(self) -> list[SandboxServer]:
        return [server for server in self._servers.values() if server.running]

    def _bytes(self) -> int:
        return sum(server.private_bytes for server in self._awake())

    async def _make_room(self) -> None:
        """Park the servers unused for longest until one more may run. Raises EngineBusy when what is left is in use."""
        limit, most = self._settings.redis_max_servers, self._settings.redis_fleet_bytes
        stuck: set[str] = set()
        while len({server.namespace for server in self._awake()} | self._starting) > limit:
            if not await self._park_one(stuck):
                raise EngineBusy(
                    f"All {limit} Redis servers are in use right now; nothing was run.",
                    hint="Try again in a few seconds.",
                )
        while self._bytes() > most:
            if not await self._park_one(stuck):
                raise EngineBusy(
                    f"The Redis servers in use take all of the {most // 1_000_000:,} MB that they may; nothing was run.",
                    hint="Try again in a few seconds.",
                )

    async def _park_one(self, stuck: set[str]) -> bool:
        """Park the idle server unused for longest. False when there is none; one that can't be parked is left in `stuck`."""
        while True:
            idle = [s for s in self._awake() if not (s.in_use or s.lock.locked() or s.namespace in stuck)]
            if not idle:
                return False
            victim = min(idle, key=lambda s: s.used_at)
            if await victim.park():
                return True
            stuck.add(victim.namespace)
