"""A visitor's own table from CSV, TSV, JSON or NDJSON: read as far as a seed goes, types inferred, seeds for every engine."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from typing import IO, Any

from app.config import Settings
from app.core.datasets import Imported
from app.core.engine import Engine
from app.core.errors import InvalidRequest, PlaygroundError

FORMATS = ("auto", "csv", "tsv", "json", "ndjson")
KINDS = ("integer", "decimal", "boolean", "date", "timestamp", "json", "text")
MAX_COLUMNS = 100
MAX_CELL = 100_000
MAX_VALUES = 1_000_000
"""How many values a JSON file may have: each costs far more memory as a value than as text."""
SKIP = "skip"

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_TIMESTAMP = re.compile(_DATE.pattern + r"[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?")
_TRUE, _FALSE = frozenset({"true", "t", "yes"}), frozenset({"false", "f", "no"})
_FITTING: dict[str, Callable[[str], object]] = {
    "boolean": lambda text: text.lower() in _TRUE | _FALSE,
    "integer": _INTEGER.fullmatch,
    "decimal": _DECIMAL.fullmatch,
    "date": _DATE.fullmatch,
    "timestamp": _TIMESTAMP.fullmatch,
}
"""The kinds that not every text is of, the narrowest first."""
_MADE: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text.lower() in _TRUE,
    "integer": int,
    "decimal": lambda text: int(text) if _INTEGER.fullmatch(text) else _number(text),
}


def _number(text: str) -> float | Decimal:
    """A number with all its digits: a double where one holds them."""
    number, exact = float(text), Decimal(text)
    return number if Decimal(repr(number)) == exact else exact


def _number_in_json(text: str) -> float | str:
    """The same in JSON, whose values are doubles: as text where no double holds it."""
    number = _number(text)
    return number if isinstance(number, float) else text


def _loads(text: str) -> Any:
    return json.loads(text, parse_float=_number_in_json, parse_constant=str)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as it was read: `rows` as far as they were kept, `total` of all in the file. Cells are text, or JSON's own values."""

    columns: list[str]
    rows: list[list[Any]]
    total: int
    format: str


@dataclass(frozen=True, slots=True)
class SeedOf:
    """An engine's seed. `count`: how many of the rows are in it; `problem`: why there is none."""

    engine: Engine
    seed: str
    count: int
    problem: str | None = None


