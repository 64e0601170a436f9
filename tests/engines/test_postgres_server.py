"""The server itself: started, killed, back again, stopped, reached by URL."""

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from app.config import Settings
from app.core.errors import EngineBusy, EngineUnavailable
from app.core.places import Places
from app.engines.postgres.client import PostgresClient
from app.engines.postgres.engine import PostgresEngine
from app.engines.postgres.server import end_orphans
from tests.engines.test_postgres_support import Ran, Visitor, limits_of


@pytest.fixture
def own() -> Iterator[tuple[Settings, Places]]:
    """A data directory of this test's own."""
    folder = Path(tempfile.mkdtemp(prefix="sandtable-test-"))
    folder.chmod(0o755)
    settings = Settings(data_dir=folder, max_run_ms=3_000)
    with Places(folder) as places:
        yield settings, places
    shutil.rmtree(places.runtime, ignore_errors=True)
    shutil.rmtree(folder)


async def visitor(engine: PostgresEngine) -> Visitor:
    sandbox = engine.new_sandbox()
    await engine.create(sandbox)
    return Visitor(engine, sandbox, limits_of(engine.settings))


async def until_it_answers(engine: PostgresEngine) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            await engine.check()
        except EngineUnavailable:
            assert time.monotonic() < deadline, "the server did not come back"
            await asyncio.sleep(0.05)
        else:
            return


