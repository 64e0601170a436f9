"""The words of a pasted command line, with their offsets: quoting as a shell reads it, nothing expanded or executed."""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

_CONTINUED = re.compile(r"[\\^`][ \t\r]*\n")
_BLANKS = re.compile(r"(?:[ \t\r]+|[\\^`][ \t\r]*(?:\n|\Z))*")
_COMMENT = re.compile(r"#[^\n]*")
_PLAIN = re.compile(r"""[^\s'"\\;|&<>`^$\n]+""")
_IN_DOUBLE = re.compile(r"""[^"\\]+""")
_EXPANSION = re.compile(r"\$(?:\(|\{|[A-Za-z_])")
_AFTER = re.compile(r"(?:\|\||&&|[;&])")
_ESCAPED_IN_DOUBLE = '"\\$`\n'


class ShellProblem(ValueError):
    """What is wrong with a command line, and where in the source."""

    def __init__(self, message: str, offset: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint


@dataclass(slots=True)
class Word:
    """A word without its quotes. `pieces` are pairs of a position in `text` and the offset it has in the source."""

    text: str
    start: int
    end: int
    quoted: bool
    pieces: list[tuple[int, int]] = field(default_factory=list)

    def offset(self, position: int) -> int:
        """Where a character of `text` stands in the source."""
        number = bisect_right(self.pieces, (position, 1 << 60)) - 1
        if number < 0:
            return self.start
        at, source = self.pieces[number]
        return source + position - at


@dataclass(slots=True)
class Line:
    """A command up to its end. `left_out` is what a shell would do with its output: a pipe or a redirection."""

    words: list[Word]
    end: int
    left_out: str | None = None


def read_line(source: str, start: int) -> Line:
    """The command that begins at `start`: to the end of its last continued line, `;` or `&&`. Raises ShellProblem."""
    words: list[Word] = []
    at = start
    while True:
        at = _skip(_BLANKS, source, at)
        char = source[at : at + 1]
        if char == "#":
            at = _skip(_COMMENT, source, at)
            char = source[at : at + 1]
        if not char or char == "\n" or _AFTER.match(source, at):
            return Line(words, at)
        if char in "|<>":
            ends = _end_of_pipe(source, at)
            return Line(words, ends, source[at:ends].strip())
        word = _word(source, at)
        words.append(word)
        at = word.end


def after_line(source: str, end: int) -> int:
    """Past the `;` or `&&` that ended a command."""
    return _skip(_AFTER, source, end)


def _end_of_pipe(source: str, at: int) -> int:
    while at < len(source) and source[at] not in "\n;":
        continued = _CONTINUED.match(source, at)
        at = continued.end() if continued else at + 1
    return at


def _skip(pattern: re.Pattern[str], source: str, at: int) -> int:
    found = pattern.match(source, at)
    return found.end() if found else at


def _word(source: str, start: int) -> Word:
    parts: list[str] = []
    pieces: list[tuple[int, int]] = []
    at, length, quoted = start, 0, False

    def add(text: str, offset: int) -> None:
        nonlocal length
        pieces.append((length, offset))
        parts.append(text)
        length += len(text)

    while at < len(source):
        char = source[at]
        if char.isspace() or char in ";|<>" or source.startswith("&&", at) or _CONTINUED.match(source, at):
            break
        if char == "'":
            closing = source.find("'", at + 1)
            if closing < 0:
                raise ShellProblem("This ' is never closed.", at)
            add(source[at + 1 : closing], at + 1)
            at, quoted = closing + 1, True
        elif char == '"':
            at, quoted = _double(source, at, add), True
        elif char in "\\^" and at + 1 < len(source):
            add(source[at + 1], at + 1)
            at += 2
        elif plain := _PLAIN.match(source, at):
            add(plain.group(), at)
            at = plain.end()
        else:
            _check_expansion(source, at)
            add(char, at)
            at += 1
    return Word("".join(parts), start, at, quoted, pieces)


def _double(source: str, opened: int, add: Callable[[str, int], None]) -> int:
    """Through text in double quotes; where it ends."""
    at = opened + 1
    while at < len(source):
        char = source[at]
        if char == '"':
            if at == opened + 1:
                add("", at)
            return at + 1
        if char == "\\":
            following = source[at + 1 : at + 2]
            if following == "\n":
                at += 2
                continue
            if following and following in _ESCAPED_IN_DOUBLE:
                add(following, at + 1)
                at += 2
                continue
            add(char, at)
            at += 1
            continue
        plain = _IN_DOUBLE.match(source, at)
        assert plain
        if found := re.search(_EXPANSION, plain.group()):
            _check_expansion(source, at + found.start())
        add(plain.group(), at)
        at = plain.end()
    raise ShellProblem('This " is never closed.', opened)


def _check_expansion(source: str, at: int) -> None:
    if _EXPANSION.match(source, at) or source[at] == "`":
        raise ShellProblem(
            "There is no shell here: nothing that starts with $ or stands in backquotes is filled in.",
            at,
            "Write the value itself, or put it in single quotes.",
        )
