"""What scripts can call: values go there and back as they are, errors are caught, calls go on at the same time."""

import asyncio
import json
import time

import pytest

from app.core.errors import EngineBusy
from tests.scripts.conftest import SESSION, Player

NASTY = ["'; DROP TABLE x; --", '"\\ \n\t$1', "é𝒳 {}", "", "a" * 3_000, "NULL", "{1,2}"]


async def test_values_reach_every_engine_as_they_are(player: Player) -> None:
    printed = await player.printed(
        f"""
const nasty = {json.dumps(NASTY)};
await pg.query("DROP TABLE IF EXISTS calls_values");
await pg.query("CREATE TABLE calls_values (n int, t text, list text[], j jsonb)");
await mongo.db.calls_values.drop();
await dynamo.createTable({{ TableName: "calls_values", KeySchema: [{{ AttributeName: "n", KeyType: "HASH" }}],
  AttributeDefinitions: [{{ AttributeName: "n", AttributeType: "N" }}], BillingMode: "PAY_PER_REQUEST" }});
for (const [n, text] of nasty.entries()) {{
  await pg.query("INSERT INTO calls_values VALUES ($1, $2, $3, $4)", [n, text, [text, null], {{ text }}]);
  const {{ rows: [row] }} = await pg.query("SELECT t, j, list[1] AS first, list[2] AS second FROM calls_values WHERE t = $1", [text]);
  await redis.set("calls:value", text);
  await mongo.db.calls_values.insertOne({{ _id: n, text }});
  await dynamo.putItem({{ TableName: "calls_values", Item: marshall({{ n, text }}) }});
  const {{ Item }} = await dynamo.getItem({{ TableName: "calls_values", Key: marshall({{ n }}) }});
  const found = [row.t, row.j.text, row.first, await redis.get("calls:value"), (await mongo.db.calls_values.findOne({{ text }})).text, unmarshall(Item).text];
  if (found.some((value) => value !== text) || row.second !== null) print("wrong", n, found);
}}
print((await pg.query("SELECT count(*) AS n FROM calls_values")).rows[0].n);
"""
    )
    assert printed == [str(len(NASTY))]


async def test_values_come_as_javascript_knows_them(player: Player) -> None:
    (line,) = await player.printed("""
const { rows } = await pg.query("SELECT 1 AS i, 9007199254740993 AS long, 1.50 AS exact, true AS yes, null AS none, '[1]'::json AS j");
await redis.del("calls:h", "calls:s");
await redis.hset("calls:h", { a: 1 });
print(JSON.stringify([rows[0], await redis.hgetall("calls:h"), await redis.get("calls:none"), await redis.incr("calls:s"), await redis.call("CONFIG", "GET", "maxmemory-policy")]));
""")
    row, hash_, none, one, config = json.loads(line)
    assert row == {"i": 1, "long": "9007199254740993", "exact": "1.50", "yes": True, "none": None, "j": [1]}
    assert (hash_, none, one) == ({"a": "1"}, None, 1)
    assert list(config) == ["maxmemory-policy"]


async def test_mongodb_s_methods(player: Player) -> None:
    printed = await player.printed("""
const c = mongo.db.calls_people;
await c.drop();
const { insertedIds } = await c.insertMany([{ n: 1, at: new Date(5) }, { n: 2 }, { n: 3, big: 2n ** 60n }]);
print(insertedIds.length, await c.countDocuments(), await c.countDocuments({ n: { $gt: 1 } }));
print((await c.find({}).sort({ n: -1 }).limit(2)).map((d) => d.n), (await c.find({ n: 1 }, { projection: { _id: 0 } }).toArray()));
print(await c.updateMany({}, { $inc: { n: 10 } }), (await c.findOneAndUpdate({ n: 11 }, { $set: { x: 1 } }, { returnDocument: "after" })).x);
print(await c.updateOne({ n: 99 }, { $set: { y: 1 } }, { upsert: true }).then((r) => r.upsertedCount), await c.deleteOne({ n: 99 }));
print(await c.aggregate([{ $group: { _id: null, total: { $sum: "$n" } } }]).toArray(), await c.distinct("n"));
print(await c.createIndex({ n: 1 }, { unique: true }), await c.insertOne({ n: 11 }).catch((error) => error.code));
print((await c.findOne({ n: 13 })).big, (await mongo.db.command({ ping: 1 })).ok);
""")
    assert printed == [
        "3 3 2",
        "[ 3, 2 ] [ { n: 1, at: ISODate('1970-01-01T00:00:00.005Z') } ]",
        "{ matchedCount: 3, modifiedCount: 3, upsertedCount: 0, upsertedId: null } 1",
        "1 { deletedCount: 1 }",
        "[ { _id: null, total: 36 } ] [ 11, 12, 13 ]",
        "n_1 DuplicateKey",
        "1152921504606846976n 1",
    ]


async def test_calls_go_on_at_the_same_time_and_wait_for_a_connection(player: Player) -> None:
    run = await player.run("""
await measure("eight", () => Promise.all(Array.from({ length: 8 }, () => pg.query("SELECT pg_sleep(0.1)"))));
""")
    assert run["outcome"] == "ok"
    assert 200 <= run["spans"][0]["ms"] < 700
    calls = [call for call in run["calls"] if call["kind"] == "call"]
    assert {call["connection"] for call in calls} == {"S1", "S2", "S3", "S4"}
    assert sum(call["waited_ms"] > 60 for call in calls) >= 4
    assert sum(call["kind"] == "connect" for call in run["calls"]) == 3  # the first one stood before the script began


