"""Hostile inputs to Redis: each is stopped, refused, fails or is cut; the sandbox is usable at once after, and the neighbour untouched."""

import time
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import EngineUnavailable, StatementError
from app.engines.redis.engine import RedisEngine
from tests.engines.redis_subject import Run, Visitor

REFUSED, FAILED, STOPPED, HARMLESS = "refused", "failed", "stopped", "ok"


@pytest.fixture(scope="module")
async def pair(redis: Engine, settings: Settings) -> AsyncIterator[tuple[Visitor, Visitor]]:
    """The hostile visitor, and a neighbour with one key."""
    assert isinstance(redis, RedisEngine)
    made = Visitor(redis, redis.new_sandbox(), settings), Visitor(redis, redis.new_sandbox(), settings)
    for visitor in made:
        await redis.create(visitor.sandbox)
    await made[1].run("SET treasure neighbours")
    yield made
    for visitor in made:
        await redis.drop(visitor.sandbox)


def outcome(run: Run) -> str:
    if isinstance(run.error, StatementError):
        return run.error.outcome
    return HARMLESS


LUA = {
    "endless": "while true do end",
    "endless that wrote": "redis.call('SET','a',1) while true do end",
    "endless in pcall": "while true do pcall(function() while true do end end) end",
    "endless that swallows the kill": "while true do pcall(redis.call, 'PING') end",
    "string bomb": "local s = 'x' while true do s = s .. s end",
    "table bomb": "local t = {} while true do t[#t+1] = string.rep('x', 100000) end",
    "repeat bomb": "return string.rep('x', 1e9)",
    "memory by writes": "for i = 1, 1e9 do redis.call('SET', 'k' .. i, string.rep('x', 10000)) end",
    "deep recursion": "local function f() return 1 + f() end return f()",
    "pattern backtracking": "return string.find(string.rep('a', 30000), string.rep('a?', 30) .. string.rep('.-', 9) .. 'b')",
    "a reply of a million": "local t = {} for i = 1, 1000000 do t[i] = i end return t",
    "a reply without end": "local t = {} for i = 1, 5000 do t = {t} end return t",
    "cjson bomb": "return cjson.decode(string.rep('[', 100000))",
    "cmsgpack bomb": "return cmsgpack.unpack(string.rep('\\\\x91', 100000))",
    "log flood": "for i = 1, 100000 do redis.log(redis.LOG_WARNING, string.rep('x', 1000)) end",
}

