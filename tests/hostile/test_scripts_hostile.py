"""Scripts that mean no good: limits hold, and say so."""

import asyncio
import time

import pytest

from tests.scripts.conftest import SESSION, Player, built, player  # noqa: F401


async def test_an_endless_loop_of_calls_ends_at_the_limit(player: Player) -> None:  # noqa: F811
    run = await player.run("for (;;) { try { await redis.get('x'); } catch { } }")
    assert (run["outcome"], run["error"]["code"]) == ("stopped", "max_script_calls")
    assert "500 calls" in run["error"]["message"]
    assert len([call for call in run["calls"] if call["kind"] == "call"]) == 500


async def test_everything_at_once_ends_at_the_limit(player: Player) -> None:  # noqa: F811
    for source in (
        "await Promise.all(Array.from({ length: 100000 }, () => pg.query('SELECT pg_sleep(1)')))",
        "for (;;) pg.query('SELECT 1')",
        "for (;;) pg.connect()",
        "for (;;) sleep(1)",
    ):
        run = await player.run(source)
        assert run["outcome"] == "stopped", source
        assert run["error"]["code"] in ("max_script_calls", "max_timers"), source
        assert len(run["calls"]) <= 510


@pytest.mark.timeout(90)
async def test_connections_that_are_never_closed_end_with_the_script(player: Player) -> None:  # noqa: F811
    began = time.monotonic()
    run = await player.run("for (let n = 0; n < 5; n++) { await pg.connect(); print(n); }")
    assert [line["text"] for line in run["output"]] == ["0", "1", "2", "3"]
    assert run["error"]["code"] == "max_script_ms"
    assert "waiting for a connection" in run["error"]["detail"]
    assert time.monotonic() - began < 14
    assert (await player.run("await pg.query('SELECT 1')"))["outcome"] == "ok"


@pytest.mark.parametrize(
    "source",
    [
        "await pg.query(\"SELECT repeat('x', 100000000)\")",
        "await pg.query(\"SELECT repeat('x', 1000) FROM generate_series(1, 100000)\")",
        "await redis.eval(\"return string.rep('x', 3000000)\", 0)",
        "for (;;) await pg.query(\"SELECT repeat('x', 300000)\")",
        "await redis.set('hostile:big', 'x'.repeat(900000)); for (;;) await redis.get('hostile:big')",
    ],
)
async def test_a_hundred_megabytes_end_at_the_limit(player: Player, source: str) -> None:  # noqa: F811
    run = await player.run(source)
    assert run["outcome"] == "stopped"
    assert run["error"]["code"] == "max_reply_bytes"
    assert "bytes" in run["error"]["message"]
    assert run["stats"]["reply_bytes"] < 3_000_000


async def test_what_is_printed_is_cut_and_counted(player: Player) -> None:  # noqa: F811
    run = await player.run("for (let n = 0; n < 3000; n++) print('line', n)")
    assert (len(run["output"]), run["output_lost"]) == (2_000, 1_000)
    run = await player.run("print('x'.repeat(10_000_000)); print('more')")
    assert (sum(len(line["text"]) for line in run["output"]), run["output_lost"]) == (200_000, 2)
    run = await player.run("print('x'.repeat(100_000_000))")
    assert run["error"]["code"] == "script_memory"


async def test_a_call_that_carries_too_much_is_refused(player: Player) -> None:  # noqa: F811
    run = await player.run("await redis.set('x', 'y'.repeat(2_000_000))")
    assert "1000000 characters" in run["error"]["message"]


@pytest.mark.timeout(90)
@pytest.mark.parametrize(
    "source", ["for (;;) {}", "await pg.query('SELECT 1'); while (true) [].indexOf.call({ length: 1e15 }, 1)"]
)
async def test_a_script_that_computes_for_ever_is_ended(player: Player, source: str) -> None:  # noqa: F811
    began = time.monotonic()
    run = await player.run(source)
    assert run["error"]["code"] == "max_script_ms"
    assert "10 s" in run["error"]["message"]
    assert time.monotonic() - began < 13


