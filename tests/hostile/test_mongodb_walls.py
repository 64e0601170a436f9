"""Two tenants of one mongod, and what the server itself refuses one of them: asked with the tenant's own credential, past our bridge."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import OperationFailure

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import SandboxExpired
from tests.engines.mongodb_subject import Visitor, visitor_of

TREASURE = "treasure-of-a"


@pytest.fixture
async def pair(mongodb: Engine, settings: Settings) -> AsyncIterator[tuple[Visitor, Visitor]]:
    """The owner of a treasure, and a neighbour."""
    a, b = await visitor_of(mongodb, settings), await visitor_of(mongodb, settings)
    await a.run(f"db.treasure.insertOne({{_id: 1, text: '{TREASURE}'}})\ndb.treasure.find()")
    await b.run("db.own.insertOne({_id: 1})")
    yield a, b
    for visitor in (a, b):
        await visitor.engine.drop(visitor.sandbox)


def own_commands(a: str) -> list[dict[str, Any]]:
    """Sent by b to its own database."""
    return [
        {"aggregate": "own", "pipeline": [{"$out": {"db": a, "coll": "treasure"}}], "cursor": {}},
        {"aggregate": "own", "pipeline": [{"$merge": {"into": {"db": a, "coll": "treasure"}}}], "cursor": {}},
        {
            "aggregate": "own",
            "pipeline": [{"$lookup": {"from": {"db": a, "coll": "treasure"}, "pipeline": [], "as": "x"}}],
            "cursor": {},
        },
        {"aggregate": "own", "pipeline": [{"$unionWith": {"db": a, "coll": "treasure"}}], "cursor": {}},
        {"aggregate": "own", "pipeline": [{"$function": {}}], "cursor": {}},
        {"aggregate": 1, "pipeline": [{"$currentOp": {}}], "cursor": {}},
        {"aggregate": 1, "pipeline": [{"$listLocalSessions": {"allUsers": True}}], "cursor": {}},
        {"dropDatabase": 1},
        {"createUser": "x", "pwd": "x", "roles": []},
        {"updateUser": "x", "pwd": "x"},
        {"grantRolesToUser": "x", "roles": ["root"]},
        {"createRole": "x", "privileges": [], "roles": []},
        {"usersInfo": 1},
        {"rolesInfo": 1},
        {"mapReduce": "own", "map": "function(){}", "reduce": "function(){}", "out": {"inline": 1}},
        {"find": "own", "filter": {"$where": "true"}},
        {"reIndex": "own"},
        {"compact": "own"},
        {"planCacheSetFilter": "own", "query": {}, "indexes": [{}]},
    ]


ADMIN_COMMANDS: list[dict[str, Any]] = [
    {"currentOp": 1, "$all": True},
    {"killOp": 1, "op": 1},
    {"killAllSessions": []},
    {"killAllSessionsByPattern": []},
    {"shutdown": 1},
    {"serverStatus": 1},
    {"hostInfo": 1},
    {"getCmdLineOpts": 1},
    {"getParameter": "*"},
    {"setParameter": 1, "notablescan": True},
    {"getLog": "global"},
    {"logRotate": 1},
    {"fsync": 1, "lock": True},
    {"replSetGetConfig": 1},
    {"replSetStepDown": 1},
    {"replSetReconfig": {}},
    {"applyOps": []},
    {"setDefaultRWConcern": 1, "defaultWriteConcern": {"w": 1}},
    {"setFeatureCompatibilityVersion": "5.0"},
    {"top": 1},
    {"usersInfo": {"forAllDBs": True}},
    {"invalidateUserCache": 1},
]


async def raw(visitor: Visitor) -> "AsyncIOMotorClient[dict[str, Any]]":
    """The tenant's own connections: what a hole in the bridge would give."""
    return (await visitor.client()).work.seats.own.motor


