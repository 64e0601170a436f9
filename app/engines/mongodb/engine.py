"""MongoDB: a database, a role and a user for each sandbox; the shell's JavaScript runs here, in WebAssembly."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from app.config import Settings
from app.core.datasets import Content, Imported, Part
from app.core.doctor import Diagnosis, diagnose
from app.core.engine import Engine, EngineInfo, Listing, SchemaObject
from app.core.errors import EngineUnavailable
from app.core.limits import Limits, Quota, Usage
from app.core.places import PlaceError, Places
from app.core.plans import Plan
from app.core.results import Statement
from app.core.sandbox import Sandbox
from app.core.vocabulary import Word
from app.engines.mongodb import explained, filling, schema, statements
from app.engines.mongodb.accounts import Accounts
from app.engines.mongodb.admin import Admin, database_of
from app.engines.mongodb.client import MongoClient
from app.engines.mongodb.errors import translated
from app.engines.mongodb.quota import Ledger
from app.engines.mongodb.seats import Seat
from app.engines.mongodb.server import MongoServer, executable
from app.engines.mongodb.words import all_words
from app.engines.mongodb.work import Work
from app.scripting.runtime import Scripts, prelude_files

log = logging.getLogger(__name__)

MAX_CONNECTED_SANDBOXES = 50
"""A sandbox's own connections cost 3 threads: the least recently used are closed first."""
CHECK_S = 1.0
SHELL = (
    "types", "commands", "cursor", "collection", "bulk", "schema", "sessions", "changes", "database", "node", "show", "words",
)  # fmt: skip


