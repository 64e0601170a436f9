"""Splitting a source into statements by PostgreSQL's own lexical rules, as psql does.

sqlglot's tokenizer takes the words after some commands (`PREPARE`, `EXECUTE`, `SHOW`) as one text up to the next
semicolon, quoted or not, and holds the event loop for 0.3 s on the longest source; this takes a fraction of that.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.core.errors import StatementFailed, StatementRefused
from app.core.results import Statement

_LETTER = r"A-Za-z_\x80-\U0010ffff"
_QUOTED = r"""[eE]'(?:[^'\\]|\\.|'')*+' | '(?:[^']|'')*+' | "(?:[^"]|"")*+" """
_OTHER = rf"""\$?[0-9][0-9A-Za-z_.]*+ | [^\s;()\\'"$0-9{_LETTER}/-]++ | -(?!-) | /(?!\*) """
_TOKEN = re.compile(
    rf"""
      (?P<space>     \s++ )
    | (?P<comment>   --[^\n\r]*+ | /\* )
    | (?P<quoted>    {_QUOTED} )
    | (?P<dollar>    \$(?:[{_LETTER}][0-9{_LETTER}]*+)?\$ )
    | (?P<unclosed>  [eE]?' | " )
    | (?P<word>      [{_LETTER}][0-9${_LETTER}]*+ )
    | (?P<mark>      ;++ | \(++ | \)++ | \\ )
    | (?P<other>     {_OTHER} | . )
    """,
    re.VERBOSE | re.DOTALL,
)
# What neither ends a statement nor opens anything, taken at once where single words no longer matter.
_FILLER = re.compile(
    rf"(?: \s++ | {_QUOTED} | (?![eE]')[{_LETTER}][0-9${_LETTER}]*+ | {_OTHER} )++", re.VERBOSE | re.DOTALL
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_UNCLOSED = {"'": "quoted string", '"': "quoted name", "$": "dollar-quoted string", "/": "comment"}


HEAD_WORDS = 4


@dataclass(slots=True)
class _Open:
    """The statement being read: where it began, its first words, and how deep in parentheses and bodies it is."""

    start: int = -1
    end: int = 0
    words: tuple[str, ...] = ()
    parens: int = 0
    bodies: int = 0

    @property
    def needs_words(self) -> bool:
        """Whether its single words matter: the first one does, and after CREATE, which may have a body."""
        if self.start < 0:
            return True
        return self.words[:1] == ("create",) and (len(self.words) < HEAD_WORDS or self._makes_routine)

    @property
    def complete(self) -> bool:
        return not self.parens and not self.bodies

    def reset(self) -> None:
        self.start, self.end, self.words, self.parens, self.bodies = -1, 0, (), 0, 0

    def word(self, word: str) -> None:
        if len(self.words) < HEAD_WORDS:
            self.words = (*self.words, word)
        if self.parens or not self._makes_routine:
            return
        if word == "begin" or (self.bodies and word == "case"):
            self.bodies += 1
        elif self.bodies and word == "end":
            self.bodies -= 1

    @property
    def _makes_routine(self) -> bool:
        rest = self.words[3:] if self.words[1:3] == ("or", "replace") else self.words[1:]
        return self.words[:1] == ("create",) and rest[:1] in (("function",), ("procedure",))


def split(source: str) -> list[Statement]:
    """The statements of a source, without what lies between them. Raises StatementFailed where a quote never ends."""
    statements: list[Statement] = []
    now = _Open()
    line, counted = 1, 0
    for kind, start, end in _tokens(source, lambda: now.needs_words):
        mark = source[start] if kind == "mark" else ""
        if mark == ";" and now.complete:
            if now.start >= 0:
                line += source.count("\n", counted, now.start)
                counted = now.start
                statements.append(Statement(source[now.start : now.end], now.start, now.end, line))
            now.reset()
            continue
        if mark == "\\":
            raise _backslash(source, start, at_begin=now.start < 0)
        if now.start < 0:
            now.start = start
        now.end = end
        if kind == "word":
            now.word(source[start:end].lower())
        elif mark:
            now.parens = max(0, now.parens + {"(": 1, ")": -1, ";": 0}[mark] * (end - start))
    if now.start >= 0:
        line += source.count("\n", counted, now.start)
        statements.append(Statement(source[now.start : now.end], now.start, now.end, line))
    return statements


def first_words(text: str, count: int = 4) -> tuple[str, ...]:
    """The first words of a statement, in lower case, up to anything that is not a word."""
    words: list[str] = []
    for kind, start, stop in _tokens(text):
        if kind != "word" or len(words) == count:
            break
        words.append(text[start:stop].lower())
    return tuple(words)


def words_of(text: str) -> list[str]:
    """All words of a statement outside quotes and comments, in lower case."""
    return [text[start:stop].lower() for kind, start, stop in _tokens(text) if kind == "word"]


def _tokens(source: str, by_word: Callable[[], bool] = lambda: True) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of every token but space and comments; one `other` for many where `by_word` says no."""
    at = 0
    while at < len(source):
        if not by_word() and (filler := _FILLER.match(source, at)):
            start, at = at, filler.end()
            if text := filler[0].rstrip():
                yield "other", start, start + len(text)
            continue
        match = _TOKEN.match(source, at)
        assert match
        assert match.lastgroup
        kind, start, at = match.lastgroup, at, match.end()
        if kind == "dollar":
            at = source.find(match[0], at) + len(match[0])
            if at < start + 2 * len(match[0]):
                raise _unclosed(source, start)
        elif kind == "comment" and match[0] == "/*":
            at = _comment_end(source, start)
        elif kind == "unclosed":
            raise _unclosed(source, start)
        if kind not in ("space", "comment"):
            yield kind, start, at


def _comment_end(source: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(source, start):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    raise _unclosed(source, start)


def _unclosed(source: str, start: int) -> StatementFailed:
    mark = source[start + 1] if source[start] in "eE" else source[start]
    return StatementFailed(f"This {_UNCLOSED[mark]} never ends.", code="42601", offset=start)


def _backslash(source: str, start: int, *, at_begin: bool) -> StatementFailed | StatementRefused:
    command = re.match(r"\\[A-Za-z!?+]{0,12}", source[start:])
    name = command[0] if command else "\\"
    if not at_begin:
        return StatementFailed(f"{name} is not SQL here.", code="42601", offset=start)
    return StatementRefused(
        f"{name} is a command of the psql program, not SQL, and does not work here.",
        code="psql_command",
        hint="The sidebar shows tables and columns, and so does SELECT * FROM information_schema.columns.",
        offset=start,
    )
