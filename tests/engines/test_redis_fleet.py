"""The fleet: memory limits, crashes, parking and waking, the cap, and nothing left behind."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from app.config import Settings
from app.core.errors import EngineBusy, EngineUnavailable, SandboxExpired, StatementFailed, StatementStopped
from app.core.places import Places
from app.core.sandbox import Sandbox
from app.engines.redis.engine import RedisEngine
from tests.engines.redis_subject import Visitor

MAX_SERVERS = 3


@pytest.fixture
def fleet_settings() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="sandtable-test-"))
    folder.chmod(0o755)
    yield Settings(data_dir=folder, max_run_ms=1_000, redis_max_servers=MAX_SERVERS)
    shutil.rmtree(folder)


@pytest.fixture
def fleet_places(fleet_settings: Settings) -> Iterator[Places]:
    with Places(fleet_settings.data_dir) as places:
        yield places
    shutil.rmtree(places.runtime, ignore_errors=True)


@pytest.fixture
async def engine(fleet_settings: Settings, fleet_places: Places) -> AsyncIterator[RedisEngine]:
    async with RedisEngine(fleet_settings, fleet_places) as engine:
        yield engine


async def visit(engine: RedisEngine) -> Visitor:
    sandbox = engine.new_sandbox()
    await engine.create(sandbox)
    return Visitor(engine, sandbox, engine.settings)


def servers_of(places: Places) -> list[psutil.Process]:
    """Every process of this machine that runs on this data directory's sockets."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and any(
                str(places.runtime) in word or str(places.data) in word for word in process.cmdline()
            ):
                found.append(process)
    return found


def kill(visitor: Visitor) -> None:
    assert visitor.server.process.pid is not None
    os.kill(visitor.server.process.pid, signal.SIGKILL)


async def test_it_starts_and_tells_what_it_is(engine: RedisEngine) -> None:
    assert engine.info.version[0].isdigit()
    assert "a process for each sandbox" in engine.info.how
    await engine.check()
    assert engine.quota.max_bytes == engine.settings.redis_quota_bytes


async def test_check_starts_its_server_again(engine: RedisEngine) -> None:
    pid = engine._probe.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert await engine._probe.ended(engine._probe.starts)
    await engine.check()
    assert engine._probe.process.pid not in (pid, None)


async def test_a_missing_binary_says_what_to_do(fleet_settings: Settings, fleet_places: Places) -> None:
    settings = fleet_settings.model_copy(update={"redis_binary": Path("/nonexistent/redis-server")})
    with pytest.raises(EngineUnavailable) as caught:
        await RedisEngine(settings, fleet_places).__aenter__()
    assert "/nonexistent/redis-server" in caught.value.message
    assert "SANDTABLE_REDIS_BINARY" in (caught.value.hint or "")
    assert RedisEngine.diagnose(settings, fleet_places).fix
    assert RedisEngine.diagnose(fleet_settings, fleet_places).fix is None


async def test_each_sandbox_has_a_server_of_its_own(engine: RedisEngine) -> None:
    a, b = await visit(engine), await visit(engine)
    await a.run("SET k a")
    assert (await b.run("KEYS *")).last == "(empty array)"
    assert a.server.process.pid != b.server.process.pid
    assert await engine.namespaces() == {a.sandbox.namespace, b.sandbox.namespace}
    socket = a.server.socket.stat()
    assert socket.st_mode & 0o077 == 0
    assert a.server.socket.parent.stat().st_mode & 0o077 == 0
    assert (a.server.folder / "redis.conf").stat().st_mode & 0o077 == 0
    assert a.sandbox.secret not in (a.server.folder / "redis.conf").read_text()
    assert psutil.Process(a.server.process.pid).net_connections("inet") == []