CASES: list[tuple[str, str, set[str]]] = [
    *((f"lua: {name}", f'EVAL "{body}" 0', {STOPPED, FAILED, HARMLESS}) for name, body in LUA.items()),
    ("lua: os", "EVAL \"return os.execute('id')\" 0", {FAILED}),
    ("lua: io", "EVAL \"return io.open('/etc/passwd')\" 0", {FAILED}),
    ("lua: loadfile", "EVAL \"return loadfile('/etc/passwd')\" 0", {FAILED}),
    ("lua: require", "EVAL \"return require('os')\" 0", {FAILED}),
    ("lua: package", 'EVAL "return package.loadlib" 0', {FAILED}),
    ("lua: bytecode", "EVAL \"return loadstring('\\\\27Lua')()\" 0", {FAILED}),
    ("lua: globals", 'EVAL "x = 1" 0', {FAILED}),
    ("lua: the metatable of strings", "EVAL \"getmetatable('').__index = nil return ('x'):upper()\" 0", {FAILED}),
    ("lua: setresp", 'EVAL "redis.setresp(99)" 0', {FAILED}),
    ("lua: acl around", "EVAL \"return redis.call('ACL', 'SETUSER', 'visitor', '+@all')\" 0", {FAILED, REFUSED}),
    ("lua: shutdown", "EVAL \"return redis.call('SHUTDOWN')\" 0", {FAILED, REFUSED}),
    ("lua: config", "EVAL \"return redis.call('CONFIG', 'SET', 'dir', '/')\" 0", {FAILED, REFUSED}),
    ("an endless function", "FUNCTION LOAD REPLACE \"#!lua name=l\\nredis.register_function('f', function() while true do end end)\"\nFCALL f 0", {STOPPED}),
    ("an endless library", 'FUNCTION LOAD REPLACE "#!lua name=m\\nwhile true do end"', {FAILED, STOPPED}),
    ("endless scripts in MULTI", 'MULTI\nEVAL "while true do end" 0\nEVAL "while true do end" 0\nEXEC', {STOPPED}),
    ("a key of 512 MB", "SETRANGE k 536870911 x", {FAILED}),
    ("a bit far out", "SETBIT k 4294967295 1", {FAILED}),
    ("bitfield far out", "BITFIELD k SET u8 #536870911 1", {FAILED}),
    ("members without number", "SRANDMEMBER s -10000000", {STOPPED, FAILED, HARMLESS}),
    ("fields without number", "HRANDFIELD h -9223372036854775808 WITHVALUES", {FAILED, HARMLESS}),
    ("zset fields without number", "ZRANDMEMBER z -9223372036854775808", {FAILED, HARMLESS}),
    ("a huge count", "LPOP l 9223372036854775808", {FAILED}),
    ("a long LCS", "EVAL \"redis.call('SET','a',string.rep('ab',9000)) redis.call('SET','b',string.rep('ba',9000))\" 0\nLCS a b", {FAILED, STOPPED, HARMLESS}),
    ("a hyperloglog that is none", 'SET h "HYLL\\x01\\x00\\x00\\x00\\xff\\xff"\nPFCOUNT h', {FAILED, HARMLESS}),
    ("a dump that is none", 'RESTORE x 0 "\\x0f\\x81\\xff\\xff\\x0b\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"', {FAILED}),
    ("functions that are none", 'FUNCTION RESTORE "\\xf5\\xff\\xff\\x0b\\x00aaaaaaaa"', {FAILED}),
    ("shutdown", "SHUTDOWN NOSAVE NOW FORCE", {REFUSED}),
    ("debug sleep", "DEBUG SLEEP 60", {REFUSED}),
    ("debug segfault", "DEBUG SEGFAULT", {REFUSED}),
    ("a module", "MODULE LOAD /tmp/evil.so", {REFUSED}),
    ("a file elsewhere", "CONFIG SET dir /etc", {REFUSED}),
    ("more memory", "CONFIG SET maxmemory 0", {REFUSED}),
    ("a master of its own", "REPLICAOF 127.0.0.1 6379", {REFUSED}),
    ("the whole data as a replica", "PSYNC ? -1", {REFUSED}),
    ("a copy elsewhere", "MIGRATE 127.0.0.1 6379 k 0 1000", {REFUSED}),
    ("everyone paused", "CLIENT PAUSE 100000 ALL", {REFUSED}),
    ("everyone killed", "CLIENT KILL SKIPME no TYPE normal", {REFUSED}),
    ("the app's own user", "AUTH sandtable guess", {FAILED}),
    ("the default user", "HELLO 3 AUTH default x", {FAILED}),
    ("the app's password", "ACL GETUSER sandtable", {HARMLESS}),
    ("cluster tricks", "CLUSTER RESET HARD", {FAILED}),
    ("failover", "FAILOVER TO 127.0.0.1 1 FORCE", {REFUSED}),
    ("debugging scripts", "SCRIPT DEBUG SYNC", {REFUSED}),
    ("no replies", "CLIENT REPLY SKIP", {REFUSED}),
    ("a storm of clients", "CLIENT LIST\nCLIENT TRACKING ON BCAST\nSET k v\nCLIENT TRACKING OFF", {HARMLESS}),
    ("a command of 250 kB", "SET k " + "x" * 250_000, {HARMLESS}),
    ("python of 1 MB", "r.set('k', 'x' * 999000)", {HARMLESS}),
    ("python of 50 MB", "r.mset({'a': 'x' * 999000, 'b': 'x' * 999000})", {FAILED}),
    ("ten thousand arguments", "MGET " + "k " * 10_000, {HARMLESS}),
    ("an odd name", 'SET "\\x1b[31m<script>alert(1)</script>\\r\\n" 1', {HARMLESS}),
    ("protocol in a value", 'SET k "\\r\\n*1\\r\\n$8\\r\\nSHUTDOWN\\r\\n"', {HARMLESS}),
    ("protocol in a name", '"GET\\r\\n$8\\r\\nSHUTDOWN" k', {FAILED}),
    ("python that runs", "__import__('os').system('id')", {FAILED}),
    ("python deep", "r.set('k', " + "[" * 150 + "]" * 150 + ")", {FAILED}),
    ("python with eval", "r.set('k', eval('1'))", {FAILED}),
]  # fmt: skip


def test_there_are_enough() -> None:
    assert len(CASES) >= 60
    assert len({name for name, _, _ in CASES}) == len(CASES)


@pytest.mark.parametrize(("source", "outcomes"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
async def test_it_holds(pair: tuple[Visitor, Visitor], source: str, outcomes: set[str]) -> None:
    visitor, neighbour = pair
    neighbours_pid = neighbour.server.process.pid
    await visitor.run("DISCARD")
    await visitor.run("SADD s a b c\nHSET h f v\nZADD z 1 m\nRPUSH l x")
    began = time.monotonic()
    try:
        run = await visitor.run(source)
    except StatementError as exc:  # the source can't be read
        run = Run(error=exc)
    except EngineUnavailable:
        pytest.fail("the server ended without a word")
    assert time.monotonic() - began < visitor.settings.max_run_ms / 1000 + 2
    assert outcome(run) in outcomes, (run.error, run.results)
    assert visitor.server._admin_secret not in str(run)
    await visitor.run("DISCARD")
    assert (await visitor.run("FLUSHALL\nSET k 1\nGET k")).last == '"1"', "usable at once after"
    assert (await neighbour.run("GET treasure")).last == '"neighbours"'
    assert neighbour.server.process.pid == neighbours_pid
