"""A documented complexity with the real sizes put in: `O(log(N)+M) with N being the number of elements ...` and what N and M are here."""

import ast
import math
import re
from dataclasses import dataclass

_FORMULA = re.compile(r"O\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
_LETTER = re.compile(
    r"\b([NMKLS]) (?:is|being|are)? ?(?:the )?(.*?)(?=,? and [NMKLS] |, [NMKLS] (?:is|being)|;| and [KML] being|\.(?:\s|$)|$)"
)
_OF_FIRST = (
    r"in the sorted set|size of the hash|cardinality|length of the list|in the list|size of the first|of elements\.?$"
)
_OF_FIRST += r"|inside the (?:shape|index|collection)|to traverse"
_ASKED = r"requested|specified fields|to be removed|being set|being checked|to check|to retrieve|to set|that will be|being removed"
_MEANINGS = (
    ("database", re.compile(r"keys in (?:the database|the selected database|all databases)|total number of keys")),
    ("smallest", re.compile(r"smallest")),
    ("all", re.compile(r"in all|sum of the sizes|total number of elements")),
    ("sets", re.compile(r"number of (?:provided )?keys$|number of provided keys|number of sets|number of input|input sorted sets$")),
    ("returned", re.compile(r"returned|resulting|popped|specified range|removed by|size of the result|stored into")),
    ("asked", re.compile(_ASKED)),
    ("first", re.compile(_OF_FIRST)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sizes:
    """What the letters of a complexity can stand for. `asked`: fields, members or keys that the command names."""

    lengths: tuple[int, ...]
    key_count: int
    asked: int
    returned: int | None

    def of(self, meaning: str) -> int | None:
        match meaning:
            case "database":
                return self.key_count
            case "sets":
                return len(self.lengths)
            case "returned":
                return self.returned
            case "asked":
                return self.asked
        if not self.lengths:
            return None
        return {"smallest": min(self.lengths), "all": sum(self.lengths), "first": self.lengths[0]}.get(meaning)


@dataclass(frozen=True, slots=True)
class Bound:
    """A formula, its letters with their values here, and about how many steps that makes; `whole` is False where a letter is not known."""

    formula: str
    letters: tuple[tuple[str, int], ...]
    steps: float | None
    whole: bool = True

    @property
    def text(self) -> str:
        values = ", ".join(f"{letter} = {value:,}" for letter, value in self.letters)
        steps = (
            ""
            if self.steps is None or not self.letters
            else f": {'about' if self.whole else 'at least'} {max(1, round(self.steps)):,} steps"
        )
        return f"{self.formula} with {values}{steps}" if values else self.formula


def bind(complexity: str, sizes: Sizes) -> Bound | None:
    """Put sizes into a complexity. None for one without a formula."""
    formulas = _FORMULA.findall(complexity.split(". ", maxsplit=1)[0]) or _FORMULA.findall(complexity)
    if not formulas:
        return None
    joined = re.match(r"O\(.*?\) ?\+ ?O\(.*?\)\)?", complexity)
    parts = formulas[:2] if joined and len(formulas) > 1 else formulas[:1]
    if parts == ["O(1)"] and "for each" in complexity and sizes.asked > 1:
        return Bound("O(1) for each", (("N", sizes.asked),), float(sizes.asked))
    meanings = {letter: _meaning(said) for letter, said in _LETTER.findall(complexity)}
    formula = " + ".join(parts)
    values = {}
    letters = sorted(set(re.findall(r"\b[NMKLS]\b", formula)), key=formula.index)
    for letter in letters:
        value = sizes.of(meanings.get(letter) or ("first" if letter == "N" else ""))
        if value is not None:
            values[letter] = value
    steps = _steps(formula, dict.fromkeys(letters, 0) | values) if values else None
    return Bound(formula, tuple(values.items()), steps, len(values) == len(letters))


def _meaning(said: str) -> str | None:
    return next((name for name, pattern in _MEANINGS if pattern.search(said.strip())), None)


def _steps(formula: str, values: dict[str, int]) -> float | None:
    text = re.sub(r"\bO(?=\()", "", formula)
    text = re.sub(r"log ?([NM])\b", r"log(\1)", text)
    text = re.sub(r"(?<=[NMKLS)\d]) ?(?=log|\()", "*", text)
    try:
        return _value(ast.parse(text.strip(), mode="eval").body, values)
    except (SyntaxError, KeyError, ValueError):
        return None


def _value(node: ast.expr, values: dict[str, int]) -> float:
    match node:
        case ast.Constant(value=int() as number):
            return number
        case ast.Name(id=letter):
            return values[letter]
        case ast.Call(func=ast.Name(id="log"), args=[inner]):
            return math.log2(max(_value(inner, values), 2))
        case ast.BinOp(left=left, op=sign, right=right):
            a, b = _value(left, values), _value(right, values)
            return a * b if isinstance(sign, ast.Mult) else a - b if isinstance(sign, ast.Sub) else a + b
        case _:
            raise ValueError(ast.dump(node))
