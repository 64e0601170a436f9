"""Redis sources: words, quotes, lines, repeats and where an error points."""

import pytest

from app.core.errors import StatementFailed, StatementRefused
from app.engines.redis.commands import arguments, command_name, split


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("GET key", [b"GET", b"key"]),
        ("  GET \t key  ", [b"GET", b"key"]),
        ('SET k "two words"', [b"SET", b"k", b"two words"]),
        ("SET k 'two words'", [b"SET", b"k", b"two words"]),
        (r'SET k "\x00\xff\n\r\t\a\b"', [b"SET", b"k", b"\x00\xff\n\r\t\x07\x08"]),
        (r'SET k "\xZZ\q\\\""', [b"SET", b"k", b'xZZq\\"']),
        (r'SET k "\x4"', [b"SET", b"k", b"x4"]),
        (r"SET k '\n\x00'", [b"SET", b"k", rb"\n\x00"]),
        (r"SET k 'it\'s'", [b"SET", b"k", b"it's"]),
        ("SET k ''", [b"SET", b"k", b""]),
        ('SET k ""', [b"SET", b"k", b""]),
        ('SET k "it\'s"', [b"SET", b"k", b"it's"]),
        ("""SET k 'say "hi"'""", [b"SET", b"k", b'say "hi"']),
        ('SET k a"b c"', [b"SET", b"k", b"ab c"]),
        ("SET k grün", [b"SET", b"k", "grün".encode()]),
        ("SET k \U0001f600", [b"SET", b"k", "\U0001f600".encode()]),
        (r"SET k a\nb", [b"SET", b"k", rb"a\nb"]),
        ("SET k #1", [b"SET", b"k", b"#1"]),
        ("SET k http://x", [b"SET", b"k", b"http://x"]),
        ('EVAL "return\n1" 0', [b"EVAL", b"return\n1", b"0"]),
    ],
)
def test_words_are_those_of_redis_cli(line: str, words: list[bytes]) -> None:
    assert arguments(line) == words
    (statement,) = split(line, 10)
    assert arguments(statement.text) == words


@pytest.mark.parametrize(
    ("source", "offset"),
    [
        ('SET k "open', 6),
        ("SET k 'open", 6),
        ('SET k "a"b', 9),
        ("SET k 'a'\"b\"", 9),
        ('GET a\n\nSET k "open\nGET b\n', 13),
        ('SET k "ends in backslash\\', 6),
    ],
)
def test_unbalanced_quotes_are_pointed_at(source: str, offset: int) -> None:
    with pytest.raises(StatementFailed) as caught:
        split(source, 10)
    assert caught.value.offset == offset
    assert caught.value.code == "invalid_arguments"


def test_lines_are_statements_with_their_places() -> None:
    source = '# a comment\n\n  GET a  \n// another\nEVAL "\n  return 1\n" 0\r\nGET b'
    statements = split(source, 10)
    assert [s.text for s in statements] == ["GET a", 'EVAL "\n  return 1\n" 0', "GET b"]
    assert [s.line for s in statements] == [3, 5, 8]
    for statement in statements:
        assert source[statement.start : statement.end] == statement.text


@pytest.mark.parametrize("source", ["", "   \n\n\t", "# only\n// comments"])
def test_nothing_to_run(source: str) -> None:
    assert split(source, 10) == []


def test_a_number_repeats_the_command() -> None:
    statements = split("3 INCR k\n5\n", 10)
    assert [(s.text, s.start) for s in statements] == [("INCR k", 2)] * 3 + [("5", 9)]


@pytest.mark.parametrize("source", ["0 PING", "-2 PING"])
def test_a_repeat_is_at_least_one(source: str) -> None:
    with pytest.raises(StatementFailed, match="1 time or more"):
        split(source, 10)


@pytest.mark.parametrize(
    "source", ["11 PING", "99999999999999999999 PING", "PING\n" + "5 PING\n" * 2, "9 PING\n" * 20_000]
)
def test_repeats_are_bounded(source: str) -> None:
    with pytest.raises(StatementRefused, match="A source may have 10 statements"):
        split(source, 10)


def test_a_command_is_named_in_capitals() -> None:
    assert command_name([b"get", b"k"]) == "GET"
    assert command_name([b"\xff"]) == "\N{REPLACEMENT CHARACTER}"
