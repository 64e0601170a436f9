"""Sources that mean harm: each ends in time with a clear word, and neighbours don't notice."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import EngineUnavailable, StatementError, StatementFailed, StatementRefused, StatementStopped
from tests.contract.samples.mongodb import SLOW
from tests.engines.mongodb_subject import Visitor, own_engine, until_back, visitor_of

SMALL_QUOTA = 3_000_000


@pytest.fixture
async def visitor(mongodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    made = await visitor_of(mongodb, settings)
    yield made
    await made.engine.drop(made.sandbox)


@pytest.fixture
async def poor(visitor: Visitor) -> Visitor:
    """A visitor with a quota of 3 MB and 5 collections."""
    ledger = (await visitor.client()).work.ledger
    ledger.max_bytes, ledger.max_collections = SMALL_QUOTA, 5
    return visitor


TIME = (StatementStopped, "max_run_ms")
MEMORY = (StatementStopped, "script_memory")
STACK = (StatementFailed, "RangeError")

ENDLESS: list[tuple[str, tuple[type[StatementError], str]]] = [
    ("while (true) {}", TIME),
    ("for (;;) { try { for (;;); } catch (e) {} }", TIME),
    ("/(a+)+$/.test('a'.repeat(40) + 'b')", TIME),
    ("(async () => { for (;;) await null })()", TIME),
    ("await (async () => { for (;;) await 1 })()", TIME),
    ("try { sleep(60000) } catch (e) {}", TIME),
    ("for (;;) { try { db.c.findOne() } catch (e) {} }", TIME),
    ("for (;;) print('spam')", TIME),
    ("({ get a() { for (;;); } })", TIME),
    ("({ toJSON() { for (;;); }, get x() { for (;;); } })", TIME),
    ("new Proxy({}, { ownKeys() { for (;;); } })", TIME),
    ("[1].map(function f() { for (;;); })", TIME),
    ("Array.prototype.indexOf.call({ length: 1e15 }, 1)", TIME),
    ("let a = []; a.length = 4294967295; a.join('')", TIME),
    ("let s = 'x'.repeat(1e6); for (;;) s.split('').reverse().join('')", TIME),
    ("db.c.insertOne({ get a() { for (;;); } })", TIME),
    ("db.c.find().map(() => { for (;;); })", TIME),
    ("db.c.find().forEach(() => { for (;;); })", TIME),
    ("[3, 2, 1].sort(() => { for (;;); })", TIME),
    ("let x = 3n; for (;;) x = x * x % (10n ** 5000n)", TIME),
    ("let a = []; while (true) a.push(new Array(1e5).fill(1))", MEMORY),
    ("const m = new Map(); for (let i = 0; ; i++) m.set(i, new Array(1000).fill(i))", MEMORY),
    ("new Uint8Array(1e9)", MEMORY),
    ("'x'.repeat(1e9)", MEMORY),
    ("function f() { return f() + 1 } f()", STACK),
    ("function f() { try { return f() } finally { f() } } f()", STACK),
    ("JSON.parse('['.repeat(100000))", STACK),
    ("new Proxy({}, { get(t, k, r) { return r[k] } }).x", STACK),
    ("let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; JSON.stringify(o)", STACK),
]


@pytest.mark.parametrize(("source", "ending"), ENDLESS, ids=[e[0][:50] for e in ENDLESS])
async def test_it_ends(visitor: Visitor, source: str, ending: tuple[type[StatementError], str]) -> None:
    if "db.c" in source:
        await visitor.run("db.c.insertOne({})")
    began = time.monotonic()
    ms = 5_000 if ending is MEMORY else visitor.settings.max_run_ms  # filling memory takes its time on a busy machine
    run = await visitor.run(source, ms=ms)
    assert time.monotonic() - began < ms / 1000 + 1
    assert (type(run.failed), run.failed.code) == ending, run.failed
    assert await visitor.value("1 + 1") == 2, "usable at once after"


FAILING = [
    ("let o = {}; o.o = o; db.c.insertOne(o)", "RangeError"),
    ("let o = {}; for (let i = 0; i < 190; i++) o = { o }; db.c.insertOne(o)", "Overflow"),
    ("let s = 'x'; for (;;) s += s", "InternalError"),
    ("db.c.insertOne({ x: 'x'.repeat(17e6) })", "BSONError"),
    ("db.c.insertOne({ _id: [1] })", "InvalidIdField"),
    ("db.c.insertOne({ _id: { $oid: 'zz' } })", "BSONError"),
    ("db.c.insertOne({ d: { $date: { $numberLong: 'x' } } })", "BSONError"),
    ("db.getCollection('').insertOne({})", "MongoInvalidArgumentError"),
    ("db.getCollection('a\\0b').insertOne({})", "MongoInvalidArgumentError"),
    ("db.getCollection('x'.repeat(300)).insertOne({})", "InvalidNamespace"),
    ("db.system.users.insertOne({})", "Unauthorized"),
    ("db.c.aggregate([{ $project: { x: { $range: [0, 2000000000] } } }])", "ExceededMemoryLimit"),
]


@pytest.mark.parametrize(("source", "code"), FAILING, ids=[f[0][:50] for f in FAILING])
async def test_it_fails_with_a_word(visitor: Visitor, source: str, code: str) -> None:
    await visitor.run("db.c.insertOne({_id: 0})")
    run = await visitor.run(source, ms=5_000)
    assert isinstance(run.failed, StatementFailed), run.failed
    assert run.failed.code == code
    assert await visitor.value("1 + 1") == 2


async def test_half_a_surrogate_and_nul_are_text(visitor: Visitor) -> None:
    assert (
        await visitor.value("db.c.insertOne({_id: 1, a: '\\ud800', b: 'a\\0b', c: '\u2028'})\ndb.c.findOne().b.length")
        == 3
    )
    run = await visitor.run("print('\ud800')")
    assert run.error is None


async def test_markup_is_data(visitor: Visitor) -> None:
    run = await visitor.run("db.c.insertOne({_id: '<script>alert(1)</script>', '<b>': '{{7*7}}'})\ndb.c.find()")
    assert run.documents == [{"_id": "<script>alert(1)</script>", "<b>": "{{7*7}}"}]


async def test_printing_is_cut(visitor: Visitor) -> None:
    run = await visitor.run("for (let i = 0; i < 40; i++) print('x'.repeat(10000))", ms=5_000)
    assert len(run.printed) == 20
    assert "not shown" in run.notices[-1].message


async def test_big_answers_are_cut_on_the_way(visitor: Visitor) -> None:
    run = await visitor.run("'x'.repeat(5e6)", ms=5_000)
    assert run.last.truncated is not None
    assert run.last.truncated.limit == "max_reply_bytes"
    assert len(run.last.text or "") == visitor.settings.max_reply_bytes
    run = await visitor.run("Array.from({length: 5000}, (_, i) => ({i}))", ms=5_000)
    assert len(run.documents) == visitor.settings.max_rows
    run = await visitor.run("Array.from({length: 50}, () => ({x: 'x'.repeat(1e5)}))", ms=5_000)
    assert run.last.reply_bytes <= visitor.settings.max_reply_bytes
    assert run.last.truncated is not None
    one = await visitor.run("db.b.insertOne({x: 'x'.repeat(3e6)})\ndb.b.find()", ms=5_000)
    assert one.documents == []
    assert one.last.truncated is not None


async def test_two_busy_scripts_leave_the_neighbour_alone(
    visitor: Visitor, mongodb: Engine, settings: Settings
) -> None:
    neighbour = await visitor_of(mongodb, settings)
    await neighbour.run("db.c.insertOne({_id: 1})")
    busy = [asyncio.create_task(visitor.run("while (true) {}", client=name)) for name in ("A", "B")]
    await asyncio.sleep(0.1)
    took = []
    while not all(task.done() for task in busy):
        began = time.monotonic()
        assert await neighbour.value("db.c.findOne()._id") == 1
        took.append(time.monotonic() - began)
    await asyncio.gather(*busy)
    assert sorted(took)[len(took) // 2] < 0.15
    await mongodb.drop(neighbour.sandbox)


async def test_the_quota_of_bytes(poor: Visitor) -> None:
    run = await poor.run("const x = 'x'.repeat(2e5); let n = 0\nfor (; n < 1e6; n++) db.q.insertOne({x})", ms=5_000)
    assert isinstance(run.failed, StatementRefused)
    assert run.failed.code == "mongodb_quota_bytes"
    assert run.failed.limit == ("mongodb_quota_bytes", SMALL_QUOTA)
    assert (await poor.engine.usage(poor.sandbox)).bytes <= SMALL_QUOTA
    assert (
        await poor.run("db.q.insertMany(Array.from({length: 50000}, (_, i) => ({i, x: 'x'.repeat(60)})))", ms=5_000)
    ).failed
    assert await poor.value("db.q.findOne().x.length") == 200_000, "reading goes on"
    assert (await poor.run("db.q.deleteMany({})\ndb.q.insertOne({})")).error is None


async def test_a_batch_says_how_far_it_came(poor: Visitor) -> None:
    run = await poor.run("db.q.insertMany(Array.from({length: 100000}, (_, i) => ({i, x: 'x'.repeat(60)})))", ms=5_000)
    assert isinstance(run.failed, StatementRefused)
    assert run.failed.detail is not None
    assert "were written before" in run.failed.detail


async def test_one_command_cannot_outgrow_the_quota_by_far(poor: Visitor) -> None:
    await poor.run("db.g.insertMany(Array.from({length: 2000}, (_, i) => ({x: 'x'.repeat(1000)})))", ms=5_000)
    big = "{$reduce: {input: {$range: [0, 200]}, initialValue: '', in: {$concat: ['$$value', '$x']}}}"
    run = await poor.run(f"db.g.updateMany({{}}, [{{$set: {{y: {big}}}}}])", ms=5_000)
    assert isinstance(run.failed, StatementRefused), run.failed
    assert run.failed.code == "mongodb_quota_bytes"
    assert (await poor.engine.usage(poor.sandbox)).bytes < 250_000_000
    assert await poor.running() == 0


async def test_the_quota_of_collections_and_indexes(poor: Visitor) -> None:
    run = await poor.run("for (let i = 0; i < 9; i++) db.getCollection('c' + i).insertOne({})", ms=5_000)
    assert run.failed.limit == ("mongodb_max_collections", 5)
    for source in ("db.createCollection('more')", "db.c0.aggregate([{$out: 'more'}])", "db.createView('v', 'c0')"):
        assert (await poor.run(source)).failed.code == "mongodb_max_collections"
    assert (await poor.run("db.c0.insertOne({})")).error is None
    assert (
        await poor.run("db.createCollection('c9', {capped: true, size: 1e12})")
    ).failed.code == "mongodb_quota_bytes"
    run = await poor.run("for (let i = 0; i < 70; i++) db.c0.createIndex({['f' + i]: 1})", ms=5_000)
    assert isinstance(run.failed, StatementError)


async def test_stop_in_every_state(visitor: Visitor) -> None:
    await visitor.run("db.c.insertMany(Array.from({length: 1000}, (_, i) => ({i})))", ms=5_000)
    client = await visitor.client()
    for source in (
        "while (true) {}",
        "sleep(60000)",
        f"db.c.find({SLOW})",
        f"db.c.find({SLOW}).toArray()",
        f"try {{ db.c.find({SLOW}).toArray() }} catch (e) {{}} for (;;);",
        "for (;;) db.c.insertOne({})",
        f"db.c.updateMany({SLOW}, {{$set: {{a: 1}}}})",
    ):
        task = asyncio.create_task(visitor.run(source, ms=5_000))
        await asyncio.sleep(0.25)
        began = time.monotonic()
        await client.stop()
        assert time.monotonic() - began < 1
        assert await visitor.running() == 0
        assert (await task).failed.code == "stopped", source
    await client.stop()


async def test_a_cancelled_run_ends_on_the_server(visitor: Visitor) -> None:
    await visitor.run("db.c.insertMany(Array.from({length: 1000}, (_, i) => ({i})))", ms=5_000)
    task = asyncio.create_task(visitor.run(f"db.c.find({SLOW})", ms=5_000))
    await asyncio.sleep(0.3)
    assert await visitor.running() == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await visitor.running() == 0


async def test_an_expression_that_is_deaf_to_its_end(settings: Settings) -> None:
    """An array that doubles: mongod looks for interrupts between documents only. The server is ended and comes back."""
    async with own_engine(settings) as engine:
        visitor = await visitor_of(engine, settings)
        await visitor.run("db.c.insertOne({_id: 1})")
        double = "{$reduce: {input: {$range: [0, 60]}, initialValue: [1], in: {$concatArrays: ['$$value', '$$value']}}}"
        began = time.monotonic()
        try:
            ended_by = (await visitor.run(f"db.c.aggregate([{{$project: {{x: {{$size: {double}}}}}}}])")).failed.code
        except EngineUnavailable as exc:  # it had all the memory that the server may have before its time was over
            ended_by = exc.code
        assert ended_by in ("max_run_ms", "engine_unavailable")
        assert time.monotonic() - began < 5
        await until_back(engine)
        assert await visitor.value("db.c.findOne()._id") == 1
