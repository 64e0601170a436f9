"""What a visitor sees of an answer: results and notices."""

import re

from app.core.limits import Limits
from app.core.results import Column, Notice, Result, Statement, Stats, Truncated
from app.engines.postgres.connections.text_codec import Answer
from app.engines.postgres.connections.wire import Wire
from app.engines.postgres.errors import hide_others

SEVERITIES = frozenset({"debug", "info", "notice", "warning"})
# ANALYZE and VACUUM without a table name say this of each of the 60 system tables.
_SYSTEM_TABLE_SKIPPED = re.compile(r'permission denied to (analyze|vacuum) "(pg|sql)_\w+", skipping it')
_COUNT = re.compile(r" (\d+)$")


def result_of(statement: Statement, answer: Answer, wire: Wire, limits: Limits) -> Result:
    """The result of a statement that completed."""
    result = Result(kind="status", statement=statement, status=answer.tag, reply_bytes=wire.received_bytes)
    count = _COUNT.search(answer.tag or "")
    row_count = int(count[1]) if count else None
    if wire.has_columns:
        rows = answer.rows[: limits.max_rows]
        result.kind, result.columns, result.rows, row_count = "rows", answer.columns, rows, len(rows)
        if (answer.tag or "SELECT").startswith("SELECT"):
            result.status = None
        if wire.dropped_rows and len(answer.rows) <= limits.max_rows:
            result.truncated = cut("max_reply_bytes", limits.max_reply_bytes, len(rows), "row", "bytes")
        elif len(answer.rows) > limits.max_rows:
            result.truncated = cut("max_rows", limits.max_rows, len(rows), "row", "rows")
    result.stats = Stats(row_count=row_count)
    return result


def notice_of(message: bytes, own: str) -> Notice | None:
    """A notice as it came from the server; None where it names another sandbox, or says nothing of the visitor's own."""
    fields = {part[:1]: part[1:].decode(errors="replace") for part in message.split(b"\0") if part}
    text = fields.get(b"M", "")
    if _SYSTEM_TABLE_SKIPPED.fullmatch(text) or hide_others(text, own) is None:
        return None
    severity = (fields.get(b"V") or fields.get(b"S") or "").lower()
    told = (("", text), ("Detail: ", fields.get(b"D")), ("Hint: ", fields.get(b"H")))
    lines = [f"{label}{shown}" for label, part in told if (shown := hide_others(part, own))]
    return Notice(severity if severity in SEVERITIES else "info", "\n".join(lines))


def expanded(result: Result) -> None:
    """Turn each row into one row per column, as psql's expanded display has it."""
    names = [column.name for column in result.columns or ()]
    result.rows = [
        [str(number), name, value]
        for number, row in enumerate(result.rows or (), start=1)
        for name, value in zip(names, row, strict=True)
    ]
    result.columns = [Column("record", "integer"), Column("column", "name"), Column("value", "text")]


def cut(limit: str, value: int, shown: int, what: str, unit: str) -> Truncated:
    """What is said of a result that was cut; `what` is a row or a line."""
    whole = "one result" if limit == "max_rows" else "the results of a run"
    verb = f"{what} is" if shown == 1 else f"{what}s are"
    return Truncated(limit, value, shown, f"Only the first {shown:,} {verb} shown: {whole} may have {value:,} {unit}.")
