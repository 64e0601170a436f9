"""Documents as a table: the union of their fields, inner documents by their paths."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.extended_json import KINDS, bare, constructed, one_line, special
from app.core.results import Column

MAX_COLUMNS = 60
MAX_DEPTH = 4
MAX_CELL_CHARS = 300


@dataclass(frozen=True, slots=True)
class Cell:
    """`kind` is the style: `s` text, `b` number or boolean, `t` a typed value, `n` null, `long` an array or inner document."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """`rows` has None where a document lacks the field; `left_out` counts the paths beyond the last column."""

    columns: list[Column]
    rows: list[list[Cell | None]]
    left_out: int


def document_table(documents: list[Any], typed: bool = True) -> DocumentTable:
    flat = [dict(_paths(document, "", 0, typed)) for document in documents]
    seen: dict[str, set[str]] = {}
    for row in flat:
        for path, value in row.items():
            seen.setdefault(path, set()).add(_type(value, typed))
    names = _grouped(list(seen))
    kept = names[:MAX_COLUMNS]
    columns = [Column(name, " | ".join(sorted(seen[name] - {"null"} or {"null"}))) for name in kept]
    alike = {name for name in kept if len(seen[name] - {"null"}) == 1}
    rows = [[_cell(row[name], typed, name in alike) if name in row else None for name in kept] for row in flat]
    return DocumentTable(columns, rows, len(names) - len(kept))


def _paths(value: Any, path: str, depth: int, typed: bool) -> Iterator[tuple[str, Any]]:
    """Each field of a document by its path. What is no document, at the top, is a column of its own."""
    inner = isinstance(value, dict) and value and depth < MAX_DEPTH and not (typed and special(value))
    if not inner:
        yield path or "value", value
        return
    for name, item in value.items():
        yield from _paths(item, f"{path}.{name}" if path else name, depth + 1, typed)


def _grouped(paths: list[str]) -> list[str]:
    """The paths in the order of their first fields, so that what belongs to one field stands together."""
    heads = {head: at for at, head in reversed(list(enumerate(path.split(".", 1)[0] for path in paths)))}
    return sorted(paths, key=lambda path: (path != "_id", heads[path.split(".", 1)[0]]))


def _type(value: Any, typed: bool) -> str:
    key = special(value) if typed else None
    if key is not None:
        return KINDS[key]
    if isinstance(value, bool):
        return "bool"
    names = {str: "string", int: "number", float: "number", list: "array", dict: "object", type(None): "null"}
    return names.get(type(value), "other")


def _cell(value: Any, typed: bool, alike: bool) -> Cell:
    """`alike`: the column has values of one type only, which its head names, so that they need no constructors."""
    if value is None:
        return Cell("n", "null")
    if isinstance(value, str):
        return Cell("s" if value else "n", _cut(value) if value else "empty")
    if isinstance(value, bool | int | float):
        return Cell("b", one_line(value))
    if typed and special(value):
        key = special(value)
        text = (bare(value) if alike else None) or constructed(value) or one_line(value)
        return Cell(
            "b" if key and KINDS[key] == "number" and text[:1].isdecimal() | (text[:1] == "-") else "t", _cut(text)
        )
    return Cell("long", _cut(one_line(value, typed=typed)))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…"
