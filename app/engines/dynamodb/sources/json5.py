"""JSON5 with exact numbers and offsets: a value and where it ends, in one pass over the source."""

import re
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 100
"""Deeper than anything DynamoDB takes (32 in an item), and far from Python's own recursion limit."""

MAX_DIGITS = 1_000
"""Python computes no more than 4,300 of a hexadecimal number, and DynamoDB keeps 38."""
TOO_LONG = f"A number has at most {MAX_DIGITS:,} digits here."

_SKIP = re.compile(r"(?:[\s\ufeff]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|Infinity|NaN|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_PLAIN = {'"': re.compile(r'[^"\\\n]*'), "'": re.compile(r"[^'\\\n]*")}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0", "\n": ""}
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
_NUMBER_WORDS = ("Infinity", "NaN")
_KEY_OFFSETS_TO_DEPTH = 4


class Number(str):
    """A number as it was written, so that 38 digits survive."""

    __slots__ = ()


class Json5Error(ValueError):
    """What is wrong, and where in the source."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(slots=True)
class Json5:
    """A value read from a source. `keys` has the offset of each key near the top, by its path."""

    value: Any
    end: int
    keys: dict[tuple[str | int, ...], int] = field(default_factory=dict)


def read(source: str, start: int = 0) -> Json5:
    """The value that begins at `start`. Raises Json5Error with an absolute offset."""
    reader = _Reader(source)
    value, end = reader.value(reader.skip(start), ())
    return Json5(value, end, reader.keys)


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.keys: dict[tuple[str | int, ...], int] = {}

    def skip(self, at: int) -> int:
        found = _SKIP.match(self.source, at)
        return found.end() if found else at

    def value(self, at: int, path: tuple[str | int, ...]) -> tuple[Any, int]:
        if len(path) > MAX_DEPTH:
            raise Json5Error(f"More than {MAX_DEPTH} levels of nesting.", at)
        char = self.source[at : at + 1]
        if char == "{":
            return self.map(at, path)
        if char == "[":
            return self.list(at, path)
        if char in ('"', "'") and char:
            return self.string(at)
        if number := _NUMBER.match(self.source, at):
            if len(number.group()) > MAX_DIGITS:
                raise Json5Error(TOO_LONG, at)
            return _number(number.group()), number.end()
        if word := _WORD.match(self.source, at):
            if word.group() in _CONSTANTS:
                return _CONSTANTS[word.group()], word.end()
            raise Json5Error(f"A value is expected here, not {word.group()!r}. Text needs quotes.", at)
        raise Json5Error(f"A value is expected here, not {char!r}." if char else "The text ends too early.", at)

    def map(self, at: int, path: tuple[str | int, ...]) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        opened = at
        at = self.skip(at + 1)
        while self.source[at : at + 1] != "}":
            key_at = at
            key, at = self.key(at, opened)
            inner = (*path, key)
            if len(path) < _KEY_OFFSETS_TO_DEPTH:
                self.keys[inner] = key_at
            at = self.skip(at)
            if self.source[at : at + 1] != ":":
                raise Json5Error(f"A colon is expected after the name {key!r}.", at)
            found[key], at = self.value(self.skip(at + 1), inner)
            at = self.next(at, "}", opened)
        return found, at + 1

    def list(self, at: int, path: tuple[str | int, ...]) -> tuple[list[Any], int]:
        found: list[Any] = []
        opened = at
        at = self.skip(at + 1)
        while self.source[at : at + 1] != "]":
            item, at = self.value(at, (*path, len(found)))
            found.append(item)
            at = self.next(at, "]", opened)
        return found, at + 1

    def next(self, at: int, closing: str, opened: int) -> int:
        """Past a comma, or at the closing bracket."""
        at = self.skip(at)
        char = self.source[at : at + 1]
        if char == ",":
            return self.skip(at + 1)
        if char == closing:
            return at
        if not char:
            raise Json5Error(f"This {self.source[opened]} is never closed.", opened)
        raise Json5Error(f"A comma or {closing} is expected here, not {char!r}.", at)

    def key(self, at: int, opened: int) -> tuple[str, int]:
        if self.source[at : at + 1] in ('"', "'"):
            return self.string(at)
        if word := _WORD.match(self.source, at):
            return word.group(), word.end()
        if at >= len(self.source):
            raise Json5Error("This { is never closed.", opened)
        raise Json5Error(f"A name is expected here, not {self.source[at]!r}.", at)

    def string(self, at: int) -> tuple[str, int]:
        quote, opened, parts = self.source[at], at, []
        at += 1
        while True:
            plain = _PLAIN[quote].match(self.source, at)
            assert plain
            parts.append(plain.group())
            at = plain.end()
            char = self.source[at : at + 1]
            if char == quote:
                return _joined_surrogates("".join(parts)), at + 1
            if char != "\\":
                raise Json5Error("This text is never closed.", opened)
            piece, at = self.escape(at + 1)
            parts.append(piece)

    def escape(self, at: int) -> tuple[str, int]:
        char = self.source[at : at + 1]
        if char in ("u", "x"):
            length = 4 if char == "u" else 2
            digits = self.source[at + 1 : at + 1 + length]
            if not re.fullmatch(rf"[0-9a-fA-F]{{{length}}}", digits):
                raise Json5Error(f"\\{char} needs {length} hexadecimal digits.", at - 1)
            return chr(int(digits, 16)), at + 1 + length
        return _ESCAPES.get(char, char), at + 1


def _number(text: str) -> Number:
    unsigned = text.lstrip("+-")
    if unsigned[:2].lower() == "0x":
        return Number(("-" if text[0] == "-" else "") + str(int(unsigned, 16)))
    return Number(text.removeprefix("+"))


def _joined_surrogates(text: str) -> str:
    """`\\ud83d\\ude00` is one character. A half alone cannot be sent, and becomes the replacement character."""
    if not re.search("[\ud800-\udfff]", text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
