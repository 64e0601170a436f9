"""The AWS CLI's shorthand syntax: `AttributeName=pk,AttributeType=S`, lists in brackets, maps in braces."""

import re
from typing import Any

MAX_DEPTH = 40
_KEY = re.compile(r"[\w.#:/-]+")
_BARE = re.compile(r"[^,=\]}]*")
_BARE_WITH_SIGN = re.compile(r"[^,\]}]*")
_QUOTED = {"'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL), '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NEXT_KEY = re.compile(r"\s*[\w.#:/-]+\s*=")


class ShorthandProblem(ValueError):
    """What is wrong, and where in the word."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def read(text: str) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    """The value of a word in shorthand, with the positions of its keys. Raises ShorthandProblem."""
    reader = _Reader(text)
    value = reader.pairs((), "")
    return value, reader.keys


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[tuple[str | int, ...], int] = {}

    def now(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self) -> None:
        while self.now().isspace():
            self.at += 1

    def pairs(self, path: tuple[str | int, ...], closing: str) -> dict[str, Any]:
        """`a=1,b=2` up to the closing brace, or to the end of the word."""
        if len(path) > MAX_DEPTH:
            raise ShorthandProblem(f"More than {MAX_DEPTH} levels of nesting.", self.at)
        found: dict[str, Any] = {}
        self.skip()
        while self.now() != closing:
            key = self.key()
            self.keys[(*path, key)] = self.at - len(key)
            self.skip()
            if self.now() != "=":
                raise ShorthandProblem(f"= is expected after {key!r} in shorthand syntax.", self.at)
            self.at += 1
            found[key] = self.values((*path, key), closing)
            self.skip()
            if self.now() == ",":
                self.at += 1
                self.skip()
            elif self.now() != closing:
                raise ShorthandProblem(f"A comma is expected here, not {self.now() or 'the end'!r}.", self.at)
        self.at += len(closing)
        return found

    def key(self) -> str:
        self.skip()
        if self.now() and self.now() in "'\"":
            return self.quoted()
        found = _KEY.match(self.text, self.at)
        if found is None:
            raise ShorthandProblem("A name is expected here, as in Name=value.", self.at)
        self.at = found.end()
        return found.group()

    def values(self, path: tuple[str | int, ...], closing: str) -> Any:
        """One value, or several with commas between them and no name before: `a=1,2,b=3` has two in `a`."""
        first = self.value(path, closing)
        if isinstance(first, dict | list):
            return first
        several = [first]
        while self.now() == "," and not _NEXT_KEY.match(self.text, self.at + 1):
            if self.at + 1 >= len(self.text):
                break
            self.at += 1
            several.append(self.value(path, closing))
        return first if len(several) == 1 else several

    def value(self, path: tuple[str | int, ...], closing: str) -> Any:
        self.skip()
        char = self.now()
        if char == "[":
            return self.list(path)
        if char == "{":
            self.at += 1
            return self.pairs(path, "}")
        if char in ("'", '"') and char:
            text = self.quoted()
            self.skip()
            return text
        found = (_BARE if closing else _BARE_WITH_SIGN).match(self.text, self.at)
        assert found
        self.at = found.end()
        if not closing and self.now() in ("]", "}"):
            comma = self.text.find(",", self.at)
            self.at = comma if comma >= 0 else len(self.text)
            return self.text[found.start() : self.at].strip()
        return found.group().strip()

    def list(self, path: tuple[str | int, ...]) -> list[Any]:
        if len(path) > MAX_DEPTH:
            raise ShorthandProblem(f"More than {MAX_DEPTH} levels of nesting.", self.at)
        opened = self.at
        self.at += 1
        found: list[Any] = []
        self.skip()
        while self.now() != "]":
            if not self.now():
                raise ShorthandProblem("This [ is never closed.", opened)
            found.append(self.value((*path, len(found)), "]"))
            self.skip()
            if self.now() == ",":
                self.at += 1
                self.skip()
            elif self.now() != "]":
                raise ShorthandProblem(f"A comma or ] is expected here, not {self.now() or 'the end'!r}.", self.at)
        self.at += 1
        return found

    def quoted(self) -> str:
        found = _QUOTED[self.now()].match(self.text, self.at)
        if found is None:
            raise ShorthandProblem(f"This {self.now()} is never closed.", self.at)
        self.at = found.end()
        return _ESCAPE.sub(r"\1", found.group(1))