async def test_memory_over_the_quota_is_refused_by_the_server(engine: RedisEngine) -> None:
    a, b = await visit(engine), await visit(engine)
    await b.run("SET k b")
    run = await a.run("SETRANGE k 536870911 x")
    assert isinstance(run.error, StatementFailed)
    assert "maximum allowed size" in run.error.message
    limits = a.limits(max_run_ms=5_000, left_ms=5_000)
    fill = "SET {} " + "x" * 200_000
    run = await a.run("\n".join(fill.format(n) for n in range(200)), limits=limits)
    assert isinstance(run.error, StatementFailed)
    assert run.error.code == "OOM"
    assert 100 < len(run.results) < 200
    assert (await a.run("GET nothing\nFLUSHALL\nSET k 1")).last == "OK"
    assert (await b.run("GET k")).last == '"b"'


@pytest.mark.parametrize(
    "bomb",
    [
        "local s = 'x' for i = 1, 100 do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t[i] = {} end",
        "for i = 1, 1e9 do redis.call('SET', i, string.rep('x', 10000)) end",
    ],
)
async def test_a_memory_bomb_in_lua_ends_its_own_server_alone(engine: RedisEngine, bomb: str) -> None:
    a, b = await visit(engine), await visit(engine)
    await a.run("SET k a")
    await b.run("SET k b")
    pid = b.server.process.pid
    run = await a.run(f'EVAL "{bomb}" 0', limits=a.limits(max_run_ms=10_000, left_ms=10_000))
    assert isinstance(run.error, StatementStopped)
    assert run.error.limit == ("max_virtual_bytes", a.server.max_virtual_bytes)
    assert "started again" in str(run.error.detail)
    assert (await a.run("GET k")).last == '"a"'
    assert (await b.run("GET k")).last == '"b"'
    assert b.server.process.pid == pid


async def test_a_script_cannot_fill_the_log(engine: RedisEngine) -> None:
    a = await visit(engine)
    await a.run("EVAL \"for i = 1, 1000 do redis.log(redis.LOG_WARNING, string.rep('x', 1000)) end\" 0")
    assert a.server.process.log_path.stat().st_size < 5_000


async def test_a_server_killed_in_a_run_is_an_error_at_once_and_comes_back(engine: RedisEngine) -> None:
    a = await visit(engine)
    await a.run(
        "SET k kept\nFUNCTION LOAD \"#!lua name=l\nredis.register_function('f', function() return 'kept' end)\""
    )
    task = a.start("SET unsaved 1\nBLPOP q 0", limits=a.limits(max_run_ms=5_000, left_ms=5_000))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    kill(a)
    with pytest.raises(EngineUnavailable) as caught:
        await task
    assert time.monotonic() - began < 1
    assert caught.value.hint
    run = await a.run("GET k\nGET unsaved\nFCALL f 0")
    assert run.texts == ['"kept"', "(nil)", '"kept"']
    assert "had to be started again" in run.said
    assert "lost" in run.said
    assert (await a.run("PING")).said == ""


async def test_a_server_killed_between_runs_is_not_noticed_but_told(engine: RedisEngine) -> None:
    a = await visit(engine)
    await a.run("SET k kept")
    kill(a)
    await asyncio.sleep(0.1)
    run = await a.run("GET k")
    assert run.last == '"kept"'
    assert "had to be started again" in run.said


async def test_a_crash_before_the_first_snapshot_says_it_is_empty(engine: RedisEngine) -> None:
    a = await visit(engine)
    await a.run("PING")
    kill(a)
    await asyncio.sleep(0.1)
    assert "the sandbox is empty" in (await a.run("PING")).said


