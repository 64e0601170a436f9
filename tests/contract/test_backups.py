"""Backups of the store: what comes back is what was there; what is damaged, foreign or in use is refused."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pyrage
import pytest

from app.core.places import Places
from app.engines.postgres.engine import PostgresEngine
from app.engines.postgres.server import find_binary
from app.playground.store import Ban, RunRecord
from app.stores.backups import BackupError, Tools, back_up, check_file, environment_of, manifest_path, restore
from app.stores.postgres import PostgresStore
from tests.contract.test_store import record

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def tools(places: Places) -> Tools:
    return Tools(find_binary(places, "pg_dump"), find_binary(places, "pg_restore"))


@pytest.fixture
async def full(postgres: PostgresEngine) -> str:
    """The URL of a store with something in it, which nobody uses now."""
    await postgres.server.ensure_database("store_backup")
    url = postgres.server.url("store_backup")
    async with PostgresStore({"dsn": url}) as store:
        async with store._connection() as connection:
            await connection.execute("truncate sessions, sandboxes, runs, snapshots, bans cascade")
        for session in ("s", "t"):
            await store.open_session(session)
        await store.save_sandbox(record())
        await store.add_run(RunRecord("s", "redis", "main", "GET 'näme'\n\x1b", "seed", "ok", 1, 1.5, NOW))
        await store.add_ban(Ban("session t", datetime(2100, 1, 1, tzinfo=UTC), "why"))
    return url


@pytest.fixture
async def empty(postgres: PostgresEngine) -> str:
    await postgres.server.ensure_database("store_restored")
    url = postgres.server.url("store_restored")
    connection = await asyncpg.connect(url)
    await connection.execute("drop schema public cascade; create schema public")
    await connection.close()
    return url


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_restored_store_is_the_one_that_was_backed_up(
    full: str, empty: str, tools: Tools, tmp_path: Path, encrypted: bool
) -> None:
    identity = pyrage.x25519.Identity.generate()
    recipients = [str(identity.to_public())] if encrypted else []
    file, manifest = await back_up(full, tmp_path, tools, recipients=recipients, keep=None)
    assert (file.stat().st_mode & 0o777, manifest_path(file).stat().st_mode & 0o777) == (0o600, 0o600)
    assert manifest.rows.items() >= {"sessions": 2, "runs": 1, "bans": 1}.items()
    assert b"seed" not in file.read_bytes() or not encrypted
    assert sorted(names_in(tmp_path)) == [file.name, manifest_path(file).name]
    await restore(empty, file, tools, identity=f"# a comment\n{identity}\n" if encrypted else None, replace=False)
    async with PostgresStore({"dsn": empty}) as store:
        run = await store.last_run("s", "redis")
        assert run is not None
        assert (run.source, run.seed) == ("GET 'näme'\n\x1b", "seed")
        assert await store.has_session("t")
        assert [ban.reason for ban in await store.bans()] == ["why"]
        assert await store.sandboxes("postgres") == [], "their credentials are in no backup"


async def test_what_is_damaged_foreign_or_in_use_is_refused(
    full: str, empty: str, tools: Tools, tmp_path: Path
) -> None:
    key, stranger = (pyrage.x25519.Identity.generate() for _ in range(2))
    file, _ = await back_up(full, tmp_path, tools, recipients=[str(key.to_public())], keep=None)
    with pytest.raises(BackupError, match="not empty"):
        await restore(full, file, tools, identity=str(key), replace=False)
    with pytest.raises(BackupError, match="--identity"):
        await restore(empty, file, tools, identity=None, replace=False)
    with pytest.raises(BackupError, match="cannot be decrypted"):
        await restore(empty, file, tools, identity=str(stranger), replace=False)
    async with PostgresStore({"dsn": empty}):
        with pytest.raises(BackupError, match="running Sandtable"):
            await restore(empty, file, tools, identity=str(key), replace=True)
    await restore(full, file, tools, identity=str(key), replace=True)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(BackupError, match="damaged"):
        await restore(empty, file, tools, identity=str(key), replace=True)
    manifest_path(file).write_text("{}")
    with pytest.raises(BackupError, match="cannot be read"):
        check_file(file)


async def test_a_restore_that_fails_changes_nothing(full: str, empty: str, tools: Tools, tmp_path: Path) -> None:
    file, _ = await back_up(full, tmp_path, tools, recipients=[], keep=None)
    connection = await asyncpg.connect(empty)
    await connection.execute("create table sessions (mine int); create view v as select mine from sessions")
    with pytest.raises(BackupError, match="pg_restore failed"):
        await restore(empty, file, tools, identity=None, replace=True)
    assert await connection.fetchval("select count(*) from v") == 0
    await connection.execute("drop view v; drop table sessions")
    await connection.close()
    manifest = json.loads(manifest_path(file).read_text())
    manifest_path(file).write_text(json.dumps(manifest | {"rows": manifest["rows"] | {"runs": 99}}))
    with pytest.raises(BackupError, match="not what was backed up"):
        await restore(empty, file, tools, identity=None, replace=False)


async def test_the_newest_are_kept(full: str, tools: Tools, tmp_path: Path) -> None:
    for day in range(1, 6):
        old = tmp_path / f"sandtable-store-2025010{day}T000000Z.dump"
        old.write_text("old")
        manifest_path(old).write_text("{}")
    (tmp_path / "mine.txt").write_text("not a backup")
    file, _ = await back_up(full, tmp_path, tools, recipients=[], keep=3)
    left = names_in(tmp_path)
    kept = {f"sandtable-store-2025010{day}T000000Z.dump" for day in (4, 5)} | {file.name}
    assert left == kept | {f"{name}.json" for name in kept} | {"mine.txt"}


async def test_a_backup_is_of_one_moment(full: str, empty: str, tools: Tools, tmp_path: Path) -> None:
    """Rows that come while it is made are in the counts and the file, or in neither."""
    connection = await asyncpg.connect(full)
    stop = asyncio.Event()

    async def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            await connection.execute("insert into sessions (id) values ($1)", f"writer {number}")

    writer = asyncio.create_task(write())
    file, _ = await back_up(full, tmp_path, tools, recipients=[], keep=None)
    stop.set()
    await writer
    await connection.close()
    await restore(empty, file, tools, identity=None, replace=False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://u:p%40s@db.internal:6000/store?sslmode=verify-full",
            ("db.internal", "6000", "u", "p@s", "store"),
        ),
        ("postgresql://u:p@/store?host=/run/x&port=5432", ("/run/x", "5432", "u", "p", "store")),
        ("postgresql://u@[::1]/", ("::1", "5432", "u", "", "postgres")),
    ],
)
def test_a_url_becomes_variables(url: str, expected: tuple[str, ...]) -> None:
    found = environment_of(url)
    names = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")
    assert tuple(found[name] for name in names) == expected
    assert ("PGSSLMODE" in found) is ("sslmode" in url)
