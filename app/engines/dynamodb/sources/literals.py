"""Calls in Python (boto3) and JavaScript (the AWS SDK) as people paste them: read as literals, never executed."""

import re
from typing import Any

from app.core.errors import StatementFailed, StatementRefused
from app.engines.dynamodb import model
from app.engines.dynamodb.sources import javascript, python
from app.engines.dynamodb.sources.calling import Call, not_offered
from app.engines.dynamodb.sources.reading import CodeProblem, Found

MAX_CODE_CHARS = 100_000
_TARGET = r"(?:(?:const|let|var)\s+(?:\w+|\{[^{}]*\})\s*=\s*|\w+(?:[ \t]*,[ \t]*\w+)*[ \t]*=\s*)?"
_CALL = r"(?:await\s+)?(?:new\s+\w+\s*\(|\w+(?:\.\w+(?:\([^()\n]*\))?)*\.\w+\s*\(|print\s*\(|require\s*\()"
_IMPORT = r"""import\s+[\w{*"']|from\s+[\w.]+\s+import\s"""
_START = re.compile(rf"{_TARGET}{_CALL}|{_IMPORT}")
_STEP = re.compile(
    r'''"""(?:.*?)"""|\'\'\'(?:.*?)\'\'\'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|//[^\n]*|/\*.*?(?:\*/|\Z)|#[^\n]*|\\[^\n]|[(\[{]|[)\]}]|;|\n\s*''',
    re.DOTALL,
)
"""Whatever is begun ends in one step, or at the end of the source: a sign looked at twice would make long sources slow."""
_GOES_ON = re.compile(r"\.\w")
_LEFT_OUT = "Left out: nothing of a program is executed here, only its calls of DynamoDB are."


def starts(source: str, at: int) -> bool:
    """Whether a line of a program begins here."""
    return _START.match(source, at) is not None


def end(source: str, at: int) -> int:
    """Where the line of a program ends: outside brackets, at a line break or a semicolon."""
    depth, opened = 0, at
    for found in _STEP.finditer(source, at):
        sign = found.group()
        if sign in "([{":
            opened = opened if depth else found.start()
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth <= 0 and (sign == ";" or (sign[0] == "\n" and not _GOES_ON.match(source, found.end()))):
            return found.start()
    if depth > 0:
        raise StatementFailed(f"This {source[opened]} is never closed.", code="SerializationException", offset=opened)
    return len(source)


def read(text: str, start: int) -> Call:
    """The call that a line of a program makes. Raises StatementFailed with an offset, StatementRefused if not offered."""
    if len(text) > MAX_CODE_CHARS:
        raise StatementRefused(
            f"A call in code has at most {MAX_CODE_CHARS:,} characters here.",
            code="max_code_chars",
            hint="Write it as an API call: PutItem { TableName: ..., Item: ... }.",
            offset=start,
            limit=("max_code_chars", MAX_CODE_CHARS),
        )
    try:
        found = (javascript if javascript.looks(text) else python).read(text)
    except CodeProblem as exc:
        raise StatementFailed(
            exc.message, code="SerializationException", hint=exc.hint, offset=start + exc.offset
        ) from exc
    return _call(found, start)


def _call(found: Found, start: int) -> Call:
    if found.operation is None:
        parameters: dict[str, Any] = {"name": found.name, "table": found.table} if found.table else {}
        return Call(model.NOTHING, parameters, start, notes=[] if found.table else [_LEFT_OUT])
    not_offered(found.operation, start + found.at)
    offsets = {path: start + at for path, at in found.keys.items()}
    call = Call(found.operation, found.parameters, start, offsets, receiver=found.receiver)
    if found.table and "TableName" not in call.parameters:
        call.parameters["TableName"] = found.table
    return call
