"""What a translation refuses before it begins, and that no SQL is too odd for it."""

import logging
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
