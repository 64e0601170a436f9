"""COPY between the source and a table: rows that follow the statement go in, and what comes out is text."""

import re
from dataclasses import dataclass

from app.core.errors import StatementFailed
from app.core.limits import Limits
from app.core.results import Result, Statement, Stats
from app.engines.postgres.connections.session import Session
from app.engines.postgres.connections.text_codec import copy_in, copy_out
from app.engines.postgres.presenting import cut
from app.engines.postgres.sources.statements import direction_of_copy

_LINE = re.compile(r"^COPY .*?, line (\d+)", re.MULTILINE)
_WHOLE_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_COUNT = re.compile(r" (\d+)$")


@dataclass(frozen=True, slots=True)
class Copy:
    """A COPY that crosses the connection. `rows` is None for one that reads out; `rows_start` is their offset in the text."""

    sql: str
    rows: str | None = None
    rows_start: int = 0


def read(statement: Statement) -> Copy | None:
    """The COPY in a statement; None where it works with a file of the server's. Raises StatementFailed without rows."""
    text = statement.text
    direction, end = direction_of_copy(text)
    if direction == "out":
        return Copy(text[:end])
    if direction != "in":
        return None
    line_end = text.find("\n", end)
    if line_end < 0:
        raise StatementFailed(
            "This COPY has no rows to read.",
            code="copy_without_rows",
            hint="Write a semicolon, the rows on the lines after it, and after the last row a line with \\. alone.",
            offset=statement.start,
        )
    return Copy(text[:end], text[line_end + 1 : -len("\\.")], line_end + 1)


async def run(copy: Copy, statement: Statement, session: Session, limits: Limits) -> Result:
    """Raises StatementFailed with the offset of the line that the server could not read."""
    if copy.rows is None:
        return await _out(copy, statement, session, limits)
    data = copy.rows.encode()
    try:
        tag = await session.do(
            lambda connection: copy_in(connection, copy.sql, data),
            statement.start,
            limits,
            max_bytes=limits.max_reply_bytes,
        )
    except StatementFailed as exc:
        line = _LINE.search(exc.detail or "")
        if exc.offset is None and line:
            exc.offset = statement.start + _line_start(copy, int(line[1]))
        raise
    return Result(kind="status", statement=statement, status=tag, stats=Stats(row_count=_count(tag)))


async def _out(copy: Copy, statement: Statement, session: Session, limits: Limits) -> Result:
    data, tag = await session.do(
        lambda connection: copy_out(connection, copy.sql), statement.start, limits, max_bytes=limits.max_reply_bytes
    )
    lines = _WHOLE_LINE.findall(data.decode(errors="replace"))
    shown = lines[: limits.max_rows]
    text = "".join(shown)
    result = Result(
        kind="reply",
        statement=statement,
        reply={"type": "text", "value": text},
        text=text,
        status=tag,
        stats=Stats(row_count=_count(tag)),
        reply_bytes=session.wire.received_bytes,
    )
    if session.wire.dropped_rows:
        result.truncated = cut("max_reply_bytes", limits.max_reply_bytes, len(shown), "line", "bytes")
    elif len(shown) < len(lines):
        result.truncated = cut("max_rows", limits.max_rows, len(shown), "line", "lines")
    return result


def _count(tag: str) -> int | None:
    count = _COUNT.search(tag)
    return int(count[1]) if count else None


def _line_start(copy: Copy, number: int) -> int:
    """Where a line of the rows begins in the statement's text; lines count from 1."""
    assert copy.rows is not None
    lines = _WHOLE_LINE.findall(copy.rows)[: number - 1]
    return copy.rows_start + sum(len(line) for line in lines)
