"""One client of a DynamoDB sandbox. DynamoDB has no connections or state: a client is its runs."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import TYPE_CHECKING, Any

from app.core.engine import Client
from app.core.errors import StatementFailed, StatementRefused, StatementStopped
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.results import Event, Notice, Result, Statement, Stats
from app.core.sandbox import Sandbox
from app.engines.dynamodb import model, pages, replies
from app.engines.dynamodb.calling import Call
from app.engines.dynamodb.calls import Halt
from app.engines.dynamodb.compile import Compiler
from app.engines.dynamodb.plan import plan_of
from app.engines.dynamodb.replies import Done
from app.engines.dynamodb.shelf import keys_of

if TYPE_CHECKING:
    from app.engines.dynamodb.engine import DynamoEngine

LOST_TABLES = (
    "The DynamoDB emulator was started again since this sandbox was made, and it keeps nothing: "
    "tables made before are gone. Run what creates them once more."
)


class DynamoClient(Client):
    def __init__(self, engine: "DynamoEngine", sandbox: Sandbox, name: str) -> None:
        super().__init__(sandbox, name)
        self._engine = engine
        self._halt: Halt | None = None
        self._last: tuple[Statement, Done] | None = None
        self._closed = False
        self._bindings: dict[str, str] = {}

    @property
    def alive(self) -> bool:
        return not self._closed

    async def begin(self, source: str, limits: Limits) -> None:
        self._bindings.clear()

    async def run(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        halt = self._halt = Halt(limits.left_ms, limits.max_run_ms)
        self._last = None
        began = monotonic()
        try:
            if self._engine.lost_tables(self.sandbox):
                yield Notice("warning", LOST_TABLES)
            result = await self._execute(statement, limits, halt)
            shown = len(result.documents) if result.kind == "documents" and result.documents is not None else None
            result.stats = Stats(total_ms=(monotonic() - began) * 1000, row_count=shown)
            yield result
        finally:
            self._halt = None

    async def explain(self, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
        if self._last is None or self._last[0] != statement:
            raise StatementRefused(
                "DynamoDB has no EXPLAIN; how a statement was executed is known once it has run.",
                code="cannot_explain",
            )
        done = self._last[1]
        if done.call.operation in model.TABLES:
            raise StatementRefused(
                f"{done.call.operation} reads and writes no items, so there is nothing to plan.", code="cannot_explain"
            )
        keys = None
        if name := done.call.parameters.get("TableName"):
            table = await self._describe(name, Halt(limits.max_run_ms, limits.max_run_ms))
            keys = keys_of(table, done.call.parameters.get("IndexName"))
        return plan_of(done, keys)

    async def stop(self) -> None:
        halt = self._halt
        if halt is None:
            return
        halt.stop()
        if halt.under_way:
            await asyncio.wait(halt.under_way)

    async def close(self) -> None:
        self._closed = True
        await self.stop()

    async def _execute(self, statement: Statement, limits: Limits, halt: Halt) -> Result:
        compiler = Compiler(
            self.sandbox.namespace,
            self._engine.pool.is_ministack,
            lambda table: self._describe(table, halt),
            self._bindings,
        )
        call, verb = await compiler.call_of(statement)
        if call.operation == model.NOTHING:
            return self._bound(statement, call)
        await self._engine.admit(self.sandbox, call, halt)
        done = Done(call, verb)
        try:
            result = await self._answered(statement, done, limits, halt)
        except StatementFailed as exc:
            raise _placed(exc, done, statement) from exc
        self._last = (statement, done)
        result.notices += [Notice("info", note) for note in call.notes]
        return result

    def _bound(self, statement: Statement, call: Call) -> Result:
        """A line of a program that calls nothing: it may give a table a name."""
        status = "nothing to run"
        if call.parameters:
            name, table = call.parameters["name"], call.parameters["table"]
            self._bindings[name] = table
            status = f"{name} stands for the table {table}"
        notices = [Notice("info", note) for note in call.notes]
        return Result(kind="status", statement=statement, status=status, notices=notices)

    async def _answered(self, statement: Statement, done: Done, limits: Limits, halt: Halt) -> Result:
        call = done.call

        async def send(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            return await self._engine.send(self.sandbox, operation, parameters, halt)

        if call.operation in pages.PAGED:
            try:
                return replies.of_pages(statement, done, await pages.read_pages(send, call, limits))
            except StatementStopped as exc:
                exc.detail = "Reading stopped between two pages."
                raise
        answer = await send(call.operation, call.parameters)
        return replies.of_answer(statement, done, answer, limits)

    async def _describe(self, table: str, halt: Halt) -> dict[str, Any]:
        return await self._engine.describe(self.sandbox, table, halt)


def _placed(error: StatementFailed, done: Done, statement: Statement) -> StatementFailed:
    """The server's error as the visitor knows it: PartiQL's own name for it, and where the statement stands."""
    if done.verb == "INSERT" and error.code == "ConditionalCheckFailedException":
        return StatementFailed(
            "Duplicate primary key exists in table",
            code="DuplicateItemException",
            hint="INSERT never replaces an item. Use UPDATE, or PutItem, which does.",
            offset=statement.start,
        )
    if error.offset is None:
        error.offset = statement.start
    return error
