"""The fields of sampled documents: by path, with types, how many documents have them, and one value."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from app.core.engine import SchemaObject
from app.core.extended_json import quoted
from app.engines.mongodb.values import shell_text

MAX_FIELDS = 60
MAX_DEPTH = 3
MAX_ELEMENTS = 5
MAX_VALUE_CHARS = 40

TYPES = {
    "str": "string",
    "int": "int",
    "Int64": "long",
    "float": "double",
    "bool": "bool",
    "datetime": "date",
    "DatetimeMS": "date",
    "ObjectId": "objectId",
    "dict": "object",
    "list": "array",
    "NoneType": "null",
    "Decimal128": "decimal",
    "Binary": "binData",
    "bytes": "binData",
    "UUID": "binData",
    "Regex": "regex",
    "Timestamp": "timestamp",
}


@dataclass(slots=True)
class Found:
    types: Counter[str] = field(default_factory=Counter)
    documents: set[int] = field(default_factory=set)
    example: Any = None


def described(sample: list[dict[str, Any]]) -> list[SchemaObject]:
    """Fields in the order in which documents have them, inner ones by their paths after the field they are in."""
    found: dict[str, Found] = {}
    for number, document in enumerate(sample):
        _collect(document, "", 0, number, found)
    return [_part(path, about, len(sample)) for path, about in _ordered(found)[:MAX_FIELDS]]


def _collect(document: dict[str, Any], prefix: str, depth: int, number: int, found: dict[str, Found]) -> None:
    for name, value in document.items():
        path = f"{prefix}{name}"
        about = found.setdefault(path, Found())
        about.types[TYPES.get(type(value).__name__, type(value).__name__)] += 1
        about.documents.add(number)
        if about.example is None and not isinstance(value, dict | list):
            about.example = value
        inner = value[:MAX_ELEMENTS] if isinstance(value, list) else [value]
        if depth + 1 < MAX_DEPTH:
            for item in inner:
                if isinstance(item, dict):
                    _collect(item, f"{path}.", depth + 1, number, found)


def _ordered(found: dict[str, Found]) -> list[tuple[str, Found]]:
    heads = {path: at for at, path in enumerate(found)}
    return sorted(found.items(), key=lambda pair: [heads.get(part, len(heads)) for part in _ancestors(pair[0])])


def _ancestors(path: str) -> list[str]:
    """`a.b.c` as `a`, `a.b`, `a.b.c`: a field stands after what it is in. Names may have dots of their own."""
    parts = path.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


def _part(path: str, about: Found, total: int) -> SchemaObject:
    seen = sum(about.types.values())
    shares = about.types.most_common()
    types = shares[0][0] if len(shares) == 1 else " | ".join(f"{kind} {round(100 * n / seen)}%" for kind, n in shares)
    facts = [types]
    if len(about.documents) < total:
        facts.append(f"in {round(100 * len(about.documents) / total)}%")
    if about.example is not None:
        text = shell_text(about.example)
        facts.append(text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}…")
    reference = None if path.isidentifier() else quoted(path)
    return SchemaObject("field", path, ", ".join(facts), reference=reference)


def human_bytes(size: int) -> str:
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1_000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
