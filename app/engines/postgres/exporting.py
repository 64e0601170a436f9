"""The whole result of a query, in parts: through a cursor of a read-only transaction, so that nothing is changed and little is held."""

import contextlib
from collections.abc import AsyncGenerator

from app.core.errors import StatementError, StatementRefused
from app.core.limits import Limits
from app.core.results import Result, Statement
from app.engines.postgres.connections.session import Session
from app.engines.postgres.connections.text_codec import execute
from app.engines.postgres.presenting import result_of
from app.engines.postgres.sources.statements import first_words, without_go

QUERIES = frozenset({"select", "values", "table", "with"})
ROWS_A_PART = 2_000
_DECLARE = "DECLARE sandtable_export NO SCROLL CURSOR FOR "
_FETCH = f"FETCH FORWARD {ROWS_A_PART} FROM sandtable_export"


def reads(statement: Statement) -> bool:
    """Whether it is a query; what a query changes all the same (nextval, a CTE that writes) the server refuses here."""
    return first_words(statement.text, 1) != () and first_words(statement.text, 1)[0] in QUERIES


async def export(statement: Statement, session: Session, limits: Limits) -> AsyncGenerator[Result, None]:
    await session.connect()
    if session.transaction != "none":
        raise StatementRefused(
            "A transaction is open here, and an export needs one of its own.",
            code="transaction_open",
            hint="Commit or roll back, then export.",
        )
    await session.ask("BEGIN READ ONLY", 0, limits)
    try:
        text = _DECLARE + without_go(statement.text)
        await session.ask(text, statement.start - len(_DECLARE), limits)
        while True:
            answer = await session.do(
                lambda connection: execute(connection, _FETCH, ROWS_A_PART + 1),
                statement.start,
                limits,
                max_bytes=limits.max_reply_bytes,
            )
            result = result_of(statement, answer, session.wire, limits)
            yield result
            if len(result.rows or ()) < ROWS_A_PART:
                return
    finally:
        if not session.connection.is_closed():  # as it is when the work was cancelled
            with contextlib.suppress(StatementError):
                await session.ask("ROLLBACK", 0, limits)
        session.take_notices()
