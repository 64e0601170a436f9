"""Plans of statements on one session, and indexes tried out in a transaction that is rolled back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from app.core.errors import StatementRefused, StatementStopped
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.results import Statement
from app.core.trials import Trial
from app.engines.postgres.catalog import question
from app.engines.postgres.connections.session import Session
from app.engines.postgres.plans import plan
from app.engines.postgres.sources.statements import first_words, split, without_go

SAVEPOINT = "sandtable_plan"
TRIED = (
    "Tried in a transaction that was rolled back: the index is gone again. Each side was run twice and the second time counts, "
    "so that both found the table in memory."
)

HELD_BACK = (
    "Rows were updated in place in this transaction, and PostgreSQL does not use a new index before their old versions are gone: "
    "the second plan could not use it yet."
)


async def explain(session: Session, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
    """The plan of a statement, with the indexes of tables that it reads whole."""
    plan.require_explainable(statement.text)
    if not measure:
        return await _told(session, statement, limits, measure=False)
    async with _undone(session, statement, limits):
        return await _told(session, statement, limits, measure=True)


async def try_index(session: Session, statement: Statement, index: str, limits: Limits) -> Trial:
    """The statement's measured plan before and after the index is made. Raises StatementRefused for what makes none."""
    plan.require_explainable(statement.text)
    name = _index_name(index)
    left = _Left(limits)
    trial, table = await _try(session, statement, index, name, left)
    if table and session.transaction == "none":
        await session.ask(f"VACUUM {table}", statement.start, left.now())
        trial, table = await _try(session, statement, index, name, left)
    return replace(trial, note=f"{trial.note} {HELD_BACK}") if table else trial


async def _try(
    session: Session, statement: Statement, index: str, name: str, left: "_Left"
) -> tuple[Trial, str | None]:
    """A trial; and the table, where PostgreSQL doesn't use the index before the old versions of its rows are gone."""
    async with _undone(session, statement, left.now()):
        before = await _warm(session, statement, left)
        await session.ask(index.rstrip().rstrip(";"), statement.start, left.now())
        held_back = await session.ask(question("is_held_back"), statement.start, left.now(), name)
        after = await _warm(session, statement, left)
    table = held_back.rows[0][1] if held_back.rows and held_back.rows[0][0] == "t" else None
    return Trial(index, f"DROP INDEX {name};", before, after, TRIED), table


class _Left:
    """What is left of the time, for work in several steps."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._began = time.monotonic()

    def now(self) -> Limits:
        left_ms = self._limits.left_ms - int((time.monotonic() - self._began) * 1000)
        if left_ms <= 0:
            raise StatementStopped.by_time(self._limits.max_run_ms)
        return replace(self._limits, left_ms=left_ms)


async def _warm(session: Session, statement: Statement, left: _Left) -> Plan:
    """Measured twice, each time undone, so that a write meets the same rows again."""
    async with _undone(session, statement, left.now()):
        await _told(session, statement, left.now(), measure=True)
    async with _undone(session, statement, left.now()):
        return await _told(session, statement, left.now(), measure=True)


async def _told(session: Session, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
    prefix, text = plan.prefix(measure=measure), without_go(statement.text)
    answer = await session.ask(prefix + text, statement.start - len(prefix), limits)
    found = await asyncio.to_thread(plan.read, answer, measured=measure, statement=text)
    if not any(node.access == "full scan" and node.conditions for node in found.root.walk()):
        return found
    quoted = ('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in plan.tables_of(found))
    indexes = await session.ask(question("indexes_of"), statement.start, limits, f"{{{','.join(quoted)}}}")
    return plan.with_indexes(found, indexes.rows)


@asynccontextmanager
async def _undone(session: Session, statement: Statement, limits: Limits) -> AsyncIterator[None]:
    """What is done within is rolled back, leaving an open transaction as it was."""
    opening, closing = ["BEGIN"], ["ROLLBACK"]
    if session.transaction != "none":
        opening = [f"SAVEPOINT {SAVEPOINT}"]
        closing = [f"ROLLBACK TO SAVEPOINT {SAVEPOINT}", f"RELEASE SAVEPOINT {SAVEPOINT}"]
    for step in opening:
        await session.ask(step, statement.start, limits)
    try:
        yield
    finally:
        if session.transaction != "none":
            for step in closing:
                await session.ask(step, statement.start, limits)


def _index_name(source: str) -> str:
    """The name in a single CREATE INDEX, which a rollback undoes."""
    statements = split(source)
    words = first_words(source, 6)
    if len(statements) != 1 or words[:2] != ("create", "index") or "concurrently" in words:
        raise StatementRefused("This makes no index that could be undone.", code="cannot_try")
    return source.split()[2]
