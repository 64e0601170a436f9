"""The shell: what each method gives, on a real mongod."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import NotFound, StatementError, StatementFailed, StatementRefused, StatementStopped
from app.core.plans import Plan
from app.core.results import Message, Result
from tests.engines.mongodb_subject import Visitor, relaxed, visitor_of

SEED = """
db.p.insertMany([
  {_id: 1, name: 'Ada', age: 36, tags: ['a', 'b'], at: {city: 'London'}},
  {_id: 2, name: 'Linus', age: 21, tags: ['b']},
  {_id: 3, name: 'Grace', age: 45, tags: []},
])
"""


@pytest.fixture
async def visitor(mongodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    made = await visitor_of(mongodb, settings)
    yield made
    await made.engine.drop(made.sandbox)


STATUSES = [
    ("db.c.insertOne({})", "1 document inserted"),
    ("db.c.insertMany([{}, {}])", "2 documents inserted"),
    ("db.c.updateOne({_id: 1}, {$set: {a: 1}}, {upsert: true})", "no document matched, 1 inserted"),
    ("db.c.updateMany({}, {$set: {a: 1}})", "0 documents matched, 0 modified"),
    ("db.c.deleteMany({})", "0 documents deleted"),
    ("db.createCollection('x')", "collection x created"),
    ("db.dropDatabase()", "0 collections dropped"),
    ("const who = 1", "defined who"),
    ("async function go() {}", "defined go"),
    ("undefined", "done"),
    ("it", "no cursor to continue"),
]


@pytest.mark.parametrize(("source", "status"), STATUSES)
async def test_a_status(visitor: Visitor, source: str, status: str) -> None:
    last = (await visitor.run(source)).last
    assert (last.kind, last.status) == ("status", status)


TEXTS = [
    ("'a text'", "a text"),
    ("[1, 'b', {c: null}]", "[ 1, 'b', { c: null } ]"),
    ("[ObjectId('507f1f77bcf86cd799439011')]", "[ ObjectId('507f1f77bcf86cd799439011') ]"),
    (
        "[new Date(0), NumberLong(5), NumberDecimal('1.5')]",
        "[ ISODate('1970-01-01T00:00:00.000Z'), Long('5'), Decimal128('1.5') ]",
    ),
    ("UUID('00112233-4455-6677-8899-aabbccddeeff')", "UUID('00112233-4455-6677-8899-aabbccddeeff')"),
    ("db", "test"),
    ("db.users", "test.users"),
    ("(x) => x", "[Function (anonymous)]"),
    ("new Map([['a', 1]])", "Map(1) { 'a' => 1 }"),
    ("NaN", "NaN"),
    ('"it\'s"', "it's"),
    ("use shop\ndb", "shop"),
    ("use shop", "switched to db shop"),
    ("db.a.insertOne({})\ndb.b.insertOne({})\nshow collections", "a\nb"),
]


@pytest.mark.parametrize(("source", "text"), TEXTS)
async def test_a_reply_in_the_shells_form(visitor: Visitor, source: str, text: str) -> None:
    last = (await visitor.run(source)).last
    assert (last.kind, last.text) == ("reply", text)


async def test_the_readme_snippet_of_the_node_driver(visitor: Visitor) -> None:
    quick_start = next(e for e in visitor.engine.examples() if e.slug == "quick-start")
    for times in (1, 2):
        run = await visitor.run(quick_start.source)
        assert [r.status for r in run.results] == [
            "defined mongo", "defined client", "defined db", "1 document inserted", "defined users",
        ]  # fmt: skip
        assert sum("myapp" in n.message for n in run.notices) == 1
        assert len(await visitor.value("db.users.find({name: 'John'})")) == times


async def test_printed_lines_come_in_order_and_before_an_error(visitor: Visitor) -> None:
    run = await visitor.run("print('a', {b: 1})\nconsole.log('%s!', 'c'); console.error('bad')\nprintjson([1]); nope()")
    assert run.printed == ["a { b: 1 }", "c!", "[ 1 ]"]
    assert [n.message for n in run.notices if n.severity == "warning"] == ["bad"]
    assert run.failed.code == "ReferenceError"


async def test_a_cursor_shows_20_and_it_continues_in_the_next_run(visitor: Visitor) -> None:
    await visitor.run("db.n.insertMany(Array.from({length: 45}, (_, i) => ({_id: i})))")
    first = await visitor.run("db.n.find().sort({_id: 1})")
    assert [d["_id"] for d in relaxed(first.documents)] == list(range(20))
    assert first.last.more is not None
    assert (first.last.more.label, first.last.more.source) == ("Next 20", "it")
    assert [d["_id"] for d in relaxed((await visitor.run("it")).documents)] == list(range(20, 40))
    third = await visitor.run("it")
    assert [d["_id"] for d in relaxed(third.documents)] == list(range(40, 45))
    assert third.last.more is None
    assert (await visitor.run("it")).last.status == "no cursor to continue"
    mapped = await visitor.run("db.n.find().sort({_id: 1}).map((d) => ({n: d._id}))\nit")
    assert relaxed(mapped.documents)[0] == {"n": 20}


async def test_field_order_is_kept(visitor: Visitor) -> None:
    run = await visitor.run("db.o.insertOne({_id: 1, z: 1, a: 2, m: {y: 1, b: 2}})\ndb.o.find()")
    assert list(run.documents[0]) == ["_id", "z", "a", "m"]
    assert list(run.documents[0]["m"]) == ["y", "b"]


async def test_a_fresh_context_for_every_run(visitor: Visitor) -> None:
    assert (await visitor.run("const once = 1")).error is None
    assert (await visitor.run("const once = 1")).error is None
    assert (await visitor.run("once")).failed.code == "ReferenceError"
    seeds = {await visitor.value("Math.random()") for _ in range(3)}
    assert len(seeds) == 3


ERRORS: list[tuple[str, type[StatementError], str, str, int]] = [
    ("null.x", StatementFailed, "TypeError", "null", 0),
    ("\n\n  'é𝒳' + nope", StatementFailed, "ReferenceError", "nope", 11),
    ("1\ndb.c.fnd()", StatementFailed, "TypeError", "near it is find", 7),
    ("db.getColectionNames()", StatementFailed, "TypeError", "getCollectionNames", 3),
    ("db.c.find().sorted()", StatementFailed, "TypeError", "sort", 5),
    ("let a = 1\nlet a = 2", StatementFailed, "SyntaxError", "redeclaration", 10),
    ("db.c.insertOne({_id: 1}); db.c.insertOne({_id: 1})", StatementFailed, "DuplicateKey", "E11000", 31),
    ("db.c.insertMany([{_id: 1}, {_id: 1}])", StatementFailed, "DuplicateKey", "collection: c index", 5),
    ("db.c.find({$nope: 1})", StatementFailed, "BadValue", "$nope", 0),
    ("db.c.aggregate([{$nope: 1}])", StatementFailed, "Location40324", "$nope", 0),
    ("db.c.updateOne({}, {a: 1})", StatementFailed, "MongoInvalidArgumentError", "$set", 5),
    ("db.c.deleteMany()", StatementFailed, "MongoInvalidArgumentError", "filter", 5),
    ("db.c.insertOne(5)", StatementFailed, "MongoInvalidArgumentError", "object", 5),
    ("throw new RangeError('mine')", StatementFailed, "RangeError", "mine", 10),
    ("throw 5", StatementFailed, "Error", "5", 0),
    ("await new Promise(() => {})", StatementFailed, "Error", "never settle", 0),
    ("ObjectId('zz')", StatementFailed, "BSONError", "24", 0),
    ("require('fs')", StatementFailed, "Error", "mongodb", 0),
    ("db.c.find({$where: 'true'})", StatementRefused, "scripting_off", "JavaScript", 0),
    (
        "db.c.insertOne({})\ndb.c.aggregate([{$project: {a: {$function: {body: 'function() {}', args: [], lang: 'js'}}}}])",
        StatementRefused,
        "scripting_off",
        "JavaScript",
        19,
    ),
    ("db.runCommand({shutdown: 1})", StatementRefused, "command", "not offered", 3),
    ("db.createUser({})", StatementRefused, "method", "not offered", 3),
    ("db.c.mapReduce()", StatementRefused, "method", "not offered", 5),
    ("db.getSiblingDB('admin')", StatementRefused, "database", "admin", 3),
    ("use local", StatementRefused, "database", "local", 0),
    (
        "db.createCollection('c', {storageEngine: {wiredTiger: {configString: 'x'}}})",
        StatementRefused,
        "option",
        "storageEngine",
        3,
    ),
    ("db.setProfilingLevel(1, {slowms: 0})", StatementRefused, "option", "slowms", 3),
]


@pytest.mark.parametrize(("source", "kind", "code", "says", "offset"), ERRORS, ids=[e[0][:50] for e in ERRORS])
async def test_an_error(
    visitor: Visitor, source: str, kind: type[StatementError], code: str, says: str, offset: int
) -> None:
    error = (await visitor.run(source)).failed
    assert type(error) is kind
    assert error.code == code
    assert says in error.message
    assert error.offset == offset
    assert visitor.sandbox.namespace not in error.message


async def test_a_bulk_error_says_which_write_it_was(visitor: Visitor) -> None:
    run = await visitor.run("db.b.insertMany([{_id: 1}, {_id: 2}, {_id: 2}, {_id: 3}])")
    assert run.failed.detail == "It was number 3 of the writes; the others: 2 inserted."
    run = await visitor.run("db.b.bulkWrite([{deleteOne: {filter: {_id: 1}}}, {insertOne: {document: {_id: 2}}}])")
    assert run.failed.detail == "It was number 2 of the writes; the others: 1 deleted."


async def test_a_script_can_catch_what_the_server_refuses(visitor: Visitor) -> None:
    run = await visitor.run(
        "db.c.insertOne({_id: 1})\n"
        "try { db.c.insertOne({_id: 1}) } catch (e) { print(e.name, e.code, e instanceof MongoServerError, e.keyValue) }\n"
        "try { db.c.insertMany([{_id: 2}, {_id: 2}, {_id: 3}], {ordered: false}) } catch (e) { print(e.name, e.result, e.writeErrors.length) }\n"
        "try { db.serverStatus() } catch (e) { print(e.name) }"
    )
    assert run.error is None
    assert run.printed == [
        "MongoServerError 11000 true { _id: 1 }",
        "MongoBulkWriteError { insertedCount: 2 } 1",
        "Refused",
    ]


VALIDATORS = [
    (
        "{$jsonSchema: {required: ['name'], properties: {age: {bsonType: 'int', minimum: 18, description: 'of age'}}}}",
        "{age: 3}",
        ["age (of age): { minimum: 18 }: comparison failed, the value is 3", "missing: name"],
    ),
    (
        "{$jsonSchema: {properties: {at: {properties: {zip: {pattern: '^[0-9]+$'}}}, tags: {items: {enum: ['a']}}}}}",
        "{at: {zip: 'x'}, tags: ['a', 'q']}",
        [
            "at.zip: { pattern: '^[0-9]+$' }: regular expression did not match, the value is 'x'",
            "tags[1]: { enum: [ 'a' ] }: value was not found in enum, the value is 'q'",
        ],
    ),
    ("{$and: [{a: {$gt: 1}}]}", "{a: 0}", ["{ a: { $gt: 1 } }: comparison failed, the value is 0"]),
    (
        "{$or: [{a: {$exists: true}}, {b: {$type: 'string'}}]}",
        "{b: 5}",
        [
            "one of these must hold:",
            "  { a: { $exists: true } }: path does not exist",
            "  { b: { $type: 'string' } }: type did not match, the value is 5 (int)",
        ],
    ),
    ("{$jsonSchema: {additionalProperties: false, properties: {_id: {}}}}", "{x: 1}", ["not allowed: x"]),
]


@pytest.mark.parametrize(("validator", "document", "says"), VALIDATORS, ids=[v[0][:40] for v in VALIDATORS])
async def test_a_validator_says_why(visitor: Visitor, validator: str, document: str, says: list[str]) -> None:
    run = await visitor.run(f"db.createCollection('v', {{validator: {validator}}})\ndb.v.insertOne({document})")
    assert run.failed.code == "DocumentValidationFailure"
    assert run.failed.detail is not None
    assert run.failed.detail.splitlines() == says


async def test_plans_of_what_was_sent(visitor: Visitor) -> None:
    source = (
        "db.r.insertMany(Array.from({length: 200}, (_, i) => ({_id: i, a: i % 10})))\n"
        "db.r.find({a: 3})\n"
        "db.r.createIndex({a: 1})\n"
        "db.r.find({a: 3}).sort({_id: -1})\n"
        "db.r.aggregate([{$match: {a: {$gt: 7}}}, {$group: {_id: '$a', n: {$sum: 1}}}])\n"
        "db.r.countDocuments({a: 3})\n"
        "db.r.updateMany({a: 3}, {$set: {b: 1}})\n"
        "1 + 1"
    )
    run = await visitor.run(source, explain=True, ms=5_000)
    assert run.error is None
    insert, scan, _, index, group, count, update, nothing = run.plans
    assert isinstance(insert, StatementRefused)
    assert insert.code == "cannot_explain"
    assert isinstance(nothing, StatementRefused)
    assert isinstance(scan, Plan)
    assert (scan.access, scan.examined, scan.returned, scan.server_ms_source) == ("full scan", 200, 20, "explain")
    assert scan.root.remedies
    assert isinstance(index, Plan)
    assert (index.access, index.examined) == ("index scan", 20)
    labels = []
    node = index.root
    while node.children:
        labels.append(node.label)
        node = node.children[0]
    assert [*labels, node.label, node.index] == ["SORT", "FETCH", "IXSCAN", "a_1"]
    assert isinstance(group, Plan)
    assert group.root.label in ("$group", "GROUP")
    assert group.root.access == "aggregate"
    assert isinstance(count, Plan)
    assert isinstance(update, Plan)
    assert (update.root.label, update.root.access) == ("UPDATE", "modify")
    assert await visitor.value("db.r.countDocuments({b: 1})") == 20


async def test_inspect_shows_fields_indexes_and_validators(visitor: Visitor) -> None:
    await visitor.run(
        SEED + "db.p.createIndex({name: 1}, {unique: true})\ndb.createView('v', 'p', [])\n"
        "db.createCollection('w', {validator: {a: {$gt: 1}}})\ndb.p.insertOne({_id: 'x', age: 'old'})\ndb.p.find({name: 'Ada'})"
    )
    people, strict, view = sorted(await visitor.engine.inspect(visitor.sandbox), key=lambda o: (o.kind, o.name))
    assert (people.kind, people.name) == ("collection", "p")
    assert people.detail is not None
    assert people.detail.startswith("4 documents, ")
    parts = {(part.kind, part.name): part.detail for part in people.parts}
    assert parts["field", "name"] == "string, in 75%, 'Ada'"
    assert parts["field", "age"] == "int 75% | string 25%, 36"
    assert parts["field", "at.city"] == "string, in 25%, 'London'"
    index = parts["index", "name_1"]
    assert index is not None
    assert index.startswith("{ name: 1 } unique, ")
    assert index.endswith(", used 1 time")
    assert [(p.kind, p.name, p.detail) for p in strict.parts if p.kind == "validator"] == [
        ("validator", "refuses", "{ a: { $gt: 1 } }")
    ]
    assert (view.kind, view.detail) == ("view", "of p")


async def test_many_collections_are_looked_into_when_opened(visitor: Visitor) -> None:
    await visitor.run("for (let i = 10; i < 35; i++) db.getCollection('c' + i).insertOne({a: i})", ms=5_000)
    objects = await visitor.engine.inspect(visitor.sandbox)
    assert len(objects) == 25
    assert [bool(o.parts) for o in objects] == [True] * 20 + [False] * 5
    assert objects[-1].path == "c34"
    listing = await visitor.engine.browse(visitor.sandbox, "c34")
    assert [part.name for part in listing.objects] == ["_id", "a", "_id_"]
    with pytest.raises(NotFound):
        await visitor.engine.browse(visitor.sandbox, "nope")


async def test_what_was_printed_before_an_error_is_shown(visitor: Visitor) -> None:
    run = await visitor.run("for (const i of [1, 2, 3]) { print(i); if (i === 2) throw new Error('enough') }")
    assert run.printed == ["1", "2"]
    assert run.failed.message == "enough"


async def test_a_query_that_no_index_serves_says_so(visitor: Visitor) -> None:
    await visitor.run("db.s.insertMany(Array.from({length: 600}, (_, i) => ({_id: i, a: i})))", ms=5_000)

    async def warned(source: str) -> bool:
        return any("600 documents" in n.message for n in (await visitor.run(source, ms=5_000)).notices)

    scanning = (
        "db.s.find({a: 5})", "db.s.findOne({a: 5})", "db.s.countDocuments({a: 5})", "db.s.count({a: 5})",
        "db.s.distinct('_id', {a: 5})", "db.s.updateOne({a: 5}, {$set: {b: 1}})", "db.s.deleteOne({a: -1})",
        "db.s.findOneAndUpdate({a: 5}, {$set: {b: 1}})", "db.s.aggregate([{$match: {a: 5}}])",
    )  # fmt: skip
    for source in scanning:
        assert await warned(source), source
    for source in (
        "db.s.find({_id: 5})",
        "db.s.find()",
        "db.s.aggregate([{$group: {_id: null}}])",
        "db.none.find({a: 5})",
    ):
        assert not await warned(source), source
    await visitor.run("db.s.createIndex({a: 1})")
    for source in scanning:
        assert not await warned(source), source


async def test_an_explain_is_drawn_as_a_plan(visitor: Visitor) -> None:
    await visitor.run(SEED)
    for source in (
        "db.p.explain('executionStats').find({age: {$gt: 30}})",
        "db.p.find({age: {$gt: 30}}).explain('executionStats')",
        "db.p.explain('executionStats').aggregate([{$match: {age: {$gt: 30}}}])",
        "db.runCommand({explain: {find: 'p', filter: {age: {$gt: 30}}}, verbosity: 'executionStats'})",
    ):
        last = (await visitor.run(source)).last
        assert last.plan is not None, source
        assert (last.plan.access, last.plan.examined, last.plan.returned) == ("full scan", 3, 2), source
    for source in (
        "db.p.explain().find().next().queryPlanner.namespace",
        "({queryPlanner: 5})",
        "db.p.explain().find(); ({a: 1})",
    ):
        assert (await visitor.run(source)).last.plan is None, source


async def test_a_transaction_ends_with_its_run(visitor: Visitor) -> None:
    source = "const s = db.getMongo().startSession(); s.startTransaction()\ns.getDatabase('test').t.insertOne({_id: 1})"
    run = await visitor.run(source)
    assert [n.severity for n in run.notices] == ["warning"]
    assert "aborted" in run.notices[0].message
    assert await visitor.value("db.t.countDocuments()") == 0
    assert (await visitor.run("db.t.insertOne({_id: 1})")).error is None, "no lock is left"
    assert (await visitor.run(source + "; nope()")).failed.code == "DuplicateKey"


async def test_two_clients_have_transactions_of_their_own(visitor: Visitor) -> None:
    await visitor.run("db.t.insertOne({_id: 1, n: 0})")
    hold = "const s = db.getMongo().startSession(); s.startTransaction(); const t = s.getDatabase('test').t\nt.updateOne({_id: 1}, {$inc: {n: 1}}); sleep(400); s.commitTransaction()"
    first = asyncio.create_task(visitor.run(hold, client="A"))
    await asyncio.sleep(0.2)
    other = "const s = db.getMongo().startSession(); s.startTransaction(); s.getDatabase('test').t.updateOne({_id: 1}, {$inc: {n: 1}})"
    assert (await visitor.run(other, client="B")).failed.code == "WriteConflict"
    assert (await first).error is None
    assert await visitor.value("db.t.findOne().n") == 1


async def test_a_ready_user_lasts_for_a_run(visitor: Visitor) -> None:
    run = await visitor.run("db.auth('reader', 'reader')\ndb.t.insertOne({})")
    assert run.failed.code == "Unauthorized"
    assert any("rest of this run" in n.message for n in run.notices)
    assert (await visitor.run("db.t.insertOne({})")).error is None


STREAMS = [
    ("db.c.watch()", True),
    ("await db.c.watch([{$match: {a: 1}}], {fullDocument: 'updateLookup'}); // until Stop", True),
    ("db.watch()", True),
    ("db.getCollection('c').watch()", True),
    ("const c = db.c.watch()", False),
    ("db.c.watch().tryNext()", False),
    ("for await (const e of db.c.watch()) print(e)", False),
    ("watch()", False),
    ("db.watch.find()", False),
    ("db.c.find({watch: 1})", False),
]


@pytest.mark.parametrize(("source", "streams"), STREAMS)
def test_which_statements_stream(mongodb: Engine, source: str, streams: bool) -> None:
    (statement,) = mongodb.split(source)
    assert mongodb.streams(statement) is streams


async def watched(visitor: Visitor, source: str, stop_after: int | None, **limits: int) -> tuple[list[Message], Result]:
    """What a change stream at the top level says, stopped after so many changes."""
    client = await visitor.client("A")
    bounds = visitor.limits(**{"left_ms": 2_000, "max_stream_ms": 2_000, **limits})
    (statement,) = visitor.engine.split(source)
    messages: list[Message] = []
    stopping = None
    await client.begin(source, bounds)
    try:
        async for event in client.run(statement, bounds):
            if isinstance(event, Message):
                messages.append(event)
                if len(messages) == stop_after:
                    stopping = asyncio.create_task(client.stop())
            elif isinstance(event, Result):
                result = event
    finally:
        await client.finish()
        if stopping:
            await stopping
    return messages, result


async def test_watching_shows_changes_until_stop(visitor: Visitor) -> None:
    watching = asyncio.create_task(watched(visitor, "db.c.watch()", stop_after=3, left_ms=10_000))
    await asyncio.sleep(0.4)
    await visitor.run(
        "db.c.insertOne({_id: 1, name: 'Ada'})\ndb.other.insertOne({})\ndb.c.updateOne({_id: 1}, {$set: {n: 2}})\ndb.c.deleteOne({_id: 1})"
    )
    messages, result = await watching
    assert [m.channel for m in messages] == ["c insert", "c update", "c delete"]
    assert messages[0].text == "{ fullDocument: { _id: 1, name: 'Ada' }, documentKey: { _id: 1 } }"
    assert "updatedFields: { n: 2 }" in messages[1].text
    assert (result.kind, result.status, result.truncated) == ("status", "3 changes seen", None)
    assert result.documents is not None
    assert result.documents[0]["ns"] == {"db": "test", "coll": "c"}
    assert await visitor.running() == 0


async def test_watching_ends_with_its_time_and_its_messages(visitor: Visitor) -> None:
    began = time.monotonic()
    messages, result = await watched(visitor, "db.c.watch()", stop_after=None)
    assert 1.5 < time.monotonic() - began < 3
    assert messages == []
    assert result.truncated is not None
    assert result.truncated.limit == "max_stream_ms"
    watching = asyncio.create_task(watched(visitor, "db.c.watch()", stop_after=None, left_ms=10_000, max_messages=2))
    await asyncio.sleep(0.4)
    await visitor.run("db.c.insertMany([{}, {}, {}])")
    messages, result = await watching
    assert len(messages) == 2
    assert result.truncated is not None
    assert result.truncated.limit == "max_messages"


async def test_opening_a_stream_has_the_time_of_a_run(visitor: Visitor) -> None:
    client = await visitor.client()
    source = "db.c.watch((() => { for (;;); })())"
    bounds = visitor.limits(left_ms=20_000, max_run_ms=500)
    (statement,) = visitor.engine.split(source)
    await client.begin(source, bounds)
    began = time.monotonic()
    with pytest.raises(StatementStopped):
        async for _ in client.run(statement, bounds):
            pass
    await client.finish()
    assert time.monotonic() - began < 2


async def test_a_pipeline_stage_by_stage(visitor: Visitor) -> None:
    await visitor.run(SEED)
    last = (
        await visitor.run(
            "db.p.aggregate([{$match: {age: {$gt: 30}}}, {$group: {_id: null, n: {$sum: 1}, since: {$max: new Date(0)}}}])"
        )
    ).last
    assert last.closer is not None
    assert last.closer.label == "Stages"
    closer = (await visitor.run(last.closer.source)).last
    assert closer.stages is not None
    assert [(s.name, s.count) for s in closer.stages] == [("input", 3), ("$match", 2), ("$group", 1)]
    assert relaxed(closer.stages[2].documents[0]["n"]) == 2
    assert closer.stages[1].body == "{ age: { $gt: 30 } }"
    many = await visitor.run("db.p.aggregate(Array.from({length: 31}, () => ({$match: {}}))).stages()")
    assert many.failed.code == "stages"
    big = await visitor.run(
        "db.n.aggregate([]).stages()\ndb.n.insertMany(Array.from({length: 10050}, (_, i) => ({i})))\ndb.n.aggregate([]).stages()",
        ms=5_000,
    )
    assert big.last.stages is not None
    assert (big.last.stages[0].count, big.last.stages[0].more) == (10_000, True)


async def test_help_lists_what_there_is(visitor: Visitor) -> None:
    run = await visitor.run("db.c.find().help()")
    assert run.last.reply is not None
    assert {"toArray", "sort", "explain"} <= set(run.last.reply["value"])
