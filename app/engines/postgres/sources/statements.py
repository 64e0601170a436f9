"""Splitting a source into statements by PostgreSQL's own lexical rules, as psql does.

sqlglot's tokenizer takes the words after some commands (`PREPARE`, `EXECUTE`, `SHOW`) as one text up to the next
semicolon, quoted or not, and holds the event loop for 0.3 s on the longest source; this takes a fraction of that.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.core.errors import StatementFailed
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


_DATA_END = re.compile(r"^\\\.[ \t]*\r?$", re.MULTILINE)
_COMMAND = re.compile(r"\\[A-Za-z_]*[!?+]*")
_GO = re.compile(r"\\gx?[ \t;]*(?=[\r\n]|--|\Z)")

HEAD_WORDS = 4


@dataclass(slots=True)
class _Open:
    """The statement being read: where it began, its first words, and how deep in parentheses and bodies it is.

    `copies` is what a COPY says of its direction: `from` or `to`, and `from here` where its rows follow in the source.
    """

    start: int = -1
    end: int = 0
    words: tuple[str, ...] = ()
    parens: int = 0
    bodies: int = 0
    copies: str = ""

    @property
    def needs_words(self) -> bool:
        """Whether its single words matter: the first one does, and after CREATE, which may have a body."""
        if self.start < 0:
            return True
        if self.words[:1] == ("copy",):
            return True
        return self.words[:1] == ("create",) and (len(self.words) < HEAD_WORDS or self._makes_routine)

    @property
    def complete(self) -> bool:
        return not self.parens and not self.bodies

    def reset(self) -> None:
        self.start, self.end, self.words, self.parens, self.bodies, self.copies = -1, 0, (), 0, 0, ""

    def word(self, word: str) -> None:
        if len(self.words) < HEAD_WORDS:
            self.words = (*self.words, word)
        if self.words[0] == "copy" and not self.parens:
            self._copy_word(word)
        if self.parens or not self._makes_routine:
            return
        if word == "begin" or (self.bodies and word == "case"):
            self.bodies += 1
        elif self.bodies and word == "end":
            self.bodies -= 1

    def _copy_word(self, word: str) -> None:
        if not self.copies and word in ("from", "to"):
            self.copies = word
        elif self.copies in ("from", "to") and word in ("stdin", "stdout"):
            self.copies += " here"

    @property
    def _makes_routine(self) -> bool:
        rest = self.words[3:] if self.words[1:3] == ("or", "replace") else self.words[1:]
        return self.words[:1] == ("create",) and rest[:1] in (("function",), ("procedure",))


def split(source: str) -> list[Statement]:
    """The statements of a source, without what lies between them. Raises StatementFailed where a quote never ends.

    A command of psql's is a statement up to the end of its line; the rows of COPY FROM STDIN belong to their statement.
    """
    statements: list[Statement] = []
    now = _Open()
    tokens = Tokens(source, lambda: now.needs_words)
    line, counted = 1, 0

    def take() -> None:
        nonlocal line, counted
        if now.start >= 0:
            line += source.count("\n", counted, now.start)
            counted = now.start
            statements.append(Statement(source[now.start : now.end], now.start, now.end, line))
        now.reset()

    for kind, start, end in tokens:
        mark = source[start] if kind == "mark" else ""
        if mark == ";" and now.complete:
            if now.copies == "from here" and (data_end := _data_end(source, start)):
                now.end = tokens.at = data_end
            take()
            continue
        if mark == "\\" and now.start >= 0:
            go = _go(source, start)
            if go.startswith("\\gx"):
                now.end = start + len("\\gx")
            tokens.at = start + len(go)
            take()
            continue
        if now.start < 0:
            now.start = start
        now.end = end
        if mark == "\\":
            tokens.at = command_end = _command_end(source, start)
            now.end = start + (len(source[start:command_end].removesuffix("\\\\").rstrip()) or 1)
            take()
        elif kind == "word":
            now.word(source[start:end].lower())
        elif mark:
            now.parens = max(0, now.parens + {"(": 1, ")": -1, ";": 0}[mark] * (end - start))
    take()
    return statements


def direction_of_copy(text: str) -> tuple[str, int]:
    """Which way a COPY goes that crosses the connection (`in`, `out`, or nothing), and where its SQL ends."""
    now = _Open()
    end = 0
    for kind, start, stop in Tokens(text):
        mark = text[start] if kind == "mark" else ""
        if mark == ";" and now.complete:
            break
        end = stop
        if kind == "word":
            now.word(text[start:stop].lower())
            if now.words[0] != "copy":
                return "", len(text)
        elif mark in ("(", ")"):
            now.parens = max(0, now.parens + (stop - start if mark == "(" else start - stop))
    return {"from here": "in", "to here": "out"}.get(now.copies, ""), end


def without_go(text: str) -> str:
    """The statement without the `\\gx` that may end it."""
    return text[: -len("\\gx")].rstrip() if text.endswith("\\gx") and text[0] != "\\" else text


def _data_end(source: str, semicolon: int) -> int:
    """Where the rows end that follow COPY FROM STDIN; 0 where none follow, or no line ends them."""
    line_end = _line_end(source, semicolon)
    rest = source[semicolon:line_end].lstrip("; \t\r")
    if (rest and not rest.startswith("--")) or source.find("\\.", line_end) < 0:
        return 0
    last = _DATA_END.search(source, line_end)
    return last.start() + len("\\.") if last else 0


def _command_end(source: str, start: int) -> int:
    """Where a command of psql's ends: with its line, or after `\\\\`, which SQL may follow."""
    line_end = _line_end(source, start)
    apart = source.find("\\\\", start + 1, line_end)
    return line_end if apart < 0 else apart + len("\\\\")


