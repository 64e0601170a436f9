"""Whole results on the real engines: more than a page shows, without changing anything."""

import json
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import EngineBusy, PlaygroundError
from app.playground import services
from app.playground.engines import Engines
from app.playground.running.runner import RunRequest
from app.playground.services import Services
from app.stores.memory import MemoryStore

MANY = 2_500
TABLE = (
    "CreateTable {TableName: 'many', KeySchema: [{AttributeName: 'n', KeyType: 'HASH'}], "
    "AttributeDefinitions: [{AttributeName: 'n', AttributeType: 'N'}], BillingMode: 'PAY_PER_REQUEST'}"
)
PUT = "\n".join(f"PutItem {{TableName: 'many', Item: {{n: {n}, text: '{'x' * 150}'}}}}" for n in range(60))
SOURCES = {
    "postgres": ("", f"select n, 'x' as x from generate_series(1, {MANY}) n", MANY),
    "mongodb": (
        f"db.many.insertMany(Array.from({{length: {MANY}}}, (_, n) => ({{_id: n}})))",
        "db.many.find({_id: {$gte: 0}}).sort({_id: 1})",
        MANY,
    ),
    "redis": ("RPUSH many " + " ".join(map(str, range(MANY))), "LRANGE many 0 -1", MANY),
    "dynamodb": (f"{TABLE}\n{PUT}", "Scan {TableName: 'many', Limit: 25}", 60),
}
CHANGING = {
    "postgres": ["insert into t values (1)", "delete from t returning *", "begin", "explain analyze delete from t"],
    "mongodb": [
        "db.c.insertOne({})",
        "db.c.aggregate([{$out: 'x'}])",
        "db.c.find({a: db.c.insertOne({})})",
        "let x = db.c.find()",
        "db.c.find().forEach(d => d)",
        "db.c.findOneAndDelete({})",
    ],
    "redis": ["SET a 1", "LPOP a", "EVAL 'return 1' 0", "GETDEL a", "SORT a STORE b"],
    "dynamodb": ["DELETE FROM t WHERE a=1", "PutItem {TableName: 't', Item: {a: 1}}", "UPDATE t SET a=1 WHERE b=1"],
}


@pytest.fixture(params=SOURCES)
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def built(engine: Engine, settings: Settings) -> AsyncIterator[Services]:
    limits = settings.model_copy(update={"max_rows": 100, "max_run_ms": 5_000})
    engines = Engines({engine.slug: engine})
    engines.offer(engine.slug).ready = True
    made = services.build(limits, engines, MemoryStore(), b"secret")
    await made.store.open_session("s")
    yield made
    await made.runner.reset("s", engine.slug)
    await made.sandboxes.close()
    await made.runner.close()


async def run(built: Services, slug: str, source: str) -> dict:  # type: ignore[type-arg]
    answer = await built.runner.run("s", RunRequest(slug, source))
    assert answer["stats"]["outcome"] == "ok", answer["results"][-1]
    return answer


async def exported(built: Services, slug: str, answer: dict, suffix: str = "ndjson") -> str:  # type: ignore[type-arg]
    shown = built.exports.shown("s", slug, answer["id"], 1)
    return "".join([part async for part in built.exports.whole("s", shown, suffix)])


async def test_the_whole_of_a_result_that_was_cut(built: Services, engine: Engine) -> None:
    seed, source, count = SOURCES[engine.slug]
    if seed:
        await run(built, engine.slug, seed)
    answer = await run(built, engine.slug, source)
    assert answer["results"][0]["reads"] is True
    text = await exported(built, engine.slug, answer)
    records = [json.loads(line) for line in text.splitlines()]
    assert len(records) == count
    assert "$cut" not in text
    assert len({json.dumps(record) for record in records}) == count
    again = await run(built, engine.slug, source)
    assert again["results"][0]["stats"]["row_count"] == answer["results"][0]["stats"]["row_count"]


def test_what_may_change_something_is_not_run_again(engine: Engine) -> None:
    for source in CHANGING[engine.slug]:
        (statement,) = engine.split(source)
        reads = engine.reads(statement)
        assert not reads, source


async def test_an_export_ends_at_its_limit_and_says_so(postgres: Engine, settings: Settings) -> None:
    limits = settings.model_copy(update={"max_rows": 10, "max_export_bytes": 200_000})
    engines = Engines({"postgres": postgres})
    engines.offer("postgres").ready = True
    built = services.build(limits, engines, MemoryStore(), b"secret")
    await built.store.open_session("s")
    answer = await run(built, "postgres", "select repeat('x', 100) from generate_series(1, 100000)")
    text = await exported(built, "postgres", answer, "csv")
    assert "Cut after" in text.splitlines()[-1]
    assert 1_000 < text.count("\n") < 5_000
    assert (await run(built, "postgres", "select 1"))["results"][0]["rows"] == [["1"]]
    await built.runner.reset("s", "postgres")
    await built.sandboxes.close()


async def test_postgres_refuses_what_writes_all_the_same_and_keeps_an_open_transaction(
    postgres: Engine, settings: Settings
) -> None:
    limits = settings.model_copy(update={"max_rows": 1})
    engines = Engines({"postgres": postgres})
    engines.offer("postgres").ready = True
    built = services.build(limits, engines, MemoryStore(), b"secret")
    await built.store.open_session("s")
    await run(built, "postgres", "create table t (n int); create sequence q")
    for source in (
        "with w as (insert into t values (1), (2) returning n) select * from w",
        "select nextval('q') from generate_series(1, 3)",
    ):
        answer = await run(built, "postgres", source)
        with pytest.raises(PlaygroundError, match=r"read-only|data-modifying"):
            await exported(built, "postgres", answer)
    answer = await run(built, "postgres", "table t")
    await run(built, "postgres", "begin; insert into t values (3)")
    answer = await run(built, "postgres", "table t")
    with pytest.raises(PlaygroundError, match="transaction is open"):
        await exported(built, "postgres", answer)
    answer = await run(built, "postgres", "select count(*) from t")
    assert answer["results"][0]["rows"] == [["3"]]
    assert answer["transaction"] == "open"
    async with built.runner.borrow("s", "postgres"):
        with pytest.raises(EngineBusy):
            await run(built, "postgres", "select 1")
    await built.runner.reset("s", "postgres")
    await built.sandboxes.close()
