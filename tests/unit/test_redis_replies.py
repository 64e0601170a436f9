"""Reading RESP3 from a stream under caps, and replies as redis-cli prints them and as JSON."""

import asyncio
import json
from typing import Any, cast

import pytest

from app.core.limits import Limits
from app.core.results import Statement, Stats
from app.engines.redis.messages import as_message, is_confirmation
from app.engines.redis.replies import Reply, as_json, as_text
from app.engines.redis.results import count_of, reply_result
from app.engines.redis.wire import MAX_DEPTH, Intake, Wire

PLENTY = 1_000_000


async def read(data: bytes, *, max_items: int = 1_000, max_bytes: int = PLENTY, chunk: int = 0) -> tuple[Reply, Intake]:
    """Read one reply of `data`, handed over in pieces of `chunk` bytes."""
    stream = asyncio.StreamReader()
    for start in range(0, len(data), chunk or len(data)):
        stream.feed_data(data[start : start + (chunk or len(data))])
    stream.feed_eof()
    intake = Intake(max_items, max_bytes)
    return await Wire(stream, cast(Any, None)).read(intake), intake


REPLIES = [
    (b"+OK\r\n", "OK", {"type": "status", "value": "OK"}),
    (b":1\r\n", "(integer) 1", {"type": "integer", "value": 1}),
    (b":-9223372036854775808\r\n", "(integer) -9223372036854775808", {"type": "integer", "value": -(2**63)}),
    (b"$1\r\na\r\n", '"a"', {"type": "string", "value": "a"}),
    (b"$0\r\n\r\n", '""', {"type": "string", "value": ""}),
    (b"$3\r\na\x00b\r\n", r'"a\x00b"', {"type": "string", "value": "a\x00b"}),
    (b"$2\r\n\r\n\r\n", r'"\r\n"', {"type": "string", "value": "\r\n"}),
    (b'$6\r\n"\\\t\x07\x08\n\r\n', r'"\"\\\t\a\b\n"', {"type": "string", "value": '"\\\t\x07\x08\n'}),
    (b"$2\r\n\xff\xfe\r\n", r'"\xff\xfe"', {"type": "string", "value": "//4=", "encoding": "base64"}),
    ("$2\r\nü\r\n".encode(), r'"\xc3\xbc"', {"type": "string", "value": "ü"}),
    (b"$-1\r\n", "(nil)", {"type": "nil", "value": None}),
    (b"*-1\r\n", "(nil)", {"type": "nil", "value": None}),
    (b"_\r\n", "(nil)", {"type": "nil", "value": None}),
    (b"#t\r\n", "(true)", {"type": "boolean", "value": True}),
    (b"#f\r\n", "(false)", {"type": "boolean", "value": False}),
    (b",3.14\r\n", "(double) 3.14", {"type": "double", "value": 3.14}),
    (b",-inf\r\n", "(double) -inf", {"type": "double", "value": "-inf"}),
    (b",nan\r\n", "(double) nan", {"type": "double", "value": "nan"}),
    (
        b"(123456789012345678901\r\n",
        "(big number) 123456789012345678901",
        {"type": "big number", "value": "123456789012345678901"},
    ),
    (b"=8\r\ntxt:a\r\nb\r\n", "a\r\nb", {"type": "verbatim", "value": "a\r\nb"}),
    (b"-ERR no\r\n", "(error) ERR no", {"type": "error", "value": "ERR no"}),
    (b"!6\r\nERR no\r\n", "(error) ERR no", {"type": "error", "value": "ERR no"}),
    (b"*0\r\n", "(empty array)", {"type": "array", "value": []}),
    (b"%0\r\n", "(empty hash)", {"type": "map", "value": []}),
    (b"~0\r\n", "(empty set)", {"type": "set", "value": []}),
    (
        b"*2\r\n$1\r\na\r\n-ERR x\r\n",
        '1) "a"\n2) (error) ERR x',
        {"type": "array", "value": [{"type": "string", "value": "a"}, {"type": "error", "value": "ERR x"}]},
    ),
    (
        b"~2\r\n:1\r\n:2\r\n",
        "1~ (integer) 1\n2~ (integer) 2",
        {"type": "set", "value": [{"type": "integer", "value": 1}, {"type": "integer", "value": 2}]},
    ),
    (
        b"%1\r\n$1\r\nk\r\n$1\r\nv\r\n",
        '1# "k" => "v"',
        {"type": "map", "value": [[{"type": "string", "value": "k"}, {"type": "string", "value": "v"}]]},
    ),
    (
        b">2\r\n+x\r\n:1\r\n",
        "1) x\n2) (integer) 1",
        {"type": "push", "value": [{"type": "status", "value": "x"}, {"type": "integer", "value": 1}]},
    ),
    (b"|1\r\n+ttl\r\n:3600\r\n$1\r\na\r\n", '"a"', {"type": "string", "value": "a"}),
]


