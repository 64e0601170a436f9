"""PostgreSQL: a database and a login role for each sandbox."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import WeakValueDictionary

from asyncpg import LockNotAvailableError

from app.config import Settings
from app.core.datasets import Content, Imported, Part
from app.core.diagrams import Diagram
from app.core.doctor import Diagnosis, diagnose
from app.core.engine import Client, Engine, EngineInfo, SchemaObject
from app.core.errors import EngineBusy, EngineUnavailable
from app.core.limits import Limits, Quota, Usage
from app.core.places import PlaceError, Places
from app.core.plans import Plan
from app.core.process import ServerFailed
from app.core.results import Notice, Statement
from app.core.sandbox import Sandbox
from app.core.translation import Translation
from app.core.vocabulary import Word
from app.engines.postgres import exporting, filling, schema, vocabulary
from app.engines.postgres.admin import MAX_DROPS, Admin, name_of
from app.engines.postgres.catalog import question
from app.engines.postgres.client import PostgresClient
from app.engines.postgres.connections import listening
from app.engines.postgres.connections.connecting import Connector
from app.engines.postgres.connections.watchdog import Watchdog
from app.engines.postgres.errors import reaching_server
from app.engines.postgres.plans import explained
from app.engines.postgres.seeded import Seeds, may_keep
from app.engines.postgres.server import PostgresServer, find_binary
from app.engines.postgres.sources import dialects, formatting, statements
from app.engines.postgres.volatile import Views

if TYPE_CHECKING:
    import asyncpg

CHECK_WAIT_S = 1.0
WAITS = {
    "transactionid": "its transaction changed the row",
    "tuple": "it is first in line for the row",
    "relation": "a lock on the table",
    "spectoken": "it inserts the same key",
}
"""What a lock's kind means to who waits for it (PostgreSQL manual, pg_locks)."""


