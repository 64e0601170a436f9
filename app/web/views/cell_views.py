"""Long cells of a table laid out to be read: JSON and arrays as folding trees, bytes as a dump. Only the space between tokens changes."""

import re
from itertools import pairwise

from markupsafe import Markup

MAX_LINE = 72
MAX_FLOWING = 14  # characters of a list's members on average, up to which they share lines
MAX_DEPTH = 32
DUMP_BYTES = 16
MAX_DUMP_BYTES = 65_536

_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_ARRAY = re.compile(r'"(?:[^"\\]|\\.)*"|[{},]|[^{},"]+', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}
_ENDS = frozenset("}]")
_COMMA = ","
_MARKS = frozenset("{}[],")
_HEX = re.compile(r"\\x(?:[0-9a-f]{2})*")


def json_tree(text: str) -> Markup | None:
    """A JSON text as a tree, number by number as it is written; None where the text is something else."""
    return _tree([*_JSON.findall(_escaped(text)), ""], ": ")


def array_tree(text: str) -> Markup | None:
    """An array as PostgreSQL prints it (`{1,{2,3}}`) as a tree; None for one that begins with its bounds."""
    return _tree([*_ARRAY.findall(_escaped(text)), ""], "") if text[:1] == "{" else None


def bytes_dump(text: str) -> str | None:
    """A bytea in hexadecimal as offset, bytes and characters; None in another form. Cut after 64 kB, and says so."""
    if not _HEX.fullmatch(text):
        return None
    data = bytes.fromhex(text[2:])
    lines = []
    for at in range(0, min(len(data), MAX_DUMP_BYTES), DUMP_BYTES):
        piece = data[at : at + DUMP_BYTES]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{at:08x}  {piece.hex(' '):<{DUMP_BYTES * 3 - 1}}  {shown}")
    if len(data) > MAX_DUMP_BYTES:
        lines.append(f"… {len(data) - MAX_DUMP_BYTES:,} bytes more")
    return "\n".join(lines)


def _tree(parts: list[str], colon: str) -> Markup | None:
    """`parts` are the tokens, escaped, and an empty one at the end."""
    extents = _extents(parts)
    if extents is None:
        return None
    out: list[str] = []
    at = depth = 0
    while part := parts[at]:
        if part in _CLOSING:
            width, close, members = extents[at]
            flows = width <= members * MAX_FLOWING and _is_flat(parts, at, close)
            if width <= MAX_LINE or flows or depth >= MAX_DEPTH:
                out.append(_line(parts[at : close + 2], colon))
                at = close
            else:
                depth += 1
                member = "key" if part == "{" and colon else "element"
                end = _CLOSING[part] + ("," if parts[close + 1] == "," else "")
                fold = f'<span class="fold">{members:,} {member}{"s" if members > 1 else ""} {end}</span>'
                out.append(f"<details open><summary>{part}{fold}</summary><ul><li>")
        elif part in _ENDS:
            depth -= 1
            comma = parts[at + 1] == ","
            out.append(f"</li></ul>{part}{',</details></li><li>' if comma else '</details>'}")
            at += comma
        else:
            out.append(",</li><li>" if part == _COMMA else _line([part, parts[at + 1]], colon))
        at += 1
    return Markup("".join(out))  # noqa: S704, every part was escaped


def _line(parts: list[str], colon: str) -> str:
    """Parts on one line; the last one only tells what follows."""
    out = []
    for part, following in pairwise(parts):
        if part in _MARKS:
            out.append(", " if part == _COMMA else part)
        elif part == ":" and colon:
            out.append(colon)
        else:
            kind = "k" if following == ":" else "s" if part[0] == '"' else "n" if part in ("null", "NULL") else "b"
            out.append(f'<span class="{kind}">{part}</span>')
    return "".join(out)


def _extents(parts: list[str]) -> dict[int, tuple[int, int, int]] | None:
    """For each opening bracket: how wide it is on one line, where it closes, and how many members it has."""
    extents: dict[int, tuple[int, int, int]] = {}
    stack: list[list[int]] = []
    width = 0
    for at, part in enumerate(parts):
        width += len(part)
        if part not in _MARKS:
            continue
        if part == _COMMA:
            width += 1
            if stack:
                stack[-1][2] += 1
        elif part in _CLOSING:
            stack.append([at, width - 1, 0])
        else:
            if not stack or _CLOSING[parts[stack[-1][0]]] != part:
                return None
            start, before, commas = stack.pop()
            extents[start] = (width - before, at, commas + 1)
    return None if stack else extents


def _is_flat(parts: list[str], start: int, close: int) -> bool:
    """Whether it is a list of plain values."""
    inside = parts[start + 1 : close]
    return not any(mark in inside for mark in ("{", "[", ":"))


def _escaped(text: str) -> str:
    """Quotes stay: the text never stands in an attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
