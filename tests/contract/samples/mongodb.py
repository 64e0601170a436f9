"""MongoDB as the contract tests need it."""

from app.core.engine import Engine
from app.core.sandbox import Sandbox
from app.engines.mongodb.admin import database_of
from app.engines.mongodb.engine import MongoEngine
from tests.contract.samples import Samples

SLOW = "{ $expr: { $lt: [{ $reduce: { input: { $range: [0, 60000] }, initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, 0] } }"


async def running(engine: Engine, sandbox: Sandbox) -> int:
    """Operations that the server executes now for the sandbox's user."""
    assert isinstance(engine, MongoEngine)
    return len(await engine.admin.operations({"effectiveUsers.user": database_of(sandbox.namespace)}))


async def exists(engine: Engine, sandbox: Sandbox) -> bool:
    """A user, a role or a database."""
    assert isinstance(engine, MongoEngine)
    name = database_of(sandbox.namespace)
    motor = engine.admin.motor
    users = await motor.admin.command("usersInfo", {"forAllDBs": True}, filter={"db": name})
    roles = await motor[name].command("rolesInfo", 1)
    return bool(users["users"] or roles["roles"] or name in await motor.list_database_names())


SAMPLES = Samples(
    write="db.treasure.drop()\ndb.treasure.insertOne({_id: 1, text: 'treasure-of-a'})",
    read="db.treasure.find({_id: 1})",
    object_name="treasure",
    intrusions=(
        "db.treasure.find()",
        "db.getSiblingDB('sbx_{namespace}').treasure.find()",
        "use sbx_{namespace}\ndb.treasure.find()",
        "new (require('mongodb').MongoClient)(uri).db('sbx_{namespace}').collection('treasure').findOne()",
        "db.getCollection('sbx_{namespace}.treasure').find().toArray()[0].text",
        "db.getCollection('../sbx_{namespace}.treasure').find().toArray()[0].text",
        "db.runCommand({find: 'treasure', $db: 'sbx_{namespace}'}).cursor.firstBatch[0].text",
        "db.runCommand({aggregate: 1, pipeline: [{$currentOp: {allUsers: true}}], cursor: {}, $db: 'admin'})",
        "db.aggregate([{$currentOp: {allUsers: true}}])",
        "db.aggregate([{$listSessions: {allUsers: true}}])",
        "db.aggregate([{$listLocalSessions: {allUsers: true}}])",
        "db.one.insertOne({})\ndb.one.aggregate([{$lookup: {from: {db: 'sbx_{namespace}', coll: 'treasure'}, pipeline: [], as: 'found'}}])",
        "db.one.insertOne({})\ndb.one.aggregate([{$unionWith: {db: 'sbx_{namespace}', coll: 'treasure', pipeline: []}}])",
        "db.one.insertOne({})\ndb.one.aggregate([{$unionWith: 'sbx_{namespace}.treasure'}]).toArray().at(-1).text.length",
        "db.one.insertOne({})\ndb.one.aggregate([{$out: {db: 'sbx_{namespace}', coll: 'treasure'}}])",
        "db.one.insertOne({})\ndb.one.aggregate([{$merge: {into: {db: 'sbx_{namespace}', coll: 'treasure'}}}])",
        "db.one.insertOne({_id: 1})\ndb.one.renameCollection('../sbx_{namespace}.treasure', true)",
        "db.runCommand({renameCollection: 'sbx_{namespace}.treasure', to: 'mine'})",
        "db.createView('peek', 'sbx_{namespace}.treasure', []) && db.peek.find().toArray()[0].text",
        "db.runCommand({getMore: 1, collection: 'treasure'})",
        "db.runCommand({listDatabases: 1})",
        "db.adminCommand({listDatabases: 1})",
        "db.runCommand({usersInfo: {forAllDBs: true}})",
        "db.runCommand({killAllSessions: []})",
        "db.runCommand({replSetStepDown: 1})",
        "db.runCommand({dropDatabase: 1, $db: 'sbx_{namespace}'})\ndb.dropDatabase()",
        "db.runCommand({dropUser: 'sbx_{namespace}'})",
        "db.runCommand({updateUser: 'sbx_{namespace}', pwd: 'x'})",
        "db.runCommand({applyOps: []})",
        "db.getSiblingDB('admin').system.users.find()",
        "db.getSiblingDB('local').oplog.rs.find()",
        "db.getCollection('oplog.rs').find()",
        "db.system.users.find()",
        "db.one.insertOne({})\ndb.one.find({$where: 'true'})",
        "db.setProfilingLevel(2)\ndb.system.profile.find()",
        "__host('{}')",
        "require('fs')",
    ),
    forever="db.slow.insertMany(Array.from({length: 1000}, (_, i) => ({i})))\ndb.slow.find(" + SLOW + ")",
    running=running,
    exists=exists,
    failing="db.one.drop()\ndb.one.insertOne({_id: 1});  db.one.insertOne({_id: 1})",
    failing_offset=50,
    many="db.many.insertMany(Array.from({length: 2500}, (_, i) => ({i})))\ndb.many.find().toArray()",
    big="db.big.insertMany(Array.from({length: 12}, (_, i) => ({i, text: 'x'.repeat(300000)})))\ndb.big.find()",
    remember="db.pages.insertMany(Array.from({length: 30}, (_, i) => ({_id: i, text: i < 20 ? 'first' : 'remembered'})))\ndb.pages.find().sort({_id: 1})",
    recall="it",
)
