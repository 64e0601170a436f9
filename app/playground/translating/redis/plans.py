"""What a SELECT has to be for one way of reading keys: its conditions taken, its columns found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.playground.comparing.answers import Reading
from app.playground.translating.carried import Answering, Carried, Part
from app.playground.translating.errors import NotCarriedError
from app.playground.translating.redis.words import key
from app.playground.translating.shapes import Pattern
from app.playground.translating.simple import Condition, Simple


@dataclass(slots=True)
class Taking:
    """The conditions of a statement, taken one by one; a way fits where none is left."""

    wanted: Simple
    left: list[Condition] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = list(self.wanted.conditions)

    def equal(self, names: tuple[str, ...]) -> dict[str, Any] | None:
        """The values of columns that `=` decides, all of them or None."""
        found: dict[str, Any] = {}
        for name in names:
            one = next((c for c in self.left if c.column == name and c.operator == "="), None)
            if one is None:
                return None
            self.left.remove(one)
            found[name] = one.values[0]
        return found

    def ranged(self, name: str) -> list[Condition]:
        found = [c for c in self.left if c.column == name and c.operator in ("=", "<", "<=", ">", ">=", "between")]
        self.left = [c for c in self.left if c not in found]
        return found


def pattern_columns(text: str) -> tuple[str, ...]:
    return Pattern(text).columns


def filled(text: str, values: Mapping[str, Any], wanted: Simple) -> str:
    return key(text, values, wanted.table)


def parts(wanted: Simple, held: Mapping[str, Part], known: Mapping[str, Any]) -> tuple[Part, ...] | None:
    """Where each column comes from: `known` by the keys, `held` in the reply. None where one is neither."""
    found = []
    for name in wanted.columns:
        if name in known:
            found.append(Part(how="constant", constant=known[name]))
        elif name in held:
            found.append(held[name])
        else:
            return None
    return tuple(found)


def said(
    lines: list[str],
    parts_: tuple[Part, ...] = (),
    *,
    width: int = 1,
    absent: bool = False,
    notes: tuple[str, ...] = (),
) -> Carried:
    """A translation into command lines."""
    answering = Answering(Reading(width=width, take=len(lines)), parts_, absent=absent)
    return Carried("redis", "\n".join(lines), notes=notes, answering=answering)


def limits(wanted: Simple) -> tuple[int, int | None]:
    """Offset and count. Raises NotCarriedError for LIMIT 0."""
    if wanted.limit == 0:
        raise NotCarriedError("LIMIT 0")
    return wanted.offset, wanted.limit
