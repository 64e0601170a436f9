"""The one border where asyncpg's exceptions become Sandtable's."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from app.core.errors import EngineBusy, EngineUnavailable, SandboxExpired, StatementFailed

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
)
PLAN_CHANGED = "cached plan must not change result type"
"""What the server says where asyncpg puts words of its own."""
_ANY_SANDBOX = re.compile(r"sbx_[a-z0-9]{20}")


def unavailable() -> EngineUnavailable:
    return EngineUnavailable(
        "The PostgreSQL server does not answer.", hint="It is started again by itself. Run again in a few seconds."
    )


@contextmanager
def reaching_server() -> Iterator[None]:
    """For work around statements: connecting, creating, dropping, asking the catalog."""
    try:
        yield
    except asyncpg.InvalidCatalogNameError as exc:
        raise SandboxExpired(
            "This PostgreSQL sandbox is gone.", hint="Reset makes a new one; what was in this one is lost."
        ) from exc
    except asyncpg.TooManyConnectionsError as exc:
        raise EngineBusy("PostgreSQL has no free connection right now.", hint="Try again in a few seconds.") from exc
    except UNREACHABLE as exc:
        raise unavailable() from exc
    except asyncpg.PostgresError as exc:
        raise EngineUnavailable(f"PostgreSQL would not do its part: {exc.args[0] if exc.args else exc}") from exc


def hide_others(text: str | None, own: str) -> str | None:
    """The text, or None where it names another sandbox's role or database."""
    if text and any(name != own for name in _ANY_SANDBOX.findall(text)):
        return None
    return text


def failed(exc: asyncpg.PostgresError, own: str, start: int) -> StatementFailed:
    """The visitor's view of an error that the server reported, with its offset in the source."""
    told = (
        PLAN_CHANGED if isinstance(exc, asyncpg.InvalidCachedStatementError) else str(exc.args[0]) if exc.args else ""
    )
    message = hide_others(told, own) or "PostgreSQL refused this."
    position = getattr(exc, "position", None)
    parts = (getattr(exc, "detail", None), getattr(exc, "context", None))
    detail = "\n".join(part for part in (hide_others(part, own) for part in parts) if part)
    return StatementFailed(
        message,
        code=exc.sqlstate or "XX000",
        hint=_hint(message, own) or hide_others(getattr(exc, "hint", None), own),
        detail=detail or None,
        offset=start + int(position) - 1 if position else None,
    )


def _hint(message: str, own: str) -> str | None:
    if message == "permission denied to create role":
        return (
            "Roles belong to the whole server, so sandboxes cannot make them. "
            f"Two are ready for you to GRANT to and SET ROLE to: {own}_reader and {own}_writer."
        )
    if message == "permission denied to create database":
        return "A sandbox is one database. Use CREATE SCHEMA to keep things apart."
    if message.startswith("permission denied to COPY"):
        return "Sandboxes have no files and no programs. COPY FROM STDIN reads the rows on the lines after it."
    return None
