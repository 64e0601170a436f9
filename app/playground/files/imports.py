"""A visitor's own table from a sheet: types inferred, seeds for every engine."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from app.config import Settings
from app.core.datasets import Imported
from app.core.engine import Engine
from app.core.errors import InvalidRequest, PlaygroundError
from app.playground.files.sheets import DECIMAL, INTEGER, Sheet, decoded, exact_number

KINDS = ("integer", "decimal", "boolean", "date", "timestamp", "json", "text")
MAX_CELL = 100_000
SKIP = "skip"
FIRST_ROWS = 1_000
"""How many rows a seed is tried with at first; then with ever more, so that the time goes with the seed and not with the file."""

_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_TIMESTAMP = re.compile(_DATE.pattern + r"[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?")
_TRUE, _FALSE = frozenset({"true", "t", "yes"}), frozenset({"false", "f", "no"})
_FITTING: dict[str, Callable[[str], object]] = {
    "boolean": lambda text: text.lower() in _TRUE | _FALSE,
    "integer": INTEGER.fullmatch,
    "decimal": DECIMAL.fullmatch,
    "date": _DATE.fullmatch,
    "timestamp": _TIMESTAMP.fullmatch,
}
"""The kinds that not every text is of, the narrowest first."""
_MADE: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text.lower() in _TRUE,
    "integer": int,
    "decimal": lambda text: int(text) if INTEGER.fullmatch(text) else exact_number(text),
}


@dataclass(frozen=True, slots=True)
class SeedOf:
    """An engine's seed. `count`: how many of the rows are in it; `problem`: why there is none."""

    engine: Engine
    seed: str
    count: int
    problem: str | None = None


def inferred(sheet: Sheet) -> list[str]:
    """The narrowest kind that holds all of a column's values."""
    return [
        _kind([row[number] for row in sheet.rows if row[number] is not None]) for number in range(len(sheet.columns))
    ]


def _kind(values: list[Any]) -> str:
    if not values:
        return "text"
    if any(isinstance(value, list | dict) for value in values):
        return "json"
    texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return next((kind for kind, fits in _FITTING.items() if all(map(fits, texts))), "text")


def key_of(sheet: Sheet) -> str | None:
    """The first column whose values are all there, short and different."""
    for number, name in enumerate(sheet.columns):
        values = [row[number] for row in sheet.rows]
        simple = all(isinstance(value, str | int) and len(str(value)) <= 200 for value in values)
        if values and simple and len(set(map(str, values))) == len(values):
            return name
    return None


def typed(sheet: Sheet, name: str, kinds: list[str], key: str | None) -> tuple[Imported, int]:
    """The table with its values as their kinds say, and how many did not fit and are null. Columns to skip are left out."""
    taken = [place for place, kind in enumerate(kinds) if kind != SKIP]
    if not taken:
        raise InvalidRequest("Every column is left out.")
    misfits = 0
    rows = []
    for row in sheet.rows:
        values = []
        for number in taken:
            value = _value(row[number], kinds[number])
            misfits += value is None and row[number] is not None
            values.append(value)
        rows.append(values)
    columns = tuple(sheet.columns[number] for number in taken)
    table = Imported(
        re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")[:40] or "imported",
        columns,
        tuple(kinds[number] for number in taken),
        rows,
        key if key in columns else None,
    )
    return table, misfits


def _value(cell: Any, kind: str) -> Any:
    if cell is None:
        return None
    if kind == "json":
        try:
            return decoded(cell) if isinstance(cell, str) else cell
        except ValueError:
            return cell
    text = (cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)).replace("\0", "")[:MAX_CELL]
    fits = _FITTING.get(kind)
    if fits is not None and not fits(text):
        return None
    make = _MADE.get(kind)
    return make(text) if make else text


def seeds_of(table: Imported, engines: Iterable[Engine], settings: Settings) -> list[SeedOf]:
    """A seed for each engine, with as many rows as a source may have. Blocks."""
    return [_seed_of(table, engine, settings) for engine in engines]


def _seed_of(table: Imported, engine: Engine, settings: Settings) -> SeedOf:
    most = settings.max_source_bytes_of(engine.slug)

    def seed(count: int) -> str:
        return engine.seed(engine.imported(replace(table, rows=table.rows[:count])))

    def fits(text: str) -> bool:
        return len(text.encode("utf-8", "replace")) <= most and len(engine.split(text)) <= settings.max_statements

    count, step, grows = 0, FIRST_ROWS, True
    try:
        text = seed(0)
        while step > count // 256 and count < len(table.rows):  # to the row would take twice as long
            tried = min(count + step, len(table.rows))
            longer = seed(tried)
            if fits(longer):
                count, text = tried, longer
            else:
                grows = False
            step = step * 2 if grows else step // 2
    except PlaygroundError as exc:
        return SeedOf(engine, "", 0, exc.message)
    return SeedOf(engine, text, count)
