"""Which columns a condition of EXPLAIN compares with something known, as far as its text tells."""

import re
from dataclasses import dataclass
from typing import Literal

_QUOTED = re.compile(r"""[eE]?'(?:[^']|'')*+'|"(?:[^"]|"")*+" """.rstrip())
_COLUMN = re.compile(r'^(?:(?:[a-z_][\w$]*|"(?:[^"]|"")+")\.)?([a-z_][\w$]*|"(?:[^"]|"")+")$')
_CAST = re.compile(r"::(?:[a-z_][\w ]*|\"[^\"]+\")(?:\([\d,]+\))?(?:\[\])*")
_OPERATOR = re.compile(r" (=|<|>|<=|>=|~~|@>|<@|&&|@@) (?=[^ ])")
_KNOWN_WORDS = frozenset(
    (
        "any",
        "all",
        "array",
        "true",
        "false",
        "null",
        "now",
        "current_date",
        "current_timestamp",
        "current_user",
        "initplan",
    )
)
_EXPRESSION = re.compile(r"^(?:lower|upper)\(.+\)$|^.+ ->> '[^']*'::text$")
MAX_CHARS = 4_000

Comparison = Literal["equal", "range", "prefix", "contains"]


@dataclass(frozen=True, slots=True)
class Compared:
    """`column` is a name or an expression, as an index would have it."""

    column: str
    comparison: Comparison


def compared_columns(text: str) -> tuple[str, ...]:
    """The plain columns that a condition compares with something known."""
    return tuple(dict.fromkeys(found.column for found in compared(text) if _COLUMN.match(found.column)))


def compared(text: str) -> list[Compared]:
    """The comparisons that must all hold, in order, of those that an index could serve."""
    if len(text) > MAX_CHARS:
        return []
    return [found for part in conjuncts(text) if (found := _compared(part))]


def conjuncts(text: str) -> list[str]:
    """The parts of a condition that are joined by AND, without the parentheses around each. A very long one is left whole."""
    if len(text) > MAX_CHARS:
        return [text]
    text = _bare(text)
    parts = _split(text, " AND ")
    if len(parts) == 1:
        return [text]
    return [inner for part in parts for inner in conjuncts(part)]


def sides(part: str) -> tuple[str, str, str] | None:
    """Left, operator and right of one comparison."""
    if len(part) > MAX_CHARS:
        return None
    found = next((m for m in _OPERATOR.finditer(part) if _depth(part, m.start()) == 0), None)
    if found is None:
        return None
    return part[: found.start()].strip(), found[1], part[found.end() :].strip()


def column_of(text: str) -> str | None:
    """The column that a side of a comparison is, without its table and casts."""
    if len(text) > MAX_CHARS:
        return None
    text = _uncast(_bare(text))
    found = _COLUMN.match(text)
    return found[1] if found and found[1] not in _KNOWN_WORDS else None


def table_of(text: str) -> str | None:
    """The alias before the column that a side of a comparison is."""
    if len(text) > MAX_CHARS:
        return None
    text = _uncast(_bare(text))
    return text.rpartition(".")[0].strip('"') or None if _COLUMN.match(text) else None


def _compared(part: str) -> Compared | None:
    found = sides(part)
    if found is None:
        return None
    left, operator, right = found
    if not _is_known(right):
        left, right = right, left
        operator = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}.get(operator, "")
    if not operator or not _is_known(right):
        return None
    column = column_of(left)
    bare = _bare(left)
    if column is None and _EXPRESSION.match(bare) and "." not in _QUOTED.sub("", bare):
        column = f"({bare})"
    if column is None:
        return None
    if operator == "~~":
        return Compared(column, "prefix") if re.match(r"'[^%_\\']+%'", right) else None
    if operator in ("@>", "<@", "&&", "@@"):
        return Compared(column, "contains")
    return Compared(column, "equal" if operator == "=" else "range")


def _is_known(text: str) -> bool:
    """Whether a side has no column in it: a constant, a parameter, the value of an init plan."""
    rest = _CAST.sub("", _QUOTED.sub("0", text)) if '"' not in text else text
    rest = re.sub(r"\(InitPlan \d+\)\.col\d+|\$\d+", "0", rest)
    return all(word.lower() in _KNOWN_WORDS for word in re.findall(r"[A-Za-z_]\w*", rest))


def _bare(text: str) -> str:
    """The text without parentheses around all of it."""
    text = text.strip()
    if not text.startswith("("):
        return text
    opened: list[int] = []
    closes: dict[int, int] = {}
    for place, character in enumerate(_masked(text)):
        if character == "(":
            opened.append(place)
        elif character == ")" and opened:
            closes[opened.pop()] = place
    start, end = 0, len(text)
    while start < end and closes.get(start) == end - 1:
        inner = text[start + 1 : end - 1]
        start, end = end - 1 - len(inner.lstrip()), start + 1 + len(inner.rstrip())
    return text[start:end]


def _uncast(text: str) -> str:
    """`(name)::text` is `name` with a cast."""
    while (at := text.rfind("::")) > 0 and _CAST.fullmatch(text, at):
        text = _bare(text[:at])
    return text


def _masked(text: str) -> str:
    """The text with what is quoted as dots, so that marks in it count for nothing."""
    return _QUOTED.sub(lambda m: "." * len(m[0]), text)


def _depth(text: str, end: int) -> int:
    before = _masked(text)[:end]
    return before.count("(") - before.count(")")


def _split(text: str, word: str) -> list[str]:
    masked = _masked(text)
    parts, depth, start = [], 0, 0
    for place, character in enumerate(masked):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and masked.startswith(word, place):
            parts.append(text[start:place])
            start = place + len(word)
    return [*parts, text[start:]]
