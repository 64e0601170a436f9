"""What visitors paste and run is read in a time that grows with its length: a slow pattern would hold up everybody."""

import contextlib
import time
from collections.abc import Callable

import pytest

from app.core.errors import PlaygroundError
from app.core.repetition import repeated
from app.engines.mongodb import explained as mongodb_explained
from app.engines.mongodb import statements as mongodb_statements
from app.engines.postgres.plans import conditions as plan_conditions
from app.engines.postgres.plans import explained
from app.engines.postgres.sources import dialects, statements
from app.engines.postgres.volatile import called_in

JSON_PLAN = '[{"Plan": {"Node Type": "Nested Loop", "Join Filter": "%s", "Filter": "%s", "Sort Key": ["%s"], "Plans": [{}, {"Node Type": "Seq Scan"}]}}]'


def in_time(read: Callable[[str], object], text: str, seconds: float) -> None:
    began = time.monotonic()
    with contextlib.suppress(PlaygroundError):  # whatever is said of it, it is said in time
        read(text)
    assert time.monotonic() - began < seconds


@pytest.mark.parametrize(
    "text",
    [
        "-" * 900_000 + "x",
        "|" + " " * 900_000 + "x",
        "\n".join(["| x"] * 3 + ["a" + " " * 500_000 + "+ b +"]),
        "- " * 400_000 + "x",
        "[" + " " * 900_000 + "x",
    ],
)
def test_pasted_plans_of_postgres(text: str) -> None:
    in_time(explained.read, text, 4)


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 900 + "a = 1" + ")" * 900,
        "(" * 900 + "a = 1" + " AND b = 2)" * 900,
        "a::b" * 990,
        "a::b" * 45_000,
        " OR ".join(f"(a.x = (b.x + {n}))" for n in range(9_000)),
        " AND ".join(f"(a.x = {n})" for n in range(250)),
    ],
)
def test_long_conditions(condition: str) -> None:
    in_time(explained.read, JSON_PLAN % (condition, condition, condition), 3)
    in_time(plan_conditions.compared, condition, 2)


@pytest.mark.parametrize(
    "text", ["1" * 900_000 + "a", "[" + "1" * 900_000 + "a", "'" + "\\'" * 400_000, "/*" * 400_000]
)
def test_pasted_plans_of_mongodb(text: str) -> None:
    in_time(mongodb_explained.read, text, 3)


def test_words_of_the_shell() -> None:
    in_time(mongodb_statements.WORD_LINE.search, "show x" + " " * 250_000 + "y", 1)
    assert mongodb_statements.WORD_LINE.search("  show collections ; ")
    assert mongodb_statements.WORD_LINE.search("1\nuse my-db")


@pytest.mark.parametrize(
    "text", ["\n" * 19_998 + "x", "\\'" * 9_990, "'" * 19_999, ";" + " " * 19_000 + "x", "/*" * 9_000]
)
def test_other_dialects(text: str) -> None:
    in_time(dialects.translation, text, 4)


def test_copies_without_rows() -> None:
    in_time(statements.split, "COPY a FROM stdin;\n\n" * 12_800, 6)


def test_calls_in_a_select() -> None:
    in_time(called_in, "select " + "a" * 250_000, 1)
    in_time(called_in, "select " + "a(" * 125_000, 1)
    assert called_in('select f(1), s."G" (2), h') == ["f", "G"]


def test_the_same_statement_many_times() -> None:
    in_time(lambda text: repeated([text + str(n) for n in range(128)]), "select '" + "\\'" * 950, 2)


@pytest.mark.parametrize(
    "text",
    [
        '[{"Plan": {"Node Type": "Seq Scan", "Foo": NaN}}]',
        '[{"Plan": {"Node Type": "Seq Scan", "Foo": 1e999}}]',
    ],
)
def test_values_that_json_has_no_words_for_are_refused(text: str) -> None:
    with pytest.raises(PlaygroundError, match=r"no value of JSON|too large a number"):
        explained.read(text)


def test_half_a_pair_in_a_plan_is_a_question_mark() -> None:
    assert explained.read('[{"Plan": {"Node Type": "Seq \\ud800"}}]').root.label == "Seq ?"
