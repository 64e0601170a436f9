"""The DynamoDB engine: an account per sandbox on a pool of emulators, or at an endpoint by URL."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from app.config import Settings
from app.core.datasets import Content, Imported, Part
from app.core.doctor import Diagnosis
from app.core.engine import Client, Engine, Listing, SchemaObject
from app.core.errors import EngineUnavailable, StatementFailed, StatementRefused
from app.core.limits import Limits, Quota, Usage
from app.core.places import Places
from app.core.results import Statement
from app.core.sandbox import Sandbox
from app.core.vocabulary import Word
from app.engines.dynamodb import browsing, filling, model, server, tables, words
from app.engines.dynamodb.calls import Calls, Halt
from app.engines.dynamodb.checking import checks
from app.engines.dynamodb.client import DynamoClient
from app.engines.dynamodb.costs.meter import Meter
from app.engines.dynamodb.costs.quota import Ledger
from app.engines.dynamodb.server import Pool
from app.engines.dynamodb.shelf import Shelf
from app.engines.dynamodb.sources import statements
from app.engines.dynamodb.sources.calling import Call

CHEAP_TO_COUNT_BYTES = 4_000_000
"""Up to here `usage` counts; above, it gives the upper bound, and the count is left to a write that meets the quota."""


class DynamoEngine(Engine):
    slug = "dynamodb"
    label = "DynamoDB"
    script_name = "dynamo"
    keeps_connections = False
    character = "Key-value: items found by key, priced by the call"
    tries_indexes = True
    editor_mode = "partiql"
    file_extension = "partiql"
    preview = "Scan {TableName: {string}, Limit: 20}"
    namespace_alphabet = "0123456789"
    namespace_length = 12

    pool: Pool
    _calls: Calls

    def __init__(self, settings: Settings, places: Places) -> None:
        super().__init__(settings, places)
        self.quota = Quota(settings.dynamodb_quota_bytes, settings.dynamodb_max_tables)
        self._shelves: dict[str, Shelf] = {}

    @classmethod
    def diagnose(cls, settings: Settings, places: Places) -> Diagnosis:
        return Diagnosis(settings.dynamodb_url) if settings.dynamodb_url else server.diagnose(places)

    async def __aenter__(self) -> Self:
        url = self.settings.dynamodb_url
        self.pool = (
            await server.reach(url, shared=self.settings.dynamodb_shared_account)
            if url
            else await server.start(self.settings, self.places)
        )
        self.info = self.pool.info
        self._calls = Calls(self.settings, self.pool)
        await self._calls.warm_up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close_clients()
        await self._calls.close()
        await self.pool.stop()

    def url(self) -> str | None:
        return ",".join(server.url for server in self.pool.servers)

    async def check(self) -> None:
        await self.pool.check()

    async def create(self, sandbox: Sandbox) -> None:
        """Nothing to make: the account is there with its first table."""
        self._shelf(sandbox)

    async def drop(self, sandbox: Sandbox) -> None:
        await self.close_clients(sandbox)
        await tables.drop_all(self._ask(sandbox))
        self._calls.forget(sandbox)
        self._shelves.pop(sandbox.namespace, None)

    async def open(self, sandbox: Sandbox, name: str) -> Client:
        self._shelf(sandbox)
        return DynamoClient(self, sandbox, name)

    def split(self, source: str) -> list[Statement]:
        return statements.split(source)

    def imported(self, table: Imported) -> Content:
        return filling.imported(table)

    def seed(self, content: Content) -> str:
        return filling.seed(content)

    async def load(self, sandbox: Sandbox, part: Part, limits: Limits) -> AsyncIterator[int]:
        async for done in filling.load(self._ask(sandbox), part):
            yield done
        self._shelf(sandbox).ledger.set(await tables.count_bytes(self._ask(sandbox)))

    def reads(self, statement: Statement) -> bool:
        return statements.reads(statement)

    def streams(self, statement: Statement) -> bool:
        return statements.is_watch(statement)

    async def inspect(self, sandbox: Sandbox) -> list[SchemaObject]:
        return await tables.schema(self._ask(sandbox))

    async def browse(self, sandbox: Sandbox, path: str, cursor: str | None = None) -> Listing:
        return await browsing.browse(self._ask(sandbox), path, cursor)

    async def words(self) -> list[Word]:
        return await asyncio.to_thread(words.vocabulary)

    async def usage(self, sandbox: Sandbox) -> Usage:
        names = await tables.names(self._ask(sandbox))
        ledger = self._shelf(sandbox).ledger
        if not ledger.known or (not ledger.exact and ledger.bound < CHEAP_TO_COUNT_BYTES):
            ledger.set(await tables.count_bytes(self._ask(sandbox)))
        return Usage(ledger.bound, len(names))

    async def namespaces(self) -> set[str]:
        """Those with tables in a shared account; neither the emulator nor DynamoDB Local lists its accounts."""
        return await self._calls.owners() if self.pool.shared else set()

    def in_flight(self, sandbox: Sandbox) -> int:
        """How many requests of the sandbox wait for an answer of its server."""
        return self._calls.in_flight(sandbox)

    def next_write(self, sandbox: Sandbox) -> asyncio.Event:
        """Set once the sandbox was written to, or may have been."""
        return self._shelf(sandbox).wrote

    def lost(self, sandbox: Sandbox) -> str:
        shelf = self._shelf(sandbox)
        gone = shelf.may_have_tables and self.pool.server(sandbox).since > shelf.since
        return (
            "The DynamoDB emulator was started again, and it keeps nothing: the tables of this sandbox were gone."
            if gone
            else ""
        )

    def lost_tables(self, sandbox: Sandbox) -> bool:
        """Whether the sandbox's emulator came back empty since its last run; yes once for each time."""
        return self._shelf(sandbox).lost_tables(self.pool.server(sandbox).since)

    async def send(self, sandbox: Sandbox, operation: str, parameters: dict[str, Any], halt: Halt) -> dict[str, Any]:
        """One call of a run, as the sandbox's own account."""
        try:
            return await self._calls.send(sandbox, operation, parameters, halt)
        finally:
            self._shelf(sandbox).after(operation, parameters)

    async def describe(self, sandbox: Sandbox, table: str, halt: Halt) -> dict[str, Any]:
        """The description of a table, remembered until a table of the sandbox changes."""
        known = self._shelf(sandbox).tables
        if table not in known:
            answer = await self._calls.send(sandbox, "DescribeTable", {"TableName": table}, halt)
            known[table] = answer["Table"]
        return known[table]

    def meter(self, sandbox: Sandbox, halt: Halt) -> Meter:
        """What counts the units of one call. The emulator's figures are flat ones, so ours stand in their place."""

        async def send(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            return await self._calls.send(sandbox, operation, parameters, halt)

        async def describe(table: str) -> dict[str, Any]:
            return await self.describe(sandbox, table, halt)

        return Meter(send, describe, self._shelf(sandbox).throttle, counts=self.pool.is_ministack)

    async def written(self, sandbox: Sandbox, images: list[tuple[str, int]], halt: Halt) -> None:
        """Items that a call left in tables: a stream keeps each of them for a day."""
        for name, size in images:
            table = await self.describe(sandbox, name, halt)
            if table.get("StreamSpecification", {}).get("StreamEnabled"):
                self._shelf(sandbox).stream(name).add(size)

    async def admit(self, sandbox: Sandbox, call: Call, halt: Halt) -> None:
        """Raise StatementRefused when the call would make the sandbox larger than it may be."""

        async def ask(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            return await self._calls.send(sandbox, operation, parameters, halt)

        if call.operation == "CreateTable":
            most = self.settings.dynamodb_max_tables
            if len(await tables.names(ask)) >= most:
                raise StatementRefused(
                    f"A DynamoDB sandbox has at most {most} tables.",
                    code="dynamodb_max_tables",
                    hint="Delete one with DeleteTable, or reset the sandbox.",
                    offset=call.start,
                    limit=("dynamodb_max_tables", most),
                )
        if call.operation in model.WRITES:
            self._admit_to_streams(sandbox, call)
        await self._shelf(sandbox).ledger.admit(call, lambda: tables.count_bytes(ask))

    def _admit_to_streams(self, sandbox: Sandbox, call: Call) -> None:
        """Nothing takes records out of the emulator's streams for a day, so a full one takes no more writes."""
        streams = self._shelf(sandbox).streams
        for name, path in checks.table_names(call):
            held = streams.get(name)
            if held is None or not self.pool.is_ministack:
                continue
            for limit, value, has in (
                ("dynamodb_max_stream_records", self.settings.dynamodb_max_stream_records, held.records),
                ("dynamodb_stream_bytes", self.settings.dynamodb_stream_bytes, held.bytes),
            ):
                if has >= value:
                    raise StatementRefused(
                        f"The stream of {name} is full: it holds {held.records:,} records of {held.bytes / 1e6:.1f} MB here.",
                        code=limit,
                        hint="DeleteTable empties its stream, and so does Reset.",
                        offset=call.offset(path),
                        limit=(limit, value),
                    )

    def _shelf(self, sandbox: Sandbox) -> Shelf:
        shelf = self._shelves.get(sandbox.namespace)
        if shelf is None:
            older = sandbox.created_at < self.pool.server(sandbox).since
            shelf = Shelf(Ledger(self.settings.dynamodb_quota_bytes), sandbox.created_at, may_have_tables=older)
            self._shelves[sandbox.namespace] = shelf
        return shelf

    def _ask(self, sandbox: Sandbox) -> tables.Ask:
        """Calls of the engine's own; what fails there is the server's fault, not the visitor's."""

        async def ask(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            try:
                return await self._calls.ask(sandbox, operation, parameters)
            except StatementFailed as exc:
                raise EngineUnavailable(f"DynamoDB did not answer {operation}: {exc.message}") from exc

        return ask


ENGINE = DynamoEngine