class MongoEngine(Engine):
    slug = "mongodb"
    label = "MongoDB"
    script_name = "mongo"
    tries_indexes = True
    reads_plans = True
    plan_marks = ("queryPlanner", "winningPlan", "executionStages")
    character = "Documents: JSON-like records, pipelines, a shell in JavaScript"
    editor_mode = "javascript"
    file_extension = "js"
    line_comment = "//"
    lasting = "variables last for one run, in a fresh context; data stays"
    preview = "db.getCollection({string}).find().limit(20)"

    def __init__(self, settings: Settings, places: Places) -> None:
        super().__init__(settings, places)
        self.quota = Quota(settings.mongodb_quota_bytes, settings.mongodb_max_collections)
        self._server: MongoServer | None = None
        self._scripts = Scripts(
            prelude_files(__file__, SHELL), max_running=settings.max_runs_per_engine, wait_ms=settings.slot_wait_ms
        )
        self._motors: OrderedDict[str, AsyncIOMotorClient[dict[str, Any]]] = OrderedDict()
        self._ledgers: dict[str, Ledger] = {}
        self.admin: Admin

    @classmethod
    def diagnose(cls, settings: Settings, places: Places) -> Diagnosis:
        return diagnose(lambda: executable(places))

    async def __aenter__(self) -> Self:
        began = time.perf_counter()
        try:
            _, how = await asyncio.gather(self._scripts.__aenter__(), self._reach())
            version = await self.admin.version()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        self.info = EngineInfo(version, how, (time.perf_counter() - began) * 1000)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close_clients()
        await asyncio.gather(*(self._disconnect(namespace) for namespace in list(self._motors)))
        await self._scripts.__aexit__(kind, error, traceback)
        if self._server is not None:
            await self._server.stop()

    def url(self) -> str | None:
        return self._server.url if self._server else None

    async def _reach(self) -> str:
        """Start the server, or connect to the one at the URL. Gives how."""
        if self.settings.mongodb_url:
            try:
                motor: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
                    self.settings.mongodb_url, serverSelectionTimeoutMS=5_000
                )
            except PyMongoError as exc:
                raise EngineUnavailable("The MongoDB URL cannot be read.", hint=str(exc)) from exc
            self.admin = Admin(motor)
            self._motors[""] = motor
            hosts = ", ".join(f"{host}:{port}" for host, port in motor.delegate._topology_settings.seeds)  # noqa: SLF001
            return f"at {hosts}"
        try:
            self._server = await asyncio.to_thread(MongoServer, self.places)
        except PlaceError as exc:
            raise EngineUnavailable("MongoDB cannot be started.", hint=str(exc)) from exc
        await self._server.start()
        self.admin = Admin(self._server.admin, self._server.process)
        return self._server.how

    async def check(self) -> None:
        self._must_run()
        try:
            await self.admin.ping(CHECK_S)
        except TimeoutError:
            raise EngineUnavailable(f"MongoDB does not answer within {CHECK_S:g} s.") from None

    async def create(self, sandbox: Sandbox) -> None:
        self._must_run()
        await self.admin.create(sandbox)

    async def drop(self, sandbox: Sandbox) -> None:
        self._must_run()
        await self.close_clients(sandbox)
        await self._disconnect(sandbox.namespace)
        await self.admin.drop(sandbox.namespace)

    async def open(self, sandbox: Sandbox, name: str) -> MongoClient:
        self._must_run()
        motor = await self._motor(sandbox)
        namespace = sandbox.namespace
        with translated(database_of(namespace)):
            session = await motor.start_session()
        ledger = self._ledgers.setdefault(
            namespace,
            Ledger(
                self.admin,
                namespace,
                max_bytes=self.settings.mongodb_quota_bytes,
                max_collections=self.settings.mongodb_max_collections,
            ),
        )
        work = Work(Seat(motor, session), self.admin, ledger, namespace)
        accounts = Accounts(self.admin, sandbox, self._connect_as)
        return MongoClient(sandbox, name, scripts=self._scripts, work=work, accounts=accounts, must_run=self._must_run)

    def streams(self, statement: Statement) -> bool:
        return statements.is_watch(statement.text)

    async def words(self) -> list[Word]:
        return list(all_words())

    @classmethod
    def read_plan(cls, text: str) -> Plan:
        return explained.read(text)

    def split(self, source: str) -> list[Statement]:
        return statements.split(source)

    def reads(self, statement: Statement) -> bool:
        return statements.reads(statement.text)

    def imported(self, table: Imported) -> Content:
        return filling.imported(table)

    def seed(self, content: Content) -> str:
        return filling.seed(content)

    async def load(self, sandbox: Sandbox, part: Part, limits: Limits) -> AsyncIterator[int]:
        database = (await self._motor(sandbox))[database_of(sandbox.namespace)]
        with translated(database_of(sandbox.namespace)):
            async for done in filling.load(database, part):
                yield done

    async def waiting(self, sandbox: Sandbox, name: str) -> str | None:
        client = self._clients.get((sandbox.namespace, name))
        if not isinstance(client, MongoClient) or not client.work.comment:
            return None
        if await self.admin.waits(client.work.comment):
            return "waits: a transaction has changed the document, so the write is tried again until that ends"
        return None

    async def inspect(self, sandbox: Sandbox) -> list[SchemaObject]:
        self._must_run()
        motor = await self._motor(sandbox)
        return await schema.inspect(motor[database_of(sandbox.namespace)])

    async def browse(self, sandbox: Sandbox, path: str, cursor: str | None = None) -> Listing:
        self._must_run()
        motor = await self._motor(sandbox)
        return await schema.browse(motor[database_of(sandbox.namespace)], path)

    async def usage(self, sandbox: Sandbox) -> Usage:
        self._must_run()
        return await self.admin.usage(sandbox.namespace)

    async def namespaces(self) -> set[str]:
        self._must_run()
        return await self.admin.namespaces()

    def _must_run(self) -> None:
        """Say at once that the server is down, instead of after a connection's time is up."""
        if self._server is not None and not self._server.process.running:
            raise EngineUnavailable("MongoDB is being started again.", hint="Try again in a few seconds.")

    async def _motor(self, sandbox: Sandbox) -> "AsyncIOMotorClient[dict[str, Any]]":
        """The sandbox's own connections, as its own user."""
        namespace = sandbox.namespace
        motor = self._motors.get(namespace)
        if motor is None:
            motor = self._motors[namespace] = self._connect(sandbox)
        self._motors.move_to_end(namespace)
        busy = {key[0] for key, client in self._clients.items() if isinstance(client, MongoClient) and client.busy}
        idle = [known for known in self._motors if known and known not in busy and known != namespace]
        for least_used in idle[: max(0, len(self._motors) - MAX_CONNECTED_SANDBOXES)]:
            await self._disconnect(least_used)
        return motor

    def _connect(self, sandbox: Sandbox) -> "AsyncIOMotorClient[dict[str, Any]]":
        name = database_of(sandbox.namespace)
        return self._connect_as(name, sandbox.secret, name)

    def _connect_as(self, user: str, password: str, database: str) -> "AsyncIOMotorClient[dict[str, Any]]":
        if self._server is not None:
            return self._server.connect(user, password, database)
        return AsyncIOMotorClient(
            self.settings.mongodb_url,
            username=user,
            password=password,
            authSource=database,
            authMechanism="SCRAM-SHA-256",
            serverSelectionTimeoutMS=5_000,
            maxPoolSize=8,
        )

    async def _disconnect(self, namespace: str) -> None:
        for key in [key for key in self._clients if key[0] == namespace]:
            await self._clients.pop(key).close()
        self._ledgers.pop(namespace, None)
        motor = self._motors.pop(namespace, None)
        if motor is not None:
            await asyncio.to_thread(motor.delegate.close)


ENGINE = MongoEngine
