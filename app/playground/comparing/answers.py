"""What a run answered, in one form for all engines, and how two answers differ.

The rules, as the compare page shows them:

- An answer is the last result that holds rows, documents or a reply; a task may say that it is the last few of them together.
- It is read as rows under the task's columns: a table's columns, a document's or item's fields by the task's mapping, and a reply's values
  in order, as many to a row as there are columns.
- Order counts only where the task asks for one.
- Numbers are compared by value, rounded to 6 decimals or as the task says: 7, 7.0, "7" and Decimal128("7") are the same.
- True counts as 1 and false as 0, since not every engine has truth values.
- A time is a moment: 2026-03-01 and 2026-03-01T00:00:00Z are the same.
- A missing field is the same as null; an empty text is neither.
- Generated ids are compared only as there or not there.
- Where the task is that something is refused, the engine's own error, by its code, is the answer `refused`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.playground.comparing.normalising import AN_ID, cell, normal, shown

RULES = tuple(" ".join(rule.split()) for rule in (__doc__ or "").partition("\n\n- ")[2].split("\n- "))
"""The rules above, one sentence each, for the page."""

REFUSED = "refused"
DECIMALS = 6
SHOWN_ROWS = 8

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read an engine's answer. Without `columns`, values are taken in order, `width` to a row."""

    columns: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    take: int = 1
    refused: str | None = None
    ids: frozenset[str] = frozenset()
    decimals: int = DECIMALS
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`rows` is None where there is no answer; `problem` then says why."""

    rows: list[Row] | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """How an answer differs from the wanted one. `cells`: (row from 1, column, wanted, got)."""

    order_only: bool = False
    cells: tuple[tuple[int, str, str, str], ...] = ()
    missing: tuple[Row, ...] = ()
    extra: tuple[Row, ...] = ()
    more: int = 0
    problem: str | None = None


def read(run: Mapping[str, Any], reading: Reading) -> Answer:
    """The answer of an encoded run."""
    if "error" in run:
        return Answer(None, run["error"]["message"])
    if run.get("seed_error"):
        return Answer(None, f"The seed failed: {run['seed_error']['error']['message']}")
    error = run["results"][-1].get("error") if run["results"] else None
    if error is not None and reading.refused == error["code"]:
        return Answer([(REFUSED,)])
    problem = _problem(run["results"], error, reading)
    return (
        Answer(None, problem)
        if problem
        else Answer([_row(row, reading) for row in _rows(_held(run, reading), reading)])
    )


def _held(run: Mapping[str, Any], reading: Reading) -> list[Mapping[str, Any]]:
    return [result for result in run["results"] if result["kind"] in ("rows", "documents", "reply")][-reading.take :]


def _problem(results: list[Mapping[str, Any]], error: Mapping[str, Any] | None, reading: Reading) -> str | None:
    if error is not None:
        return f"{error['code']}: {error['message']}"
    if reading.refused is not None:
        return f"Nothing was refused; the error {reading.refused} is the answer here."
    held = _held({"results": results}, reading)
    if not held:
        return "The run gave no rows, documents or reply."
    if any("truncated" in result for result in held):
        return "The answer was cut at a limit, so it cannot be compared."
    if page := next((page for result in held if (page := result.get("more", {}).get("page"))), None):
        return (
            f"Only the first part of the answer came, since the shell shows {page} documents at a time, so it cannot be compared. "
            "`.toArray()` gives all of it, `.limit(n)` as many as you want."
        )
    return None


def wanted(rows: Iterable[Sequence[Any]], reading: Reading) -> list[Row]:
    """Expected rows, by the same rules."""
    return [_row(row, reading) for row in rows]


def compare(want: list[Row], answer: Answer, columns: Sequence[str], *, ordered: bool) -> Difference | None:
    """None where they are the same."""
    if answer.rows is None:
        return Difference(problem=answer.problem)
    got = answer.rows
    if want == got or (not ordered and Counter(want) == Counter(got)):
        return None
    if Counter(want) == Counter(got):
        return Difference(order_only=True, cells=tuple(_cells(want, got, columns))[:SHOWN_ROWS])
    if ordered and len(want) == len(got):
        cells = tuple(_cells(want, got, columns))
        return Difference(cells=cells[:SHOWN_ROWS], more=max(0, len(cells) - SHOWN_ROWS))
    missing, extra = _without(want, got), _without(got, want)
    more = max(0, len(missing) - SHOWN_ROWS) + max(0, len(extra) - SHOWN_ROWS)
    return Difference(missing=tuple(missing[:SHOWN_ROWS]), extra=tuple(extra[:SHOWN_ROWS]), more=more)


def _rows(held: list[Mapping[str, Any]], reading: Reading) -> list[list[Any]]:
    found: list[list[Any]] = []
    for result in held:
        match result["kind"]:
            case "rows":
                found += _table_rows(result, reading)
            case "documents":
                found += [_document_row(document, reading) for document in result.get("plain") or result["documents"]]
            case _:
                found += [[value] for value in _flat(result["reply"])]
    if any(result["kind"] == "reply" for result in held):
        width = len(reading.columns) or reading.width or 1
        values = [value for row in found for value in row]
        return [values[at : at + width] for at in range(0, len(values), width)]
    return found


def _table_rows(result: Mapping[str, Any], reading: Reading) -> list[list[Any]]:
    names = [column["name"] for column in result["columns"]]
    types = [column["type"] for column in result["columns"]]
    rows = [[cell(value, kind) for value, kind in zip(row, types, strict=True)] for row in result["rows"]]
    if not reading.columns:
        return rows
    paths = [reading.fields.get(column, column) for column in reading.columns]
    if not set(paths) <= set(names):
        # Named otherwise: taken in order.
        return rows
    return [[row[names.index(path)] for path in paths] for row in rows]


def _document_row(document: Any, reading: Reading) -> list[Any]:
    if not isinstance(document, dict):
        return [document]
    if not reading.columns:
        return [value for name, value in document.items() if name != "_id" or not _is_object_id(value)]
    return [_at(document, reading.fields.get(column, column)) for column in reading.columns]


def _is_object_id(value: Any) -> bool:
    return isinstance(value, dict) and "$oid" in value


def _at(document: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document


def _flat(reply: Any) -> list[Any]:
    """The values of a reply in order. Plain data (a script's) is taken as it is."""
    if isinstance(reply, dict) and {"type", "value"} <= set(reply):
        value = reply["value"]
        if isinstance(value, list):
            return [inner for item in value for inner in (_flat_pair(item))]
        return [None] if reply["type"] in ("nil", "null", "undefined") else [value]
    return [reply]


def _flat_pair(item: Any) -> list[Any]:
    if isinstance(item, list):
        return [inner for part in item for inner in _flat(part)]
    return _flat(item)


def _row(values: Sequence[Any], reading: Reading) -> Row:
    names = reading.columns or [""] * len(values)
    return tuple(
        (None if value is None else AN_ID) if name in reading.ids else normal(value, reading.decimals)
        for name, value in zip(names, values, strict=False)
    )


def _cells(want: list[Row], got: list[Row], columns: Sequence[str]) -> Iterable[tuple[int, str, str, str]]:
    for number, (wanted_row, row) in enumerate(zip(want, got, strict=True), 1):
        if len(wanted_row) != len(row):
            yield number, "the whole row", shown(wanted_row), shown(row)
            continue
        for place, (value, other) in enumerate(zip(wanted_row, row, strict=True)):
            if value != other:
                yield (
                    number,
                    columns[place] if place < len(columns) else f"value {place + 1}",
                    shown(value),
                    shown(other),
                )


def _without(rows: list[Row], others: list[Row]) -> list[Row]:
    left = Counter(others)
    found = []
    for row in rows:
        if left[row]:
            left[row] -= 1
        else:
            found.append(row)
    return found
