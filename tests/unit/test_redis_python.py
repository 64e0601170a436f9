"""redis-py calls in a Redis source: which command they mean, what is noted, and what is refused."""

import time

import pytest

from app.core.errors import StatementError, StatementFailed, StatementRefused
from app.engines.redis.commands import arguments, split
from app.engines.redis.python import Note

QUICK_START = """\
import redis

# Connect
r = redis.Redis(host='localhost', port=6379)

# Set & Get
r.set('user:1:name', 'John')
name = r.get('user:1:name')

# Cache pattern
def get_user(user_id):
    cached = r.get(f'user:{user_id}')
    if cached:
        return json.loads(cached)

    user = fetch_from_db(user_id)
    r.setex(f'user:{user_id}', 3600, json.dumps(user))
    return user

GET user:1:name
"""


def commands(source: str) -> list[str]:
    return [s.text for s in split(source, 1_000) if not isinstance(s, Note)]


def test_the_quick_start_runs_as_it_is() -> None:
    found = split(QUICK_START, 100)
    assert [(s.line, isinstance(s, Note)) for s in found] == [
        (1, True),
        (4, True),
        (7, False),
        (8, False),
        (11, True),
        (20, False),
    ]
    assert [s.text for s in found if not isinstance(s, Note)] == [
        "SET user:1:name John",
        "GET user:1:name",
        "GET user:1:name",
    ]
    assert QUICK_START[found[2].start : found[2].end] == "r.set('user:1:name', 'John')"
    assert QUICK_START[found[4].start : found[4].end].endswith("return user")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("r.set('k', 'v', ex=60 * 60, nx=True)", ["SET k v NX EX 3600"]),
        ("r.setex('k', 10, 'two words')", ['SETEX k 10 "two words"']),
        ("r.setex('k', timedelta(minutes=1), b'\\xff')", [r'SETEX k 60 "\xff"']),
        ("r.set('k', json.dumps({'a': [1, None]}))", [r'SET k "{\"a\": [1, null]}"']),
        ("r.mset({'a': 1, 'b': 2.5})", ["MSET a 1 b 2.5"]),
        ("r.mget('a', 'b')", ["MGET a b"]),
        ("r.mget(['a', 'b'])", ["MGET a b"]),
        ("r.delete('a', 'b')", ["DEL a b"]),
        ("r.exists('a')", ["EXISTS a"]),
        ("r.incr('n')", ["INCRBY n 1"]),
        ("r.decr('n', 5)", ["DECRBY n 5"]),
        ("r.expire('k', 10, nx=True)", ["EXPIRE k 10 NX"]),
        ("r.ttl('k')", ["TTL k"]),
        ("r.hset('h', 'f', 'v')", ["HSET h f v"]),
        ("r.hset('h', mapping={'a': 1, 'b': 'x y'})", ['HSET h a 1 b "x y"']),
        ("r.hgetall('h')", ["HGETALL h"]),
        ("r.hexpire('h', 10, 'f')", ["HEXPIRE h 10 FIELDS 1 f"]),
        ("r.lpush('l', 1, 2, 3)", ["LPUSH l 1 2 3"]),
        ("r.lrange('l', 0, -1)", ["LRANGE l 0 -1"]),
        ("r.blpop('l', timeout=1)", ["BLPOP l 1"]),
        ("r.sadd('s', 'a', 'b')", ["SADD s a b"]),
        ("r.zadd('z', {'ada': 1, 'alan': 2.5}, gt=True)", ["ZADD z GT 1 ada 2.5 alan"]),
        ("r.zrange('z', 0, -1, desc=True, withscores=True)", ["ZREVRANGE z 0 -1 WITHSCORES"]),
        ("r.zrangebyscore('z', '-inf', 5)", ["ZRANGEBYSCORE z -inf 5"]),
        ("r.xadd('s', {'a': 1}, maxlen=100, approximate=False)", ["XADD s MAXLEN 100 * a 1"]),
        ("r.xread({'s': '0'}, count=2)", ["XREAD COUNT 2 STREAMS s 0"]),
        ("r.xgroup_create('s', 'g', mkstream=True)", ["XGROUP CREATE s g $ MKSTREAM"]),
        ("r.geoadd('g', (13.4, 52.5, 'Berlin'))", ["GEOADD g 13.4 52.5 Berlin"]),
        ("r.publish('c', 'hello')", ["PUBLISH c hello"]),
        ("r.scan_iter('user:*')", ["SCAN 0 MATCH user:*"]),
        ("r.config_get('maxmemory')", ["CONFIG GET maxmemory"]),
        ("r.eval('return ARGV[1]', 0, 'x')", ['EVAL "return ARGV[1]" 0 x']),
        ('r.eval("""\nreturn 1\n""", 0)', [r'EVAL "\nreturn 1\n" 0']),
        ("r.execute_command('OBJECT', 'ENCODING', 'k')", ["OBJECT ENCODING k"]),
        ("print(r.get('k'))", ["GET k"]),
        ("user = json.loads(r.get('k'))", ["GET k"]),
        ("await r.get('k')", ["GET k"]),
        ("value = await r.get('k')", ["GET k"]),
        ("name = r.get('k').decode()", ["GET k"]),
        ("r.set('a', 1); r.get('a')", ["SET a 1", "GET a"]),
        ("r.set(\n  'a',  # the key\n  1,\n)", ["SET a 1"]),
        ("key = 'user:1'\nr.get(key)", ["GET user:1"]),
        ("n = 7\nr.get(f'user:{n}:name')", ["GET user:7:name"]),
        ("r.set('a', 'x' * 3 + 'y')", ["SET a xxxy"]),
        ("r.set('a', -1)", ["SET a -1"]),
        ("  r.set('ü', 'ö')\n  GET ü", ["SET ü ö", "GET ü"]),
        ("r.set('a', \"it's\")", ['SET a "it\'s"']),
        ("r.set('a', '')", ['SET a ""']),
        ("r.set('a', '# no comment')", ['SET a "# no comment"']),
        ("p = r.pubsub()\np.subscribe('news')", ["SUBSCRIBE news"]),
        (
            "pipe = r.pipeline()\npipe.set('a', 1)\npipe.incr('a')\npipe.execute()",
            ["MULTI", "SET a 1", "INCRBY a 1", "EXEC"],
        ),
        ("r.pipeline().set('a', 1).get('a').execute()\nr.get('a')", ["MULTI", "SET a 1", "GET a", "EXEC", "GET a"]),
        ("pipe = r.pipeline(transaction=False)\npipe.set('a', 1).execute()", ["SET a 1"]),
        (
            "with r.pipeline() as pipe:\n    pipe.watch('a')\n    pipe.get('a')\n    pipe.multi()\n    pipe.set('a', 2)\n    pipe.execute()",
            ["WATCH a", "GET a", "MULTI", "SET a 2", "EXEC"],
        ),
        ("with r.pipeline() as pipe:\n    pipe.set('a', 2)\nGET a", ["MULTI", "SET a 2", "DISCARD", "GET a"]),
        ("if __name__ == '__main__':\n    r.ping()", ["PING"]),
        ("5 INCR k", ["INCR k"] * 5),
        ("SET = 1", ["SET = 1"]),
        ("SET k r.get('a')", None),
        ("GET r.get(1)", ["GET r.get(1)"]),
    ],
)
def test_calls_are_the_commands_they_mean(source: str, expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(StatementFailed, match="closing '"):
            split(source, 10)
    else:
        assert commands(source) == expected
        for statement in split(source, 10):
            assert isinstance(statement, Note) or arguments(statement.text)


@pytest.mark.parametrize(
    ("source", "offset", "said"),
    [
        ("GET a\nr.set('a', value)", 17, "value is a name"),
        ("r.set('a', f())", 11, "would have to be executed"),
        ("r.set('a', __import__('os').system('id'))", 11, "would have to be executed"),
        ("r.set('a', [x for x in 'abc'])", 11, "has to be executed"),
        ("r.set('a', True)", 0, "not bool"),
        ("r.set('a', {'b': 1})", 0, "not dict"),
        ("r.set('a')", 0, "missing 1 required positional argument"),
        ("r.set('a', 1, ex=1, px=1)", 0, "mutually exclusive"),
        ("r.nosuch('a')", 0, "no command method nosuch"),
        ("r.__class__('a')", 0, "no command method __class__"),
        ("r.register_script('x')", 0, "no command method"),
        ("r.set('a', **{})", 0, "one by one"),
        ("r.set('a', 1", 5, "never closed"),
        ("open('/etc/passwd')", 0, "Only calls of a client's methods"),
        ("for i in range(3):\n    r.incr('a')", 0, "for is not run here"),
        ("while True:\n    r.incr('a')", 0, "while is not run here"),
        ("if x:\n    r.incr('a')", 0, "if is not run here"),
        ("r.set('a', 'x' * 10 ** 9)", 17, "has to be executed"),
        ("r.set('a', 'x' * 100000000)", 11, "put together"),
        ("r.set('a', " + "+".join(["1"] * 2_000) + ")", 0, "nested too deep"),
        ("x = " + "(" * 300 + ")" * 300, 4, "too many nested"),
    ],
)
def test_what_would_have_to_be_executed_is_refused_with_its_place(source: str, offset: int, said: str) -> None:
    with pytest.raises(StatementError) as caught:
        split(source, 10)
    assert isinstance(caught.value, StatementFailed | StatementRefused)
    assert said in caught.value.message
    if "nested" not in said:
        assert caught.value.offset == offset


LAUGHS = "a0 = 'xxxxxxxxxx'\n" + "".join(f"a{n} = [{', '.join([f'a{n - 1}'] * 10)}]\n" for n in range(1, 9))
LONG_TEXT = "s = 'x' * 1000000\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (LAUGHS + "r.set('k', json.dumps(a8))", "1,000,000 characters"),
        (LONG_TEXT + "r.set('k', f'" + "{s}" * 4_000 + "')", "1,000,000 characters"),
        (LONG_TEXT + "r.delete(" + "s," * 4_000 + ")", "1,000,000 characters"),
        (LONG_TEXT + "r.set('k', s[0:1])\n", "has to be executed"),
        (LONG_TEXT.replace("1000000", "900000") + "r.set('k', s)\n" * 30, "16,000,000"),
        ("k = {([],): 1}", "key of a dict"),
        ("r.set('k', 0x" + "f" * 5_000 + ")", "10,000 bits"),
        ("a = 0x" + "f" * 2_000 + "\nr.set('k', a * 1.5)", "too large"),
        ("r.set('k', " + '"""' + '\\"' * 100_000, "unterminated"),
        ("r.set('k', (" + "'" + "\\'" * 100_000, "unterminated"),
    ],
)
def test_hostile_python_fails_at_once(source: str, said: str) -> None:
    began = time.monotonic()
    with pytest.raises(StatementFailed, match=said):
        split(source, 1_000)
    assert time.monotonic() - began < 2


def test_a_long_block_is_read_in_its_length() -> None:
    began = time.monotonic()
    found = split("with r.pipeline() as p:\n" + "  p.set('é', 1)\n" * 15_000, 1_000)
    assert time.monotonic() - began < 5
    assert found[-2].line == 15_001


def test_a_pipeline_within_one_of_the_same_name() -> None:
    assert commands("with r.pipeline() as p:\n  with r.pipeline() as p:\n    p.set('a', 1)\n") == [
        "MULTI",
        "SET a 1",
        "DISCARD",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_python_takes_it(end: str) -> None:
    source = end.join(("x = 'é'", "y = 'b'", "r.get(x)"))
    found = split(source, 10)[-1]
    assert (found.text, source[found.start : found.end]) == ("GET é", "r.get(x)")