def _line_end(source: str, at: int) -> int:
    end = source.find("\n", at)
    return len(source) if end < 0 else end


def first_words(text: str, count: int = 4) -> tuple[str, ...]:
    """The first words of a statement, in lower case, up to anything that is not a word."""
    words: list[str] = []
    for kind, start, stop in Tokens(text):
        if kind != "word" or len(words) == count:
            break
        words.append(text[start:stop].lower())
    return tuple(words)


def words_of(text: str) -> list[str]:
    """All words of a statement outside quotes and comments, in lower case."""
    return [text[start:stop].lower() for kind, start, stop in Tokens(text) if kind == "word"]


class Tokens:
    """Kind, start and end of every token but space; one `other` for many where `by_word` says no.

    Comments are told only if asked for. `at` is where the next token is looked for, and may be moved.
    """

    def __init__(self, source: str, by_word: Callable[[], bool] = lambda: True, *, comments: bool = False) -> None:
        self.at = 0
        self._unwanted = ("space",) if comments else ("space", "comment")
        self._source = source
        self._by_word = by_word

    def __iter__(self) -> Iterator[tuple[str, int, int]]:
        source = self._source
        while self.at < len(source):
            start = self.at
            if not self._by_word() and (filler := _FILLER.match(source, start)):
                self.at = filler.end()
                if text := filler[0].rstrip():
                    yield "other", start, start + len(text)
                continue
            match = _TOKEN.match(source, start)
            assert match
            assert match.lastgroup
            kind, self.at = match.lastgroup, match.end()
            if kind == "dollar":
                self.at = source.find(match[0], self.at) + len(match[0])
                if self.at < start + 2 * len(match[0]):
                    raise _unclosed(source, start)
            elif kind == "comment" and match[0] == "/*":
                self.at = _comment_end(source, start)
            elif kind == "unclosed":
                raise _unclosed(source, start)
            if kind not in self._unwanted:
                yield kind, start, self.at


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


def _go(source: str, start: int) -> str:
    """The `\\g` or `\\gx` that ends a statement. Raises StatementFailed for any other command within one."""
    go = _GO.match(source, start)
    if go is None:
        command = _COMMAND.match(source, start)
        message = f"{command[0] if command else source[start]} is not SQL here."
        hint = "A command of psql's stands on a line of its own, after the semicolon of the statement before it."
        raise StatementFailed(message, code="42601", hint=hint, offset=start)
    return go[0]
