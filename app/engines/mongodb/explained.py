"""What was pasted as an explain document: Extended JSON, or as a shell prints it."""

import json
import re
from typing import Any

from bson.errors import BSONError

from app.core.errors import InvalidRequest
from app.core.outside_json import loads, whole
from app.core.plans import Plan
from app.engines.mongodb import plan, values

MAX_NESTING = 400
_SKIP = re.compile(r"(?:\s++|//[^\n]*+|/\*.*?(?:\*/|\Z))*+", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?(?![\w$])")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_STRING = re.compile(r"\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'|`((?:[^`\\]|\\.)*+)`", re.DOTALL)
_REGEX = re.compile(r"/(?:[^/\\\n]|\\.)+/[a-z]*")
WORDS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": None,
    "Infinity": "Infinity",
    "NaN": "NaN",
    "MaxKey": "MaxKey",
    "MinKey": "MinKey",
}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}


def read(text: str) -> Plan:
    """Raises InvalidRequest, with what is wrong, for what is no explain document, and StatementRefused for one that is too large."""
    try:
        found = whole(values.from_script(whole(_data(text.strip()))))
    except (ValueError, TypeError, ArithmeticError, RecursionError, BSONError) as exc:
        said = "it is nested too deep" if isinstance(exc, RecursionError) else str(exc)
        raise InvalidRequest(
            f"This is not read as an explain document of MongoDB: {said}",
            hint="Paste all of what explain('executionStats') gives; EJSON.stringify(…) prints it whole.",
        ) from exc
    while isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise InvalidRequest("An explain document is an object, and this is none.")
    return plan.read(found)


def _data(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return _Reader(text).read()


class _Reader:
    """Reads values as a shell prints them: keys without quotes, single quotes, `ISODate('…')`, `Long(5)`, patterns."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def read(self) -> Any:
        self._skip()
        value = self._value()
        self._skip()
        if self._text[self._at : self._at + 1] == ";":
            self._at += 1
            self._skip()
        if self._at < len(self._text):
            raise self._error("something follows its end")
        return value

    def _value(self) -> Any:
        text, at = self._text, self._at
        if at >= len(text):
            raise self._error("it ends too early")
        if text[at] in "{[":
            return self._nested(text[at])
        for pattern, take in ((_STRING, _string), (_NUMBER, _number), (_REGEX, str)):
            found = pattern.match(text, at)
            if found:
                self._at = found.end()
                return take(found[0])
        word = _WORD.match(text, at)
        if word is None:
            raise self._error("it can't go on so")
        self._at = word.end()
        self._skip()
        if word[0] == "new":
            return self._value()
        if text[self._at : self._at + 1] == "(":
            return self._call(word[0])
        if word[0] not in WORDS:
            raise self._error(f"{word[0][:40]} is no value")
        return WORDS[word[0]]

    def _nested(self, mark: str) -> Any:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise ValueError(f"it is nested deeper than {MAX_NESTING}")
        self._at += 1
        self._skip()
        value = self._object() if mark == "{" else self._list("]")
        self._depth -= 1
        return value

    def _object(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not self._ends("}"):
            key = (
                _STRING.match(self._text, self._at)
                or _WORD.match(self._text, self._at)
                or _NUMBER.match(self._text, self._at)
            )
            if key is None:
                raise self._error("a key is missing")
            self._at = key.end()
            self._skip()
            if self._text[self._at : self._at + 1] != ":":
                raise self._error("a colon is missing")
            self._at += 1
            self._skip()
            name = _string(key[0]) if key[0][0] in "\"'`" else key[0]
            data[name] = self._value()
            self._comma("}")
        return data

    def _list(self, end: str) -> list[Any]:
        items = []
        while not self._ends(end):
            word = _WORD.match(self._text, self._at)
            if word and word[0] in ("Object", "Array", "Getter"):
                raise self._error("the shell left parts out (`[Object]`)")
            items.append(self._value())
            self._comma(end)
        return items

    def _call(self, name: str) -> Any:
        """`Long('5')` and its like: numbers are numbers, other types keep their text."""
        self._at += 1
        self._skip()
        arguments = self._list(")")
        first = arguments[0] if arguments else None
        if name in ("Long", "NumberLong", "Int32", "NumberInt", "Double", "Timestamp"):
            return _number(str(first)) if isinstance(first, str | int | float) else first
        if name in ("Decimal128", "NumberDecimal"):
            return str(first)
        return f"{name}({', '.join(json.dumps(argument, default=str) for argument in arguments)})"

    def _ends(self, end: str) -> bool:
        if self._text[self._at : self._at + 1] != end:
            return False
        self._at += 1
        return True

    def _comma(self, end: str) -> None:
        self._skip()
        following = self._text[self._at : self._at + 1]
        if following == ",":
            self._at += 1
            self._skip()
        elif following != end:
            raise self._error("a comma is missing")

    def _skip(self) -> None:
        found = _SKIP.match(self._text, self._at)
        assert found
        self._at = found.end()

    def _error(self, what: str) -> ValueError:
        line = self._text.count("\n", 0, self._at) + 1
        return ValueError(f"line {line}: {what}.")


def _string(text: str) -> str:
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    return re.sub(
        r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))",
        lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else ESCAPES.get(m[3], m[3]),
        inner,
        flags=re.DOTALL,
    )


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
