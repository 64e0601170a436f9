"""The Redis engine on real servers: commands and state, limits and stop, what is refused, and what comes back."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import EngineBusy, EngineUnavailable, StatementFailed, StatementRefused, StatementStopped
from app.engines.redis.engine import RedisEngine
from tests.engines.redis_subject import Visitor

WRITES_FOREVER = "EVAL \"redis.call('SET', 'a', 'from the script') while true do end\" 0"


@pytest.fixture
async def visitor(redis: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(redis, RedisEngine)
    made = Visitor(redis, redis.new_sandbox(), settings)
    await redis.create(made.sandbox)
    yield made
    await redis.drop(made.sandbox)


@pytest.fixture
async def neighbour(redis: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(redis, RedisEngine)
    made = Visitor(redis, redis.new_sandbox(), settings)
    await redis.create(made.sandbox)
    yield made
    await redis.drop(made.sandbox)


async def test_replies_of_every_type(visitor: Visitor) -> None:
    source = """
        SET s 1
        INCR s
        GET s
        GET none
        HSET h f v
        HGETALL h
        SADD set x
        SMEMBERS set
        ZADD z 1.5 m
        ZSCORE z m
        ZRANGE z 0 -1 WITHSCORES
        EVAL "redis.setresp(3) return {{double=2.5}, true, {big_number='12345678901234567890'}, {map={a=1}}, {set={x=true}}, {err='MY no'}}" 0
        PING "\\xff"
    """
    run = await visitor.run(source)
    assert run.texts == [
        "OK",
        "(integer) 2",
        '"2"',
        "(nil)",
        "(integer) 1",
        '1# "f" => "v"',
        "(integer) 1",
        '1~ "x"',
        "(integer) 1",
        "(double) 1.5",
        '1) 1) "m"\n   2) (double) 1.5',
        '1) (double) 2.5\n2) (true)\n3) (big number) 12345678901234567890\n4) 1# "a" => (integer) 1\n5) 1~ "x"\n6) (error) MY no',
        '"\\xff"',
    ]
    assert [r.reply["type"] for r in run.results if r.reply][:6] == [
        "status",
        "integer",
        "string",
        "nil",
        "integer",
        "map",
    ]
    assert run.results[-1].reply == {"type": "string", "value": "/w==", "encoding": "base64"}
    assert all(r.stats.total_ms is not None and r.stats.total_ms < 500 for r in run.results)


async def test_the_server_tells_its_own_time(visitor: Visitor) -> None:
    run = await visitor.run("EVAL \"for i = 1, 100000 do redis.call('PING') end\" 0\nMULTI\nPING\nEXEC")
    slow = run.results[0].stats
    assert slow.server_ms is not None
    assert slow.total_ms is not None
    assert 1 < slow.server_ms <= slow.total_ms
    assert slow.server_ms_source == "slow log"
    assert run.results[2].stats.server_ms is None, "queued, not executed"


async def test_state_lasts_between_runs_and_belongs_to_one_client(visitor: Visitor) -> None:
    await visitor.run("SELECT 3\nSET k three\nMULTI\nINCR n", "A")
    assert (await visitor.run("GET k", "B")).last == "(nil)"
    run = await visitor.run("INCR n\nEXEC\nGET k", "A")
    assert run.texts == ["QUEUED", "1) (integer) 1\n2) (integer) 2", '"three"']
    await visitor.run("WATCH k", "A")
    await visitor.run("SELECT 3\nSET k changed", "B")
    assert (await visitor.run("MULTI\nGET k\nEXEC", "A")).last == "(nil)"
    assert (await visitor.run("HELLO 2\nHSET h f v\nHGETALL h", "A")).last == '1) "f"\n2) "v"'
    assert (await visitor.run("HGETALL h", "A")).last == '1) "f"\n2) "v"'


async def test_a_visitor_cannot_lose_the_connection(visitor: Visitor) -> None:
    await visitor.run("SET k here")
    for line in ("RESET", "QUIT", "HELLO 2\nRESET"):
        assert (await visitor.run(f"{line}\nGET k")).last == '"here"', line
    for line in ("AUTH sandtable guess", "AUTH default x", "HELLO 3 AUTH default x", "AUTH x", "HELLO 4"):
        run = await visitor.run(line)
        assert isinstance(run.error, StatementFailed), line
        assert (await visitor.run("GET k")).last == '"here"', line
    assert (await visitor.run("ACL WHOAMI")).last == '"visitor"'


@pytest.mark.parametrize(
    "line",
    [
        "SHUTDOWN NOSAVE",
        "DEBUG SLEEP 60",
        "CONFIG SET dir /",
        "CONFIG REWRITE",
        "REPLICAOF 127.0.0.1 6379",
        "SLAVEOF NO ONE",
        "PSYNC ? -1",
        "SYNC",
        "REPLCONF LISTENING-PORT 1",
        "FAILOVER",
        "MIGRATE 127.0.0.1 6379 k 0 100",
        "MODULE LOAD /tmp/x.so",
        "MODULE LIST",
        "SAVE",
        "BGSAVE",
        "BGREWRITEAOF",
        "CLIENT KILL TYPE normal",
        "CLIENT PAUSE 10000 ALL",
        "CLIENT UNPAUSE",
        "CLIENT NO-EVICT ON",
        "CLIENT REPLY OFF",
        "ACL SETUSER visitor +@all",
        "ACL SETUSER sandtable nopass",
        "ACL SETUSER default on nopass",
        "ACL DELUSER default",
        "ACL LOAD",
        "ACL SAVE",
        "SCRIPT DEBUG YES",
        "PFDEBUG GETREG k",
    ],
)
async def test_what_is_refused_says_why(visitor: Visitor, line: str) -> None:
    run = await visitor.run(line)
    assert isinstance(run.error, StatementRefused), run
    name = line.split(maxsplit=1)[0]
    assert run.error.message.startswith(name)
    assert " is refused here: " in run.error.message
    assert run.error.hint
    assert run.error.offset == 0
    in_script = await visitor.run("EVAL \"return redis.pcall('CONFIG', 'SET', 'dir', '/')\" 0")
    assert in_script.error is not None
    assert (await visitor.run("PING")).last == "PONG"


async def test_errors_say_where_and_what_to_do(visitor: Visitor) -> None:
    source = "SET k text\nINCR k\nGET k"
    run = await visitor.run(source)
    assert isinstance(run.error, StatementFailed)
    assert (run.error.code, run.error.message) == ("ERR", "value is not an integer or out of range")
    assert run.error.offset == source.index("INCR")
    assert len(run.results) == 1
    wrong = (await visitor.run("LPUSH k 1")).error
    assert wrong is not None
    assert wrong.code == "WRONGTYPE"
    assert wrong.hint is not None


async def test_a_transaction_shows_its_errors_inside(visitor: Visitor) -> None:
    run = await visitor.run("MULTI\nSET k x\nINCR k\nSET k y\nEXEC\nGET k")
    assert run.texts[-2] == "1) OK\n2) (error) ERR value is not an integer or out of range\n3) OK"
    assert run.last == '"y"'


@pytest.mark.parametrize(
    "line",
    [
        "BLPOP q 0",
        "BRPOP q 0",
        "BLMOVE q r LEFT LEFT 0",
        "BLMPOP 0 1 q LEFT",
        "BRPOPLPUSH q r 0",
        "XREAD BLOCK 0 STREAMS s $",
        "XREADGROUP GROUP g c BLOCK 0 STREAMS s2 >",
        "WAIT 1 0",
        "BZPOPMIN z 0",
        "BZPOPMAX z 0",
        "BZMPOP 0 1 z MIN",
    ],
)
async def test_blocking_commands_end_at_the_limit_with_a_result(visitor: Visitor, line: str) -> None:
    await visitor.run("SELECT 5\nXGROUP CREATE s2 g $ MKSTREAM")
    began = time.monotonic()
    run = await visitor.run(line, limits=visitor.limits(left_ms=300))
    assert time.monotonic() - began < 1
    assert run.last == "waited 0.3 s, nothing came"
    assert run.results[0].truncated is not None
    assert (run.results[0].truncated.limit, run.results[0].truncated.value) == ("max_stream_ms", 300)
    assert await visitor.blocked() == 0
    assert "db=5" in str((await visitor.run("CLIENT INFO")).last)


@pytest.mark.parametrize(
    ("line", "streams"),
    [
        ("SUBSCRIBE c", True),
        ("psubscribe c*", True),
        ("SSUBSCRIBE c", True),
        ("MONITOR", True),
        ("BLPOP q 0", True),
        ("WAIT 0 0", True),
        ("XREAD BLOCK 0 STREAMS s $", True),
        ("XREAD COUNT 1 BLOCK 0 STREAMS s $", True),
        ("XREADGROUP GROUP g c COUNT 1 BLOCK 5 STREAMS s >", True),
        ("XREAD STREAMS block 0", False),
        ("XREAD COUNT 1 STREAMS s 0", False),
        ("LPOP q", False),
        ("GET SUBSCRIBE", False),
        ("import redis", False),
        ("r.blpop('q')", True),
        ("r.pubsub().subscribe('c')", True),
    ],
)
async def test_what_streams(redis: Engine, line: str, streams: bool) -> None:
    (*_, statement) = redis.split(line)
    assert redis.streams(statement) is streams


async def test_what_a_blocking_command_waited_for_is_its_reply(visitor: Visitor) -> None:
    waiting = visitor.start("BLPOP q 0")
    await asyncio.sleep(0.2)
    assert (await visitor.run("RPUSH q first second", "B")).last == "(integer) 2"
    assert (await waiting).last == '1) "q"\n2) "first"'


@pytest.mark.parametrize(
    "line",
    [
        'EVAL "while true do end" 0',
        "EVAL \"while true do redis.pcall('PING') end\" 0",
        'MULTI\nEVAL "while true do end" 0\nEVAL "while true do end" 0\nEXEC',
        "FUNCTION LOAD REPLACE \"#!lua name=l\nredis.register_function('f', function() while true do end end)\"\nFCALL f 0",
    ],
)
async def test_an_endless_script_that_wrote_nothing_is_ended_without_loss(visitor: Visitor, line: str) -> None:
    await visitor.run("SET k kept")
    began = time.monotonic()
    run = await visitor.run(line)
    assert time.monotonic() - began < 2
    assert isinstance(run.error, StatementStopped)
    assert visitor.server.restores == 0
    assert (await visitor.run("GET k")).last == '"kept"'


async def test_an_endless_script_that_wrote_costs_its_own_server_alone(visitor: Visitor, neighbour: Visitor) -> None:
    await neighbour.run("SET n 1")
    await visitor.run("SET k kept\nEXPIRE k 100")
    neighbours_pid = neighbour.server.process.pid
    pid = visitor.server.process.pid
    began = time.monotonic()
    run = await visitor.run(f"SET before 1\n{WRITES_FOREVER}")
    assert time.monotonic() - began < 2
    assert isinstance(run.error, StatementStopped)
    assert run.error.detail is not None
    assert "started again" in run.error.detail
    assert "snapshot" in run.error.detail
    after = await visitor.run("GET k\nTTL k\nGET a\nGET before")
    assert [after.texts[0], *after.texts[2:]] == ['"kept"', "(nil)", '"1"'], "saved before the script"
    assert after.said == "", "it was said already"
    assert visitor.server.process.pid not in (pid, None)
    assert neighbour.server.process.pid == neighbours_pid


async def test_the_other_clients_hear_of_the_restart(visitor: Visitor) -> None:
    waiting = visitor.start("BLPOP q 0", "B", limits=visitor.limits(max_run_ms=5_000, left_ms=5_000))
    await asyncio.sleep(0.1)
    await visitor.run(WRITES_FOREVER)
    with pytest.raises(EngineUnavailable):
        await waiting
    run = await visitor.run("PING", "B")
    assert run.last == "PONG"
    assert "had to be started again" in run.said
    assert (await visitor.run("PING", "B")).said == ""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("BLPOP q 0", "waited"),
        ('EVAL "while true do end" 0', None),
        (WRITES_FOREVER, None),
        ("SUBSCRIBE c", "listened"),
        ("MONITOR", "listened"),
    ],
)
async def test_stop_ends_it_on_the_server(visitor: Visitor, source: str, said: str | None) -> None:
    limits = visitor.limits(max_run_ms=20_000, left_ms=20_000)
    task = visitor.start(source, limits=limits)
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await (await visitor.client()).stop()
    assert time.monotonic() - began < 1.5
    run = await task
    if said is None:
        assert isinstance(run.error, StatementStopped)
        assert run.error.code == "stopped"
    else:
        assert str(run.last).startswith(said)
        assert run.results[0].truncated is None
    assert await visitor.blocked() == 0
    assert (await visitor.run("PING")).last == "PONG"
    await (await visitor.client()).stop()


async def test_an_abandoned_run_is_ended_by_stop(visitor: Visitor) -> None:
    client = await visitor.client()
    task = visitor.start("BLPOP q 0", limits=visitor.limits(max_run_ms=20_000, left_ms=20_000))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await visitor.blocked() == 1
    await client.stop()
    assert await visitor.blocked() == 0
    assert (await visitor.run("PING")).last == "PONG"


async def test_one_statement_at_a_time(visitor: Visitor) -> None:
    task = visitor.start("BLPOP q 0.5")
    await asyncio.sleep(0.1)
    with pytest.raises(EngineBusy):
        await visitor.run("PING")
    assert (await task).last == "(nil)"


async def test_subscribers_hear_messages_until_the_time_is_over(visitor: Visitor) -> None:
    await visitor.run("SELECT 2\nCLIENT SETNAME listener")
    listening = visitor.start("SUBSCRIBE news other")
    await asyncio.sleep(0.2)
    assert (await visitor.run('PUBLISH news "one"\nPUBLISH other "\\xff"\nPUBLISH third x', "B")).texts == [
        "(integer) 1",
        "(integer) 1",
        "(integer) 0",
    ]
    run = await listening
    assert [(m.channel, m.text) for m in run.messages] == [("news", "one"), ("other", '"\\xff"')]
    assert run.messages[0].at_ms >= 150
    assert run.last == "listened 1.0 s, 2 messages"
    assert run.results[0].truncated is not None
    assert run.results[0].kind == "status"
    after = await visitor.run("CLIENT INFO\nPUBLISH news nobody")
    assert "db=2" in str(after.texts[0])
    assert "name=listener" in str(after.texts[0])
    assert after.last == "(integer) 0", "not subscribed any more"


async def test_patterns_and_monitor(visitor: Visitor) -> None:
    for source, command, text in (
        ("PSUBSCRIBE n*", "PUBLISH news hello", "hello"),
        ("MONITOR", "GET secret-key", '"GET" "secret-key"'),
    ):
        listening = visitor.start(source)
        await asyncio.sleep(0.2)
        await visitor.run(command, "B")
        run = await listening
        assert any(text in message.text for message in run.messages), run
        assert (await visitor.run("PING")).last == "PONG"


async def test_monitor_shows_the_visitors_commands_only(visitor: Visitor) -> None:
    await visitor.run("SET a 1\nSET b:c 2")
    await visitor.client("A")
    listening = visitor.start("MONITOR")
    await asyncio.sleep(0.2)
    await visitor.run("GET a\nEVAL \"return redis.call('GET', 'a')\" 0\nSCAN 0", "A")
    assert len(await visitor.engine.inspect(visitor.sandbox)) == 2
    await visitor.run("SET a 2", "A")
    texts = [message.text.partition(" ")[2] for message in (await listening).messages]
    assert texts == [
        '[0 unix] "GET" "a"',
        """[0 unix] "EVAL" "return redis.call('GET', 'a')" "0\"""",
        '[0 lua] "GET" "a"',
        '[0 unix] "SCAN" "0"',
        '[0 unix] "SET" "a" "2"',
    ]