def read(file: IO[bytes], form: str, most_bytes: int) -> Sheet:
    """Read a file to its end, keeping rows up to so many bytes of text. Blocks. Raises InvalidRequest, with the line where it can."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    try:
        start = text.read(4_096)
        form = _detected(start) if form == "auto" else form
        if form not in FORMATS:
            raise InvalidRequest(f"A file is one of {', '.join(FORMATS[1:])}, not {form!r}.")
        whole = _chained(start, text)
        if form in ("json", "ndjson"):
            return _documents(_json_records("".join(whole)) if form == "json" else _lines(whole), form, most_bytes)
        return _table(whole, "\t" if form == "tsv" else _separator(start), form, most_bytes)
    finally:
        text.detach()


def _detected(start: str) -> str:
    head = start.lstrip()
    if head.startswith("["):
        return "json"
    if head.startswith("{"):
        first, _, rest = head.partition("\n")
        try:
            _loads(first)
        except (ValueError, RecursionError):
            return "json"
        return "ndjson" if rest.strip() else "json"
    line = start.split("\n", 1)[0]
    return "tsv" if line.count("\t") > max(line.count(","), line.count(";")) else "csv"


def _separator(start: str) -> str:
    line = start.split("\n", 1)[0]
    return max(",;|", key=line.count)


def _chained(start: str, rest: IO[str]) -> Iterator[str]:
    """Lines of the text that begins with what was read already."""
    buffer = start
    while chunk := rest.read(65_536):
        *lines, buffer = (buffer + chunk).split("\n")
        yield from (f"{line}\n" for line in lines)
    yield from buffer.splitlines(keepends=True)


def _table(lines: Iterable[str], separator: str, form: str, most_bytes: int) -> Sheet:
    reader = csv.reader(lines, delimiter=separator)
    try:
        header = next(reader, None)
        if not header:
            raise InvalidRequest("The file is empty.")
        columns = _names(header)
        rows: list[list[Any]] = []
        total = size = 0
        for row in reader:
            if not row:
                continue
            total += 1
            size += sum(map(len, row)) + len(row)
            if size <= most_bytes:
                if len(row) > len(columns):
                    raise InvalidRequest(
                        f"Line {reader.line_num} has {len(row)} cells; the first line has {len(columns)}."
                    )
                rows.append([cell or None for cell in row] + [None] * (len(columns) - len(row)))
    except csv.Error as exc:
        raise InvalidRequest(f"Line {reader.line_num} cannot be read: {exc}.") from exc
    return Sheet(columns, rows, total, form)


def _lines(lines: Iterable[str]) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _loads(line)
            except (ValueError, RecursionError) as exc:
                raise InvalidRequest(f"Line {number} is not JSON: {exc}.") from exc


def _json_records(text: str) -> list[Any]:
    values = text.count(",") + 1  # and those of texts, which is near enough for a bound
    if values > MAX_VALUES:
        raise InvalidRequest(
            f"The file has about {values:,} values; at most {MAX_VALUES:,} are read.", hint="Split it."
        )
    try:
        data = _loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidRequest(f"The file is not JSON: {exc}.") from exc
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        return lists[0] if len(lists) == 1 else [data]
    return data if isinstance(data, list) else [data]


def _documents(records: Iterable[Any], form: str, most_bytes: int) -> Sheet:
    kept: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    total = size = 0
    for record in records:
        item = record if isinstance(record, dict) else {"value": record}
        total += 1
        if size > most_bytes:
            continue
        text = json.dumps(item, ensure_ascii=False)
        size += len(text)
        if size <= most_bytes:
            kept.append(item if _is_storable(text) else _loads(text.encode("utf-8", "replace").decode()))
            names.update(dict.fromkeys(kept[-1]))
    if not total:
        raise InvalidRequest("The file has no records.")
    columns = _names(list(names))
    return Sheet(columns, [[item.get(name) for name in names] for item in kept], total, "ndjson")


def _is_storable(text: str) -> bool:
    """False with half a surrogate pair in it, which JSON can write and no engine keeps."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _names(header: list[str]) -> list[str]:
    """Column names that are there and all different."""
    if len(header) > MAX_COLUMNS:
        raise InvalidRequest(f"The file has {len(header):,} columns; at most {MAX_COLUMNS} are taken.")
    names: list[str] = []
    for number, cell in enumerate(header, 1):
        name = base = " ".join(cell.replace("\0", "").split())[:60] or f"column_{number}"
        again = 2
        while name in names:
            name = f"{base}_{again}"
            again += 1
        names.append(name)
    return names


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
    taken = [number for number, kind in enumerate(kinds) if kind != SKIP]
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
            return _loads(cell) if isinstance(cell, str) else cell
        except (ValueError, RecursionError):
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

    try:
        low, high = 0, len(table.rows)
        text = seed(high)
        if not fits(text):
            per_row = max(1, len(text.encode("utf-8", "replace")) // max(1, high))
            high = min(high, most // per_row + 1, settings.max_statements * 25)
            while low < high:
                middle = (low + high + 1) // 2
                low, high = (middle, high) if fits(seed(middle)) else (low, middle - 1)
            text = seed(low)
        else:
            low = high
    except PlaygroundError as exc:
        return SeedOf(engine, "", 0, exc.message)
    return SeedOf(engine, text, low)


def written(sheet: Sheet) -> str:
    """The rows that were kept as text again, for a form to carry."""
    if sheet.format == "ndjson":
        return "\n".join(
            json.dumps({n: v for n, v in zip(sheet.columns, row, strict=True) if v is not None}, ensure_ascii=False)
            for row in sheet.rows
        )
    buffer = io.StringIO()
    separator = "\t" if sheet.format == "tsv" else ","
    csv.writer(buffer, delimiter=separator, lineterminator="\n").writerows([sheet.columns, *sheet.rows])
    return buffer.getvalue()


def preview(sheet: Sheet, count: int = 8) -> list[list[str | None]]:
    """The first rows as text."""
    return [
        [v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in row]
        for row in islice(sheet.rows, count)
    ]
