"""What a translation refuses before it begins, and that no SQL is too odd for it."""

import logging
import time
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest

from app.core.errors import InvalidRequest
from app.datasets import DATASETS
from app.playground.translating.mongodb.printing import printed
from app.playground.translating.redis.words import command
from app.playground.translating.shapes import Pattern
from app.playground.translating.sql import MAX_CHARACTERS
from app.playground.translating.translation import translate

STATEMENTS = [
    (name, one["sql"])
    for name in DATASETS
    for one in tomllib.loads((Path(__file__).parents[1] / f"translation/{name}.toml").read_text())["statements"]
]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("", "there are 0"),
        ("SELECT 1; SELECT 2", "there are 2"),
        ("DROP TABLE users", "SELECT, INSERT, UPDATE or DELETE"),
        ("SELECT FROM FROM", "can't be read"),
        ("SELECT * FROM nowhere", "no table 'nowhere'; it has users, products"),
        ("SELECT shoe FROM users", "shoe"),
        ("UPDATE users SET shoe = 3 WHERE id = 1", "shoe"),
        ("SELECT '" + "x" * MAX_CHARACTERS + "'", f"{MAX_CHARACTERS:,}"),
        ("SELECT " + "(" * 1_500 + "1" + ")" * 1_500, "nested"),
        ("SELECT name FROM users WHERE " + " OR ".join(["id = 1"] * 390), "600 parts"),
    ],
)
def test_what_can_not_be_translated_says_why(sql: str, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason.replace("(", r"\(")):
        translate(sql, "shop")


def test_an_unknown_dataset() -> None:
    with pytest.raises(KeyError):
        translate("SELECT 1", "../shop")


def nested(inner: str, outer: str, times: int) -> str:
    for _ in range(times):
        inner = outer.format(inner)
    return inner


@pytest.mark.parametrize(
    "expression",
    [
        nested("stock", "nullif({}, 3)", 18),
        nested("nullif(stock, 3) = 4", "({}) = TRUE", 12),
        nested("price", "round({}, 2)", 18),
        nested("nullif(name, 'x')", "lower({})", 18),
        " + ".join([nested("stock", "nullif({}, 3)", 9)] * 25),
    ],
)
def test_what_doubles_with_every_level_is_refused_before_it_is_large(expression: str) -> None:
    began = time.monotonic()
    losses = translate(f"SELECT {expression} AS x FROM products", "shop").carried["mongodb"].losses
    assert "parts" in losses[0]
    assert time.monotonic() - began < 2


def test_a_with_that_is_named_twice_at_every_level_is_refused_before_it_is_large() -> None:
    levels = ", ".join(f"a{n} AS (SELECT x.id FROM a{n - 1} x JOIN a{n - 1} y ON x.id = y.id)" for n in range(1, 18))
    began = time.monotonic()
    losses = (
        translate(f"WITH a0 AS (SELECT id FROM users), {levels} SELECT id FROM a17", "shop").carried["mongodb"].losses
    )
    assert "40 queries" in losses[0]
    assert time.monotonic() - began < 2


def test_no_statement_is_too_odd(caplog: pytest.LogCaptureFixture) -> None:
    """Each statement with one word left out: read or refused, but never met by surprise."""
    caplog.set_level(logging.ERROR)
    tried = 0
    for name, sql in STATEMENTS[::4]:
        words = sql.split()
        for at in range(len(words)):
            tried += 1
            with suppress(InvalidRequest):
                translate(" ".join(words[:at] + words[at + 1 :]), name)
    assert tried > 500
    assert not [record.exc_text or record.getMessage() for record in caplog.records]


def test_a_pattern_takes_and_gives_its_columns() -> None:
    pattern = Pattern("TRACK#{place:02}#{id}")
    assert pattern.columns == ("place", "id")
    assert pattern.filled({"place": "3", "id": "7"}) == "TRACK#03#7"
    assert pattern.filled({"place": "3"}) == "TRACK#03#"
    assert pattern.prefix == "TRACK#"


def test_words_and_values_are_written_for_their_language() -> None:
    assert command("SET", "a b", 'q"\\', "tea") == r'SET "a b" "q\"\\" tea'
    assert command("SET", "k", "a\x00\nb") == r'SET k "a\x00\nb"'
    assert command("SET", "") == 'SET ""'
    assert printed({"a.b": "x\"'", "$expr": [1, None, True]}) == '{ "a.b": "x\\"\'", $expr: [1, null, true] }'
    assert printed({"__proto__": 2**60}) == '{ "__proto__": NumberLong("1152921504606846976") }'