def servers(data: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() == "postgres" and process.cwd() == str(data / "postgres" / "data"):
                found.append(process)
    return found


BUSY = "SET statement_timeout = 0; DO $$ BEGIN LOOP BEGIN PERFORM count(*) FROM generate_series(1, 1000000); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$"


@pytest.mark.parametrize("source", ["SELECT pg_sleep(60)", BUSY])
async def test_a_killed_server_is_an_error_at_once_and_comes_back(own: tuple[Settings, Places], source: str) -> None:
    settings, places = own
    async with PostgresEngine(settings, places) as engine:
        ada = await visitor(engine)
        await ada.must("CREATE TABLE t AS SELECT 'kept' AS a")
        await ada.must("SET synchronous_commit = on; INSERT INTO t VALUES ('too')")
        process = engine.server.process
        assert process
        assert process.pid
        task = asyncio.create_task(ada.run(source))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        if source == BUSY:  # a busy backend outlives its postmaster
            os.kill(process.pid, signal.SIGKILL)
        else:
            for one in servers(settings.data_dir or Path()):
                one.kill()
        with pytest.raises(EngineUnavailable):
            await task
        if source != BUSY:
            assert time.monotonic() - began < 1
        await until_it_answers(engine)
        await asyncio.sleep(0.2)  # it answers a moment before it counts as back
        assert process.restarts == 1
        ran = await ada.must("SELECT a FROM t ORDER BY a")
        assert ran.rows == [["kept"], ["too"]]
        assert len(ran.notices) == 1
        await ada.engine.drop(ada.sandbox)
    assert servers(settings.data_dir or Path()) == []


async def test_unreachable_while_it_is_down(own: tuple[Settings, Places]) -> None:
    settings, places = own
    async with PostgresEngine(settings, places) as engine:
        ada = await visitor(engine)
        await ada.must("SELECT 1")
        process = engine.server.process
        assert process
        await process.stop()
        began = time.monotonic()
        for call in (
            engine.check(),
            engine.create(engine.new_sandbox()),
            engine.namespaces(),
            ada.run("SELECT 1"),
            engine.inspect(ada.sandbox),
        ):
            with pytest.raises(EngineUnavailable):
                await call
        assert time.monotonic() - began < 2
        await process.start()
        assert (await ada.must("SELECT 1")).value == "1"


async def until_it_runs(one: Visitor) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            ran = await one.run("SELECT 1")
        except (EngineUnavailable, EngineBusy):
            assert time.monotonic() < deadline, "the server did not come back"
            await asyncio.sleep(0.1)
        else:
            assert ran.value == "1"
            return


async def frozen(one: Visitor) -> Ran:
    """What a run gives whose backend answers to no signal, as one in the planner's long loops."""
    running = asyncio.create_task(one.run("SELECT pg_sleep(60)"))
    client = await one.engine.client(one.sandbox)
    assert isinstance(client, PostgresClient)
    await asyncio.sleep(0.2)
    assert client.is_working
    os.kill(client._session.pid, signal.SIGSTOP)
    return await running


async def test_statements_that_nothing_ends_are_bounded(
    own: tuple[Settings, Places], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox waits, others go on, and several at once are killed with the server."""
    monkeypatch.setattr("app.engines.postgres.admin.GONE_WAIT_S", 0.3)
    monkeypatch.setattr("app.engines.postgres.connections.stubborn.MOST", 2)
    settings, places = own
    async with PostgresEngine(settings.model_copy(update={"max_run_ms": 500}), places) as engine:
        ada, bob = await visitor(engine), await visitor(engine)
        assert (await frozen(ada)).code == "max_run_ms"
        with pytest.raises(EngineBusy):
            await ada.run("SELECT 1")
        assert (await bob.must("SELECT 1")).value == "1"
        assert (await frozen(bob)).code == "max_run_ms"
        for one in (ada, bob):
            await until_it_runs(one)


async def test_a_second_start_keeps_sandboxes_and_files_are_private(own: tuple[Settings, Places]) -> None:
    settings, places = own
    began = time.monotonic()
    async with PostgresEngine(settings, places) as engine:
        assert time.monotonic() - began < 15
        ada = await visitor(engine)
        await ada.must("CREATE TABLE t AS SELECT 1 AS a")
        assert engine.info.start_ms
    began = time.monotonic()
    async with PostgresEngine(settings, places) as engine:
        assert time.monotonic() - began < 5
        ada.engine = engine
        assert (await ada.must("SELECT a FROM t")).value == "1"
        assert engine.server.process
        assert engine.server.process.pid
        server = psutil.Process(engine.server.process.pid)
        assert not [c for c in server.net_connections() if c.family.name.startswith("AF_INET")]
        if os.geteuid() == 0:
            assert server.uids().effective != 0
        data = places.data / "postgres"
        for path in (data, data / "data", data / "admin-password", places.runtime / "postgres"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_leftovers_of_a_killed_app_are_ended(own: tuple[Settings, Places]) -> None:
    settings, places = own
    engine = await PostgresEngine(settings, places).__aenter__()
    process = engine.server.process
    assert process
    assert process.pid
    before = set(servers(places.data))
    await engine.close_clients()
    assert engine._watchdog
    await engine._watchdog.close()
    await engine.admin.close()
    process._watcher.cancel()  # type: ignore[union-attr]  # as if the app had been killed
    async with PostgresEngine(settings, places) as again:
        await again.check()
        assert before.isdisjoint(servers(places.data))
    await engine._close()
    assert servers(places.data) == []


async def test_by_url_nothing_is_started(own: tuple[Settings, Places]) -> None:
    settings, places = own
    async with PostgresEngine(settings, places) as engine:
        given = engine.server.connect_arguments("postgres")
        url = f"postgresql://{given['user']}:{quote(given['password'])}@/postgres?host={given['host']}&port={given['port']}"
        by_url = settings.model_copy(update={"postgres_url": url})
        async with PostgresEngine(by_url, places) as other:
            assert other.server.process is None
            assert other.info.how == "reached by URL"
            ada = await visitor(other)
            await ada.must("CREATE TABLE t AS SELECT 1 AS a")
            assert ada.sandbox.namespace in await engine.namespaces()
            await other.drop(ada.sandbox)
        await engine.check()
        await engine.admin.fetch("CREATE ROLE humble LOGIN PASSWORD 'x'")
        await engine.admin.fetch("GRANT CONNECT ON DATABASE postgres TO humble")
        url = f"postgresql://humble:x@/postgres?host={given['host']}&port={given['port']}"
        with pytest.raises(EngineUnavailable, match="not a superuser") as caught:
            await PostgresEngine(settings.model_copy(update={"postgres_url": url}), places).__aenter__()
        assert caught.value.hint
    unreachable = settings.model_copy(update={"postgres_url": "postgresql://x:y@127.0.0.1:1/postgres"})
    with pytest.raises(EngineUnavailable):
        await PostgresEngine(unreachable, places).__aenter__()


async def test_a_changed_template_is_made_anew(own: tuple[Settings, Places], monkeypatch: pytest.MonkeyPatch) -> None:
    settings, places = own
    names = "SELECT datname FROM pg_database WHERE starts_with(datname, 'sandtable_template_')"
    async with PostgresEngine(settings, places) as engine:
        first = await engine.admin.fetch(names)
        monkeypatch.setattr("app.engines.postgres.template.PREFIX", "sandtable_template_x")
        await engine.admin.fetch("SELECT 1")
        ada = await visitor(engine)
        await ada.must("SELECT 1")
    async with PostgresEngine(settings, places) as engine:
        assert len(await engine.admin.fetch(names)) == 2
        ada = await visitor(engine)
        await ada.must("SELECT 1")
    assert len(first) == 1


def test_orphans_are_told_by_their_data_directory() -> None:
    before = [p.pid for p in psutil.process_iter() if p.name() == "postgres"]
    end_orphans(Path("/nowhere"), None)
    assert {p for p in before if psutil.pid_exists(p)} == set(before)
