"""What an SQL expression is in a pipeline, with what its kind asks of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.playground.translating import literals
from app.playground.translating.errors import NotCarriedError

NUMBERS = ("int", "decimal", "float")
TIMES = ("date", "timestamp")


@dataclass(frozen=True, slots=True)
class Value:
    """`code`: an aggregation expression. `kind`: int decimal float text bool date timestamp text[] null.

    `exact`: a decimal that is no double. `as_text`: a date that is kept as text. `constant`: `held` is its value.
    """

    code: Any
    kind: str
    nullable: bool = False
    exact: bool = True
    as_text: bool = False
    constant: bool = False
    held: Any = None

    @property
    def path(self) -> str | None:
        """The field's path where it is nothing but a field."""
        code = self.code
        return code[1:] if isinstance(code, str) and code[:1] == "$" and code[:2] != "$$" else None


def constant(held: Any, kind: str) -> Value:
    code = {"$literal": held} if isinstance(held, str) and held.startswith("$") else held
    return Value(code, kind, nullable=held is None, constant=True, held=held)


def coerced(value: Value, kind: str) -> Value:
    """A constant as the kind that stands beside it; other values as they are."""
    if not value.constant or value.held is None or value.kind == kind:
        return value
    if value.kind == "text" and kind in NUMBERS:
        return constant(literals.number(value.held), "int" if kind == "int" else "decimal")
    if value.kind == "text" and kind in TIMES:
        return constant(moment(value.held), kind)
    return value


def moment(text: str) -> datetime:
    """A date or time that is written out. Raises NotCarriedError for finer than milliseconds."""
    found = literals.moment(text)
    if found.microsecond % 1000:
        raise NotCarriedError(f"the time {text!r}: MongoDB's times are of whole milliseconds")
    return found


def exactly(value: Value) -> Any:
    """The code of a number, a decimal as Decimal128."""
    if value.kind == "decimal" and not value.exact:
        return {"$toDecimal": value.code}
    return value.code


def dated(value: Value) -> Any:
    """The code of a date or time as BSON's own."""
    return {"$toDate": value.code} if value.as_text else value.code


def alike(values: Iterable[Value]) -> list[Value]:
    """Values that will be compared or stand for each other, in one form."""
    found = list(values)
    kinds = [value.kind for value in found if not value.constant and value.kind != "null"]
    kinds = kinds or [value.kind for value in found if value.kind not in ("null", "text")]
    if kinds:
        found = [coerced(value, kinds[0]) for value in found]
    times = [value for value in found if value.kind in TIMES]
    if times:
        if all(value.as_text or (value.constant and value.kind == "date") for value in times):
            return [_texted(value) for value in found]
        found = [replace(value, code=dated(value), as_text=False) for value in found]
    if any(value.kind == "decimal" and not value.exact for value in found):
        return _doubled(found)
    families = {_family(value.kind) for value in found} - {"null"}
    if len(families) > 1:
        raise NotCarriedError(f"comparing {' with '.join(sorted(families))}")
    return found


def _doubled(found: list[Value]) -> list[Value]:
    """Decimals that are kept as doubles are compared with doubles, and with what was computed as Decimal128."""
    if all(value.constant or value.kind in ("int", "null") or not value.exact for value in found):
        return [
            replace(value, code=float(value.held), held=float(value.held))
            if value.constant and value.kind == "decimal"
            else value
            for value in found
        ]
    return [replace(value, code=exactly(value), exact=True) for value in found]


def _texted(value: Value) -> Value:
    if value.constant and isinstance(value.held, datetime):
        text = f"{value.held:%Y-%m-%d}"
        return replace(value, code=text, held=text)
    return value


def _family(kind: str) -> str:
    return "a number" if kind in NUMBERS else "a time" if kind in TIMES else kind


def whether_there(value: Value) -> Any:
    """Whether a value is not null. Missing counts as null, and both sort before everything else."""
    return {"$gt": [value.code, None]}
