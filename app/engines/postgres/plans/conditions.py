"""Which columns a condition of EXPLAIN compares with something known, as far as its text tells."""

import re
from bisect import bisect_left, bisect_right
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
_AND = " AND "
MAX_CHARS = 4_000
MAX_CASTS = 8

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
    marks = _Marks(text)
    found, stack = [], [(0, len(text))]
    while stack:
        start, end = marks.bare(*stack.pop())
        places = marks.words_between(start, end)
        if not places:
            found.append(text[start:end])
            continue
        starts, ends = [start, *(place + len(_AND) for place in places)], [*places, end]
        stack.extend(reversed(list(zip(starts, ends, strict=True))))
    return found


def sides(part: str) -> tuple[str, str, str] | None:
    """Left, operator and right of one comparison."""
    if len(part) > MAX_CHARS:
        return None
    marks = _Marks(part)
    found = next((m for m in _OPERATOR.finditer(part) if marks.depths[m.start()] == 0), None)
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
    if not (text.startswith("(") and text.endswith(")")):
        return text
    start, end = _Marks(text).bare(0, len(text))
    return text[start:end]


def _uncast(text: str) -> str:
    """`(name)::text` is `name` with a cast."""
    for _ in range(MAX_CASTS):
        inner, colons, kind = text.rpartition("::")
        if not inner or _CAST.fullmatch(colons + kind) is None:
            break
        text = _bare(inner)
    return text


class _Marks:
    """Where a text has parentheses and ANDs, found in one pass. What is quoted has none."""

    def __init__(self, text: str) -> None:
        masked = _QUOTED.sub(lambda m: "." * len(m[0]), text)
        self._text = text
        self.depths: list[int] = []
        """Before each character."""
        self._closing: dict[int, int] = {}
        self._words: dict[int, list[int]] = {}
        opened: list[int] = []
        depth = 0
        for place, character in enumerate(masked):
            self.depths.append(depth)
            if character == "(":
                opened.append(place)
                depth += 1
            elif character == ")":
                depth -= 1
                if opened:
                    self._closing[opened.pop()] = place
            elif character == " " and masked.startswith(_AND, place):
                self._words.setdefault(depth, []).append(place)

    def bare(self, start: int, end: int) -> tuple[int, int]:
        """The same range without blanks and parentheses around all of it."""
        text = self._text
        while True:
            while start < end and text[start].isspace():
                start += 1
            while start < end and text[end - 1].isspace():
                end -= 1
            if start == end or self._closing.get(start) != end - 1:
                return start, end
            start, end = start + 1, end - 1

    def words_between(self, start: int, end: int) -> list[int]:
        """The ANDs in a range that are in no parentheses there."""
        words = self._words.get(self.depths[start], []) if start < end else []
        return words[bisect_left(words, start) : bisect_right(words, end - len(_AND))]
