"""One client of a DynamoDB sandbox. DynamoDB has no connections or state: a client is its runs."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from app.core.calls import Called, run_to_end
from app.core.engine import Client
from app.core.errors import StatementFailed, StatementRefused, StatementStopped
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.results import Event, Notice, Result, Statement, Stats
from app.core.sandbox import Sandbox
from app.core.trials import Trial
from app.engines.dynamodb import model, pages, replies, requests, streams
from app.engines.dynamodb.calls import Halt
from app.engines.dynamodb.checking.mending import mend
from app.engines.dynamodb.checking.validation import validate
from app.engines.dynamodb.compile import Compiler
from app.engines.dynamodb.costs.capacity import Units, read_factor
from app.engines.dynamodb.costs.meter import MANY_ITEMS
from app.engines.dynamodb.pages import Send
from app.engines.dynamodb.partiql import batches
from app.engines.dynamodb.plans import trials
from app.engines.dynamodb.plans.plan import plan_of
from app.engines.dynamodb.replies import Done
from app.engines.dynamodb.shelf import keys_of
from app.engines.dynamodb.sources import statements
from app.engines.dynamodb.sources.calling import Call

if TYPE_CHECKING:
    from app.engines.dynamodb.engine import DynamoEngine

LOST_TABLES = (
    "The DynamoDB emulator was started again since this sandbox was made, and it keeps nothing: "
    "tables made before are gone. Run what creates them once more."
)


CLEAN_UP_MS = 2_000


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

    async def export(self, statement: Statement, limits: Limits) -> AsyncGenerator[Result, None]:
        """All pages, one after the other."""
        following: Statement | None = statement
        while following is not None:
            more = None
            async with aclosing(super().export(following, limits)) as parts:
                async for part in parts:
                    more = part.more
                    yield part
            following = statements.split(more.source)[0] if more else None

    async def run(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        halt = self._halt = Halt(limits.left_ms, limits.max_run_ms)
        self._last = None
        began = monotonic()
        try:
            if self._engine.lost_tables(self.sandbox):
                yield Notice("warning", LOST_TABLES)
            if statements.is_watch(statement):
                async for event in self._watch(statement, limits, halt):
                    yield event
                return
            result = await self._execute(statement, limits, halt)
            shown = len(result.documents) if result.documents is not None else result.stats.row_count
            result.stats = Stats(total_ms=(monotonic() - began) * 1000, row_count=shown)
            yield result
        finally:
            self._halt = None

    async def call(self, request: dict[str, Any], limits: Limits) -> Called:
        statement = requests.statement_of(request)
        result = await run_to_end(self.run(statement, limits))
        if self._last is None:
            raise StatementRefused(f"{request['operation']} is not for scripts.", code="cannot_call")
        return requests.called(self._last[1], result, limits)

    async def explain(self, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
        if self._last is None or self._last[0] != statement:
            raise StatementRefused(
                "DynamoDB has no EXPLAIN; how a statement was executed is known once it has run.",
                code="cannot_explain",
            )
        done = self._last[1]
        if done.call.operation in (*model.TABLES, *model.STREAMS):
            raise StatementRefused(
                f"{done.call.operation} reads and writes no items, so there is nothing to plan.", code="cannot_explain"
            )
        halt = Halt(limits.max_run_ms, limits.max_run_ms)
        table = None
        if name := done.call.parameters.get("TableName"):
            table = await self._describe(name, halt)
        counted = None
        if done.read is not None and done.call.operation != "ExecuteStatement":
            meter = self._engine.meter(self.sandbox, halt)
            counted = await meter.count_pages(done.call, done.read, MANY_ITEMS)
            if done.own is not None:
                done.own, done.pages = counted, done.read.pages
        return plan_of(done, table, counted)

    @property
    def last_call(self) -> Call | None:
        """The call that the last statement was."""
        return self._last[1].call if self._last else None

    async def try_index(self, statement: Statement, explained: Any, index: str, limits: Limits) -> Trial:
        if not isinstance(explained, dict) or explained.get("operation") != "Scan":
            raise StatementRefused("Only a scan can be tried with an index.", code="cannot_try")
        if self._engine.pool.at_aws:
            raise StatementRefused(
                "An index is tried on a copy of the table, and AWS would bill for the copy.", code="cannot_try"
            )
        await self.begin(statement.text, limits)
        halt = Halt(limits.left_ms, limits.max_run_ms)

        async def clean_up(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            if halt.under_way:
                await asyncio.wait(halt.under_way, timeout=CLEAN_UP_MS / 1000)
            return await self._sender(Halt(CLEAN_UP_MS, limits.max_run_ms))(operation, parameters)

        return await trials.try_index(self, statement, index, limits, send=self._sender(halt), clean_up=clean_up)

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
            self._engine.pool.is_ministack or self._engine.pool.shared,
            lambda table: self._describe(table, halt),
            self._bindings,
        )
        call, verb = await compiler.call_of(statement)
        if call.operation == model.NOTHING:
            return self._bound(statement, call)
        validate(call, await self._known(call, halt))
        done = Done(call, verb)
        try:
            result = await self._answered(statement, done, limits, halt)
        except StatementFailed as exc:
            raise _placed(exc, done, statement) from exc
        self._last = (statement, done)
        result.notices += [Notice("info", note) for note in call.notes]
        return result

    async def _watch(self, statement: Statement, limits: Limits, halt: Halt) -> AsyncIterator[Event]:
        call = statements.read_call(statement)
        name, start = streams.check_watch(call)
        try:
            table = await self._describe(name, halt)
        except StatementFailed as exc:
            exc.offset = call.offset(("TableName",))
            raise
        yield Notice("info", f"Watching the stream of {name}.")
        watch = streams.Watch(
            self._sender(halt), halt, table, start, call, lambda: self._engine.next_write(self.sandbox)
        )
        async for event in watch.events(statement, limits):
            yield event

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
        if call.parts:
            return replies.of_answer(statement, done, await self._one_by_one(done, halt), limits)
        meter = self._engine.meter(self.sandbox, halt)
        sent = replace(call, parameters=await self._mended(call, await meter.before(call), halt))
        await self._engine.admit(self.sandbox, call, halt)
        if call.operation in pages.PAGED:
            try:
                keys = await self._resume_keys(call, halt)
                read = await pages.read_pages(self._sender(halt), sent, limits, keys)
            except StatementStopped as exc:
                exc.detail = "Reading stopped between two pages."
                raise
            if call.operation != "ExecuteStatement":
                done.own = await meter.after_pages(call, read)
            return replies.of_pages(statement, done, read)
        if call.operation == "GetRecords":
            return await streams.read_records(self._sender(halt), statement, call, limits)
        answer = await self._sender(halt)(sent.operation, sent.parameters)
        done.own = await meter.after(call, answer)
        await self._engine.written(self.sandbox, meter.images, halt)
        return replies.of_answer(statement, done, answer, limits, await self._resume_keys(call, halt))

    async def _mended(self, call: Call, parameters: dict[str, Any], halt: Halt) -> dict[str, Any]:
        return await mend(call, parameters, self._sender(halt)) if self._engine.pool.is_ministack else parameters

    async def _one_by_one(self, done: Done, halt: Halt) -> dict[str, Any]:
        """A batch of PartiQL: each statement is a call of its own."""
        total = Units(0.0)

        async def send(call: Call, verb: str) -> dict[str, Any]:
            meter = self._engine.meter(self.sandbox, halt)
            sent = await self._mended(call, await meter.before(call), halt)
            await self._engine.admit(self.sandbox, call, halt)
            answer = await self._sender(halt)(call.operation, sent)
            units = await meter.after(call, answer) if call.operation not in pages.PAGED else None
            total.value += units.total if units else read_factor(consistent=False)
            await self._engine.written(self.sandbox, meter.images, halt)
            return answer

        answer = await batches.one_by_one(done.call.parts, send)
        done.own = total
        return answer

    async def _known(self, call: Call, halt: Halt) -> dict[str, Any] | None:
        """The table that a call of items names, if it is there: else the call itself says that it is not."""
        name = call.parameters.get("TableName")
        if name is None or call.operation not in (*model.READS, *model.WRITES):
            return None
        try:
            return await self._describe(name, halt)
        except StatementFailed:
            return None

    async def _resume_keys(self, call: Call, halt: Halt) -> tuple[str, ...]:
        """The attributes of a key from which a query or scan goes on: those of the table, and of the index it reads."""
        table = await self._known(call, halt)
        if table is None:
            return ()
        found = [keys_of(table, None), keys_of(table, call.parameters.get("IndexName"))]
        return tuple(dict.fromkeys(part for keys in found if keys for part in keys if part))

    def _sender(self, halt: Halt) -> Send:
        async def send(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            return await self._engine.send(self.sandbox, operation, parameters, halt)

        return send

    async def _describe(self, table: str, halt: Halt) -> dict[str, Any]:
        return await self._engine.describe(self.sandbox, table, halt)


def _placed(error: StatementFailed, done: Done, statement: Statement) -> StatementFailed:
    """The server's error as the visitor knows it: PartiQL's own name for it, and where the statement stands."""
    if done.verb == "INSERT" and error.code == "ConditionalCheckFailedException":
        return StatementFailed(
            batches.DUPLICATE,
            code="DuplicateItemException",
            hint="INSERT never replaces an item. Use UPDATE, or PutItem, which does.",
            offset=statement.start,
        )
    for number, inserts in enumerate(done.call.inserts, 1):
        if inserts and error.detail:
            refused = f"{number}. ConditionalCheckFailed: The conditional request failed"
            error.detail = "\n".join(
                f"{number}. DuplicateItem: {batches.DUPLICATE}" if line == refused else line
                for line in error.detail.split("\n")
            )
    if error.offset is None:
        error.offset = statement.start
    return error
