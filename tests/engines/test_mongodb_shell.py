"""The shell: what each method gives, on a real mongod."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import StatementError, StatementFailed, StatementRefused
from app.core.plans import Plan
from tests.engines.mongodb_subject import Visitor, relaxed, visitor_of

SEED = """
db.p.insertMany([
  {_id: 1, name: 'Ada', age: 36, tags: ['a', 'b'], at: {city: 'London'}},
  {_id: 2, name: 'Linus', age: 21, tags: ['b']},
  {_id: 3, name: 'Grace', age: 45, tags: []},
])
"""
ADA = {"_id": 1, "name": "Ada", "age": 36, "tags": ["a", "b"], "at": {"city": "London"}}

VALUES: list[tuple[str, Any]] = [
    ("1 + 1", 2),
    ("'text'", "text"),
    ("true", True),
    ("null", None),
    ("0.5", 0.5),
    ("[1, 'a']", [1, "a"]),
    ("({a: {b: [1]}})", [{"a": {"b": [1]}}]),
    ("let n = 2\nconst f = (x) => x * n\nf(21)", 42),
    ("class A { constructor() { this.v = 7 } }\nnew A().v", 7),
    ("const x = await Promise.resolve(3)\nx + 1", 4),
    ("async function later() { return 5 }\nlater()", 5),
    ("for (const i of [1, 2, 3]) i", 3),
    ("10n ** 18n", {"$numberLong": "1000000000000000000"}),
    # reading
    ("db.p.find({_id: 1})", [ADA]),
    ("db.p.find({age: {$gt: 30}}, {_id: 0, name: 1}).sort({name: 1})", [{"name": "Ada"}, {"name": "Grace"}]),
    ("db.p.find().sort({_id: -1}).limit(1).project({name: 1})", [{"_id": 3, "name": "Grace"}]),
    ("db.p.find().sort({_id: 1}).skip(2).projection({_id: 1})", [{"_id": 3}]),
    ("db.p.find({name: /^li/i}, {_id: 1})", [{"_id": 2}]),
    ("db.p.find({name: {$regex: '^l', $options: 'i', $nin: ['x']}}, {_id: 1})", [{"_id": 2}]),
    ("db.p.find({tags: 'b'}).count()", 2),
    ("db.p.find().limit(2).size()", 2),
    ("db.p.find().itcount()", 3),
    ("db.p.find().sort({_id: 1}).map((d) => d.name).toArray()", ["Ada", "Linus", "Grace"]),
    ("db.p.find().sort({_id: 1}).map((d) => d.age)", [36, 21, 45]),
    (
        "const c = db.p.find().sort({_id: 1});\n[c.hasNext(), c.next()._id, c.next()._id, c.next()._id, c.hasNext(), c.next()]",
        [True, 1, 2, 3, False, None],
    ),
    (
        "const c = db.p.find().sort({_id: 1})\nc.next()\nc",
        [{"_id": 2, "name": "Linus", "age": 21, "tags": ["b"]}, {"_id": 3, "name": "Grace", "age": 45, "tags": []}],
    ),
    ("let s = 0\nfor (const d of db.p.find()) s += d.age\ns", 102),
    ("let s = 0\nfor await (const d of db.p.find()) s += d.age\ns", 102),
    ("let s = 0\ndb.p.find().forEach((d) => { s += d.age })\ns", 102),
    ("db.p.find().batchSize(1).toArray().length", 3),
    ("db.p.find({name: 'ADA'}).collation({locale: 'en', strength: 2}).itcount()", 1),
    ("db.p.find().hint({_id: 1}).maxTimeMS(500).comment('mine').itcount()", 3),
    ("db.p.findOne({_id: 1})", [ADA]),
    ("db.p.findOne({_id: 9})", None),
    ("db.p.findOne({}, {_id: 0, name: 1}, {sort: {age: 1}})", [{"name": "Linus"}]),
    ("db.p.countDocuments({age: {$lt: 40}})", 2),
    ("db.p.countDocuments({}, {limit: 2})", 2),
    ("db.p.estimatedDocumentCount()", 3),
    ("db.p.count({tags: 'a'})", 1),
    ("db.p.distinct('tags').sort()", ["a", "b"]),
    ("db.getCollection('p').findOne().name", "Ada"),
    ("db['p'].findOne().name", "Ada"),
    ("db.collection('p').findOne().name", "Ada"),
    ("db.p.aggregate([{$group: {_id: null, n: {$sum: '$age'}}}])", [{"_id": None, "n": 102}]),
    ("db.p.aggregate({$match: {_id: 1}}, {$project: {name: 1}}).toArray()", [{"_id": 1, "name": "Ada"}]),
    ("db.aggregate([{$documents: [{a: 1}]}])", [{"a": 1}]),
    ("db.p.aggregate([{$sort: {_id: 1}}, {$limit: 1}]).next().name", "Ada"),
    # writing
    ("db.w.insertOne({_id: 5}).insertedId", 5),
    ("db.w.insertOne({a: 1}).insertedId.toString().length", 24),
    ("const d = {a: 1}\ndb.w.insertOne(d)\nd._id instanceof ObjectId", True),
    ("db.w.insertMany([{_id: 6}, {_id: 7}]).insertedIds", [{"0": 6, "1": 7}]),
    ("db.p.updateOne({_id: 1}, {$inc: {age: 1}}).modifiedCount", 1),
    ("db.p.updateMany({}, {$set: {seen: true}}).matchedCount", 3),
    ("db.p.updateOne({_id: 9}, {$set: {a: 1}}, {upsert: true}).upsertedCount", 1),
    ("db.p.updateOne({_id: 1}, [{$set: {twice: {$multiply: ['$age', 2]}}}])\ndb.p.findOne({_id: 1}).twice", 72),
    ("db.p.replaceOne({_id: 2}, {name: 'Li'})\ndb.p.findOne({_id: 2})", [{"_id": 2, "name": "Li"}]),
    ("db.p.deleteOne({age: {$gt: 1}}).deletedCount", 1),
    ("db.p.deleteMany({}).deletedCount", 3),
    ("db.p.remove({_id: 1}).deletedCount", 1),
    ("db.p.findOneAndUpdate({_id: 1}, {$set: {age: 1}}).age", 36),
    ("db.p.findOneAndUpdate({_id: 1}, {$set: {age: 1}}, {returnDocument: 'after'}).age", 1),
    (
        "db.p.findOneAndUpdate({_id: 1}, {$inc: {age: 1}}, {returnNewDocument: true, projection: {age: 1}})",
        [{"_id": 1, "age": 37}],
    ),
    ("db.p.findOneAndReplace({_id: 3}, {x: 1}).name", "Grace"),
    ("db.p.findOneAndDelete({}, {sort: {age: -1}}).name", "Grace"),
    ("db.p.findAndModify({query: {_id: 1}, remove: true}).name", "Ada"),
    (
        "db.p.bulkWrite([{insertOne: {document: {_id: 10}}}, {updateMany: {filter: {}, update: {$set: {z: 1}}}}, {deleteOne: {filter: {_id: 1}}}, {replaceOne: {filter: {_id: 2}, replacement: {}}}]).modifiedCount",
        5,
    ),
    (
        "db.p.updateOne({_id: 1}, {$set: {'tags.$[t]': 'z'}}, {arrayFilters: [{t: 'a'}]})\ndb.p.findOne({_id: 1}).tags",
        ["z", "b"],
    ),
    # indexes and collections
    ("db.p.createIndex({name: 1})", "name_1"),
    ("db.p.createIndex({name: 1}, {unique: true, name: 'own'})", "own"),
    ("db.p.createIndexes([{name: 1}, {age: -1}])", ["name_1", "age_-1"]),
    ("db.p.createIndex({name: 'text'})\ndb.p.find({$text: {$search: 'ada'}}).itcount()", 1),
    ("db.p.getIndexes().map((i) => i.name)", ["_id_"]),
    ("db.p.createIndex({name: 1})\ndb.p.dropIndex('name_1').nIndexesWas", 2),
    ("db.p.createIndex({name: 1})\ndb.p.dropIndexes()\ndb.p.getIndexes().length", 1),
    ("db.p.createIndex({name: 1})\ndb.p.hideIndex('name_1').hidden_new", True),
    ("db.createCollection('made', {capped: true, size: 4096}).ok\ndb.made.isCapped()", True),
    ("db.createView('grown', 'p', [{$match: {age: {$gt: 30}}}])\ndb.grown.countDocuments()", 2),
    (
        "db.createCollection('t', {timeseries: {timeField: 'at'}})\ndb.t.insertOne({at: new Date(), v: 1})\ndb.t.countDocuments()",
        1,
    ),
    ("db.getCollectionNames()", ["p"]),
    ("db.getCollectionInfos()[0].name", "p"),
    ("db.p.renameCollection('q').ok\ndb.getCollectionNames()", ["q"]),
    ("db.p.drop()", True),
    ("db.nothing.drop()", False),
    ("db.p.stats().count", 3),
    ("db.stats().collections", 1),
    ("db.p.validate().valid", True),
    ("db.runCommand({ping: 1}).ok", 1),
    ("db.runCommand('dbStats').ok", 1),
    ("db.runCommand({count: 'p', query: {age: {$gt: 30}}}).n", 2),
    ("db.version().split('.').length", 3),
    ("db.p.getFullName()", "test.p"),
    ("db.p.a.b.getName()", "p.a.b"),
    ("db.p.find({_id: 1}).explain().queryPlanner.winningPlan.stage", "IDHACK"),
    ("db.p.explain('executionStats').find({age: 36}).next().executionStats.nReturned", 1),
    ("db.p.explain().aggregate([{$match: {age: 1}}]).queryPlanner.winningPlan.stage", "COLLSCAN"),
    ("db.p.explain().deleteMany({}).queryPlanner.winningPlan.stage", "DELETE"),
    # types
    ("ObjectId('507f1f77bcf86cd799439011').getTimestamp().toISOString()", "2012-10-17T21:13:27.000Z"),
    ("new ObjectId().equals(new ObjectId())", False),
    ("ISODate('2024-05-01').getTime()", 1714521600000),
    ("ISODate('2024-05-01T10:00:00').toISOString()", "2024-05-01T10:00:00.000Z"),
    ("db.w.insertOne({_id: 1, d: new Date(0)})\ndb.w.findOne().d", {"$date": {"$numberLong": "0"}}),
    (
        "db.w.insertOne({_id: 1, n: NumberLong('9007199254740993')})\ndb.w.findOne().n",
        {"$numberLong": "9007199254740993"},
    ),
    ("db.w.insertOne({_id: 1, n: NumberDecimal('1.10')})\ndb.w.findOne().n", {"$numberDecimal": "1.10"}),
    ("db.w.insertOne({_id: 1, n: NumberInt('7')})\ndb.w.findOne().n", 7),
    ("db.w.insertOne({_id: 1, n: 2 ** 40})\ndb.w.find({n: {$type: 'double'}}).itcount()", 1),
    ("db.w.insertOne({_id: 1, n: 3})\ndb.w.find({n: {$type: 'int'}}).itcount()", 1),
    (
        "db.w.insertOne({_id: 1, u: UUID('00112233-4455-6677-8899-aabbccddeeff')})\ndb.w.findOne().u",
        {"$binary": {"base64": "ABEiM0RVZneImaq7zN3u/w==", "subType": "04"}},
    ),
    ("db.w.insertOne({_id: 1, b: BinData(0, 'AAEC')})\ndb.w.findOne().b.hex()", "000102"),
    ("db.w.insertOne({_id: 1, t: Timestamp(5, 1)})\ndb.w.findOne().t", {"$timestamp": {"t": 5, "i": 1}}),
    ("db.w.insertOne({_id: 1, r: /a.b/i})\ndb.w.findOne().r.test('AxB')", True),
    ("db.w.insertOne({_id: 1, m: MinKey()})\ndb.w.findOne().m", {"$minKey": 1}),
    ("db.w.insertOne({_id: 1, f: () => 1, u: undefined, z: -0})\nObject.keys(db.w.findOne())", ["_id", "u", "z"]),
    ("db.w.insertOne({_id: 1, '2': 'b', '1': 'a'})\ndb.w.findOne()._id", 1),
    ("EJSON.stringify({a: NumberLong(5)})", '{"a":{"$numberLong":"5"}}'),
    ('EJSON.parse(\'{"$oid":"507f1f77bcf86cd799439011"}\') instanceof ObjectId', True),
    ("JSON.stringify({_id: ObjectId('507f1f77bcf86cd799439011')})", '{"_id":"507f1f77bcf86cd799439011"}'),
]


@pytest.fixture
async def visitor(mongodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    made = await visitor_of(mongodb, settings)
    yield made
    await made.engine.drop(made.sandbox)


@pytest.mark.parametrize(("source", "expected"), VALUES, ids=[source.replace("\n", "; ")[:60] for source, _ in VALUES])
async def test_a_value(visitor: Visitor, source: str, expected: Any) -> None:
    if "db." in source or "db[" in source:
        await visitor.run(SEED)
    assert await visitor.value(source) == expected


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
    assert any("it" in n.message for n in first.notices)
    assert [d["_id"] for d in relaxed((await visitor.run("it")).documents)] == list(range(20, 40))
    third = await visitor.run("it")
    assert [d["_id"] for d in relaxed(third.documents)] == list(range(40, 45))
    assert third.notices == []
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
    ("db.currentOp()", StatementRefused, "command", "not offered", 3),
    ("db.c.watch()", StatementRefused, "command", "not offered", 5),
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


async def test_a_script_can_catch_what_the_server_refuses(visitor: Visitor) -> None:
    run = await visitor.run(
        "db.c.insertOne({_id: 1})\n"
        "try { db.c.insertOne({_id: 1}) } catch (e) { print(e.name, e.code, e instanceof MongoServerError, e.keyValue) }\n"
        "try { db.c.insertMany([{_id: 2}, {_id: 2}, {_id: 3}], {ordered: false}) } catch (e) { print(e.name, e.result, e.writeErrors.length) }\n"
        "try { db.hello() } catch (e) { print(e.name) }"
    )
    assert run.error is None
    assert run.printed == [
        "MongoServerError 11000 true { _id: 1 }",
        "MongoBulkWriteError { insertedCount: 2 } 1",
        "Refused",
    ]


async def test_a_validator_says_why(visitor: Visitor) -> None:
    run = await visitor.run(
        "db.createCollection('v', {validator: {$jsonSchema: {properties: {age: {bsonType: 'int', minimum: 18}}}}})\n"
        "db.v.insertOne({age: 3})"
    )
    assert run.failed.code == "DocumentValidationFailure"
    assert run.failed.detail is not None
    assert "minimum: 18" in run.failed.detail


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
    assert scan.root.warnings
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


async def test_inspect_shows_fields_and_indexes(visitor: Visitor) -> None:
    await visitor.run(SEED + "db.p.createIndex({name: 1}, {unique: true})\ndb.createView('v', 'p', [])")
    people, view = await visitor.engine.inspect(visitor.sandbox)
    assert (people.kind, people.name, people.detail) == ("collection", "p", "3 documents")
    parts = {(part.kind, part.name): part.detail for part in people.parts}
    assert parts["field", "name"] == "string"
    assert parts["field", "age"] == "int"
    assert parts["index", "name_1"] == "{name: 1} unique"
    assert (view.kind, view.detail) == ("view", "of p")
