"""Redis sources: redis-cli lines, with comments, strings over several lines and repeats (`5 INCR k`); and calls of redis-py."""

import re
from collections.abc import Callable

from app.core.errors import StatementFailed, StatementRefused
from app.core.results import Statement
from app.engines.redis.python import PythonReader

COMMENTS = ("#", "//")

_SPACE = " \t\v\f\r\0"
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "a": b"\a"}
_NUMBER = re.compile(rb"[+-]?[0-9]+")
_PLAIN = re.compile(r"[^ \t\v\f\r\0\n\"']+")
_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_SINGLE_QUOTED = re.compile(r"'((?:[^'\\]|\\'|\\(?!'))*+)'", re.DOTALL)
_PIECES = re.compile(r"([^\\]+)|\\x([0-9a-fA-F]{2})|\\(.)", re.DOTALL)


def split(source: str, max_statements: int) -> list[Statement]:
    """One statement for each command line, and as many as it says for a repeated one.

    Raises StatementFailed with an offset where a quote is not closed, or is followed by something else than a space,
    and StatementRefused where repeats would go over `max_statements`.
    """
    statements: list[Statement] = []
    at, line, counted = 0, 1, 0
    python = PythonReader(source)
    while at < len(source):
        if source[at] in _SPACE or source[at] == "\n":
            at += 1
        elif source.startswith(COMMENTS, at):
            at = _end_of_line(source, at)
        elif (read := python.read(at)) is not None:
            found, at = read
            statements += found
        else:
            words, end = _read(source, at)
            times = _times(words, at)
            start = words[1][1] if times is not None else at
            if times is not None and len(statements) + times > max_statements:
                raise _too_many(max_statements, at)
            line += source.count("\n", counted, start)
            counted = start
            text = source[start:end].rstrip(_SPACE)  # no other space ends a word
            statements += [Statement(text, start, start + len(text), line)] * (times or 1)
            at = end
    return statements


def arguments(text: str) -> list[bytes]:
    """The words of one command, as bytes."""
    words, _ = _read(text, 0)
    return [word for word, _ in words]


def command_name(words: list[bytes]) -> str:
    """The command's name in capitals."""
    return words[0].decode(errors="replace").upper()


def _times(words: list[tuple[bytes, int]], offset: int) -> int | None:
    """How often the line says to repeat its command; None where it says nothing."""
    if len(words) < 2 or not _NUMBER.fullmatch(words[0][0]):
        return None
    times = int(words[0][0][:12])
    if times < 1:
        raise StatementFailed("A command is repeated 1 time or more.", code="invalid_repeat", offset=offset)
    return times


def _too_many(max_statements: int, offset: int) -> StatementRefused:
    return StatementRefused(
        f"A source may have {max_statements:,} statements; with this line's repeats there are more.",
        code="max_statements",
        hint="Repeat it less often, or loop in a Lua script with EVAL.",
        offset=offset,
        limit=("max_statements", max_statements),
    )


def _end_of_line(source: str, at: int) -> int:
    end = source.find("\n", at)
    return len(source) if end < 0 else end


def _read(source: str, at: int) -> tuple[list[tuple[bytes, int]], int]:
    """The words from `at` to the end of the line, each with its offset, and where the line ends."""
    words: list[tuple[bytes, int]] = []
    while at < len(source) and source[at] != "\n":
        if source[at] in _SPACE:
            at += 1
            continue
        start = at
        word, at = _word(source, at)
        words.append((word, start))
    return words, at


def _word(source: str, at: int) -> tuple[bytes, int]:
    plain = _PLAIN.match(source, at)
    word = _encoded(plain.group()) if plain else b""
    at = plain.end() if plain else at
    if source[at : at + 1] == '"':
        return _quoted(source, at, word, _DOUBLE_QUOTED, _unescaped)
    if source[at : at + 1] == "'":
        return _quoted(source, at, word, _SINGLE_QUOTED, lambda body: _encoded(body.replace("\\'", "'")))
    return word, at


def _quoted(
    source: str, start: int, word: bytes, form: re.Pattern[str], meaning: Callable[[str], bytes]
) -> tuple[bytes, int]:
    """The quoted part that ends a word."""
    found = form.match(source, start)
    if found is None:
        raise StatementFailed(
            f"Invalid argument(s): the {source[start]} that opens here is never closed.",
            code="invalid_arguments",
            offset=start,
        )
    return word + meaning(found[1]), _after_quote(source, start, found.end() - 1)


def _unescaped(body: str) -> bytes:
    """What stands in double quotes: escapes are bytes, all else is UTF-8."""
    parts = []
    for plain, code, letter in _PIECES.findall(body):
        if plain:
            parts.append(_encoded(plain))
        elif code:
            parts.append(bytes.fromhex(code))
        else:
            parts.append(_ESCAPES.get(letter) or _encoded(letter))
    return b"".join(parts)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _after_quote(source: str, start: int, end: int) -> int:
    """The place after a closing quote, which must be a space or the end of the line."""
    after = end + 1
    if after < len(source) and source[after] != "\n" and source[after] not in _SPACE:
        raise StatementFailed(
            f"Invalid argument(s): a closing {source[start]} must be followed by a space.",
            code="invalid_arguments",
            hint='Inside double quotes write \\" for a quote.',
            offset=after,
        )
    return after
