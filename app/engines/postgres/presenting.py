"""What a visitor sees of an answer: results, notices, and what is refused before it is sent."""

import re
from itertools import pairwise
from typing import Any

from app.core.errors import StatementRefused
from app.core.limits import Limits
from app.core.results import Notice, Result, Statement, Stats, Truncated
from app.engines.postgres.errors import hide_others
from app.engines.postgres.statements import words_of
from app.engines.postgres.text_codec import Answer
from app.engines.postgres.wire import Wire

SEVERITIES = frozenset({"debug", "info", "notice", "warning"})
# ANALYZE and VACUUM without a table name say this of each of the 60 system tables.
_SYSTEM_TABLE_SKIPPED = re.compile(r'permission denied to (analyze|vacuum) "(pg|sql)_\w+", skipping it')
_COUNT = re.compile(r" (\d+)$")


def result_of(statement: Statement, answer: Answer, wire: Wire, limits: Limits, total_ms: float) -> Result:
    """The result of a statement that completed."""
    result = Result(kind="status", statement=statement, status=answer.tag, reply_bytes=wire.received_bytes)
    count = _COUNT.search(answer.tag or "")
    row_count = int(count[1]) if count else None
    if wire.has_columns:
        rows = answer.rows[: limits.max_rows]
        result.kind, result.columns, result.rows, row_count = "rows", answer.columns, rows, len(rows)
        if (answer.tag or "SELECT").startswith("SELECT"):
            result.status = None
        if wire.dropped_rows:
            result.truncated = _cut(
                "max_reply_bytes", limits.max_reply_bytes, len(rows), "the results of a run", "bytes"
            )
        elif len(answer.rows) > limits.max_rows:
            result.truncated = _cut("max_rows", limits.max_rows, len(rows), "one result", "rows")
    result.stats = Stats(total_ms=total_ms, row_count=row_count)
    return result


def notice_of(message: Any, own: str) -> Notice | None:
    """A notice of the server's; None where it names another sandbox, or says nothing of the visitor's own."""
    if _SYSTEM_TABLE_SKIPPED.fullmatch(message.message):
        return None
    severity = str(message.severity_en or message.severity).lower()
    text = hide_others(message.message, own)
    return Notice(severity if severity in SEVERITIES else "info", text) if text is not None else None


def refuse_copy_with_client(statement: Statement) -> None:
    """Raises StatementRefused for a COPY whose rows would cross the connection."""
    pairs = set(pairwise(words_of(statement.text)))
    if ("from", "stdin") in pairs or ("to", "stdout") in pairs:
        raise StatementRefused(
            "COPY to or from the client does not work here.",
            code="copy",
            hint="Write rows with INSERT ... VALUES, and read them with SELECT or TABLE.",
            offset=statement.start,
        )


def _cut(limit: str, value: int, shown: int, what: str, unit: str) -> Truncated:
    rows = "row is" if shown == 1 else "rows are"
    return Truncated(limit, value, shown, f"Only the first {shown:,} {rows} shown: {what} may have {value:,} {unit}.")
