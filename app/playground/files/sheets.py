"""Files of CSV, TSV, JSON or NDJSON as rows: read piece by piece and kept as far as a seed goes, whatever they hold."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

from app.core.errors import InvalidRequest

FORMATS = ("auto", "csv", "tsv", "json", "ndjson")
MAX_COLUMNS = 100
MAX_ROWS = 1_000_000
"""How many rows are counted. Reading on would take seconds and tell a visitor nothing."""
MAX_RECORD = 1_000_000
"""How many characters a line or a record of JSON may have: as values they take up to fifty times the memory."""
MAX_DEPTH = 100
"""As deep as MongoDB nests documents; engines write values by recursion."""

INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_SPACE = re.compile(r"[ \t\r\n]*")


def exact_number(text: str) -> float | Decimal:
    """What `DECIMAL` matches, with all its digits: a double where one holds them."""
    found, exact = float(text), Decimal(text)
    return found if Decimal(repr(found)) == exact else exact


def _decimal_in_json(text: str) -> float | str:
    """JSON's values are doubles: as text where no double holds it."""
    found = exact_number(text) if DECIMAL.fullmatch(text) else text
    return found if isinstance(found, float) else text


def _integer_in_json(text: str) -> int | str:
    return int(text) if INTEGER.fullmatch(text) else text


_JSON = json.JSONDecoder(parse_float=_decimal_in_json, parse_int=_integer_in_json, parse_constant=str)


def decoded(text: str) -> Any:
    """A value of JSON as engines can keep it. Raises ValueError."""
    try:
        return _storable(_JSON.decode(text))
    except RecursionError as exc:
        raise ValueError(_TOO_DEEP) from exc


_TOO_DEEP = f"it is nested more than {MAX_DEPTH} deep"


def _storable(value: Any, depth: int = 0) -> Any:
    """Half a surrogate pair, which JSON can write and no engine keeps, becomes `?`. Raises ValueError when nested too deep."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if depth >= MAX_DEPTH and isinstance(value, list | dict):
        raise ValueError(_TOO_DEEP)
    if isinstance(value, list):
        return [_storable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item, depth + 1) for name, item in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as it was read: `rows` as far as they were kept, `total` of those in the file, counted up to MAX_ROWS. Cells are text, or JSON's own values."""

    columns: list[str]
    rows: list[list[Any]]
    total: int
    format: str


def read(file: IO[bytes], form: str, most_bytes: int) -> Sheet:
    """Read a file, keeping rows up to so many bytes of text, and no more cells than that. Blocks. Raises InvalidRequest, with the line where it can."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    try:
        start = text.read(4_096)
        form = _detected(start) if form == "auto" else form
        if form not in FORMATS:
            raise InvalidRequest(f"A file is one of {', '.join(FORMATS[1:])}, not {form!r}.")
        if form == "json":
            return _documents(_records(_Window(start, text)), most_bytes)
        lines = _lines(start, text)
        if form == "ndjson":
            return _documents(_records_of(lines), most_bytes)
        return _table(lines, "\t" if form == "tsv" else _separator(start), form, most_bytes)
    finally:
        text.detach()


def _detected(start: str) -> str:
    head = start.lstrip()
    if head.startswith("["):
        return "json"
    if head.startswith("{"):
        first, _, rest = head.partition("\n")
        try:
            _JSON.decode(first)
        except (ValueError, RecursionError):
            return "json"
        return "ndjson" if rest.strip() else "json"
    line = start.split("\n", 1)[0]
    return "tsv" if line.count("\t") > max(line.count(","), line.count(";")) else "csv"


def _separator(start: str) -> str:
    line = start.split("\n", 1)[0]
    return max(",;|", key=line.count)


def _lines(start: str, rest: IO[str]) -> Iterator[str]:
    """Lines of the text that begins with what was read already."""
    buffer = start
    while chunk := rest.read(65_536):
        *lines, buffer = (buffer + chunk).split("\n")
        yield from (f"{line}\n" for line in lines)
        if len(buffer) > MAX_RECORD:
            raise InvalidRequest(f"A line has over {MAX_RECORD:,} characters, which is the limit.")
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
        for row in filter(None, reader):
            total += 1
            size += sum(map(len, row)) + len(columns)
            if size <= most_bytes:
                if len(row) > len(columns):
                    raise InvalidRequest(
                        f"Line {reader.line_num} has {len(row)} cells; the first line has {len(columns)}."
                    )
                rows.append([cell or None for cell in row] + [None] * (len(columns) - len(row)))
            if total == MAX_ROWS:
                break
    except csv.Error as exc:
        raise InvalidRequest(f"Line {reader.line_num} cannot be read: {exc}.") from exc
    return Sheet(columns, rows, total, form)


def _records_of(lines: Iterable[str]) -> Iterator[Any]:
    for count, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _JSON.decode(line)
            except (ValueError, RecursionError) as exc:
                raise InvalidRequest(f"Line {count} is not JSON: {exc}.") from exc


class _TooLong(ValueError):
    """Of a value that does not fit into the window."""


class _Window:
    """JSON that is read as it is needed, with at most MAX_RECORD characters of it at hand."""

    def __init__(self, start: str, rest: IO[str]) -> None:
        self._text = start
        self._rest = rest
        self._at = 0
        self._lines = 0
        """How many are done with and gone."""

    def _fill(self) -> bool:
        """Read on in place of what is done with. False at the end of the file, and when what is not done with fills the window."""
        more = self._rest.read(max(0, MAX_RECORD - (len(self._text) - self._at)))
        if more:
            self._lines += self._text.count("\n", 0, self._at)
            self._text, self._at = self._text[self._at :] + more, 0
        return bool(more)

    def sign(self) -> str:
        """The next character that is no space, which stays; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def take(self, signs: str) -> str:
        """The next character, which is one of these. Raises ValueError."""
        found = self.sign()
        if not found or found not in signs:
            line = self._lines + self._text.count("\n", 0, self._at) + 1
            raise ValueError(f"{' or '.join(signs)} is missing in line {line:,}")
        self._at += 1
        return found

    def value(self) -> Any:
        """The next value. Raises ValueError for what is none, _TooLong for what does not fit."""
        self.sign()
        while True:
            try:
                value, end = _JSON.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as exc:
                if self._fill():
                    continue
                if len(self._text) - self._at >= MAX_RECORD:
                    raise _TooLong(f"a value has over {MAX_RECORD:,} characters, which is the limit") from exc
                if isinstance(exc, json.JSONDecodeError):
                    raise ValueError(f"{exc.msg} in line {self._lines + exc.lineno:,}") from exc
                raise
            if end < len(self._text) or not self._fill():  # a number may go on
                self._at = end
                return value

    def end(self) -> None:
        """Raises ValueError unless this is the end."""
        if self.sign():
            raise ValueError("more comes after its end")


