"""Sources into statements: PartiQL, API calls (`Query { ... }`), AWS CLI lines and calls in code, freely mixed."""

import re

from app.core.errors import StatementFailed
from app.core.results import Statement
from app.engines.dynamodb import model
from app.engines.dynamodb.sources import commands, json5, literals
from app.engines.dynamodb.sources.calling import Call, not_offered

_BLANK = re.compile(r"(?:[\s;\ufeff]+|--[^\n]*|//[^\n]*|#[^\n]*|/\*.*?\*/)*", re.DOTALL)
_GAP = re.compile(r"(?:\s+|--[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]\w*")
_LINE_END = re.compile(r"[ \t]*(?:[;\n]|\Z)")
_INDENT = re.compile(r"[ \t]*")
_CALL_LINE = re.compile(r"[ \t]*([A-Z][A-Za-z]+)(?=\s*\{|[ \t]*(?:[;\n]|\Z))")
READING = re.compile(
    r"\s*(?:select\s|(?:Query|Scan|GetItem|BatchGetItem)\b|aws\s+dynamodb\s+(?:query|scan|get-item|batch-get-item)\b)",
    re.IGNORECASE,
)
_BRACES = re.compile(r"""[{}]|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|//[^\n]*|/\*.*?(?:\*/|\Z)|\\.""", re.DOTALL)
_PARTIQL_STEP = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?(?:\*/|\Z)|;|\n""", re.DOTALL)


def split(source: str) -> list[Statement]:
    """The statements of a source, in order. Raises StatementFailed for what is not an operation or never ends."""
    found: list[Statement] = []
    at = _end(_BLANK, source, 0)
    line, counted = 1, 0
    while at < len(source):
        end = _statement_end(source, at)
        text = source[at:end].rstrip()
        line += source.count("\n", counted, at)
        counted = at
        found.append(Statement(text, at, at + len(text), line))
        at = _end(_BLANK, source, commands.after(source, end))
    return found


def is_call(statement: Statement) -> bool:
    """Whether it is an API call in any of its forms, and not PartiQL."""
    text = statement.text
    return commands.starts(text, 0) or literals.starts(text, 0) or _call_word(text, 0) is not None


def is_watch(statement: Statement) -> bool:
    """Whether it is the statement of ours that shows stream records as they arrive."""
    word = _call_word(statement.text, 0)
    return word is not None and word.group() == model.WATCH


def reads(statement: Statement) -> bool:
    """Whether it is a query, a scan or a get, in PartiQL, as a call or as a line of the AWS CLI."""
    return READING.match(statement.text) is not None


def read_call(statement: Statement) -> Call:
    """The operation and parameters of an API call. Raises StatementFailed with an offset, StatementRefused if not offered."""
    if commands.starts(statement.text, 0):
        return commands.read(statement.text, statement.start)
    if literals.starts(statement.text, 0):
        return literals.read(statement.text, statement.start)
    word = _WORD.match(statement.text)
    assert word
    operation = word.group()
    if operation != model.WATCH:
        not_offered(operation, statement.start)
    body = _end(_GAP, statement.text, word.end())
    if body >= len(statement.text):
        return Call(operation, {}, statement.start)
    try:
        read = json5.read(statement.text, body)
    except json5.Json5Error as exc:
        raise StatementFailed(exc.message, code="SerializationException", offset=statement.start + exc.offset) from exc
    offsets = {path: statement.start + offset for path, offset in read.keys.items()}
    return Call(operation, read.value, statement.start, offsets)


def _end(pattern: re.Pattern[str], source: str, at: int) -> int:
    found = pattern.match(source, at)
    return found.end() if found else at


def _statement_end(source: str, at: int) -> int:
    if source.startswith("/*", at):
        raise StatementFailed("This comment is never closed.", code="SerializationException", offset=at)
    if commands.starts(source, at):
        return commands.line_end(source, at)
    if literals.starts(source, at):
        return literals.end(source, at)
    return _call_end(source, at) or _partiql_end(source, at)


def _call_end(source: str, at: int) -> int | None:
    """Where the API call that begins at `at` ends, or None when no call begins there."""
    word = _call_word(source, at)
    if word is None:
        return None
    body = _end(_GAP, source, word.end())
    if source[body : body + 1] != "{":
        return word.end()
    name = word.group()
    if name not in model.operations():
        close = model.near(name, model.operations())
        raise StatementFailed(
            f"DynamoDB has no operation {name}.",
            code="UnknownOperationException",
            hint=f"Did you mean {' or '.join(close)}?" if close else None,
            offset=at,
        )
    return _brace_end(source, body)


def _call_word(source: str, at: int) -> re.Match[str] | None:
    """The word that names an operation: followed by a brace, or a known one that stands alone on its line."""
    word = _WORD.match(source, at)
    if word is None:
        return None
    body = _end(_GAP, source, word.end())
    alone = word.group() in model.operations() and _LINE_END.match(source, word.end())
    return word if source[body : body + 1] == "{" or alone else None


def _brace_end(source: str, opened: int) -> int:
    depth = 0
    for found in _BRACES.finditer(source, opened):
        if found.group() == "{":
            depth += 1
        elif found.group() == "}":
            depth -= 1
            if depth == 0:
                return found.end()
    raise StatementFailed("This { is never closed.", code="SerializationException", offset=opened)


def _partiql_end(source: str, at: int) -> int:
    """At the next `;` outside quotes, or before a line that begins a call in any form."""
    for found in _PARTIQL_STEP.finditer(source, at):
        if found.group() == ";":
            return found.start()
        if found.group() == "\n":
            call = _CALL_LINE.match(source, found.end())
            if call and call.group(1) in model.operations():
                return found.start()
            begins = _end(_INDENT, source, found.end())
            if commands.starts(source, begins) or literals.starts(source, begins):
                return found.start()
    return len(source)
