"""One visitor's shell: a JavaScript context for each run, a session on the server, and the cursor that `it` continues."""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from app.core.calls import Called
from app.core.engine import Client
from app.core.errors import (
    EngineUnavailable,
    SandboxExpired,
    StatementError,
    StatementFailed,
    StatementRefused,
    StatementStopped,
)
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.results import Event, Message, Notice, Result, Statement, Stats
from app.core.sandbox import Sandbox
from app.core.trials import Trial
from app.engines.mongodb import calls, trials, values
from app.engines.mongodb import plan as plans
from app.engines.mongodb.accounts import Accounts
from app.engines.mongodb.changes import event_of, live
from app.engines.mongodb.errors import statement_error
from app.engines.mongodb.host import ShellHost
from app.engines.mongodb.positions import last_start
from app.engines.mongodb.present import Pager, closer_look, documents, page, presented
from app.engines.mongodb.scans import scan_notice
from app.engines.mongodb.stages import stages
from app.engines.mongodb.statements import Word, is_watch, word_of
from app.engines.mongodb.work import Cursor, Work
from app.scripting import positions
from app.scripting.bridge import Bridge
from app.scripting.errors import HostFailure, ScriptFailed, ScriptStopped
from app.scripting.runtime import MAX_MEMORY_BYTES, Script, Scripts

STOPS = {
    "memory": StatementStopped(
        f"Stopped: the script wanted more than {MAX_MEMORY_BYTES // 1024 // 1024} MB of memory.",
        code="script_memory",
        hint="Take fewer documents at a time: limit(), or a loop over the cursor instead of toArray().",
        limit=("script_memory_bytes", MAX_MEMORY_BYTES),
    ),
    "stack": StatementFailed(
        "The script's calls or its data are nested too deep.",
        code="RangeError",
        hint="Is there a recursion without end?",
    ),
}


OPEN_TRANSACTION = Notice(
    "warning", "A transaction is still open. It is aborted now: a transaction lasts no longer than its run."
)


