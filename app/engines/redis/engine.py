"""The Redis engine: a fleet of servers, one for each sandbox."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from redis.exceptions import RedisError

from app.config import Settings
from app.core.datasets import Content, Imported, Part
from app.core.doctor import Diagnosis, diagnose
from app.core.engine import Client, Engine, EngineInfo, Listing, SchemaObject
from app.core.errors import EngineUnavailable
from app.core.limits import Limits, Quota, Usage
from app.core.places import Places
from app.core.process import ServerFailed
from app.core.results import Statement
from app.core.sandbox import Sandbox
from app.core.vocabulary import Word
from app.engines.redis import filling
from app.engines.redis.binary import find_binary, locate
from app.engines.redis.catalog import browse, root_objects
from app.engines.redis.client import RedisClient
from app.engines.redis.commands import arguments, split
from app.engines.redis.errors import translated
from app.engines.redis.export import as_source
from app.engines.redis.fleet import Fleet
from app.engines.redis.manual import Manual
from app.engines.redis.policy import READING, waits
from app.engines.redis.python import Note
from app.engines.redis.server import SandboxServer

CHECK_WAIT_S = 1.0


class RedisEngine(Engine):
    """Beside the sandboxes' servers runs one more: it shows that servers start and answer, and tells what commands mean."""

    slug = "redis"
    label = "Redis"
    script_name = "redis"
    character = "In memory: keys, data structures, expiry"
    editor_mode = "redis"
    file_extension = "redis"
    line_comment = "#"
    lasting = "database, MULTI and WATCH last from run to run"
    exports = True
    after_move = (
        "Keys are those of the last snapshot, which is taken after each run that changed something; "
        "SELECT, MULTI, WATCH, subscriptions and loaded scripts are gone."
    )

    transaction_ends = (("EXEC", "EXEC"), ("DISCARD", "DISCARD"))

    def __init__(self, settings: Settings, places: Places) -> None:
        super().__init__(settings, places)
        self.quota = Quota(max_bytes=settings.redis_quota_bytes)

    @classmethod
    def diagnose(cls, settings: Settings, places: Places) -> Diagnosis:
        return diagnose(lambda: locate(settings, places)[0])

    async def __aenter__(self) -> Self:
        began = time.perf_counter()
        binary = await find_binary(self.settings, self.places)
        self.fleet = Fleet(self.settings, self.places, binary)
        if not self.places.shared:
            await self.fleet.end_leftovers()
        self._probe = self.fleet.apart(f"probe-{os.getpid()}" if self.places.shared else "probe")
        self._manual = Manual(self._probe, self.check)
        await self.check()
        self.info = EngineInfo(
            version=binary.version,
            how=f"a process for each sandbox, from {binary.source}",
            start_ms=(time.perf_counter() - began) * 1000,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close_clients()
        await asyncio.gather(self.fleet.close(), self._probe.drop())

    async def check(self) -> None:
        """Start the server beside the sandboxes' if it isn't there, and ask it for a PONG."""
        try:
            async with self._probe.lock:
                if not self._probe.running:
                    await self._probe.start(secrets.token_hex(24))
            await asyncio.wait_for(self._probe.admin().ping(), CHECK_WAIT_S)
        except (ServerFailed, RedisError, OSError) as exc:
            raise EngineUnavailable(
                f"A Redis server does not answer: {exc}", hint="`sandtable doctor` says what is missing."
            ) from exc

    async def create(self, sandbox: Sandbox) -> None:
        """Make the sandbox's folder; its server starts with the first command."""
        self.fleet.create(sandbox)

    async def drop(self, sandbox: Sandbox) -> None:
        await self.close_clients(sandbox)
        await self.fleet.drop(sandbox)

    async def open(self, sandbox: Sandbox, name: str) -> Client:
        client = RedisClient(sandbox, name, self.fleet, self._manual)
        await client.connect()
        return client

    def split(self, source: str) -> list[Statement]:
        return split(source, self.settings.max_statements)

    def imported(self, table: Imported) -> Content:
        return filling.imported(table)

    def seed(self, content: Content) -> str:
        return filling.seed(content)

    async def load(self, sandbox: Sandbox, part: Part, limits: Limits) -> AsyncIterator[int]:
        server = self.fleet.of(sandbox)
        with translated(), server.using():
            await self.fleet.wake(server, sandbox.secret)
            async for done in filling.load(server.admin(), part):
                yield done
            await server.save()

    def streams(self, statement: Statement) -> bool:
        return not isinstance(statement, Note) and waits(arguments(statement.text))

    def reads(self, statement: Statement) -> bool:
        words = [] if isinstance(statement, Note) else arguments(statement.text)
        return bool(words) and words[0].upper() in READING

    async def words(self) -> list[Word]:
        with translated():
            return await self._manual.words()

    async def waiting(self, sandbox: Sandbox, name: str) -> str | None:
        client, server = self._clients.get((sandbox.namespace, name)), self.fleet.known(sandbox.namespace)
        if not isinstance(client, RedisClient) or server is None or not server.running:
            return None
        with translated():
            for told in await server.admin().client_list(client_id=[str(client.connection_id)]):
                if "b" in told["flags"]:
                    return f"waits in {told['cmd'].upper()} until there is something to take"
        return None

    async def inspect(self, sandbox: Sandbox) -> list[SchemaObject]:
        server = self.fleet.known(sandbox.namespace)
        if server is None or not (server.running or server.snapshot.exists()):
            return []
        with translated(), server.using():
            await self.fleet.wake(server, sandbox.secret)
            return await root_objects(server)

    async def browse(self, sandbox: Sandbox, path: str, cursor: str | None = None) -> Listing:
        with translated(), self.fleet.of(sandbox).using():
            return await browse(await self._awake(sandbox), path, cursor)

    async def as_source(self, sandbox: Sandbox, path: str) -> str:
        with translated(), self.fleet.of(sandbox).using():
            return await as_source(await self._awake(sandbox), path, self.settings.max_source_bytes)

    async def _awake(self, sandbox: Sandbox) -> SandboxServer:
        server = self.fleet.of(sandbox)
        await self.fleet.wake(server, sandbox.secret)
        return server

    async def usage(self, sandbox: Sandbox) -> Usage:
        server = self.fleet.known(sandbox.namespace)
        if server is None:
            return Usage(bytes=0, objects=0)
        with translated():
            return await server.usage()

    async def namespaces(self) -> set[str]:
        return self.fleet.namespaces()

    async def park(self, idle_ms: int, *, busy: frozenset[str] = frozenset()) -> int:
        """Close idle connections, and stop the servers that nobody uses, with a snapshot to come back to."""
        return await super().park(idle_ms, busy=busy) + await self.fleet.park_idle(idle_ms, busy)


ENGINE = RedisEngine