def _records(window: _Window) -> Iterator[Any]:
    """Of an array, its values. Of an object, those of its only list; of one that is too long to be read as a whole, those of its first list."""
    count = 0
    try:
        for record in _values(window) if window.sign() == "[" else _within(window):
            yield record
            count += 1
        window.end()
    except (ValueError, RecursionError) as exc:
        after = f", after {count:,} records" if count else ""
        raise InvalidRequest(f"The file is not JSON that can be read: {exc}{after}.") from exc


def _values(window: _Window) -> Iterator[Any]:
    window.take("[")
    if window.sign() == "]":
        window.take("]")
        return
    yield window.value()
    while window.take(",]") == ",":
        yield window.value()


def _within(window: _Window) -> Iterator[Any]:
    try:
        whole = window.value()
    except _TooLong:
        yield from _first_list(window)
        return
    lists = [value for value in whole.values() if isinstance(value, list)] if isinstance(whole, dict) else []
    yield from lists[0] if len(lists) == 1 else [whole]


def _first_list(window: _Window) -> Iterator[Any]:
    window.take("{")
    listed = False
    while True:
        window.value()
        window.take(":")
        if window.sign() == "[" and not listed:
            listed = True
            yield from _values(window)
        else:
            window.value()
        if window.take(",}") == "}":
            return


def _documents(records: Iterable[Any], most_bytes: int) -> Sheet:
    kept: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    total = size = 0
    full = False
    for total, record in enumerate(records, 1):
        if not full:
            try:
                item = _storable(record if isinstance(record, dict) else {"value": record})
            except ValueError as exc:
                raise InvalidRequest(f"Record {total:,} cannot be taken: {exc}.") from exc
            size += len(json.dumps(item, ensure_ascii=False))
            cells = len(names.keys() | item.keys()) * total
            full = max(size, cells) > most_bytes
            if not full:
                kept.append(item)
                names.update(dict.fromkeys(item))
        if total == MAX_ROWS:
            break
    if not total:
        raise InvalidRequest("The file has no records.")
    if not kept:
        raise InvalidRequest(f"The first record has {size:,} characters; at most {most_bytes:,} fit into a seed.")
    if not names:
        raise InvalidRequest("The file's records have no fields.")
    return Sheet(_names(list(names)), [[item.get(name) for name in names] for item in kept], total, "ndjson")


def _names(header: list[str]) -> list[str]:
    """Column names that are there and all different."""
    if len(header) > MAX_COLUMNS:
        raise InvalidRequest(f"The file has {len(header):,} columns; at most {MAX_COLUMNS} are taken.")
    names: list[str] = []
    for place, cell in enumerate(header, 1):
        name = base = " ".join(cell.replace("\0", "").split())[:60] or f"column_{place}"
        again = 2
        while name in names:
            name = f"{base}_{again}"
            again += 1
        names.append(name)
    return names


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
        for row in sheet.rows[:count]
    ]
