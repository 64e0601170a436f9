"""The mongod we start: killed, moved, stopped, reached by URL; nothing is left behind."""

import asyncio
import os
import signal
import socket
import stat
import time

import psutil
import pytest

from app.config import Settings
from app.core.errors import EngineUnavailable
from app.core.places import Places
from app.engines.mongodb.engine import MAX_CONNECTED_SANDBOXES, MongoEngine
from tests.contract.samples.mongodb import SLOW, exists
from tests.engines.mongodb_subject import own_engine, own_places, until_back, visitor_of


async def test_killed_during_a_run_it_says_so_at_once_and_comes_back(settings: Settings) -> None:
    async with own_engine(settings) as engine:
        visitor = await visitor_of(engine, settings)
        await visitor.run("db.c.insertMany(Array.from({length: 1000}, (_, i) => ({i})))", ms=5_000)
        await asyncio.sleep(0.2)  # the journal is written every 100 ms
        assert engine._server is not None
        for source in (f"db.c.find({SLOW})", f"db.c.find({SLOW}).toArray()"):
            task = asyncio.create_task(visitor.run(source, ms=5_000))
            await asyncio.sleep(0.3)
            pid = engine._server.process.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            began = time.monotonic()
            with pytest.raises(EngineUnavailable):
                await task
            assert time.monotonic() - began < 1
            with pytest.raises(EngineUnavailable):
                await engine.check()
            await until_back(engine)
            assert await visitor.value("db.c.countDocuments()") == 1000
        assert (await visitor.run("db.c.insertOne({})")).error is None


async def test_a_stopped_server_is_said_at_once(settings: Settings) -> None:
    async with own_engine(settings) as engine:
        visitor = await visitor_of(engine, settings)
        await visitor.run("db.c.insertOne({})")
        assert engine._server is not None
        await engine._server.process.stop()
        began = time.monotonic()
        with pytest.raises(EngineUnavailable):
            await engine.create(engine.new_sandbox())
        with pytest.raises(EngineUnavailable):
            await visitor.run("db.c.findOne()")
        assert time.monotonic() - began < 0.2


async def test_data_port_and_secrets_stay_and_the_port_can_change(settings: Settings) -> None:
    with own_places() as places:
        async with MongoEngine(settings, places) as engine:
            visitor = await visitor_of(engine, settings)
            await visitor.run("db.c.insertOne({_id: 'kept'})")
            assert engine._server is not None
            port, pid = engine._server.port, engine._server.process.pid
            for name in ("admin.password", "key"):
                mode = (places.data / "mongodb" / name).stat().st_mode
                assert not mode & (stat.S_IRWXG | stat.S_IRWXO)
        assert pid is not None
        assert not psutil.pid_exists(pid)
        async with MongoEngine(settings, places) as engine:
            assert engine._server is not None
            assert engine._server.port == port
            visitor.engine = engine
            assert await visitor.value("db.c.findOne()._id") == "kept"
        with socket.create_server(("127.0.0.1", port)):
            async with MongoEngine(settings, places) as engine:
                assert engine._server is not None
                assert engine._server.port != port
                visitor.engine = engine
                assert await visitor.value("db.c.findOne()._id") == "kept"
                assert (await visitor.run("db.c.insertOne({})")).error is None


async def test_it_listens_on_loopback_only_and_not_as_root(settings: Settings) -> None:
    async with own_engine(settings) as engine:
        assert engine._server is not None
        process = psutil.Process(engine._server.process.pid)
        addresses = {c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN}
        assert addresses == {"127.0.0.1"}
        assert process.uids().real != 0 or os.geteuid() != 0
        assert "--noscripting" in process.cmdline()
        assert "--auth" in process.cmdline()
        assert engine._server.process._max_virtual_kb


async def test_by_url_nothing_is_started(settings: Settings) -> None:
    async with own_engine(settings) as engine:
        assert engine._server is not None
        password = (engine.places.data / "mongodb" / "admin.password").read_text()
        url = f"mongodb://sandtable:{password}@127.0.0.1:{engine._server.port}/?directConnection=true"
        by_url = settings.model_copy(update={"mongodb_url": url})
        with own_places() as places:
            async with MongoEngine(by_url, places) as guest:
                assert guest._server is None
                assert guest.info.how == f"at 127.0.0.1:{engine._server.port}"
                assert guest.info.version == engine.info.version
                visitor = await visitor_of(guest, settings)
                assert await visitor.value("db.c.insertOne({_id: 1})\ndb.c.findOne()._id") == 1
                run = await visitor.run(f"db.c.insertMany([{{}}, {{}}])\ndb.c.find({SLOW}).explain('queryPlanner').ok")
                assert run.error is None
                assert await exists(guest, visitor.sandbox)
                await guest.drop(visitor.sandbox)
                assert not await exists(guest, visitor.sandbox)
            assert not (places.data / "mongodb").exists()


async def test_a_wrong_url_is_a_clear_error(settings: Settings, places: Places) -> None:
    for url in ("mongodb://127.0.0.1:1/", "nonsense://x"):
        engine = MongoEngine(settings.model_copy(update={"mongodb_url": url}), places)
        with pytest.raises(EngineUnavailable):
            async with engine:
                pass


async def test_the_least_recently_used_connections_are_closed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_CONNECTED_SANDBOXES == 50
    monkeypatch.setattr("app.engines.mongodb.engine.MAX_CONNECTED_SANDBOXES", 2)
    async with own_engine(settings) as engine:
        visitors = [await visitor_of(engine, settings) for _ in range(4)]
        for visitor in visitors:
            await visitor.run("db.c.insertOne({_id: 1})")
        assert list(engine._motors) == [v.sandbox.namespace for v in visitors[2:]]
        assert await visitors[0].value("db.c.findOne()._id") == 1


async def test_a_dropped_sandbox_with_work_going_on(settings: Settings) -> None:
    async with own_engine(settings) as engine:
        visitor = await visitor_of(engine, settings)
        await visitor.run("db.c.insertMany(Array.from({length: 1000}, (_, i) => ({i})))", ms=5_000)
        task = asyncio.create_task(visitor.run(f"db.c.find({SLOW})", ms=5_000))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await engine.drop(visitor.sandbox)
        assert time.monotonic() - began < 2
        await asyncio.gather(task, return_exceptions=True)
        assert not await exists(engine, visitor.sandbox)