class MongoClient(Client):
    def __init__(
        self,
        sandbox: Sandbox,
        name: str,
        *,
        scripts: Scripts,
        work: Work,
        accounts: Accounts,
        must_run: Callable[[], None],
    ) -> None:
        super().__init__(sandbox, name)
        self._must_run = must_run
        self._scripts = scripts
        self._accounts = accounts
        self.work = work
        self.host = ShellHost(work, work.admin, accounts)
        self._bridge: Bridge | None = None
        self._script: Script | None = None
        self._pager: Pager | None = None
        self._source = ""
        self._last_start = -1
        self._plans_of: dict[int, dict[str, Any]] = {}
        self._stopping = False
        self._beside = False  # something else than a run's script has the server work
        self._in_run = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    @property
    def alive(self) -> bool:
        return not self._closed

    @property
    def busy(self) -> bool:
        return self._in_run

    async def begin(self, source: str, limits: Limits) -> None:
        self._must_run()
        self._source = source
        self._last_start = last_start(source)
        self._stopping = False
        self._plans_of.clear()
        self.host.begin()
        self.work.begin()
        self._bridge = None
        self._in_run = True

    async def run(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        began = time.perf_counter()
        left_ms = min(limits.left_ms, limits.max_run_ms)
        self.work.deadline = time.monotonic() + left_ms / 1000
        self.host.explainable, self.host.explained = None, False
        self._idle.clear()
        failed: StatementError | None = None
        outcome: Result | Live | None = None
        try:
            try:
                outcome = await self._result(statement, replace(limits, left_ms=left_ms))
            except StatementError as exc:
                failed = exc
            if self.host.explainable is not None:
                self._plans_of[statement.start] = self.host.explainable
            if isinstance(outcome, Result):
                await self._add_remarks(outcome, statement)
            for notice in self._said():
                yield notice
            if isinstance(outcome, Live):
                async for event in live(self.work, outcome.cursor, self.host.name, statement, limits, began):
                    yield event if isinstance(event, Message) else _timed(event, began)
        finally:
            self._idle.set()
        if failed is not None:
            raise failed
        if isinstance(outcome, Result):
            yield _timed(outcome, began)

    def _said(self) -> list[Notice]:
        said, self.host.notices = self.host.notices, []
        return said

    async def _add_remarks(self, result: Result, statement: Statement) -> None:
        """What is worth knowing beside a result: a query without an index, a transaction that ends with the run."""
        command = self.host.explainable
        if command is not None and not self._stopping:
            notice = await scan_notice(self.work, command)
            if notice is not None:
                result.notices.append(notice)
        if self.host.explained and result.kind == "documents" and result.documents:
            with contextlib.suppress(StatementRefused):  # the script made something else of it
                result.plan = plans.read(values.from_script(result.documents[0]))
        if statement.start == self._last_start and self.work.seats.open_transactions:
            result.notices.append(OPEN_TRANSACTION)

    async def explain(self, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
        command = self._plans_of.get(statement.start)
        if command is None:
            raise StatementRefused(
                "This statement sent nothing that has a plan.",
                code="cannot_explain",
                hint="find, aggregate, count, distinct, updates and deletes have one.",
            )
        return await plans.explain(self.work, command, limits, measure=measure)

    async def try_index(self, statement: Statement, explained: Any, index: str, limits: Limits) -> Trial:
        self._must_run()
        self.work.begin()
        self._beside = True
        try:
            return await trials.try_index(self.work, explained, index, limits)
        except ScriptStopped as exc:
            raise self._stop_of(exc, statement, limits) from exc
        finally:
            self._beside = False

    async def call(self, request: dict[str, Any], limits: Limits) -> Called:
        self.work.deadline = time.monotonic() + min(limits.left_ms, limits.max_run_ms) / 1000
        self._beside = True
        began = time.perf_counter()
        try:
            called = await calls.call(self.host, self.work, request, limits)
        except HostFailure as exc:
            raise (StatementStopped.by_visitor() if self.work.stopped else calls.failure_of(exc)) from exc
        except ScriptStopped as exc:
            await self.work.end()
            raise (
                StatementStopped.by_visitor() if self.work.stopped else StatementStopped.by_time(limits.max_run_ms)
            ) from exc
        finally:
            self._beside = False
        return replace(called, ms=(time.perf_counter() - began) * 1000)

    async def finish(self) -> None:
        self._in_run = False
        script, self._script = self._script, None
        if script is not None:
            self._scripts.close(script)
        self.work.deadline = time.monotonic() + 1
        keep = self._pager.cursor if self._pager else None
        try:
            await self.work.end()
            await self.work.close_all(keep)
        except (EngineUnavailable, SandboxExpired, HostFailure):
            self._pager = None
        for close in self._accounts.close():
            await asyncio.to_thread(close)

    async def stop(self) -> None:
        if self._beside:
            self.work.stopped = True
            await self.work.end()
        if not self._in_run:
            return
        self._stopping = self.work.stopped = True
        if self._script is not None:
            self._script.stop()
        if self._bridge is not None:
            self._bridge.cancel()
        await self.work.end()
        await self._idle.wait()

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self.stop()
            await self.work.seats.end_all()
            await self.work.seats.own.session.end_session()

    async def export(self, statement: Statement, limits: Limits) -> AsyncGenerator[Result, None]:
        """The first page, and those that `it` would show, within the same run."""
        async with aclosing(super().export(statement, limits)) as parts:
            async for part in parts:
                yield part
                while self._pager is not None and not self._pager.exhausted:
                    yield await self._more(statement, limits)

    async def _result(self, statement: Statement, limits: Limits) -> "Result | Live":
        """Execute a statement; whatever ends it early has ended on the server too when this raises."""
        try:
            return await self._execute(statement, limits)
        except (ScriptFailed, HostFailure) as exc:
            if self._stopping:
                await self.work.end()
                raise StatementStopped.by_visitor() from exc
            if isinstance(exc, ScriptFailed):
                raise self._failure(exc, statement) from exc
            failed = ScriptFailed(str(exc.fields["name"]), str(exc.fields["message"]))
            raise statement_error(failed, exc, statement.start) from exc
        except ScriptStopped as exc:
            await self.work.end()
            raise self._stop_of(exc, statement, limits) from exc
        except EngineUnavailable:
            self.work.forget()
            self._pager = None
            raise

    async def _execute(self, statement: Statement, limits: Limits) -> "Result | Live":
        word = word_of(statement.text)
        if word is not None and word.name == "it":
            return await self._more(statement, limits)
        script = await self._context()
        text = await script.evaluate(
            _code_of(word) if word else statement.text,
            seconds=limits.left_ms / 1000,
            line=statement.line,
            column=1 if word else positions.column_of(self._source, statement.start),
            show=json.dumps({"maxRows": limits.max_rows, "maxBytes": limits.max_reply_bytes}),
        )
        shown = json.loads(text)
        match shown["kind"]:
            case "cursor":
                order = self.host.order(shown["command"])
                _, cursor = await self.work.open(order, shown.get("session"))
                self._pager = Pager(cursor)
                result = await page(self._pager, self.work, statement, limits)
                result.closer = closer_look(order)
                return result
            case "page":
                self._pager = Pager(rest=deque(shown["documents"]))
                return await page(self._pager, self.work, statement, limits)
            case "stages":
                order = self.host.order(shown["command"])
                self.host.explainable = None
                return await stages(self.work, order, shown.get("session"), statement, limits)
            case "stream":
                return await self._watching(shown, statement, limits)
            case _:
                return presented(shown, statement, limits)

    async def _context(self) -> Script:
        """The run's script, made when it is first needed: a call of a script across engines needs none."""
        if self._script is None:
            bridge = Bridge(self.host.operations(), self.host.direct)
            self._script = await self._scripts.open(bridge.call)
            self._bridge = bridge
        if self._stopping:
            raise StatementStopped.by_visitor()
        return self._script

    async def _watching(self, shown: dict[str, Any], statement: Statement, limits: Limits) -> "Result | Live":
        """A change stream as a statement's value: live where the statement is nothing else, else what has come until now."""
        cursor = self.work.cursors.get(str(shown["cursor"]))
        if cursor is None:
            return Result(kind="status", statement=statement, status="a closed change stream")
        if is_watch(statement.text):
            return Live(cursor)
        raw = await self.work.poll(cursor, 100)
        changes = [event_of(values.decode(document), self.work.database, self.host.name) for document in raw]
        return documents([values.to_data(change) for change in changes], len(changes), statement, limits)

    async def _more(self, statement: Statement, limits: Limits) -> Result:
        if self._pager is None or self._pager.exhausted:
            return Result(kind="status", statement=statement, status="no cursor to continue")
        return await page(self._pager, self.work, statement, limits)

    def _failure(self, exc: ScriptFailed, statement: Statement) -> Exception:
        offset = positions.offset_of(self._source, exc.line, exc.column)
        offset = statement.start if offset is None else offset
        failure = self._bridge.failure_of(exc.name, exc.message) if self._bridge else None
        return statement_error(exc, failure, offset)

    def _stop_of(self, exc: ScriptStopped, statement: Statement, limits: Limits) -> Exception:
        if self._stopping or exc.reason == "stopped":
            return StatementStopped.by_visitor()
        if exc.reason == "time":
            return StatementStopped.by_time(limits.max_run_ms)
        known = STOPS[exc.reason]
        return type(known)(known.message, code=known.code, hint=known.hint, offset=statement.start, limit=known.limit)


@dataclass(frozen=True, slots=True)
class Live:
    """A statement that goes on as a change stream."""

    cursor: Cursor


def _timed(result: Event, began: float) -> Event:
    if isinstance(result, Result):
        count = len(result.documents) if result.kind == "documents" and result.documents is not None else None
        result.stats = Stats(total_ms=(time.perf_counter() - began) * 1000, row_count=count)
    return result


def _code_of(word: Word) -> str:
    return f"__word({json.dumps(word.name)}, {json.dumps(word.argument)})"