async def test_the_server_refuses_other_databases(pair: tuple[Visitor, Visitor]) -> None:
    a, b = pair
    motor = await raw(b)
    for database in (a.database, "admin", "local", "config", "test"):
        for command in (
            {"find": "treasure"},
            {"insert": "treasure", "documents": [{"_id": 2}]},
            {"delete": "treasure", "deletes": [{"q": {}, "limit": 0}]},
            {"drop": "treasure"},
            {"listCollections": 1},
            {"dbStats": 1},
            {"create": "mine"},
            {"profile": 2},
        ):
            with pytest.raises(OperationFailure, match=r"not authorized|Unauthorized"):
                await motor[database].command(command)
    with pytest.raises(OperationFailure):
        await motor.admin.command({"renameCollection": f"{a.database}.treasure", "to": f"{b.database}.mine"})
    with pytest.raises(OperationFailure):
        await motor.admin.command({"renameCollection": f"{b.database}.own", "to": f"{a.database}.own"})
    assert await motor.list_database_names() == [b.database]
    assert await a.value("db.treasure.findOne().text") == TREASURE


async def test_the_server_refuses_what_reaches_beyond(pair: tuple[Visitor, Visitor]) -> None:
    a, b = pair
    motor = await raw(b)
    for command in own_commands(a.database):
        with pytest.raises(OperationFailure):
            await motor[b.database].command(command)
    for command in ADMIN_COMMANDS:
        with pytest.raises(OperationFailure):
            await motor.admin.command(command)
    assert await a.value("db.treasure.findOne().text") == TREASURE


async def test_a_neighbours_cursor_is_not_readable(pair: tuple[Visitor, Visitor]) -> None:
    a, b = pair
    await a.run("db.treasure.insertMany(Array.from({length: 300}, () => ({text: 'more'})))\ndb.treasure.find()")
    pager = (await a.client())._pager
    assert pager is not None
    assert pager.cursor is not None
    assert pager.cursor.server_id
    motor = await raw(b)
    for database in (b.database, a.database):
        with pytest.raises(OperationFailure):
            await motor[database].command({"getMore": pager.cursor.server_id, "collection": "treasure"})


async def test_ids_of_which_one_is_a_prefix_of_the_other(mongodb: Engine, settings: Settings) -> None:
    a, b = await visitor_of(mongodb, settings), await visitor_of(mongodb, settings)
    await a.run("db.treasure.insertOne({})")
    await b.run(f"db.getCollection('{a.database}').insertOne({{}})")
    assert {a.sandbox.namespace, b.sandbox.namespace} <= await mongodb.namespaces()
    await mongodb.drop(a.sandbox)
    assert await b.value("db.getCollectionNames().length") == 1
    assert a.sandbox.namespace not in await mongodb.namespaces()
    await mongodb.drop(b.sandbox)


async def test_a_dropped_sandbox_is_gone_for_its_clients_too(mongodb: Engine, settings: Settings) -> None:
    visitor = await visitor_of(mongodb, settings)
    await visitor.run("db.c.insertOne({})")
    await mongodb.drop(visitor.sandbox)
    with pytest.raises(SandboxExpired):
        await visitor.run("db.c.findOne()")
    assert await mongodb.inspect(visitor.sandbox) == []
    await mongodb.close_clients(visitor.sandbox)


async def test_nothing_of_the_machine_shows(pair: tuple[Visitor, Visitor]) -> None:
    _, b = pair
    for source in (
        "db.own.aggregate([{$collStats: {latencyStats: {}}}])",
        "db.own.aggregate([{$indexStats: {}}])",
        "db.own.aggregate([{$collStats: {count: {}}}, {$project: {h: '$host', all: '$$ROOT'}}])",
        "db.own.aggregate([{$unionWith: {coll: 'own', pipeline: [{$indexStats: {}}]}}])",
        "db.own.find().explain('executionStats')",
        "db.own.explain().aggregate([{$lookup: {from: 'own', pipeline: [], as: 'x'}}])",
        "db.runCommand({explain: {find: 'own'}, verbosity: 'queryPlanner'})",
        "db.own.stats()",
    ):
        run = await b.run(source, explain=True)
        assert run.error is None, run.error
        said = repr((run.results, run.plans))
        for private in (f"'{socket.gethostname()}", "serverInfo", "127.0.0.1", b.engine.places.data.name):
            assert private not in said, (source, private)


async def test_secrets_and_names_do_not_reach_the_script(pair: tuple[Visitor, Visitor]) -> None:
    _, b = pair
    run = await b.run("[uri, process.env, Object.getOwnPropertyNames(globalThis).filter((n) => n.startsWith('__'))]")
    shown = repr(run.results)
    assert b.sandbox.secret not in shown
    assert "mongodb://sandbox/" in shown
    assert "__host" not in shown