@pytest.mark.parametrize(("data", "text", "shape"), REPLIES, ids=[repr(data)[:40] for data, _, _ in REPLIES])
@pytest.mark.parametrize("chunk", [0, 1, 3])
async def test_every_type_is_told_apart(data: bytes, text: str, shape: dict[str, Any], chunk: int) -> None:
    reply, intake = await read(data, chunk=chunk)
    assert as_text(reply) == text
    assert as_json(reply) == shape
    json.dumps(as_json(reply), allow_nan=False)
    assert not intake.unread
    assert intake.taken_bytes <= len(data)


async def test_a_map_in_a_map_key_is_no_trouble() -> None:
    reply, _ = await read(b"%1\r\n%1\r\n+a\r\n:1\r\n~1\r\n:2\r\n")
    assert as_json(reply)["value"][0][0]["type"] == "map"


def test_nested_replies_are_indented_as_redis_cli_does() -> None:
    words = [Reply("string", letter.encode()) for letter in "abcdefghij"]
    nested = Reply("array", [*words[:9], Reply("array", words[:2])])
    assert as_text(nested).splitlines()[8:] == [' 9) "i"', '10) 1) "a"', '    2) "b"']
    stream = Reply("map", [(Reply("string", b"s"), Reply("array", [Reply("array", words[:2])]))])
    assert as_text(stream) == '1# "s" => \n   1) 1) "a"\n      2) "b"'
    short = Reply("map", [(Reply("string", b"s"), Reply("array", words[:1]))])
    assert as_text(short) == '1# "s" => 1) "a"'


async def test_long_aggregates_are_cut_and_what_follows_is_in_step() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(b"*5\r\n" + b"*2\r\n:1\r\n$1\r\na\r\n" * 5 + b"+NEXT\r\n")
    stream.feed_eof()
    wire = Wire(stream, cast(Any, None))
    intake = Intake(2, PLENTY)
    reply = await wire.read(intake)
    assert len(reply.value) == 2
    assert intake.cut_items == (5, 2)
    assert (await wire.read(Intake(2, PLENTY))).value == b"NEXT"


async def test_strings_are_cut_at_the_byte_limit() -> None:
    reply, intake = await read(b"$100\r\n" + b"x" * 100 + b"\r\n", max_bytes=50)
    assert intake.unread
    assert reply.value == b"x" * 44


async def test_an_aggregate_ends_where_the_bytes_do() -> None:
    reply, intake = await read(b"*10\r\n" + b"$10\r\nxxxxxxxxxx\r\n" * 10, max_bytes=60)
    assert intake.unread
    assert 3 <= len(reply.value) <= 4


async def test_a_short_answer_passes_when_nothing_is_left() -> None:
    reply, intake = await read(b"+QUEUED\r\n", max_bytes=0)
    assert reply.value == b"QUEUED"
    assert not intake.unread