@pytest.mark.parametrize(
    "source",
    [
        "function f() { f(); } f()",
        "const a = []; for (;;) a.push('x'.repeat(100000) + a.length)",
        "JSON.stringify = () => '{'; Promise.prototype.then = null; Map.prototype.get = () => 7; await pg.query('SELECT 1')",
        "Object.prototype.error = { name: 'x', message: 'y' }; await pg.query('SELECT 1')",
        "Object.prototype.toJSON = () => ({ op: 'wait' }); await redis.get('x')",
        "globalThis.__wake = () => true; await redis.get('x'); print('fine')",
        "globalThis.__host('{}')",
        "await pg.query({ toString() { throw new Error('no'); } })",
        "await callEngine('postgres', 'x', {})",
        "Array.prototype.splice = () => [1]; await redis.get('x')",
        "Array.prototype.splice = () => [{ id: {} }]; await redis.get('x')",
        "Array.prototype.push = function () { this[0] = { id: 1, sleep: 'soon' }; }; await redis.get('x')",
        "Array.prototype.push = function () { this[0] = { id: 1, engine: 'nothing', request: 5 }; }; await redis.get('x')",
        "Array.prototype.map = () => [{}]; Array.prototype.flatMap = () => [5]; await redis.get('x')",
        "await pg.query('SELECT \\0')",
        "await pg.query('SELECT $1::text', ['\\0'])",
        "await pg.query('SELECT $1::int', ['seven'])",
        "await pg.query('SELECT 1; SELECT 2')",
        "await pg.query('COPY (SELECT 1) TO STDOUT')",
        "await pg.query('\\\\d')",
        "await pg.query('LISTEN x'); await pg.query('NOTIFY x')",
        "await redis.subscribe('x')",
        "await redis.call('MONITOR')",
        "await redis.multi(); await redis.get('x')",
        "await redis.call()",
        "await redis.shutdown()",
        "await mongo.db.x.find({ $where: 'sleep(1e9)' })",
        "await mongo.db.x.aggregate([{ $changeStream: {} }])",
        "await mongo.db.x.insertOne({ _id: { $oid: 'no' } })",
        "await mongo.db.command({})",
        "await mongo.db.command('ping')",
        "await dynamo.watch({ TableName: 'x' })",
        "await dynamo.getItem(5)",
        "await dynamo['get Item {}; DeleteTable']({})",
        "let deep = {}; for (let n = 0; n < 5000; n++) deep = { deep }; await dynamo.putItem({ TableName: 'x', Item: deep })",
        "let deep = []; for (let n = 0; n < 900; n++) deep = [deep]; await mongo.db.command({ find: 'x', filter: { a: deep } })",
        "const own = await pg.connect(); await own.close(); await own.close()",
        "await pg.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => 0); print((await pg.query('SELECT 1')).rowCount)",
        "await measure({ toString() { return 'x'.repeat(1e6); } }, () => { throw null; })",
        "throw undefined",
        "await Promise.reject({ get name() { for (;;) {} } })",
    ],
)
async def test_a_script_that_breaks_itself_harms_nobody(player: Player, source: str) -> None:  # noqa: F811
    run = await player.run(source)
    assert run["outcome"] in ("ok", "failed", "refused", "stopped")
    assert (await player.run("print((await pg.query('SELECT 1 AS n')).rows[0].n)"))["output"][0]["text"] == "1"


async def test_a_server_s_own_limit_ends_one_call_and_the_script_goes_on(player: Player) -> None:  # noqa: F811
    run = await player.run("print(await pg.query('SELECT pg_sleep(30)').catch((error) => error.code))")
    assert [line["text"] for line in run["output"]] == ["max_run_ms"]
    assert run["calls"][-1]["outcome"] == "stopped" or run["calls"][0]["outcome"] == "stopped"


async def test_a_reset_in_the_middle_ends_in_errors_of_the_script(player: Player) -> None:  # noqa: F811
    task = asyncio.create_task(
        player.run("for (let n = 0; n < 100; n++) { await pg.query('SELECT 1'); await sleep(10); }")
    )
    await asyncio.sleep(0.3)
    await player.built.runner.reset(SESSION, "postgres")
    run = await task
    assert run["outcome"] in ("failed", "stopped")  # by where the call was that the reset met
    assert (await player.run("await pg.query('SELECT 1')"))["outcome"] == "ok"