async def test_parking_and_waking_keeps_everything(engine: RedisEngine) -> None:
    a = await visit(engine)
    await a.run(
        "SELECT 2\nSET k kept EX 100\nCLIENT SETNAME me\nFUNCTION LOAD \"#!lua name=l\nredis.register_function('f', function() return 'kept' end)\""
    )
    await asyncio.sleep(0.02)
    assert await engine.park(10, busy=frozenset({a.sandbox.namespace})) == 0
    assert a.server.running
    assert await engine.park(10) == 2, "a client and a server"
    assert not a.server.running
    assert not a.server.process.log_path.exists()
    assert sum(path.stat().st_size for path in a.server.folder.iterdir()) < 50_000
    parked = await engine.usage(a.sandbox)
    assert (parked.objects, parked.bytes > 0) == (1, True)
    assert not a.server.running, "asking does not wake it"
    began = time.monotonic()
    run = await a.run("GET k\nTTL k\nFCALL f 0\nCLIENT GETNAME")
    assert time.monotonic() - began < 0.3
    assert run.texts[0] == '"kept"'
    assert run.texts[1] in ("(integer) 100", "(integer) 99")
    assert run.texts[2:] == ['"kept"', '"me"'], "in the same database, under the same name"
    assert run.said == ""


async def test_a_parked_transaction_is_told(engine: RedisEngine) -> None:
    a = await visit(engine)
    await a.run("MULTI\nINCR n")
    await asyncio.sleep(0.02)
    await engine.park(10)
    run = await a.run("GET n")
    assert run.last == "(nil)"
    assert "MULTI and WATCH are gone" in run.said


async def test_keys_that_expire_while_parked_are_gone(engine: RedisEngine) -> None:
    a = await visit(engine)
    await a.run("SET k x PX 300\nSET stays x")
    await asyncio.sleep(0.02)
    await engine.park(10)
    await asyncio.sleep(0.4)
    assert (await a.run("GET k\nKEYS *")).texts == ["(nil)", '1) "stays"']


async def test_the_fleet_parks_the_least_recently_used(engine: RedisEngine) -> None:
    visitors = [await visit(engine) for _ in range(MAX_SERVERS + 2)]
    for number, visitor in enumerate(visitors):
        await visitor.run(f"SET number {number}")
    assert [v.server.running for v in visitors] == [False, False, True, True, True]
    for number, visitor in enumerate(visitors):
        assert (await visitor.run("GET number")).last == f'"{number}"'
    assert sum(v.server.running for v in visitors) == MAX_SERVERS


async def test_the_memory_of_the_fleet_is_bounded(fleet_settings: Settings, fleet_places: Places) -> None:
    settings = fleet_settings.model_copy(update={"redis_max_servers": 10, "redis_fleet_bytes": 30_000_000})
    fill = "EVAL \"for i = 1, 120 do redis.call('SET', 'k' .. i, string.rep('x', 100000)) end\" 0"
    async with RedisEngine(settings, fleet_places) as engine:
        visitors = [await visit(engine) for _ in range(4)]
        for visitor in visitors:
            await visitor.run(fill)
        assert [v.server.running for v in visitors] == [False, True, True, True], (
            "over the bound since the last run only"
        )
        assert visitors[-1].server.private_bytes > 12_000_000
        assert await engine.park(60_000) == 1, "the janitor's round ends that"
        assert [v.server.running for v in visitors] == [False, False, True, True]
        runs = [v.start("BLPOP q 0") for v in visitors[2:]]
        await asyncio.sleep(0.2)
        assert (await visitors[0].run("DBSIZE")).last == "(integer) 120"
        runs.append(visitors[0].start("BLPOP q 0"))
        await asyncio.sleep(0.2)
        with pytest.raises(EngineBusy) as caught:
            await visitors[1].run("PING")
        await asyncio.gather(*runs)
        assert "30 MB" in caught.value.message


async def test_a_fleet_in_use_is_busy(engine: RedisEngine) -> None:
    visitors = [await visit(engine) for _ in range(MAX_SERVERS + 1)]
    runs = [visitor.start("BLPOP q 0") for visitor in visitors[:MAX_SERVERS]]
    await asyncio.sleep(0.3)
    with pytest.raises(EngineBusy) as caught:
        await visitors[-1].run("PING")
    assert str(MAX_SERVERS) in caught.value.message
    assert [run.last for run in await asyncio.gather(*runs)] == ["waited 1.0 s, nothing came"] * MAX_SERVERS
    assert (await visitors[-1].run("PING")).last == "PONG"


