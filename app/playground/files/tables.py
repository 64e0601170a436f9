"""Any result as a table of text cells and as JSON records: what exports and pictures are made of."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.results import Column

NUMERIC = frozenset(
    ("smallint", "integer", "bigint", "int2", "int4", "int8", "numeric", "real", "float4", "float8", "double precision")
)
JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Table:
    """`rows` hold the cells' text, None for null; `records` the JSON text of each row, document or element."""

    columns: list[Column]
    rows: list[list[str | None]]
    records: list[str]
    left_out: set[str] = field(default_factory=set)  # fields of documents that are not among the columns


def table_of(result: dict[str, Any], columns: list[Column] | None = None) -> Table | None:
    """The table of an encoded result; None where it has none. `columns`: those of an earlier part of the same result."""
    match result["kind"]:
        case "rows" if result.get("columns"):
            return _of_rows(result)
        case "documents":
            plain = result.get("plain")
            if plain is not None:
                return _of_documents(plain, columns, typed=False)
            return _of_documents(result.get("documents") or [], columns, typed=True)
        case "reply":
            return _of_reply(result["reply"])
    return None


def _of_rows(result: dict[str, Any]) -> Table:
    columns = [Column(name, c["type"]) for name, c in zip(_names(result["columns"]), result["columns"], strict=True)]
    keys = [json.dumps(column.name, ensure_ascii=False) for column in columns]
    types = [column.type for column in columns]
    records = [
        "{" + ", ".join(f"{k}: {json_cell(cell, t)}" for k, cell, t in zip(keys, row, types, strict=True)) + "}"
        for row in result["rows"]
    ]
    return Table(columns, result["rows"], records)


def _names(columns: list[dict[str, Any]]) -> list[str]:
    """Names that are all different: a second `id` is `id_2`."""
    names: list[str] = []
    for number, column in enumerate(columns, 1):
        name, again = column["name"] or f"column_{number}", 2
        while name in names:
            name = f"{column['name']}_{again}"
            again += 1
        names.append(name)
    return names


def json_cell(cell: str | None, kind: str) -> str:
    """A cell as JSON: numbers with all their digits, booleans and JSON as such, everything else as text."""
    if cell is None:
        return "null"
    if kind.split("(", maxsplit=1)[0] in NUMERIC and JSON_NUMBER.fullmatch(cell):
        return cell
    if kind in ("boolean", "bool") and cell in ("t", "f", "true", "false"):
        return "true" if cell.startswith("t") else "false"
    if kind in ("json", "jsonb"):
        return " ".join(cell.split("\n"))
    return json.dumps(cell, ensure_ascii=False)


def _of_documents(documents: list[Any], columns: list[Column] | None, *, typed: bool) -> Table:
    records = [json.dumps(item, ensure_ascii=False) for item in documents]
    values = [item if isinstance(item, dict) else {"value": item} for item in documents]
    if columns is None:
        names = list(dict.fromkeys(name for item in values for name in item))
        columns = [Column(name, _kind([item[name] for item in values if name in item], typed)) for name in names]
    known = {column.name for column in columns}
    rows = [[text_of(item[c.name], typed) if c.name in item else None for c in columns] for item in values]
    return Table(columns, rows, records, {name for item in values for name in item if name not in known})


def _kind(values: Iterable[Any], typed: bool) -> str:
    """The SQL type that holds all these values."""
    kinds = set()
    for value in values:
        if value is None:
            continue
        if isinstance(value, bool):
            kinds.add("boolean")
        elif isinstance(value, int | float) or _type_name(value, typed) in _NUMBERS:
            kinds.add("numeric")
        elif isinstance(value, list | dict) and not _type_name(value, typed):
            kinds.add("jsonb")
        else:
            kinds.add("text")
    return kinds.pop() if len(kinds) == 1 else "text"


_NUMBERS = frozenset({"$numberInt", "$numberLong", "$numberDouble", "$numberDecimal"})
_TYPES = _NUMBERS | {"$oid", "$date", "$binary", "$symbol"}


def _type_name(value: Any, typed: bool) -> str | None:
    """`$oid` of `{"$oid": ...}`: a value that Extended JSON writes as a document."""
    if typed and isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        return name if name in _TYPES else None
    return None


def text_of(value: Any, typed: bool = True) -> str | None:
    """A field of a document as the text of a cell; Extended JSON's types without their wrapping."""
    if value is None or isinstance(value, str):
        return value
    name = _type_name(value, typed)
    if name is None:
        return json.dumps(value, ensure_ascii=False)
    inner = value[name]
    if name == "$date" and isinstance(inner, dict) and "$numberLong" in inner:
        return _iso(inner["$numberLong"])
    if name == "$binary" and isinstance(inner, dict) and "base64" in inner:
        return str(inner["base64"])
    return inner if isinstance(inner, str) else json.dumps(value, ensure_ascii=False)


def _iso(milliseconds: str) -> str:
    try:
        moment = _EPOCH + timedelta(milliseconds=int(milliseconds))
    except (ValueError, OverflowError):
        return milliseconds
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _of_reply(reply: dict[str, Any]) -> Table:
    value = reply["value"]
    match reply["type"]:
        case "map":
            columns = [Column("key", "text"), Column("value", "text")]
            rows = [[_reply_text(key), _reply_text(item)] for key, item in value]
            records = [json.dumps({"key": simple(k), "value": simple(v)}, ensure_ascii=False) for k, v in value]
            return Table(columns, rows, records)
        case "array" | "set" | "push":
            return _of_elements(value)
        case "text":
            lines = value.removesuffix("\n").split("\n")
            return Table([Column("line", "text")], [[line] for line in lines], [json.dumps(line) for line in lines])
    return _of_elements([reply])


def _of_elements(items: list[dict[str, Any]]) -> Table:
    """One row an element; elements that are arrays of one length (members with scores) give a column for each part."""
    widths = {len(i["value"]) if i["type"] == "array" else 0 for i in items}
    records = [json.dumps(simple(item), ensure_ascii=False) for item in items]
    if len(widths) == 1 and (width := widths.pop()) > 1:
        columns = [Column(f"value_{number}", "text") for number in range(1, width + 1)]
        return Table(columns, [[_reply_text(part) for part in item["value"]] for item in items], records)
    return Table([Column("value", "text")], [[_reply_text(item)] for item in items], records)


def _reply_text(reply: dict[str, Any]) -> str | None:
    value = simple(reply)
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def simple(reply: dict[str, Any]) -> Any:
    """A typed reply as plain JSON. Maps with keys that are not text stay pairs."""
    value = reply["value"]
    match reply["type"]:
        case "array" | "set" | "push":
            return [simple(item) for item in value]
        case "map":
            pairs = [(simple(key), simple(item)) for key, item in value]
            return dict(pairs) if all(isinstance(key, str) for key, _ in pairs) else [list(pair) for pair in pairs]
    return value
