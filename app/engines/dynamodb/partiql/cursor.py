"""Reading PartiQL token by token: words, names, paths and values."""

from collections.abc import Callable
from typing import Any, TypeVar

from app.engines.dynamodb.partiql.lexer import PartiqlError, Token, tokens

Path = tuple[str | int, ...]
AttributeValue = dict[str, Any]
Read = TypeVar("Read")

MAX_DEPTH = 40


class Cursor:
    """Where reading stands in a statement; `?` takes the parameters in order."""

    def __init__(self, statement: str, parameters: list[AttributeValue] | None) -> None:
        self.tokens = tokens(statement)
        self.at = 0
        self.depth = 0
        self.parameters = list(parameters or [])

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def is_word(self, *words: str, ahead: int = 0) -> bool:
        token = self.tokens[min(self.at + ahead, len(self.tokens) - 1)]
        return token.kind == "word" and token.text.upper() in words

    def is_sign(self, *signs: str) -> bool:
        return self.now.kind == "sign" and self.now.text in signs

    def skip_word(self, *words: str) -> bool:
        """Past these words in a row, if they stand here."""
        if all(self.is_word(word, ahead=number) for number, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def skip_sign(self, sign: str) -> bool:
        if self.is_sign(sign):
            self.at += 1
            return True
        return False

    def need_word(self, *words: str) -> None:
        if not self.skip_word(*words):
            raise self.unexpected(" ".join(words))

    def need_sign(self, sign: str) -> None:
        if not self.skip_sign(sign):
            raise self.unexpected(sign)

    def unexpected(self, wanted: str) -> PartiqlError:
        got = repr(self.now.text) if self.now.kind != "end" else "the end of the statement"
        return PartiqlError(f"{wanted} expected, not {got}.", self.now.start, self.now.text)

    def name(self) -> str:
        if self.now.kind not in ("name", "word"):
            raise self.unexpected("A name")
        self.at += 1
        return self.tokens[self.at - 1].text

    def path(self) -> Path:
        parts: list[str | int] = [self.name()]
        while self.is_sign(".", "["):
            if self.skip_sign("."):
                parts.append(self.name())
                continue
            self.at += 1
            if self.now.kind != "number" or not self.now.text.isdigit():
                raise self.unexpected("A position in a list")
            parts.append(int(self.now.text))
            self.at += 1
            self.need_sign("]")
        return tuple(parts)

    def separated(self, read: Callable[[], Read]) -> list[Read]:
        found = [read()]
        while self.skip_sign(","):
            found.append(read())
        return found

    def value(self) -> AttributeValue:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise PartiqlError("The value is nested too deep.", self.now.start)
        try:
            return self.bare_value()
        finally:
            self.depth -= 1

    def bare_value(self) -> AttributeValue:
        token = self.now
        if token.kind in ("string", "number") or self.is_word("TRUE", "FALSE", "NULL"):
            self.at += 1
            return _literal(token)
        if self.skip_sign("-"):
            if self.now.kind != "number":
                raise self.unexpected("A number")
            self.at += 1
            return {"N": f"-{self.tokens[self.at - 1].text}"}
        if self.skip_sign("?"):
            if not self.parameters:
                raise PartiqlError("There is no parameter for this ?.", token.start)
            return self.parameters.pop(0)
        if self.skip_sign("["):
            return {"L": self.until("]")}
        if self.skip_sign("<<"):
            return _set(self.until(">>"), token.start)
        if self.skip_sign("{"):
            return {"M": self.map()}
        raise self.unexpected("A value (text stands in single quotes)")

    def until(self, closing: str) -> list[AttributeValue]:
        found = [] if self.is_sign(closing) else self.separated(self.value)
        self.need_sign(closing)
        return found

    def map(self) -> dict[str, AttributeValue]:
        found: dict[str, AttributeValue] = {}
        while not self.skip_sign("}"):
            if self.now.kind not in ("string", "name"):
                raise self.unexpected("A name in single quotes")
            key = self.now.text
            self.at += 1
            self.need_sign(":")
            found[key] = self.value()
            if not self.is_sign("}"):
                self.need_sign(",")
        return found


def _literal(token: Token) -> AttributeValue:
    if token.kind == "string":
        return {"S": token.text}
    if token.kind == "number":
        return {"N": token.text}
    word = token.text.upper()
    return {"NULL": True} if word == "NULL" else {"BOOL": word == "TRUE"}


def _set(items: list[AttributeValue], at: int) -> AttributeValue:
    kinds = {kind for item in items for kind in item}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise PartiqlError("A set holds at least one value, and all are texts or all are numbers.", at)
    (kind,) = kinds
    return {f"{kind}S": [item[kind] for item in items]}
