"""The store contract on PostgreSQL and in memory."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.core.engine import Engine
from app.core.sandbox import Sandbox
from app.engines.postgres.engine import PostgresEngine
from app.playground.store import RunRecord, SandboxRecord, Snapshot, Store
from app.stores.memory import MemoryStore
from app.stores.postgres import PostgresStore, migrate

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "postgres"])
def server(request: pytest.FixtureRequest) -> PostgresEngine | None:
    return request.getfixturevalue("postgres") if request.param == "postgres" else None


@pytest.fixture
async def store(server: PostgresEngine | None) -> AsyncIterator[Store]:
    if server is None:
        yield MemoryStore()
        return
    await server.server.ensure_database("store_test")
    arguments = server.server.connect_arguments("store_test")
    async with PostgresStore(arguments) as store:
        async with store._connection() as connection:
            await connection.execute("truncate sessions, sandboxes, runs, snapshots")
        yield store


def record(session: str | None = "s", engine: str = "postgres", **more: object) -> SandboxRecord:
    sandbox = replace(Sandbox.new(engine), session_id=session, created_at=NOW)
    return replace(SandboxRecord(sandbox, NOW), **more)  # type: ignore[arg-type]


async def test_sessions(store: Store) -> None:
    assert not await store.has_session("s")
    await store.open_session("s")
    await store.open_session("s")
    assert await store.has_session("s")


async def test_a_sandbox_is_found_by_its_session_and_engine(store: Store) -> None:
    await store.open_session("s")
    saved = record()
    await store.save_sandbox(saved)
    assert await store.sandbox_of("s", "postgres") == saved
    assert await store.sandbox_of("s", "redis") is None
    await store.save_sandbox(replace(saved, seed_hash="abc"))
    found = await store.sandbox_of("s", "postgres")
    assert found is not None
    assert found.seed_hash == "abc"


async def test_a_dropping_sandbox_takes_no_new_work_but_is_remembered(store: Store) -> None:
    await store.open_session("s")
    saved = record()
    await store.save_sandbox(saved)
    await store.mark_dropping(saved.sandbox.namespace)
    assert await store.sandbox_of("s", "postgres") is None
    assert [r.dropping for r in await store.sandboxes("postgres")] == [True]
    await store.save_sandbox(record())
    await store.forget_sandbox(saved.sandbox.namespace)
    assert len(await store.sandboxes("postgres")) == 1


async def test_a_ready_sandbox_is_claimed_once(store: Store) -> None:
    for session in ("s", "t", "u"):
        await store.open_session(session)
    for _ in range(2):
        await store.save_sandbox(record(session=None))
    claimed = await asyncio.gather(*(store.claim_ready("postgres", session) for session in ("s", "t", "u")))
    namespaces = [sandbox.namespace for sandbox in claimed if sandbox]
    assert len(namespaces) == len(set(namespaces)) == 2
    assert await store.claim_ready("redis", "s") is None


async def test_touching_tells_when_it_was_used(store: Store) -> None:
    await store.open_session("s")
    saved = record()
    await store.save_sandbox(saved)
    later = NOW + timedelta(minutes=5)
    await store.touch_sandboxes({saved.sandbox.namespace: later, "unknown": later})
    found = await store.sandbox_of("s", "postgres")
    assert found is not None
    assert found.used_at == later


async def test_the_run_log_gives_the_last_run(store: Store) -> None:
    assert await store.last_run("s", "redis") is None
    for source in ("first", "a\0b"):
        await store.add_run(RunRecord("s", "redis", "main", source, "", "ok", 1, 1.5, NOW))
    await store.add_run(RunRecord("s", "postgres", "main", "other", "", "ok", 1, 1.5, NOW))
    last = await store.last_run("s", "redis")
    assert last is not None
    assert last.source in ("a\0b", "a\N{SYMBOL FOR NULL}b")


async def test_a_snapshot_is_immutable(store: Store) -> None:
    body = {"title": "t", "panes": [{"rows": [["1", None, "\u0000 <script>"]]}]}
    await store.add_snapshot(Snapshot("id", "s", NOW, body))
    await store.add_snapshot(Snapshot("id", "s", NOW, {"title": "other"}))
    assert await store.snapshot("id") == Snapshot("id", "s", NOW, body)
    assert await store.snapshot("other") is None


async def test_migrations_run_once_also_from_two_processes_at_once(postgres: Engine) -> None:
    assert isinstance(postgres, PostgresEngine)
    await postgres.server.ensure_database("store_migration_test")
    arguments = postgres.server.connect_arguments("store_migration_test")
    connections = [await asyncpg.connect(**arguments) for _ in range(3)]
    try:
        applied = await asyncio.gather(*(migrate(connection) for connection in connections))
        assert sorted(map(len, applied))[:-1] == [0, 0]
        assert await migrate(connections[0]) == []
    finally:
        for connection in connections:
            await connection.close()