async def test_many_wake_at_the_same_time(engine: RedisEngine) -> None:
    visitors = [await visit(engine) for _ in range(MAX_SERVERS)]
    runs = await asyncio.gather(
        *(v.run(f"INCR n\nCLIENT SETNAME {name}", name) for v in visitors for name in ("main", "A", "B"))
    )
    assert all(run.error is None for run in runs)
    assert [(await v.run("GET n")).last for v in visitors] == ['"3"'] * MAX_SERVERS


async def test_drop_leaves_nothing(engine: RedisEngine, fleet_places: Places) -> None:
    a, b = await visit(engine), await visit(engine)
    await a.run("SET k a")
    await b.run("SET k b")
    before = len(servers_of(fleet_places))
    await engine.drop(a.sandbox)
    await engine.drop(a.sandbox)
    assert len(servers_of(fleet_places)) == before - 1
    assert list(fleet_places.data.rglob(f"*{a.sandbox.namespace}*")) == []
    assert list(fleet_places.runtime.rglob(f"*{a.sandbox.namespace}*")) == []
    assert await engine.namespaces() == {b.sandbox.namespace}
    with pytest.raises(SandboxExpired):
        await a.run("PING")
    assert await engine.inspect(a.sandbox) == []
    assert (await engine.usage(a.sandbox)).objects == 0
    assert (await b.run("GET k")).last == '"b"'


async def test_nothing_outside_the_form_of_a_namespace_is_touched(engine: RedisEngine) -> None:
    sandbox = engine.new_sandbox()
    odd = Sandbox("redis", "../../../tmp/elsewhere", sandbox.secret, sandbox.created_at)
    with pytest.raises(ValueError, match="not a namespace"):
        await engine.create(odd)
    await engine.drop(odd)


async def test_the_end_of_the_engine_saves_and_leaves_no_process(
    fleet_settings: Settings, fleet_places: Places
) -> None:
    async with RedisEngine(fleet_settings, fleet_places) as engine:
        a = await visit(engine)
        await a.run("SET k kept")
        assert len(servers_of(fleet_places)) == 2
    assert servers_of(fleet_places) == []
    assert list((fleet_places.data / "pids").iterdir()) == []
    async with RedisEngine(fleet_settings, fleet_places) as engine:
        assert await engine.namespaces() == {a.sandbox.namespace}
        a.engine = engine
        run = await a.run("GET k")
        assert (run.last, run.said) == ('"kept"', "")


KILLED_APP = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from app.config import Settings
from app.core.places import Places
from app.core.sandbox import Sandbox
from app.engines.redis.engine import RedisEngine
from tests.engines.redis_subject import Visitor

async def main():
    settings = Settings(data_dir=Path(sys.argv[1]))
    with Places(settings.data_dir) as places:
        async with RedisEngine(settings, places) as engine:
            sandbox = Sandbox("redis", sys.argv[2], sys.argv[3], datetime.now(UTC))
            await engine.create(sandbox)
            await Visitor(engine, sandbox, settings).run("SET k kept")
            print("ready", flush=True)
            await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_the_servers_of_a_killed_app_are_ended_at_the_next_start(fleet_settings: Settings) -> None:
    sandbox = Sandbox.new("redis")
    app = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        KILLED_APP,
        str(fleet_settings.data_dir),
        sandbox.namespace,
        sandbox.secret,
        stdout=asyncio.subprocess.PIPE,
    )
    assert app.stdout is not None
    assert await app.stdout.readline() == b"ready\n"
    app.kill()
    await app.wait()
    with Places(fleet_settings.data_dir) as places:
        assert len(servers_of(places)) == 2
        async with RedisEngine(fleet_settings, places) as engine:
            assert len(servers_of(places)) == 1, "the one beside the sandboxes'"
            assert (await Visitor(engine, sandbox, fleet_settings).run("GET k")).last == '"kept"'
        assert servers_of(places) == []
        shutil.rmtree(places.runtime, ignore_errors=True)
