"""Inputs that mean harm to what the shell offers beside documents: sessions, streams, users, commands, pipelines. Each ends with a word."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest
from pymongo.errors import OperationFailure

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import StatementRefused, StatementStopped
from tests.engines.mongodb_subject import Visitor, visitor_of

SESSION = "const s = db.getMongo().startSession(); s.startTransaction(); const t = s.getDatabase('test')\n"

REFUSED: list[tuple[str, str]] = [
    # a source, and the code of what it meets
    ("db.runCommand({createUser: 'x', pwd: 'x', roles: ['root']})", "command"),
    ("db.runCommand({updateRole: 'reader', privileges: []})", "command"),
    ("db.runCommand({grantRolesToUser: 'reader', roles: ['root']})", "command"),
    ("db.runCommand({usersInfo: {user: 'sandtable', db: 'admin'}, showCredentials: true}).users[0].credentials.x", "TypeError"),
    ("db.grantPrivilegesToRole('reader', [{resource: {cluster: true}, actions: ['shutdown']}])", "privileges"),
    ("db.grantPrivilegesToRole('reader', [{resource: {anyResource: true}, actions: ['anyAction']}])", "privileges"),
    ("db.grantPrivilegesToRole('reader', [{resource: {db: 'admin', collection: 'system.users'}, actions: ['find']}])", "privileges"),
    ("db.grantPrivilegesToRole('reader', [{resource: {db: '', collection: {$ne: 1}}, actions: ['find']}])", "privileges"),
    ("db.grantPrivilegesToRole('reader', Array.from({length: 60}, (_, i) => ({resource: {collection: 'c' + i}, actions: ['find']})))", "privileges"),
    ("db.grantPrivilegesToRole('sbx_x', [{resource: {collection: ''}, actions: ['find']}])", "privileges"),
    ("db.grantPrivilegesToRole({$gt: ''}, [{resource: {collection: ''}, actions: ['find']}])", "privileges"),
    ("db.revokePrivilegesFromRole('root', [{resource: {collection: ''}, actions: ['find']}])", "privileges"),
    ("db.auth('sandtable', '')", "AuthenticationFailed"),
    ("db.auth({user: {$gt: ''}, pwd: {$gt: ''}})", "AuthenticationFailed"),
    ("db.auth('reader', 'reader'); db.getMongo().startSession(); db.logout()", "MongoTransactionError"),
    ("db.auth('reader', 'reader'); db.dropDatabase()", "Unauthorized"),
    ("db.auth('reader', 'reader'); db.c.aggregate([{$out: 'mine'}])", "Unauthorized"),
    ("db.auth('writer', 'writer'); db.c.createIndex({a: 1})", "Unauthorized"),
    ("db.auth('writer', 'writer'); db.setProfilingLevel(2)", "Unauthorized"),
    ("db.killOp({$gt: 0})", "killOp"),
    ("db.killOp(1)", "killOp"),
    ("db.runCommand({currentOp: 1, $all: true}).inprog[0].x", "TypeError"),
    ("db.runCommand({replSetReconfig: {}})", "command"),
    ("db.runCommand({commitTransaction: 1, autocommit: false, txnNumber: 1})", "command"),
    ("db.runCommand({abortTransaction: 1})", "command"),
    ("db.runCommand({startSession: 1})", "command"),
    ("db.runCommand({endSessions: []})", "command"),
    ("db.runCommand({killSessions: []})", "command"),
    ("db.runCommand({getMore: NumberLong(1), collection: 'c'})", "command"),
    ("db.runCommand({aggregate: 'c', pipeline: [{$changeStream: {allChangesForCluster: true}}], cursor: {}})", "option"),
    ("db.c.watch([], {fullDocumentBeforeChange: 'required'})", "option"),
    ("db.c.aggregate([{$lookup: {from: 'c', pipeline: [{$changeStream: {}}], as: 'x'}}])", "Location51047"),
    ("db.c.aggregate([{$facet: {a: [{$changeStream: {}}]}}])", "Location40600"),
    ("db.c.watch([{$out: 'x'}])", "IllegalOperation"),
    ("db.c.watch([], {resumeAfter: {_data: 'zz'}})", "FailedToParse"),
    ("for (;;) db.c.watch()", "max_change_streams"),
    ("for (;;) db.getMongo().startSession()", "max_sessions"),
    (f"{SESSION}t.c.drop()", "OperationNotSupportedInTransaction"),
    (f"{SESSION}t.runCommand({{listCollections: 1}})", "OperationNotSupportedInTransaction"),
    (f"{SESSION}s._key = '../1'; t.c.insertOne({{}})", "MongoTransactionError"),
    ("const s = db.getMongo().startSession(); s.startTransaction({readConcern: {level: 'nonsense'}}); s.getDatabase('x').c.findOne()", "FailedToParse"),
    ("const s = db.getMongo().startSession(); s.startTransaction({writeConcern: {w: 0}})", "MongoTransactionError"),
    ("const s = db.getMongo().startSession(); s.startTransaction({writeConcern: {nope: 1}})", "MongoTransactionError"),
    ("db.c.aggregate(Array.from({length: 40}, () => ({$match: {}}))).stages()", "stages"),
    ("db.c.aggregate([{$changeStream: {}}]).stages()", "stages"),
    ("db.c.aggregate([{$function: {}}])", "Location40324"),
    ("db.createCollection('x', {changeStreamPreAndPostImages: {enabled: true}})", "option"),
    ("db.createCollection('x', {encryptedFields: {}})", "option"),
    ("db.c.convertToCapped(1e12)", "mongodb_quota_bytes"),
    ("db.runCommand({convertToCapped: 'c', size: 1e12})", "mongodb_quota_bytes"),
    ("db.c.convertToCapped(Infinity)", "mongodb_quota_bytes"),
    ("db.runCommand({collMod: 'c', cappedSize: 1e12})", "mongodb_quota_bytes"),
    ("db.createView('v', 'c', [{$lookup: {from: {db: 'local', coll: 'oplog.rs'}, pipeline: [], as: 'x'}}])", "Unauthorized"),
    ("db.help = 5", "TypeError"),
    ("rs.status = 5; rs.reconfig({})", "method"),
    ("load('/etc/passwd')", "method"),
    ("bsonsize({a: {$oid: 'zz'}})", "BSONError"),
]  # fmt: skip


@pytest.fixture
async def visitor(mongodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    made = await visitor_of(mongodb, settings)
    await made.run("db.c.insertOne({_id: 1})")
    yield made
    await made.engine.drop(made.sandbox)


async def test_each_is_refused_with_a_word(visitor: Visitor) -> None:
    wrong = []
    for source, code in REFUSED:
        run = await visitor.run(source, ms=3_000)
        if run.error is None or run.error.code != code:
            said = f"{run.error.code}: {run.error.message}" if run.error else repr(run.results[-1])[:300]
            wrong.append(f"{source}\n  should meet {code}, met {said}")
    assert not wrong, "\n".join(wrong)
    assert await visitor.value("db.c.countDocuments()") >= 1


ENDLESS = [
    "const c = db.c.watch(); c.next()",
    "const c = db.c.watch(); while (true) c.tryNext()",
    "for await (const e of db.c.watch()) print(e)",
    "const c = db.c.watch(); c.forEach(() => {})",
    "db.getMongo().startSession().withTransaction(() => { for (;;); })",
    f"{SESSION}t.c.updateOne({{_id: 1}}, {{$inc: {{n: 1}}}}); db.c.updateOne({{_id: 1}}, {{$inc: {{n: 1}}}})",
    "setTimeout(function f() { setTimeout(f, 1) }, 1); await new Promise((r) => setTimeout(r, 1e9))",
    "const s = db.getMongo().startSession(); for (;;) try { s.withTransaction(() => { throw new Error('x') }) } catch (e) {}",
    "db.c.insertMany(Array.from({length: 1000}, () => ({}))); db.c.aggregate([{$set: {x: {$reduce: {input: {$range: [0, 60000]}, "
    "initialValue: 0, in: {$add: ['$$value', 1]}}}}}, {$match: {x: 1}}]).stages()",
]


@pytest.mark.parametrize("source", ENDLESS, ids=[s[:50] for s in ENDLESS])
async def test_it_ends_in_time_and_leaves_nothing(visitor: Visitor, source: str) -> None:
    began = time.monotonic()
    run = await visitor.run(source)
    assert time.monotonic() - began < visitor.settings.max_run_ms / 1000 + 1
    assert isinstance(run.failed, StatementStopped), run.failed
    assert run.failed.code == "max_run_ms"
    assert await visitor.running() == 0
    assert (await visitor.run("db.c.updateOne({_id: 1}, {$inc: {n: 1}})")).error is None, "no lock is left"


async def test_nothing_of_the_machine_or_of_others_shows(visitor: Visitor, mongodb: Engine, settings: Settings) -> None:
    other = await visitor_of(mongodb, settings)
    await other.run("db.secret.insertOne({_id: 'treasure'})")
    sources = (
        "rs.status()", "rs.conf()", "db.hello()", "db.currentOp()", "db.listDatabases()", "show users", "show roles",
        "db.setProfilingLevel(2); db.c.findOne(); db.setProfilingLevel(0); db.system.profile.find()", "show profile",
        "db.runCommand({connectionStatus: 1, showPrivileges: true})", "db.c.stats()", "db.c.validate()", "db.stats()",
        "db.runCommand({find: 'c'})", "db.c.explain('allPlansExecution').find({a: 1})", "db.getMongo()", "uri",
        "const c = db.watch(); db.c.insertOne({}); c.next()", "db.c.aggregate([{$indexStats: {}}]).stages()",
    )  # fmt: skip
    for source in sources:
        run = await visitor.run(source, ms=3_000)
        assert run.error is None, (source, run.error)
        said = repr((run.results, run.notices))
        for private in (
            f"'{socket.gethostname()}",
            f'"{socket.gethostname()}',
            "127.0.0.1",
            other.sandbox.namespace,
            "treasure",
            visitor.sandbox.secret,
        ):
            assert private not in said, (source, private)
        assert visitor.database not in said or "indexStats" in source, source
    await mongodb.drop(other.sandbox)


async def test_a_stream_shows_no_neighbour(visitor: Visitor, mongodb: Engine, settings: Settings) -> None:
    other = await visitor_of(mongodb, settings)
    watching = asyncio.create_task(visitor.run("const c = db.watch(); sleep(400); c.toArray().length", ms=3_000))
    await asyncio.sleep(0.2)
    await other.run("db.c.insertMany([{}, {}, {}])")
    run = await watching
    assert run.last.text == "0"
    await mongodb.drop(other.sandbox)


async def test_a_drop_ends_an_open_transaction_and_every_user(visitor: Visitor, mongodb: Engine) -> None:
    hold = f"db.auth('writer', 'writer')\n{SESSION}t.c.updateOne({{_id: 1}}, {{$inc: {{n: 1}}}}); sleep(5000)"
    task = asyncio.create_task(visitor.run(hold, ms=6_000))
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await mongodb.drop(visitor.sandbox)
    assert time.monotonic() - began < 3
    run = await task
    assert run.error is not None
    assert visitor.sandbox.namespace not in await mongodb.namespaces()


async def test_a_role_holds_for_the_server_too(visitor: Visitor) -> None:
    """The ready users' rights are the server's business: asked past our bridge, with their own credential."""
    client = await visitor.client()
    motor = await client._accounts.motor("reader", "reader")
    assert motor is not None
    assert await motor[visitor.database].c.count_documents({}) == 1
    for command in (
        {"insert": "c", "documents": [{}]},
        {"drop": "c"},
        {"delete": "c", "deletes": [{"q": {}, "limit": 0}]},
    ):
        with pytest.raises(OperationFailure, match="not authorized"):
            await motor[visitor.database].command(command)
    for database in ("admin", "local", "config"):
        with pytest.raises(OperationFailure, match="not authorized"):
            await motor[database].command({"find": "system.users"})
    for close in client._accounts.close():
        await asyncio.to_thread(close)


async def test_refusals_are_refusals(visitor: Visitor) -> None:
    run = await visitor.run("try { db.serverStatus() } catch (e) { print(e.name, e.code) }\ndb.serverStatus()")
    assert run.printed == ["Refused method"]
    assert isinstance(run.failed, StatementRefused)
