"""A typed reply as tables and trees: hashes by field, scores, entries of streams, places; JSON laid out, bytes as a dump."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

MAX_ROWS = 500
MAX_FIELDS = 12
MAX_LAID_OUT = 50_000
"""Characters of JSON drawn as a tree, as many as of a table's long cells (`macros/rows.html`)."""
_WHOLE = "The text view and the API's answer have all of it."
_GROUPS = ("array", "set", "push")

Cell = tuple[str, str | None]
"""The type of a value, and its text."""


@dataclass(slots=True)
class Table:
    """`columns` and `rows` as a result of kind `rows` has them; `left_out`: rows that are not drawn."""

    columns: list[dict[str, str]]
    rows: list[list[str | None]]
    caption: str = ""
    left_out: int = 0


@dataclass(slots=True)
class ReplyView:
    """What the typed view shows: tables, or one JSON text, one dump, or plain values. `cut` says what of them is left out."""

    tables: list[Table] = field(default_factory=list)
    json: str | None = None
    dump: str | None = None
    plain: Any = None
    is_plain: bool = False
    cut: str = ""


def reply_view(reply: dict[str, Any]) -> ReplyView | None:
    """The typed view of a reply; None where the text says all there is."""
    kind, value = reply["type"], reply["value"]
    shape = reply.get("shape", {})
    if kind in ("string", "verbatim", "status"):
        return _text_view(reply)
    if kind not in (*_GROUPS, "map") or not value:
        return None
    tables = _shaped(shape, kind, value)
    if tables is None and all(item["type"] not in (*_GROUPS, "map") for item in _members(reply)):
        tables = [_list(kind, value)]
    return _plain_view(plain(reply)) if tables is None else ReplyView(tables)


def _shaped(shape: dict[str, Any], kind: str, value: list[Any]) -> list[Table] | None:
    """The tables of a reply whose shape the engine told."""
    match shape.get("name"):
        case "streams":
            streams = value if kind == "map" else [item["value"] for item in value]
            return [_entries(entries["value"] or [], _text(name)) for name, entries in streams]
        case "entries":
            return [_entries(value)]
        case "rows":
            return [_table(shape["columns"], [_flat(item) for item in value])]
        case "pairs":
            pairs = value if kind == "map" else list(zip(value[::2], value[1::2], strict=False))
            return [_table(shape["columns"], pairs)]
        case _:
            return None


def plain(reply: dict[str, Any]) -> Any:
    """The reply as JSON: maps by the text of their names, sets and pushes as arrays, errors as `{"error": ...}`."""
    match reply["type"]:
        case "map":
            return {_text(name): plain(item) for name, item in reply["value"]}
        case "array" | "set" | "push":
            return [plain(item) for item in reply["value"]]
        case "error":
            return {"error": reply["value"]}
        case "nil" | "integer" | "boolean" | "double":
            return reply["value"]
        case _:
            return _text(reply)


def _members(reply: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for pair in reply["value"] for part in pair] if reply["type"] == "map" else reply["value"]


def _text_view(reply: dict[str, Any]) -> ReplyView | None:
    if reply.get("encoding") == "base64":
        return ReplyView(dump="\\x" + base64.b64decode(reply["value"]).hex())
    text = reply["value"]
    if text[:1] in ("{", "[") and len(text) > MAX_LAID_OUT:
        return ReplyView(cut=f"JSON is laid out up to {MAX_LAID_OUT:,} characters; this has {len(text):,}. {_WHOLE}")
    return ReplyView(json=text) if _is_json(text) else None


def _plain_view(whole: dict[str, Any] | list[Any]) -> ReplyView:
    """The members of a map or a list, as many as are laid out."""
    members = list(whole.items()) if isinstance(whole, dict) else whole
    sizes = accumulate(len(json.dumps(member)) for member in members)
    fits = sum(size <= MAX_LAID_OUT for size in sizes)
    left_out = len(members) - fits
    told = f"{left_out:,} of {len(members):,} left out: {MAX_LAID_OUT:,} characters are laid out. {_WHOLE}"
    shown: Any = dict(members[:fits]) if isinstance(whole, dict) else members[:fits]
    return ReplyView(plain=shown, is_plain=fits > 0, cut=told if left_out else "")


def _list(kind: str, value: list[dict[str, Any]]) -> Table:
    if kind == "set":
        return _table(["member"], [[item] for item in value])
    numbered = [[{"type": "integer", "value": number}, item] for number, item in enumerate(value)]
    return _table(["index", "value"], numbered)


def _entries(entries: list[dict[str, Any]], caption: str = "") -> Table:
    """Entries of a stream: a column for each field while there are few of them."""
    read = []
    for entry in entries:
        entry_id, fields = entry["value"]
        parts = fields["value"] or []
        read.append((entry_id, dict(zip(map(_text, parts[::2]), parts[1::2], strict=False))))
    names = list(dict.fromkeys(name for _, fields in read for name in fields))
    if len(names) <= MAX_FIELDS:
        rows = [[entry_id, *(fields.get(name) for name in names)] for entry_id, fields in read]
        return _table(["id", *names], rows, caption)
    texts = [json.dumps({n: plain(v) for n, v in fields.items()}, ensure_ascii=False) for _, fields in read]
    rows = [[entry_id, {"type": "string", "value": text}] for (entry_id, _), text in zip(read, texts, strict=True)]
    return _table(["id", "fields"], rows, caption)


def _flat(reply: dict[str, Any]) -> list[dict[str, Any]]:
    """A row whose parts may be arrays themselves, as coordinates are."""
    if reply["type"] not in _GROUPS:
        return [reply]
    return [part for item in reply["value"] for part in _flat(item)]


def _table(names: Sequence[str], rows: Iterable[Sequence[dict[str, Any] | None]], caption: str = "") -> Table:
    rows = list(rows)
    cells = [[_cell(value) for value in row] + [("", None)] * (len(names) - len(row)) for row in rows[:MAX_ROWS]]
    columns = [{"name": name, "type": _column_type([row[place] for row in cells])} for place, name in enumerate(names)]
    texts = [[text for _, text in row[: len(names)]] for row in cells]
    return Table(columns, texts, caption, max(0, len(rows) - MAX_ROWS))


def _cell(value: dict[str, Any] | None) -> Cell:
    if value is None or value["type"] == "nil":
        return "", None
    kind, inner = value["type"], value["value"]
    if kind in (*_GROUPS, "map"):
        return "json", json.dumps(plain(value), ensure_ascii=False)
    if kind in ("integer", "double", "big number"):
        return "number", _number(inner)
    if kind in ("error", "boolean"):
        return kind, f"(error) {inner}" if kind == "error" else str(inner).lower()
    if value.get("encoding") == "base64":
        return "bytea", "\\x" + base64.b64decode(inner).hex()
    return ("json" if _is_json(inner) else "string"), inner


def _column_type(cells: list[Cell]) -> str:
    """The one type that all values of a column have; `string` where they differ."""
    kinds = {kind for kind, text in cells if text is not None}
    return kinds.pop() if len(kinds) == 1 else "string" if kinds else ""


def _number(value: float | str) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _text(reply: dict[str, Any]) -> str:
    """A value as the name of something."""
    if reply["type"] in (*_GROUPS, "map"):
        return json.dumps(plain(reply), ensure_ascii=False)
    return "" if reply["value"] is None else str(reply["value"])


def _is_json(text: str) -> bool:
    if text[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
