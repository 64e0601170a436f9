"""A translation into one engine's words, and how its answer is read as rows of the SQL's columns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from app.playground.comparing import answers
from app.playground.comparing.answers import DECIMALS, Answer, Reading, Row
from app.playground.comparing.normalising import normal


@dataclass(frozen=True, slots=True)
class Part:
    """Where a column's value comes from: the value at `at`, a `constant`, or what a key's `pattern` (a regular expression) has under `name`."""

    at: int = 0
    how: Literal["value", "constant", "pattern", "seconds", "milliseconds", "place"] = "value"
    constant: Any = None
    pattern: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Answering:
    """`reading` gives rows of raw values; `parts` make the columns of them, or the raw values are the columns.

    `absent`: a row that has only nulls is none. `counted`: the answer is the number of rows. `limited`: that there is more is no news.
    """

    reading: Reading = field(default_factory=Reading)
    parts: tuple[Part, ...] = ()
    absent: bool = False
    counted: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """`source` is empty where the SQL can't be carried over; `losses` says why. `notes`: what a reader should know of it."""

    engine: str
    source: str = ""
    losses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    answering: Answering = field(default_factory=Answering)


def read(run: Mapping[str, Any], answering: Answering) -> Answer:
    """The answer of an encoded run, in the SQL's columns."""
    if answering.counted:
        return _counted(run)
    answer = answers.read(run, answering.reading)
    if answer.rows is None:
        return answer
    if not answering.limited and any(result.get("more") for result in run["results"][-answering.reading.take :]):
        return Answer(None, "Only the first part of the answer came, so it cannot be compared.")
    rows = [row for row in answer.rows if not answering.absent or any(value is not None for value in row)]
    if answering.parts:
        rows = [tuple(_part(part, row, place) for part in answering.parts) for place, row in enumerate(rows, 1)]
    return Answer(rows)


def _counted(run: Mapping[str, Any]) -> Answer:
    """A count that an API call tells beside its items."""
    problem = answers.read(run, Reading()).problem
    results = run.get("results") or []
    if not results or "error" in results[-1] or run.get("seed_error"):
        return Answer(None, problem)
    return Answer([(Decimal(results[-1]["stats"]["row_count"] or 0).normalize() + 0,)])


def _part(part: Part, row: Row, place: int) -> Any:
    if part.how == "constant":
        return normal(part.constant, DECIMALS)
    if part.how == "place":
        return Decimal(place)
    value = row[part.at] if part.at < len(row) else None
    if value is None or part.how == "value":
        return value
    if part.how == "pattern":
        found = re.fullmatch(part.pattern, str(value))
        return normal(found[part.name], DECIMALS) if found else value
    return _moment(value, part.how)


def _moment(value: Any, how: str) -> Any:
    text = str(value).partition("-")[0]
    try:
        seconds = Decimal(text) / (1000 if how == "milliseconds" else 1)
        return normal(datetime.fromtimestamp(float(seconds), UTC).isoformat(), DECIMALS)
    except (ArithmeticError, ValueError, OSError):
        return value
