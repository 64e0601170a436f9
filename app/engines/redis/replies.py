"""A RESP3 reply with its type kept, as redis-cli prints it and as JSON."""

import base64
from dataclasses import dataclass
from typing import Any, Literal

ReplyType = Literal[
    "nil",
    "status",
    "string",
    "integer",
    "double",
    "boolean",
    "big number",
    "verbatim",
    "array",
    "map",
    "set",
    "push",
    "error",
]
AGGREGATES = frozenset({"array", "map", "set", "push"})

_EMPTY = {"array": "(empty array)", "map": "(empty hash)", "set": "(empty set)", "push": "(empty push)"}
_SEPARATOR = {"set": "~", "map": "#"}
_ESCAPES = {
    0x22: '\\"',
    0x5C: "\\\\",
    0x0A: "\\n",
    0x0D: "\\r",
    0x09: "\\t",
    0x07: "\\a",
    0x08: "\\b",
}
_PRINTED = tuple(_ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in range(256))


@dataclass(frozen=True, slots=True)
class Reply:
    """`value` is bytes as they came for text and for doubles and big numbers; an int, a bool or None;
    a list of replies for arrays, sets and pushes; a list of pairs of replies for maps."""

    type: ReplyType
    value: Any

    @property
    def items(self) -> list["Reply"]:
        """The elements of an array, set or push; nothing of any other reply."""
        return self.value if self.type in ("array", "set", "push") else []


def printable(data: bytes) -> str:
    """Bytes in double quotes with the escapes of redis-cli."""
    return '"' + "".join(map(_PRINTED.__getitem__, data)) + '"'


def as_words(data: bytes) -> str:
    """Bytes as text where they are UTF-8, else with redis-cli's escapes."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return printable(data)


def as_text(reply: Reply, prefix: str = "") -> str:
    """The reply as `redis-cli -3` prints it on a terminal, without the last line end."""
    value = reply.value
    if reply.type in AGGREGATES:
        return _aggregate_text(reply, prefix)
    if reply.type == "string":
        return printable(value)
    if reply.type in ("status", "verbatim"):
        return str(value.decode(errors="replace"))
    if reply.type == "boolean":
        return "(true)" if value else "(false)"
    if reply.type == "nil":
        return "(nil)"
    words = value.decode(errors="replace") if isinstance(value, bytes) else value
    return f"({reply.type}) {words}"


def _aggregate_text(reply: Reply, prefix: str) -> str:
    count = len(reply.value)
    if not count:
        return _EMPTY[reply.type]
    width = len(str(count))
    inner = prefix + " " * (width + 2)
    separator = _SEPARATOR.get(reply.type, ")")
    lines = []
    for number, item in enumerate(reply.value, start=1):
        if reply.type == "map":
            key, value = item
            gap = f"\n{inner}" if _is_long(value) else ""
            body = f"{as_text(key, inner)} => {gap}{as_text(value, inner)}"
        else:
            body = as_text(item, inner)
        lines.append(f"{'' if number == 1 else prefix}{number:>{width}}{separator} {body}")
    return "\n".join(lines)


def _is_long(reply: Reply) -> bool:
    """Whether redis-cli starts this value of a map on a line of its own."""
    if reply.type not in AGGREGATES or not reply.value:
        return False
    if len(reply.value) > 1:
        return True
    return _is_long(reply.value[0][1] if reply.type == "map" else reply.value[0])


def as_json(reply: Reply) -> dict[str, Any]:
    """The reply as `{"type", "value"}`: base64 where bytes are not UTF-8, maps as pairs, since a key may be anything."""
    value = reply.value
    match reply.type:
        case "nil" | "integer" | "boolean":
            return {"type": reply.type, "value": value}
        case "array" | "set" | "push":
            return {"type": reply.type, "value": [as_json(item) for item in value]}
        case "map":
            return {"type": "map", "value": [[as_json(key), as_json(item)] for key, item in value]}
        case "double":
            return {"type": "double", "value": _number(value)}
        case _:
            try:
                return {"type": reply.type, "value": value.decode()}
            except UnicodeDecodeError:
                return {"type": reply.type, "value": base64.b64encode(value).decode(), "encoding": "base64"}


def _number(text: bytes) -> float | str:
    """JSON has no infinity and no NaN: those stay the server's words."""
    word = text.decode()
    return word if word.lstrip("-") in ("inf", "nan") else float(word)
