"""AttributeValues: from plain values, to plain JSON, to DynamoDB JSON, and their size as DynamoDB counts it."""

import base64
import binascii
from decimal import Decimal, InvalidOperation
from typing import Any

from app.engines.dynamodb.sources.json5 import Number

MAX_NESTING = 32
ITEM_OVERHEAD_BYTES = 100
"""What DynamoDB adds to each item when it counts the size of a table."""
_MAX_SAFE_INTEGER = 2**53 - 1


class PlainMap(dict[str, Any]):
    """A map of plain values even where it looks typed: `{"S": "x"}` written where only plain values stand."""


class SetOf(list[Any]):
    """The values of a set, as a program writes it."""


class ValueProblem(ValueError):
    """A value that DynamoDB cannot hold; the message is DynamoDB's own where it has one."""


def typed(value: Any, depth: int = 1) -> dict[str, Any]:
    """An AttributeValue as botocore takes it, from a typed one (`{"S": "x"}`) or a plain one.

    A map with one key that is a type's name, holding what that type holds, counts as typed.
    """
    if depth > MAX_NESTING:
        raise ValueProblem(
            "Nesting Levels have exceeded supported limits: "
            "Attributes in the item have nested levels beyond supported limit"
        )
    if isinstance(value, dict):
        if len(value) == 1 and not isinstance(value, PlainMap):
            ((kind, held),) = value.items()
            if _fits(kind, held):
                return {kind: _typed_content(kind, held, depth)}
        return {"M": {name: typed(item, depth + 1) for name, item in value.items()}}
    if isinstance(value, SetOf):
        return _typed_set(value)
    if isinstance(value, list):
        return {"L": [typed(item, depth + 1) for item in value]}
    return _typed_scalar(value)


def _typed_set(items: SetOf) -> dict[str, Any]:
    scalar = not any(isinstance(item, dict | list) for item in items)
    kinds = {kind for item in items for kind in _typed_scalar(item)} if scalar else set()
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise ValueProblem(
            "One or more parameter values were invalid: A set holds texts, numbers or binaries of one kind"
        )
    (kind,) = kinds
    return {f"{kind}S": [_typed_scalar(item)[kind] for item in items]}


def _typed_scalar(value: Any) -> dict[str, Any]:
    if isinstance(value, bytes):
        return {"B": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    return {"N": str(value)} if isinstance(value, Number) else {"S": value}


def typed_map(value: dict[str, Any]) -> dict[str, Any]:
    """An item, a key or expression values: names to AttributeValues."""
    return {name: typed(item) for name, item in value.items()}


def _fits(kind: str, held: Any) -> bool:
    if kind == "B" and isinstance(held, bytes):
        return True
    if kind in ("S", "N", "B"):
        return isinstance(held, str) and (kind == "N" or not isinstance(held, Number))
    if kind in ("SS", "NS", "BS"):
        texts = (str, bytes) if kind == "BS" else (str,)
        return isinstance(held, list) and all(isinstance(item, texts) for item in held)
    if kind == "M":
        return isinstance(held, dict)
    if kind == "L":
        return isinstance(held, list)
    return kind in ("BOOL", "NULL") and isinstance(held, bool)


def _typed_content(kind: str, held: Any, depth: int) -> Any:
    if kind == "M":
        return {name: typed(item, depth + 1) for name, item in held.items()}
    if kind == "L":
        return [typed(item, depth + 1) for item in held]
    if kind == "B":
        return _binary(held)
    if kind == "BS":
        return [_binary(item) for item in held]
    if kind in ("SS", "NS"):
        return [str(item) for item in held]
    return str(held) if isinstance(held, str) else held


def _binary(text: str | bytes) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueProblem(f"Invalid Base64 in a binary value: {exc}") from exc


def wire(value: Any) -> Any:
    """What botocore takes, as DynamoDB JSON: binary becomes base64, everything else stays."""
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, dict):
        return {name: wire(item) for name, item in value.items()}
    if isinstance(value, list):
        return [wire(item) for item in value]
    return value


def plain(value: dict[str, Any]) -> Any:
    """Plain JSON of an AttributeValue as sent: sets as lists, binary as base64, numbers as numbers where JSON holds them exactly."""
    ((kind, held),) = value.items()
    if kind == "N":
        return _plain_number(held)
    if kind == "NS":
        return [_plain_number(item) for item in held]
    if kind == "M":
        return plain_map(held)
    if kind == "L":
        return [plain(item) for item in held]
    if kind == "NULL":
        return None
    return held


def plain_map(item: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in item.items()}


def _plain_number(text: str) -> int | float | str:
    """A JSON number if every reader of JSON gets the same number from it, else the text."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if number == number.to_integral_value():
        return int(number) if abs(number) <= _MAX_SAFE_INTEGER else text
    as_float = float(number)
    return as_float if Decimal(repr(as_float)) == number else text


def size(value: dict[str, Any]) -> int:
    """Bytes of an AttributeValue as DynamoDB counts them."""
    ((kind, held),) = value.items()
    if kind in ("SS", "NS", "BS"):
        return sum(size({kind[0]: item}) for item in held)
    if kind == "L":
        return 3 + sum(1 + size(item) for item in held)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + size(item) for name, item in held.items())
    if kind == "N":
        return _number_size(held)
    if kind == "B":
        return len(held) if isinstance(held, bytes) else len(held) * 3 // 4
    return len(held.encode()) if kind == "S" else 1


def item_size(item: dict[str, Any]) -> int:
    return sum(len(name.encode()) + size(value) for name, value in item.items())


def _number_size(text: str) -> int:
    digits = text.lstrip("-").split("e")[0].split("E")[0].replace(".", "").strip("0")
    return 1 + (len(digits) + 1) // 2
