"""The emulators as processes: deaths, restarts, an endpoint by URL, and a Python that the account can run."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.config import Settings
from app.core import places as places_module
from app.core.errors import EngineUnavailable, StatementStopped
from app.core.places import Account, Places
from app.engines import create
from app.engines.dynamodb import server as server_module
from app.engines.dynamodb.engine import DynamoEngine
from tests.contract.samples.dynamodb import SAMPLES
from tests.engines.dynamodb_subject import TABLE, Visitor


@pytest.fixture
def own(settings: Settings) -> Iterator[tuple[Settings, Places]]:
    """A data directory of its own, so that processes can be killed without hurting other tests."""
    with tempfile.TemporaryDirectory(prefix="sandtable-test-") as folder:
        Path(folder).chmod(0o755)
        mine = settings.model_copy(update={"data_dir": Path(folder), "dynamodb_processes": 1})
        with Places(mine.data_dir) as places:
            yield mine, places


async def started(own: tuple[Settings, Places]) -> DynamoEngine:
    engine = create("dynamodb", *own)
    assert isinstance(engine, DynamoEngine)
    return engine


def pid_of(engine: DynamoEngine) -> int:
    process = engine.pool.servers[0].process
    assert process
    assert process.pid
    return process.pid


async def test_a_killed_process_is_told_at_once_and_comes_back(own: tuple[Settings, Places]) -> None:
    async with await started(own) as engine:
        visitor = Visitor(engine, engine.new_sandbox(), own[0])
        assert (await visitor.run(TABLE)).error is None
        run = asyncio.create_task(visitor.run(SAMPLES.forever, max_run_ms=5_000))
        await asyncio.sleep(0.4)
        os.kill(pid_of(engine), signal.SIGKILL)
        killed = time.monotonic()
        with pytest.raises(EngineUnavailable):
            await run
        assert time.monotonic() - killed < 0.5
        for _ in range(100):
            try:
                await engine.check()
                break
            except EngineUnavailable:
                await asyncio.sleep(0.05)
        ran = await visitor.run(TABLE)
        assert ran.error is None
        assert [notice.severity for notice in ran.notices] == ["warning"]
        assert "tables made before are gone" in ran.notices[0].message
        assert (await visitor.run("ListTables")).notices == []
        assert (await engine.usage(visitor.sandbox)).objects == 1


async def test_a_process_that_died_idle_is_noticed_only_by_those_who_had_tables(own: tuple[Settings, Places]) -> None:
    async with await started(own) as engine:
        with_table = Visitor(engine, engine.new_sandbox(), own[0])
        without = Visitor(engine, engine.new_sandbox(), own[0])
        await with_table.run(TABLE)
        await without.run("ListTables")
        process = engine.pool.servers[0].process
        assert process
        await process.kill()
        for _ in range(100):
            if process.restarts:
                break
            await asyncio.sleep(0.05)
        assert len((await with_table.run("ListTables")).notices) == 1
        assert (await without.run("ListTables")).notices == []


async def test_a_sandbox_older_than_the_process_is_told(own: tuple[Settings, Places]) -> None:
    async with await started(own) as engine:
        visitor = Visitor(engine, engine.new_sandbox(), own[0])
        await visitor.run(TABLE)
    async with await started(own) as engine:
        again = Visitor(engine, visitor.sandbox, own[0])
        assert len((await again.run("ListTables")).notices) == 1
        assert (await again.run("ListTables")).notices == []


async def test_nothing_is_left_after_the_engine(own: tuple[Settings, Places]) -> None:
    async with await started(own) as engine:
        pid = pid_of(engine)
        process = psutil.Process(pid)
        listening = [one.laddr.ip for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
        assert listening == ["127.0.0.1"]
        if os.geteuid() == 0:
            assert process.uids().real != 0
    assert not psutil.pid_exists(pid)


async def test_an_endpoint_by_url_is_used_and_not_started(own: tuple[Settings, Places]) -> None:
    async with await started(own) as first:
        url = first.pool.servers[0].url
        by_url = create("dynamodb", own[0].model_copy(update={"dynamodb_url": url}), own[1])
        assert isinstance(by_url, DynamoEngine)
        async with by_url as engine:
            assert engine.pool.servers[0].process is None
            assert engine.pool.is_ministack
            assert url in engine.info.how
            visitor = Visitor(engine, engine.new_sandbox(), own[0])
            assert (await visitor.run(TABLE + "SELECT * FROM things")).plain == []
        assert (await first.inspect(visitor.sandbox))[0].name == "things"


async def test_no_server_at_the_url_is_unavailable(own: tuple[Settings, Places]) -> None:
    engine = create("dynamodb", own[0].model_copy(update={"dynamodb_url": "http://127.0.0.1:1"}), own[1])
    with pytest.raises(EngineUnavailable):
        await engine.__aenter__()


async def test_partiql_goes_as_it_is_to_another_server(own: tuple[Settings, Places]) -> None:
    """Another DynamoDB than the emulator has a whole PartiQL of its own."""
    async with await started(own) as engine:
        engine.pool.is_ministack = False
        visitor = Visitor(engine, engine.new_sandbox(), own[0])
        ran = await visitor.run(TABLE + "INSERT INTO things VALUE {'pk': 'a', 'sk': 1};\nSELECT * FROM things")
        assert ran.plain == [{"pk": "a", "sk": 1}]


def test_diagnose_finds_the_emulator(own: tuple[Settings, Places]) -> None:
    found = DynamoEngine.diagnose(*own)
    assert found.fix is None
    assert found.version is not None


def test_a_python_out_of_reach_is_replaced_by_a_copy(
    own: tuple[Settings, Places], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    places = own[1]
    monkeypatch.setattr(places_module, "SYSTEM_ROOT", tmp_path)
    monkeypatch.setattr(places_module, "_reachable", lambda path, account: tmp_path in path.parents)
    monkeypatch.setattr(places, "account", places.account or Account("other", os.getuid(), os.getgid()))
    python = places.python()
    assert tmp_path in python.parents
    found = DynamoEngine.diagnose(*own)
    assert found.fix is None
    assert found.binary is not None
    assert found.binary.startswith(str(tmp_path))
    assert places.python() == python


async def test_a_process_that_hangs_is_ended_and_comes_back(
    own: tuple[Settings, Places], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "HUNG_AFTER_S", 0.2)
    async with await started(own) as engine:
        visitor = Visitor(engine, engine.new_sandbox(), own[0])
        assert (await visitor.run(TABLE)).error is None
        hung = pid_of(engine)
        os.kill(hung, signal.SIGSTOP)
        ran = await visitor.run("ListTables", max_run_ms=300)
        assert isinstance(ran.error, StatementStopped)
        process = engine.pool.servers[0].process
        assert process
        for _ in range(100):
            if process.restarts:
                break
            await asyncio.sleep(0.05)
        assert pid_of(engine) != hung
        ran = await visitor.run("ListTables")
        assert len(ran.notices) == 1
        assert ran.last.documents == [{"TableNames": []}]


async def test_a_process_that_has_grown_is_started_anew_when_idle(
    own: tuple[Settings, Places], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await started(own) as engine:
        server = engine.pool.servers[0]
        visitor = Visitor(engine, engine.new_sandbox(), own[0])
        assert (await visitor.run(TABLE)).error is None
        assert not await server.recycle_if_grown()
        monkeypatch.setattr(server_module, "MAX_RESIDENT_BYTES", 1)
        server.under_way = 1
        assert not await server.recycle_if_grown()
        server.under_way = 0
        assert engine.lost(visitor.sandbox) == ""
        grown = pid_of(engine)
        assert await server.recycle_if_grown()
        assert server.process
        for _ in range(200):
            if server.process.restarts:
                break
            await asyncio.sleep(0.05)
        assert pid_of(engine) != grown
        assert "were gone" in engine.lost(visitor.sandbox)
        assert len((await visitor.run("ListTables")).notices) == 1
        assert engine.lost(visitor.sandbox) == ""
