"""The store contract on PostgreSQL and in memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import asyncpg
import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import Forbidden
from app.core.sandbox import Sandbox
from app.engines.postgres.engine import PostgresEngine
from app.playground import services
from app.playground.engines import Engines
from app.playground.sharing.snapshots import Snapshots
from app.playground.store import EXPIRED, Opened, Playground, RunRecord, SandboxRecord, Snapshot, Store
from app.stores.memory import MemoryStore
from app.stores.postgres import PostgresStore, migrate
from app.web.render import environment
from tests.web import samples

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
            await connection.execute("truncate sessions, sandboxes, runs, playgrounds, snapshots")
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


async def test_a_seed_told_late_brings_nothing_back(store: Store) -> None:
    await store.open_session("s")
    saved = record()
    await store.save_sandbox(saved)
    await store.set_seed(saved.sandbox.namespace, "abc")
    found = await store.sandbox_of("s", "postgres")
    assert found is not None
    assert found.seed_hash == "abc"
    await store.mark_dropping(saved.sandbox.namespace)
    await store.set_seed(saved.sandbox.namespace, "def")
    assert await store.sandbox_of("s", "postgres") is None
    await store.forget_sandbox(saved.sandbox.namespace)
    await store.set_seed(saved.sandbox.namespace, "def")
    assert await store.sandboxes("postgres") == []


async def test_what_is_used_is_not_taken_for_unused(store: Store) -> None:
    await store.open_session("s")
    saved = record()
    await store.save_sandbox(saved)
    namespace, later = saved.sandbox.namespace, NOW + timedelta(seconds=1)
    used = await store.use_sandbox("s", "postgres")
    assert used is not None
    assert used.used_at > later
    assert used == await store.sandbox_of("s", "postgres")
    assert not await store.mark_dropping(namespace, later)
    assert await store.use_sandbox("s", "postgres") is not None
    await store.touch_sandboxes({namespace: NOW})
    assert await store.mark_dropping(namespace, later)
    assert await store.mark_dropping(namespace, NOW), "it is one already"
    assert await store.use_sandbox("s", "postgres") is None
    assert not await store.mark_dropping("unknown")


async def test_a_ready_sandbox_is_claimed_once(store: Store) -> None:
    for session in ("s", "t", "u"):
        await store.open_session(session)
    for _ in range(2):
        await store.save_sandbox(record(session=None))
    claimed = await asyncio.gather(*(store.claim_ready("postgres", session) for session in ("s", "t", "u")))
    namespaces = [sandbox.namespace for sandbox in claimed if sandbox]
    assert len(namespaces) == len(set(namespaces)) == 2
    assert await store.claim_ready("redis", "s") is None


async def test_a_ready_sandbox_is_claimed_on_servers_that_give_them(store: Store) -> None:
    await store.open_session("s")
    saved = record(session=None)
    await store.save_sandbox(replace(saved, sandbox=replace(saved.sandbox, server="two:5432")))
    assert await store.claim_ready("postgres", "s") is None
    assert await store.claim_ready("postgres", "s", servers=("one:5432",)) is None
    claimed = await store.claim_ready("postgres", "s", servers=("one:5432", "two:5432"))
    assert claimed is not None
    assert claimed.server == "two:5432"
    found = await store.sandbox_of("s", "postgres")
    assert found is not None
    assert found.sandbox.server == "two:5432"


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


async def test_a_session_s_runs_are_its_own_to_list_and_delete(store: Store) -> None:
    for number, (session, engine) in enumerate([("s", "redis"), ("s", "postgres"), ("t", "redis"), ("s", "redis")]):
        await store.add_run(RunRecord(session, engine, "main", f"source {number}", "seed", "ok", 1, 1.5, NOW))
    runs = await store.runs_of("s")
    assert [run.source for run in runs] == ["source 3", "source 1", "source 0"]
    assert [run.source for run in await store.runs_of("s", engine="redis")] == ["source 3", "source 0"]
    assert [run.source for run in await store.runs_of("s", before=runs[0].id, most=1)] == ["source 1"]
    newest, _, oldest = (run.id or 0 for run in runs)
    assert (await store.run("s", oldest)) == runs[2]
    assert await store.run("t", oldest) is None
    assert await store.delete_runs("t", [oldest]) == 0
    assert await store.delete_runs("s", [oldest, newest]) == 2
    assert [run.source for run in await store.runs_of("s")] == ["source 1"]
    assert await store.delete_runs("s") == 1
    assert len(await store.runs_of("t")) == 1


async def test_old_runs_are_forgotten_whoever_s_they_are(store: Store) -> None:
    for age_days, session in ((40, "s"), (31, "t"), (29, "s"), (0, "t")):
        began = NOW - timedelta(days=age_days)
        await store.add_run(RunRecord(session, "redis", "main", f"{age_days}", "", "ok", 1, 1.5, began))
    assert await store.forget_runs(NOW - timedelta(days=30)) == 2
    assert await store.forget_runs(NOW - timedelta(days=30)) == 0
    assert [run.source for session in ("s", "t") for run in await store.runs_of(session)] == ["29", "0"]


async def test_old_sessions_without_a_sandbox_are_forgotten(store: Store) -> None:
    for session in ("gone", "works"):
        await store.open_session(session)
    await store.save_sandbox(record("works"))
    assert await store.forget_sessions(datetime.now(UTC) - timedelta(days=1)) == 0
    assert await store.forget_sessions(datetime.now(UTC) + timedelta(days=1)) == 1
    assert [await store.has_session(session) for session in ("gone", "works")] == [False, True]
    assert await store.sandbox_of("works", "postgres") is not None


async def test_the_janitor_forgets_what_is_older_than_the_settings_say(store: Store) -> None:
    for age_days in (8, 6):
        began = datetime.now(UTC) - timedelta(days=age_days)
        await store.add_run(RunRecord("s", "redis", "main", f"{age_days}", "", "ok", 1, 1.5, began))
    made = services.build(Settings(run_log_days=7), Engines({}), store, b"secret")
    await made.janitor.round()
    assert [run.source for run in await store.runs_of("s")] == ["6"]


BODY = {"title": "t", "panes": [{"rows": [["1", None, "\u0000 <script> \ud83d"]]}]}
PLAYGROUND = Playground("id", "s", NOW, title="t", notes="n", owner_key_hash="h", parent="other/1")


async def test_a_playground_is_added_once_and_its_revisions_stay(store: Store) -> None:
    assert await store.add_playground(PLAYGROUND, BODY)
    assert not await store.add_playground(replace(PLAYGROUND, title="other"), {"title": "other"})
    later = NOW + timedelta(days=1)
    assert await store.add_revision("id", later, {"title": "second"}) == 2
    first = await store.open_playground("id", 1)
    assert first == Opened(PLAYGROUND, Snapshot("id", 1, NOW, BODY), [NOW, later])
    newest = await store.open_playground("id")
    assert newest is not None
    assert newest.snapshot == Snapshot("id", 2, later, {"title": "second"})
    missing = await store.open_playground("id", 3)
    assert missing is not None
    assert missing.snapshot is None
    assert await store.open_playground("other") is None


async def test_what_a_maker_may_change(store: Store) -> None:
    await store.add_playground(PLAYGROUND, BODY)
    changed = replace(PLAYGROUND, title="new \ud83d", notes="", listed=True, expires_at=NOW, owner_key_hash="ignored")
    await store.change_playground(changed)
    found = await store.open_playground("id")
    assert found is not None
    assert found.playground.title in ("new \ud83d", "new ?")
    assert (found.playground.notes, found.playground.listed, found.playground.expires_at) == ("", True, NOW)
    assert found.playground.owner_key_hash == "h"


async def test_a_removed_playground_leaves_only_a_tombstone(store: Store) -> None:
    await store.add_playground(PLAYGROUND, BODY)
    assert await store.remove_playground("id", NOW, "deleted")
    assert not await store.remove_playground("id", NOW, "again")
    assert not await store.remove_playground("unknown", NOW, "deleted")
    tombstone = Playground("id", "", NOW, removed_at=NOW, removed_because="deleted")
    assert await store.open_playground("id") == Opened(tombstone, None, [])
    assert not await store.add_playground(PLAYGROUND, BODY)


async def test_expired_playgrounds_are_removed(store: Store) -> None:
    for name, expires_at in (("a", NOW), ("b", NOW + timedelta(days=2)), ("c", None)):
        await store.add_playground(replace(PLAYGROUND, id=name, expires_at=expires_at), BODY)
    assert await store.remove_expired(NOW + timedelta(days=1)) == 1
    found = await store.open_playground("a")
    assert found is not None
    assert found.playground.removed_because == EXPIRED
    assert await store.remove_expired(NOW + timedelta(days=1)) == 0


RECORDED = Path(__file__).parents[1] / "recorded" / "snapshot-schema-1.json"


async def test_a_playground_of_the_first_version_still_opens(postgres: Engine) -> None:
    """The row was written by the first version itself; it is put back as that version had it, then everything since is applied."""
    assert isinstance(postgres, PostgresEngine)
    await postgres.server.ensure_database("store_old_rows_test")
    arguments = postgres.server.connect_arguments("store_old_rows_test")
    row = json.loads(RECORDED.read_text())
    connection = await asyncpg.connect(**arguments)
    try:
        migrations = resources.files("app.stores") / "migrations"
        await connection.execute("drop schema public cascade; create schema public")
        await connection.execute((migrations / "0001_first.sql").read_text())
        await connection.execute(
            "create table migrations (name text primary key, applied_at timestamptz default now())"
        )
        await connection.execute("insert into migrations (name) values ('0001_first.sql')")
        await connection.execute(
            "insert into snapshots (id, session_id, created_at, body) values ($1, $2, $3, $4)",
            row["id"],
            row["session_id"],
            datetime.fromisoformat(row["created_at"]),
            row["body"],
        )
        async with PostgresStore(arguments) as store:
            snapshots = Snapshots(store, None, Settings(), b"secret")  # type: ignore[arg-type]
            opened = await snapshots.open(row["id"])
            assert opened.title == "Shared by the first version \u2603"
            assert [pane["engine"] for pane in opened.panes] == ["postgres", "mongodb", "redis", "dynamodb"]
            assert all(pane["run"]["results"][0]["plan"]["insights"] is not None for pane in opened.panes)
            for pane in opened.panes:
                context = samples.everywhere() | {"engine": samples.ENGINES[0], "run": pane["run"]}
                assert "pill ok" in environment().get_template("partials/results.html").render(context)
            assert await connection.fetchval("select body from snapshots") == row["body"]
            with pytest.raises(Forbidden):
                await snapshots.owned(row["id"], "")
    finally:
        await connection.close()


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
