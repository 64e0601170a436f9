"""The tokens of PartiQL, with their offsets."""

import re
from dataclasses import dataclass

_SKIP = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<string>'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")*")
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[A-Za-z_$][\w$]*)
      | (?P<sign><<|>>|<>|!=|<=|>=|[-+*/%=<>(){}\[\],.:?;|])""",
    re.VERBOSE,
)


class PartiqlError(ValueError):
    """What is wrong, and where in the statement; `got` is the token that stands there."""

    def __init__(self, message: str, offset: int, got: str = "") -> None:
        super().__init__(message)
        self.got = got
        self.message = f"Statement wasn't well formed, can't be processed: {message}"
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is string, name (in double quotes), number, word, sign or end; `text` is without quotes."""

    kind: str
    text: str
    start: int


def tokens(statement: str) -> list[Token]:
    """All tokens, and one of kind `end` after the last."""
    found: list[Token] = []
    at = 0
    while True:
        skipped = _SKIP.match(statement, at)
        at = skipped.end() if skipped else at
        if at >= len(statement):
            return [*found, Token("end", "", at)]
        if statement.startswith("/*", at):
            raise PartiqlError("This comment is never closed.", at)
        match = _TOKEN.match(statement, at)
        if match is None:
            quote = {"'": "This text is never closed.", '"': "This name is never closed."}
            raise PartiqlError(quote.get(statement[at], f"Unexpected {statement[at]!r}."), at)
        kind = str(match.lastgroup)
        text = match.group()
        if kind in ("string", "name"):
            quote_mark = text[0]
            text = text[1:-1].replace(quote_mark * 2, quote_mark)
        found.append(Token(kind, text, at))
        at = match.end()