class PostgresEngine(Engine):
    """One server, reached as the admin to keep sandboxes, and as each sandbox's own role to work in it."""

    slug: ClassVar[str] = "postgres"
    label: ClassVar[str] = "PostgreSQL"
    script_name = "pg"
    tries_indexes = True
    reads_plans = True
    character: ClassVar[str] = "Relational: tables, SQL, transactions"
    editor_mode: ClassVar[str] = "sql"
    file_extension: ClassVar[str] = "sql"
    preview: ClassVar[str] = "SELECT * FROM {name} LIMIT 20"
    explains_before_run: ClassVar[bool] = True
    formats: ClassVar[bool] = True
    translates: ClassVar[bool] = True
    draws: ClassVar[bool] = True
    before_lab: ClassVar[str] = "SET statement_timeout = 0; SET lock_timeout = 0"
    creation_is_slow: ClassVar[bool] = True
    drops_at_once: ClassVar[int] = MAX_DROPS
    lasting: ClassVar[str] = "transactions, settings and temporary tables last from run to run"
    transaction_ends: ClassVar[tuple[tuple[str, str], ...]] = (("Commit", "COMMIT"), ("Rollback", "ROLLBACK"))

    def __init__(self, settings: Settings, places: Places) -> None:
        super().__init__(settings, places)
        self.server = PostgresServer(settings, places)
        self.quota = Quota(max_bytes=settings.postgres_quota_bytes)
        self._admin: Admin | None = None
        self._kept_seeds: Seeds | None = None
        self._watchdog: Watchdog | None = None
        self._connector: Connector | None = None
        self._words: list[Word] | None = None
        self._farewells: dict[tuple[str, str], str] = {}
        self._views: WeakValueDictionary[str, Views] = WeakValueDictionary()
        self._entering: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @classmethod
    def diagnose(cls, settings: Settings, places: Places) -> Diagnosis:
        if settings.postgres_url:
            return Diagnosis("reached by URL (postgres_url)")
        return diagnose(lambda: find_binary(places, "postgres"))

    async def __aenter__(self) -> Self:
        began = time.perf_counter()
        try:
            await self.server.start()
        except (ServerFailed, PlaceError) as exc:
            raise EngineUnavailable(str(exc), hint="Run `sandtable doctor` to see what is missing.") from exc
        try:
            self._admin = admin = await Admin.connect(self.server)
            types = [(row["oid"], row["name"]) for row in await admin.fetch(question("types"))]
            self._watchdog = Watchdog(admin, self.settings)
            harmless = frozenset(row["name"] for row in await admin.fetch(question("harmless")))
            self._connector = Connector(self.server, admin, self.settings, types, harmless)
            start_ms = (time.perf_counter() - began) * 1000
            self.info = EngineInfo(await admin.version(), self.server.how, start_ms)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        await self.close_clients()
        if self._watchdog:
            await self._watchdog.close()
        if self._kept_seeds:
            await self._kept_seeds.close()
        if self._admin:
            await self._admin.close()
        await self.server.stop()

    def url(self) -> str | None:
        return self.server.url("postgres")

    async def check(self) -> None:
        with reaching_server():
            await asyncio.wait_for(self.admin.fetch("SELECT 1"), CHECK_WAIT_S)

    @property
    def admin(self) -> Admin:
        """The admin's connections. Raises EngineUnavailable while the engine is not entered."""
        if self._admin is None:
            raise EngineUnavailable("PostgreSQL has not been started.")
        return self._admin

    @property
    def _seeds(self) -> Seeds:
        if self._kept_seeds is None:
            self._kept_seeds = Seeds(self.admin)
        return self._kept_seeds

    async def create(self, sandbox: Sandbox) -> None:
        await self.admin.create(sandbox)

    async def keep_seed(self, sandbox: Sandbox, digest: str, statements: Sequence[Statement]) -> None:
        if may_keep(statements):
            await self.close_clients(sandbox)
            await self._seeds.keep(sandbox, digest)

    async def seeded(self, sandbox: Sandbox, digest: str) -> bool:
        return await self._seeds.fill(sandbox, digest)

    async def drop(self, sandbox: Sandbox) -> None:
        await self.close_clients(sandbox)
        self._farewells = {key: said for key, said in self._farewells.items() if key[0] != sandbox.namespace}
        await self.admin.drop(sandbox)
        if self._watchdog:
            self._watchdog.forget(name_of(sandbox))

    async def waiting(self, sandbox: Sandbox, name: str) -> str | None:
        client = self._clients.get((sandbox.namespace, name))
        if not isinstance(client, PostgresClient) or not client.pid:
            return None
        if self._admin is None or not (rows := await self._admin.fetch(question("waiting"), client.pid)):
            return None
        kind, mode, blockers = rows[0]
        names = {
            other.pid: other_name
            for (namespace, other_name), other in self._clients.items()
            if namespace == sandbox.namespace and isinstance(other, PostgresClient)
        }
        whose = " and ".join(sorted({names.get(pid, "another connection") for pid in blockers}))
        return f"waits for {whose}: {WAITS.get(kind, f'a lock on {kind}')} ({mode})"

    async def open(self, sandbox: Sandbox, name: str) -> Client:
        admin = self.admin
        assert self._connector
        assert self._watchdog
        await self._make_room()
        client = PostgresClient(
            sandbox, name, self._connector, admin, self._watchdog, self._views.setdefault(sandbox.namespace, Views())
        )
        await client.connect()
        if said := self._farewells.pop((sandbox.namespace, name), None):
            client.say(Notice("warning", said))
        return client

    async def park(self, idle_ms: int, *, busy: frozenset[str] = frozenset()) -> int:
        said = {key: client.farewell for key, client in self._clients.items() if isinstance(client, PostgresClient)}
        parked = await super().park(idle_ms, busy=busy)
        self._farewells |= {key: text for key, text in said.items() if text and key not in self._clients}
        return parked

    async def _make_room(self) -> None:
        """Park the client unused for longest when as many are open as may be; one in a transaction only if all are."""
        if len(self._clients) < self.settings.postgres_max_clients:
            return
        idle = [
            (client.transaction != "none", client.used_at, key)
            for key, client in self._clients.items()
            if isinstance(client, PostgresClient) and not client.is_working
        ]
        if not idle:
            raise self.busy()
        _, _, key = min(idle)
        client = self._clients.pop(key)
        if isinstance(client, PostgresClient) and client.farewell:
            self._farewells[key] = client.farewell
        await client.close()

    @classmethod
    def read_plan(cls, text: str) -> Plan:
        return explained.read(text)

    def split(self, source: str) -> list[Statement]:
        return statements.split(source)

    def streams(self, statement: Statement) -> bool:
        return listening.is_listen(statement)

    def reads(self, statement: Statement) -> bool:
        return exporting.reads(statement)

    def format(self, source: str) -> str:
        return formatting.formatted(source)

    async def words(self) -> list[Word]:
        if self._words is None:
            self._words = await vocabulary.words(self.admin)
        return self._words

    def translate(self, source: str) -> Translation | None:
        return dialects.translation(source)

    def imported(self, table: Imported) -> Content:
        return filling.imported(table)

    def seed(self, content: Content) -> str:
        return filling.seed(content)

    async def load(self, sandbox: Sandbox, part: Part, limits: Limits) -> AsyncIterator[int]:
        client = await self.client(sandbox)
        async for done in filling.load(client, part, limits):
            yield done

    async def inspect(self, sandbox: Sandbox) -> list[SchemaObject]:
        if not await self.admin.exists(sandbox):
            return []
        async with self._inside(sandbox) as inside:
            return await schema.objects(inside)

    async def diagram(self, sandbox: Sandbox) -> Diagram:
        if not await self.admin.exists(sandbox):
            return Diagram((), ())
        async with self._inside(sandbox) as inside:
            return await schema.diagram(inside)

    async def usage(self, sandbox: Sandbox) -> Usage:
        if not await self.admin.exists(sandbox):
            return Usage(bytes=0, objects=0)
        name = name_of(sandbox)
        used = await self.admin.used_bytes([name])
        async with self._inside(sandbox) as inside:
            return Usage(bytes=used.get(name, 0), objects=await inside.fetchval(question("how_many")))

    @asynccontextmanager
    async def _inside(self, sandbox: Sandbox) -> "AsyncIterator[asyncpg.Connection[Any]]":
        """The admin's connection into the sandbox's database, for questions to its catalog: one at a time. Raises EngineBusy where a lock keeps it waiting."""
        async with self._entering.setdefault(sandbox.namespace, asyncio.Lock()):
            with reaching_server():
                inside = await self.admin.enter(name_of(sandbox))
                try:
                    yield inside
                except LockNotAvailableError as exc:
                    raise EngineBusy(
                        "A lock that a transaction of yours holds keeps the tables from being looked at.",
                        hint="End the transaction, then refresh.",
                    ) from exc
                finally:
                    await inside.close()

    async def namespaces(self) -> set[str]:
        return await self.admin.namespaces()


ENGINE = PostgresEngine