async def test_enough_messages_end_the_listening(visitor: Visitor) -> None:
    listening = visitor.start("SUBSCRIBE c", limits=visitor.limits(max_messages=3, max_run_ms=5_000, left_ms=5_000))
    await asyncio.sleep(0.1)
    await visitor.run("10 PUBLISH c x", "B")
    began = time.monotonic()
    assert len((await listening).messages) == 3
    assert time.monotonic() - began < 0.5


async def test_tracked_keys_are_told(visitor: Visitor) -> None:
    await visitor.run("SET k 1\nCLIENT TRACKING ON\nGET k", "A")
    await visitor.run("SET k 2", "B")
    run = await visitor.run("PING", "A")
    assert [(m.channel, m.text) for m in run.messages] == [("invalidate", "k")]
    assert run.last == "PONG"


async def test_a_huge_reply_is_cut_on_the_way_in(visitor: Visitor) -> None:
    await visitor.run("SELECT 4\nCLIENT SETNAME me")
    fill = "EVAL \"for i = 1, 40 do redis.call('RPUSH', 'big', string.rep('x', 100000)) end\" 0"
    run = await visitor.run(f"{fill}\nLRANGE big 0 -1", limits=visitor.limits(max_run_ms=5_000, left_ms=5_000))
    result = run.results[-1]
    assert result.truncated is not None
    assert result.truncated.limit == "max_reply_bytes"
    assert result.truncated.shown == 10
    assert result.reply_bytes <= visitor.settings.max_reply_bytes
    after = await visitor.run("LLEN big\nCLIENT GETNAME")
    assert after.texts == ["(integer) 40", '"me"'], "the same database and name on the connection opened anew"


