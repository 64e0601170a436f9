"""What the Redis engine tells beside replies: plans, keys, usage, and the visitor's own slow log."""

from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import StatementRefused
from app.core.plans import Plan
from app.engines.redis.engine import RedisEngine
from tests.engines.redis_subject import Visitor


@pytest.fixture
async def visitor(redis: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(redis, RedisEngine)
    made = Visitor(redis, redis.new_sandbox(), settings)
    await redis.create(made.sandbox)
    yield made
    await redis.drop(made.sandbox)


async def plan_of(visitor: Visitor, line: str) -> Plan:
    client = await visitor.client()
    (statement,) = visitor.engine.split(line)
    await client.begin(line, visitor.limits())
    try:
        async for _ in client.run(statement, visitor.limits()):
            pass
        return await client.explain(statement, visitor.limits(), measure=False)
    finally:
        await client.finish()


@pytest.mark.parametrize(
    ("line", "access", "examined", "returned"),
    [
        ("GET text", "key lookup", 1, 1),
        ("HGETALL h", "full scan", 2, 2),
        ("SMEMBERS s", "full scan", 2_000, 2_000),
        ("KEYS *", "full scan", 4, 4),
        ("ZRANGE z 0 1", "range", None, 2),
        ("HSET h f 2", "modify", None, 1),
        ("PING", "key lookup", 0, 1),
    ],
)
async def test_a_plan_has_complexity_and_real_sizes(
    visitor: Visitor, line: str, access: str, examined: float | None, returned: float
) -> None:
    await visitor.run(
        "SELECT 1\nSET text hello\nHSET h f 1 g 2\nZADD z 1 a 2 b 3 c\n"
        "EVAL \"for i = 1, 2000 do redis.call('SADD', 's', 'm' .. i) end\" 0"
    )
    plan = await plan_of(visitor, line)
    assert (plan.access, plan.examined, plan.returned) == (access, examined, returned)
    assert plan.measured
    assert plan.server_ms is not None
    assert plan.server_ms_source == "slow log"
    assert plan.note is not None
    assert "no EXPLAIN" in plan.note
    assert plan.root.condition is not None
    assert plan.root.condition.startswith("O(")
    assert bool(plan.root.warnings) == (line == "SMEMBERS s")


async def test_a_plan_shows_each_key(visitor: Visitor) -> None:
    await visitor.run("SADD a 1 2\nSADD b x")
    plan = await plan_of(visitor, "SUNION a b gone")
    lengths = [next((fact.value for fact in n.facts if fact.name == "length"), None) for n in plan.root.children]
    assert [(n.target, n.label) for n in plan.root.children] == [
        ("a", "set, intset"),
        ("b", "set, listpack"),
        ("gone", "no such key"),
    ]
    assert lengths == [2, 1, None]
    assert plan.cost_unit == "bytes of memory"
    assert plan.cost is not None
    assert plan.cost > 0


async def test_subcommands_have_plans_of_their_own(visitor: Visitor) -> None:
    await visitor.run("SET k v")
    plan = await plan_of(visitor, "object encoding k")
    assert plan.root.label == "OBJECT ENCODING"
    assert plan.root.target == "k"


async def test_a_plan_without_a_run_says_that_nothing_was_measured(visitor: Visitor) -> None:
    client = await visitor.client()
    (statement,) = visitor.engine.split("GET k")
    plan = await client.explain(statement, visitor.limits(), measure=True)
    assert (plan.measured, plan.server_ms) == (False, None)
    (unknown,) = visitor.engine.split("NOSUCH k")
    with pytest.raises(StatementRefused) as caught:
        await client.explain(unknown, visitor.limits(), measure=True)
    assert caught.value.code == "cannot_explain"


async def test_the_slow_log_shows_the_visitors_commands_only(visitor: Visitor) -> None:
    for number in range(5):
        await visitor.run(f"SET k {number}\nGET k")
    run = await visitor.run("SLOWLOG GET 6")
    assert run.results[0].reply is not None
    entries = run.results[0].reply["value"]
    commands = [" ".join(word["value"] for word in entry["value"][3]["value"]) for entry in entries]
    assert commands == ["GET k", "SET k 4", "GET k", "SET k 3", "GET k", "SET k 2"]
    assert (await visitor.run("SLOWLOG GET")).results[0].stats.row_count == 10
    assert (await visitor.run("SLOWLOG GET x")).error is not None


FILL = """
EVAL "for i = 1, 2000 do redis.call('SADD', 's', 'm' .. i) redis.call('HSET', 'h', 'f' .. i, i) redis.call('ZADD', 'z', i, 'm' .. i) end" 0
EVAL "for i = 1, 2000 do redis.call('RPUSH', 'l', i) redis.call('SET', 'k' .. i, i) end" 0
"""


@pytest.mark.parametrize(
    ("line", "bound", "warned"),
    [
        ("HGETALL h", "O(N) with N = 2,000", "HMGET"),
        ("SMEMBERS s", "O(N) with N = 2,000", "SSCAN"),
        ("KEYS *", "O(N) with N = 2,004", "SCAN"),
        ("SORT l", "with N = 2,000", "sorted set"),
        ("LREM l 0 x", "with N = 2,000", "A set removes"),
        ("SUNION s s", "with N = 4,000", "SUNIONSTORE"),
        ("HGET h f1", "O(1)", None),
        ("HMGET h f1 f2", "O(N) with N = 2", None),
        ("ZADD z 1 a 2 b", "O(log(N)) with N = 2,002", None),
        ("ZRANGE z 0 9", "O(log(N)+M) with N = 2,000, M = 10: about 21 steps", None),
        ("ZRANK z m5", "O(log(N)) with N = 2,000", None),
        ("GET k1", "O(1)", None),
        ("PING", "O(1)", None),
    ],
)
async def test_real_sizes_and_warnings(visitor: Visitor, line: str, bound: str, warned: str | None) -> None:
    await visitor.run(FILL)
    plan = await plan_of(visitor, line)
    assert bound in str(plan.root.condition)
    assert bool(plan.root.warnings) == bool(warned), plan.root.warnings
    assert (warned or "") in " ".join(plan.root.warnings)


async def test_memory_before_and_after(visitor: Visitor) -> None:
    client = await visitor.client()
    client.explaining = True
    await visitor.run("SADD s 1 2")
    plan = await plan_of(visitor, "SADD s text")
    facts = {fact.name: fact.value for fact in plan.root.facts}
    assert set(facts) == {"memory before", "memory after", "change"}
    assert str(facts["change"]).startswith("+") or float(facts["memory after"]) < float(facts["memory before"])
    (key,) = plan.root.children
    assert key.label == "set, listpack"
    assert {f.name: f.value for f in key.facts if f.name != "memory"} == {"length": 3, "before": "set, intset"}
    plan = await plan_of(visitor, "DEL s")
    assert plan.root.children[0].label == "set, listpack, gone now"
    assert {fact.name: fact.value for fact in plan.root.facts}["memory after"] == 0
    plan = await plan_of(visitor, "EXISTS s")
    assert plan.root.children[0].label == "no such key"
    assert (await visitor.run("SLOWLOG GET 3")).results[0].reply is not None
