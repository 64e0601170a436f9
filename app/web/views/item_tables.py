"""Items as DynamoDB sends them as a table: a column for each attribute in order of appearance, with its type."""

import json
from collections.abc import Iterable
from typing import Any

from app.core.results import Column
from app.web.views.document_tables import MAX_CELL_CHARS, MAX_COLUMNS, Cell, DocumentTable

_STYLES = {"N": "b", "BOOL": "b", "B": "t", "NULL": "n"}
_SETS = ("SS", "NS", "BS")


def item_table(items: list[dict[str, Any]]) -> DocumentTable:
    """`items` are DynamoDB JSON: each value a map of one type and what it holds."""
    types: dict[str, dict[str, None]] = {}
    for item in items:
        for name, value in item.items():
            types.setdefault(name, {}).update(dict.fromkeys(value))
    kept = list(types)[:MAX_COLUMNS]
    columns = [Column(name, " | ".join(kind for kind in types[name] if kind != "NULL") or "NULL") for name in kept]
    rows = [[_cell(item[name]) if name in item else None for name in kept] for item in items]
    return DocumentTable(columns, rows, len(types) - len(kept))


def _cell(value: dict[str, Any]) -> Cell:
    ((kind, held),) = value.items()
    if kind == "S":
        return Cell("s" if held else "n", _cut(held) if held else "empty")
    return Cell(_STYLES.get(kind, "long"), _cut(_plain(value)))


def _plain(value: dict[str, Any]) -> str:
    """A value on one line; numbers as they were written, sets in braces."""
    ((kind, held),) = value.items()
    if kind == "M":
        return _listed((f"{_text(name)}: {_plain(item)}" for name, item in held.items()), "{ ", " }")
    if kind == "L":
        return _listed(map(_plain, held), "[", "]")
    if kind in _SETS:
        return _listed((one if kind == "NS" else _text(one) for one in held), "{ ", " }")
    return (
        _text(held)
        if kind == "S"
        else "null"
        if kind == "NULL"
        else held
        if isinstance(held, str)
        else str(held).lower()
    )


def _listed(parts: Iterable[str], opening: str, closing: str) -> str:
    text = ", ".join(parts)
    return f"{opening}{text}{closing}" if text else (opening + closing).replace(" ", "")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL_CHARS else f"{text[:MAX_CELL_CHARS]}…"