async def test_a_transaction_has_a_connection_of_its_own(player: Player) -> None:
    printed = await player.printed("""
await pg.query("DROP TABLE IF EXISTS calls_tx");
await pg.query("CREATE TABLE calls_tx (n int)");
const own = await pg.connect();
await own.query("BEGIN");
await own.query("INSERT INTO calls_tx VALUES (1)");
print((await pg.query("SELECT count(*) AS n FROM calls_tx")).rows[0].n);
await own.query("COMMIT");
print((await pg.query("SELECT count(*) AS n FROM calls_tx")).rows[0].n);
await own.close();
print(await own.query("SELECT 1").catch((error) => error.message));
""")
    assert printed == ["0", "1", "This connection is closed."]


@pytest.mark.parametrize(
    ("source", "code", "said", "line"),
    [
        ("\nawait pg.query('SELEC 1')", "42601", 'syntax error at or near "SELEC"', 2),
        ("await pg.query('SELECT $1::int, $2::int', [1])", "08P01", "has 2 parameters, and 1 values came", 1),
        ("\n\nawait redis.incr('calls:text', 1, 2)", "ERR", "wrong number of arguments", 3),
        ("await redis.set('calls:text', null)", "TypeError", "no place for null", 1),
        ("await mongo.db.t.updateOne({}, { $nope: 1 })", "FailedToParse", "Unknown modifier", 1),
        ("await mongo.db.command({ shutdown: 1 })", None, "shutdown", 1),
        ("await dynamo.getItem({ TableName: 'nowhere', Key: {} })", None, "", 1),
        ("await dynamo.nonsense({})", "not_offered", "Nonsense is not offered", 1),
        ("let x = 1;\nx.y.z", "TypeError", "", 2),
        ("await new Promise(() => {})", "Error", "never settle", None),
        ("throw new RangeError('mine')", "RangeError", "mine", 1),
        ("let a = ;", "SyntaxError", "", 1),
    ],
)
async def test_an_error_is_said_with_its_line(
    player: Player, source: str, code: str | None, said: str, line: int | None
) -> None:
    run = await player.run(source)
    error = run["error"]
    assert run["outcome"] in ("failed", "refused")
    assert said in error["message"]
    assert code in (None, error["code"])
    assert error.get("line") == line


async def test_an_error_can_be_caught(player: Player) -> None:
    printed = await player.printed("""
try { await pg.query("SELECT 1/0"); } catch (error) { print(error.name, error.code, error.outcome, error.message); }
try { await measure("failing", async () => { throw new Error("no"); }); } catch (error) { print(error.message); }
""")
    assert printed == ["EngineError 22012 failed division by zero", "no"]


async def test_what_is_not_awaited_goes_on_to_its_end_and_timers_tick(player: Player) -> None:
    run = await player.run("""
redis.set("calls:later", "done");
setTimeout(async () => print("later", await redis.get("calls:later")), 30);
clearTimeout(setTimeout(() => print("never"), 10));
await sleep(1);
print("first", time() < 5000);
""")
    assert run["outcome"] == "ok"
    assert [line["text"] for line in run["output"]] == ["first true", "later done"]


async def test_one_script_at_a_time_and_stop_ends_it_on_the_servers(player: Player) -> None:
    task = asyncio.create_task(
        player.run("await Promise.all([pg.query('SELECT pg_sleep(30)'), redis.blpop('calls:q', 30)])")
    )
    await asyncio.sleep(0.4)
    with pytest.raises(EngineBusy, match="already running"):
        await player.run("print(1)")
    assert await player.built.scripts.stop(SESSION)
    run = await task
    assert (run["outcome"], run["error"]["code"]) == ("stopped", "stopped")
    assert {call["outcome"] for call in run["calls"] if call["kind"] == "call"} <= {"stopped", "ok"}
    (asleep,) = await player.printed(
        "print((await pg.query(\"SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active' AND pid <> pg_backend_pid()\")).rows[0].n)"
    )
    assert asleep == "0"
    assert not await player.built.scripts.stop(SESSION)


async def test_scripts_leave_no_client_behind(player: Player) -> None:
    await player.run(
        "await Promise.all([pg.query('SELECT 1'), redis.get('x'), mongo.db.t.findOne({}), dynamo.listTables({})])"
    )
    for engine in player.built.engines.standing():
        assert not [name for _, name in engine._clients if name.startswith("S")]


SLOW_AGGREGATE = """
await mongo.db.calls_slow.updateOne({ _id: 1 }, { $set: { n: 1 } }, { upsert: true });
const inner = { $reduce: { input: { $range: [0, 6000] }, initialValue: 0, in: { $add: ["$$value", 1] } } };
await mongo.db.calls_slow.aggregate([
  { $project: { n: { $range: [0, 20000] } } }, { $unwind: "$n" }, { $project: { inner } }, { $group: { _id: null, most: { $max: "$inner" } } },
]);
"""


async def test_a_slow_command_of_mongodb_ends_at_the_limit_and_by_stop(player: Player) -> None:
    run = await player.run(SLOW_AGGREGATE)
    assert run["error"]["code"] == "max_run_ms"
    task = asyncio.create_task(player.run(SLOW_AGGREGATE))
    await asyncio.sleep(0.4)
    began = time.monotonic()
    assert await player.built.scripts.stop(SESSION)
    assert time.monotonic() - began < 0.5
    run = await task
    assert run["error"]["message"] == "Stopped by you."
    assert [call["outcome"] for call in run["calls"] if "aggregate" in call["shown"]] == ["stopped"]
    assert await player.printed("print(await mongo.db.calls_slow.countDocuments())") == ["1"]


async def test_an_engine_that_is_asked_for_by_mistake_is_not_there(player: Player) -> None:
    run = await player.run("mysql.query('SELECT 1')")
    assert "mysql" in run["error"]["message"]