async def test_an_endless_line_is_cut() -> None:
    reply, intake = await read(b"+" + b"x" * 300_000 + b"\r\n", max_bytes=1_000)
    assert intake.unread
    assert len(reply.value) < 70_000


async def test_depth_is_bounded() -> None:
    reply, intake = await read(b"*1\r\n" * 5_000 + b":1\r\n")
    assert intake.too_deep
    assert not intake.unread
    depth = 0
    while reply.items:
        reply, depth = reply.items[0], depth + 1
    assert depth == MAX_DEPTH


async def test_a_closed_connection_is_an_error() -> None:
    with pytest.raises(ConnectionError):
        await read(b"$10\r\nabc")


async def test_another_protocol_is_an_error() -> None:
    with pytest.raises(ConnectionError, match="not a RESP3 reply"):
        await read(b"HTTP/1.1 400\r\n")


def test_the_result_says_what_was_cut() -> None:
    statement, words, stats = Statement("KEYS *", 0, 6, 1), [b"KEYS", b"*"], Stats()
    limits = Limits(max_rows=2, max_reply_bytes=10)
    array = Reply("array", [Reply("integer", 1), Reply("integer", 2)])
    cut = Intake(2, 10, taken_bytes=9, cut_items=(2_500, 2))
    result = reply_result(statement, words, array, cut, limits, stats)
    assert result.truncated is not None
    assert (result.truncated.limit, result.truncated.shown) == ("max_rows", 2)
    assert result.truncated.message == "2,500 elements came; the first 2 are shown."
    assert result.reply_bytes == 9
    bytes_cut = Intake(2, 10, taken_bytes=15, unread=True)
    result = reply_result(statement, words, Reply("string", b"abc"), bytes_cut, limits, stats)
    assert result.truncated is not None
    assert "10 bytes" in result.truncated.message
    assert "3 bytes are shown" in result.truncated.message
    assert reply_result(statement, words, array, Intake(2, 10), limits, stats).truncated is None
    deep = reply_result(statement, words, array, Intake(2, 10, too_deep=True), limits, stats)
    assert deep.truncated is not None
    assert deep.truncated.limit == "max_depth"


def test_counts() -> None:
    assert count_of(Reply("nil", None)) == 0
    assert count_of(Reply("integer", 0)) == 1
    assert count_of(Reply("map", [(Reply("integer", 1), Reply("integer", 2))])) == 1


def words(*parts: bytes) -> list[Reply]:
    return [Reply("string", part) for part in parts]


@pytest.mark.parametrize(
    ("reply", "channel", "text"),
    [
        (Reply("push", words(b"message", b"news", b"hello")), "news", "hello"),
        (Reply("push", words(b"smessage", b"news", b"\xff")), "news", r'"\xff"'),
        (Reply("push", words(b"pmessage", b"n*", b"news", b"hello")), "news", "hello"),
        (Reply("array", words(b"message", b"news", b"hello")), "news", "hello"),
        (Reply("status", b'1.5 [0 unix:x] "GET" "k"'), "MONITOR", '1.5 [0 unix:x] "GET" "k"'),
        (Reply("push", [*words(b"invalidate"), Reply("array", words(b"a", b"b"))]), "invalidate", "a b"),
        (Reply("push", [*words(b"invalidate"), Reply("nil", None)]), "invalidate", "all keys"),
        (Reply("push", words(b"other")), "push", '1) "other"'),
    ],
)
def test_what_arrives_by_itself_is_a_message(reply: Reply, channel: str, text: str) -> None:
    message = as_message(reply, 1.5)
    assert (message.channel, message.text, message.at_ms) == (channel, text, 1.5)


def test_confirmations_are_no_messages() -> None:
    assert is_confirmation(Reply("push", [*words(b"subscribe", b"news"), Reply("integer", 1)]))
    assert not is_confirmation(Reply("push", words(b"message", b"subscribe", b"x")))
    assert not is_confirmation(Reply("status", b"OK"))
