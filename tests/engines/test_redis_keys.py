"""The key browser: a tree by `:`, facts, elements by pages, and export as commands that make the same keys again."""

from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine, SchemaObject
from app.core.errors import NotFound
from app.engines.redis.engine import RedisEngine
from tests.engines.redis_subject import Visitor


@pytest.fixture
async def visitor(redis: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(redis, RedisEngine)
    made = Visitor(redis, redis.new_sandbox(), settings)
    await redis.create(made.sandbox)
    yield made
    await redis.drop(made.sandbox)


async def browse(visitor: Visitor, path: str | None) -> list[SchemaObject]:
    """All pages of a path; each of at most 100."""
    assert path is not None
    found: list[SchemaObject] = []
    cursor = None
    while True:
        listing = await visitor.engine.browse(visitor.sandbox, path, cursor)
        assert len(listing.objects) <= 101, "and a note"
        found += listing.objects
        cursor = listing.cursor
        if cursor is None:
            return found


async def test_keys_are_a_tree(visitor: Visitor) -> None:
    assert await visitor.engine.inspect(visitor.sandbox) == []
    await visitor.run(
        "MSET plain 1 user:1:name Ada user:1:mail a@b user:2:name Linus user: x user:3 y a:b:c:d z\n"
        'SET text hello EX 100\nSET "user:\\xff:*[x]" odd\nSELECT 7\nRPUSH l a b'
    )
    root = {thing.name: thing for thing in await visitor.engine.inspect(visitor.sandbox)}
    assert set(root) == {"plain", "user:", "a:", "text", "db7"} | {"user:"}
    assert root["plain"].detail == "string, 1 byte"
    assert [part.kind for part in root["plain"].parts] == ["encoding", "of memory"]
    assert root["plain"].parts[0].name == "int"
    ttl = root["text"].ttl_ms
    assert ttl is not None
    assert 90_000 < ttl <= 100_000
    prefixes = [thing for thing in await visitor.engine.inspect(visitor.sandbox) if thing.kind == "prefix"]
    assert [(thing.name, thing.detail) for thing in prefixes] == [("a:", "1 key"), ("user:", "5 keys")]
    inside = await browse(visitor, prefixes[1].path)
    assert [(thing.kind, thing.name) for thing in inside] == [
        ("prefix", "user:1:"),
        ("prefix", "user:2:"),
        ("key", "user:3"),
        ("prefix", '"user:\\xff:"'),
    ]
    deeper = await browse(visitor, inside[0].path)
    assert [thing.name for thing in deeper] == ["user:1:mail", "user:1:name"]
    odd = await browse(visitor, inside[3].path)
    assert [thing.reference for thing in odd] == ['"user:\\xff:*[x]"']
    assert [thing.name for thing in await browse(visitor, root["db7"].path)] == ["l"]
    assert (await visitor.engine.usage(visitor.sandbox)).objects == 10
    assert (await visitor.run("SLOWLOG LEN")).error is None


async def test_pages_of_keys(visitor: Visitor) -> None:
    await visitor.run(
        "EVAL \"for i = 1, 1234 do redis.call('SET', 'k' .. i, i) redis.call('SET', 'deep:' .. i .. ':x', i) end\" 0"
    )
    root = await visitor.engine.inspect(visitor.sandbox)
    assert len(root) == 101
    assert (root[0].kind, root[0].name, root[0].detail) == ("prefix", "deep:", "1,234 keys")
    assert root[-1].kind == "more"
    rest = await browse(visitor, root[-1].path)
    assert len({thing.name for thing in [*root[1:-1], *rest]}) == 1_234
    assert len(await browse(visitor, root[0].path)) == 1_234


async def test_a_hundred_thousand_keys_are_walked_in_steps(visitor: Visitor) -> None:
    await visitor.run(
        "EVAL \"for i = 1, 100000 do redis.call('SET', 'big:' .. (i % 7) .. ':' .. i, 1) end\" 0",
        limits=visitor.limits(max_run_ms=10_000, left_ms=10_000),
    )
    (big,) = await visitor.engine.inspect(visitor.sandbox)
    assert big.detail is not None
    assert 100_000 <= int(big.detail.removesuffix(" keys").replace(",", "")) < 100_500, "SCAN may meet a key twice"
    assert [thing.name for thing in await browse(visitor, big.path)] == [f"big:{n}:" for n in range(7)]


@pytest.mark.parametrize(
    ("fill", "kind", "count", "first"),
    [
        ("SET k hello", "value", 1, ("hello", None)),
        ("SET k '{\"a\": 1}'", "value", 1, ('{"a": 1}', None)),
        ("EVAL \"redis.call('SET', 'k', string.rep('grün', 500))\" 0", "value", 3, (None, "bytes 0 to 1,000")),
        ("EVAL \"for i = 0, 250 do redis.call('RPUSH', 'k', 'v' .. i) end\" 0", "item", 251, ("0", "v0")),
        ("EVAL \"for i = 0, 250 do redis.call('ZADD', 'k', i / 2, 'm' .. i) end\" 0", "member", 251, ("m0", "0")),
        ("EVAL \"for i = 1, 300 do redis.call('HSET', 'k', 'f' .. i, 'v') end\" 0", "field", 300, (None, "v")),
        ("EVAL \"for i = 1, 3000 do redis.call('HSET', 'k', 'f' .. i, 'v') end\" 0", "field", 3_000, (None, "v")),
        ("EVAL \"for i = 1, 3000 do redis.call('SADD', 'k', 'm' .. i) end\" 0", "member", 3_000, (None, None)),
        ("EVAL \"for i = 1, 300 do redis.call('XADD', 'k', '1-' .. i, 'f', i) end\" 0", "entry", 300, ("1-1", "f=1")),
        ("VADD k VALUES 2 1 0 x", "element", 1, ("x", None)),
    ],
)
async def test_elements_come_by_pages(
    visitor: Visitor, fill: str, kind: str, count: int, first: tuple[str | None, str | None]
) -> None:
    assert (await visitor.run(fill)).error is None
    found = await browse(visitor, "0/key/k")
    assert {thing.kind for thing in found} == {kind}
    assert len({thing.name + str(thing.detail) for thing in found}) == count
    assert first[0] in (None, found[0].name)
    assert first[1] == found[0].detail


async def test_fields_that_expire(visitor: Visitor) -> None:
    await visitor.run("HSET k a 1 b 2\nHEXPIRE k 100 FIELDS 1 b")
    found = {thing.name: thing.ttl_ms for thing in await browse(visitor, "0/key/k")}
    assert found["a"] is None
    assert 90_000 < (found["b"] or 0) <= 100_000


@pytest.mark.parametrize(
    "path", ["", "x", "0", "0/", "0/key/nope", "-1/tree/", "99999/tree/", "0/eval/x", "../../etc", "²/tree/"]
)
async def test_paths_that_are_none(visitor: Visitor, path: str) -> None:
    await visitor.run("SET k v")
    with pytest.raises(NotFound):
        await visitor.engine.browse(visitor.sandbox, path)
    if not path.endswith("tree/"):
        with pytest.raises(NotFound):
            await visitor.engine.as_source(visitor.sandbox, path)


@pytest.mark.parametrize("cursor", ["x", "-1", "9" * 30, "1.x", "%ff", "(", "+"])
@pytest.mark.parametrize("fill", ["SET k v", "RPUSH k a", "HSET k f v", "SADD k m", "ZADD k 1 m", "XADD k 1-1 f v"])
async def test_odd_cursors_do_no_harm(visitor: Visitor, fill: str, cursor: str) -> None:
    await visitor.run(fill)
    for path in ("0/key/k", "0/tree/"):
        try:
            listing = await visitor.engine.browse(visitor.sandbox, path, cursor)
        except NotFound:
            continue
        assert len(listing.objects) <= 1


FILL = """\
SET text "two words"
SET bytes "\\x00\\xff\\n\\"" PXAT 33177117420000
SET n 12
RPUSH list a "b c" ""
SADD set x y
ZADD zset 1.5 a 0.1 b -inf c
HSET hash f v g w
HPEXPIREAT hash 33177117420000 FIELDS 1 g
XADD stream 1-1 item tea
XADD stream 2-1 item "a cup"
XGROUP CREATE stream packers 1-1
PFADD hll a b c
SETBIT bits 100 1
GEOADD geo 13.3695 52.5250 Berlin
VADD vectors VALUES 3 1 0 0 red SETATTR '{"a": 1}'
SET "odd key:*" x
"""
SHOW = """\
GET text
GET bytes
PEXPIRETIME bytes
GET n
OBJECT ENCODING n
LRANGE list 0 -1
SMEMBERS set
ZRANGE zset 0 -1 WITHSCORES
HGETALL hash
HPEXPIRETIME hash FIELDS 2 f g
XRANGE stream - +
XREADGROUP GROUP packers ada STREAMS stream >
PFCOUNT hll
BITCOUNT bits
GEOPOS geo Berlin
VSIM vectors ELE red WITHSCORES
VGETATTR vectors red
GET "odd key:*"
DBSIZE
"""


async def test_an_export_makes_the_same_keys_again(visitor: Visitor) -> None:
    assert (await visitor.run(FILL)).error is None
    source = await visitor.engine.as_source(visitor.sandbox, "0/tree/")
    shown = (await visitor.run(SHOW)).texts
    assert (await visitor.run("FLUSHALL")).last == "OK"
    again = await visitor.run(source)
    assert again.error is None, (again.error, source)
    assert (await visitor.run(SHOW)).texts == shown
    again = await visitor.run(source)
    assert again.error is None, "and once more, over what is there"
    assert (await visitor.run("LLEN list")).last == "(integer) 3"
    assert await visitor.engine.as_source(visitor.sandbox, "0/key/text") == 'SET text "two words"\n'


async def test_an_export_is_bounded_and_says_so(visitor: Visitor) -> None:
    await visitor.run("EVAL \"for i = 1, 9 do redis.call('SET', 'k' .. i, string.rep('x', 60000)) end\" 0")
    source = await visitor.engine.as_source(visitor.sandbox, "0/tree/")
    assert len(source) <= visitor.settings.max_source_bytes
    assert "# 5 of 9 keys are left out" in source
