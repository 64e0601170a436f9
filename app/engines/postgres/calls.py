"""Calls of scripts: SQL with its parameters beside it, as the protocol carries them."""

from dataclasses import dataclass
from typing import Any

from app.core.calls import Called
from app.core.errors import StatementFailed
from app.core.results import Result, Statement


@dataclass(frozen=True, slots=True)
class Parametrised(Statement):
    """A statement with a value for each `$1`, as text in the form that PostgreSQL reads."""

    parameters: tuple[str | None, ...] = ()


def statement_of(request: dict[str, Any]) -> Parametrised:
    """`{"sql": text, "parameters": [text or null]}`. Raises StatementFailed for anything else."""
    sql, parameters = request.get("sql"), request.get("parameters") or []
    if not isinstance(sql, str) or not sql.strip():
        raise StatementFailed("pg.query wants a statement as text.", code="TypeError")
    if not isinstance(parameters, list) or not all(value is None or isinstance(value, str) for value in parameters):
        raise StatementFailed("pg.query wants its parameters as a list.", code="TypeError")
    text = sql.strip().rstrip(";")
    return Parametrised(text, 0, len(text), 1, tuple(parameters))


def parameters_of(statement: Statement) -> tuple[str | None, ...]:
    return statement.parameters if isinstance(statement, Parametrised) else ()


def called(result: Result) -> Called:
    """A result as `pg.query` gives it: rows of text, with the names and types of their columns."""
    columns = [[column.name, column.type] for column in result.columns or ()]
    value = {"columns": columns, "rows": result.rows, "status": result.status, "rowCount": result.stats.row_count}
    return Called(value, result.stats.row_count, result.reply_bytes, result.stats.total_ms, result.truncated)