async def test_a_reply_larger_than_the_server_may_hold(visitor: Visitor) -> None:
    source = "EVAL \"local t = {} for i = 1, 40 do t[i] = string.rep('x', 1000000) end return t\" 0"
    run = await visitor.run(source, limits=visitor.limits(max_run_ms=5_000, left_ms=5_000))
    assert isinstance(run.error, StatementStopped)
    assert run.error.limit is not None
    assert run.error.limit[0] == "max_output_bytes"
    assert (await visitor.run("PING")).last == "PONG"


async def test_long_replies_are_cut_at_max_rows(visitor: Visitor) -> None:
    run = await visitor.run("EVAL \"for i = 1, 2500 do redis.call('HSET', 'h', i, i) end\" 0\nHGETALL h\nPING")
    cut = run.results[1].truncated
    assert cut is not None
    assert (cut.limit, cut.value, cut.shown) == ("max_rows", 1_000, 1_000)
    assert run.results[1].reply is not None
    assert len(run.results[1].reply["value"]) == 1_000
    assert run.last == "PONG"


async def test_nesting_without_end_does_not_hurt(visitor: Visitor) -> None:
    run = await visitor.run('EVAL "local t = {} for i = 1, 3000 do t = {t} end return t" 0')
    assert run.error is not None or run.results[0].truncated is not None
    assert (await visitor.run("PING")).last == "PONG"
