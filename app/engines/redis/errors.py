"""Where the server's and the driver's errors become ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from app.core.errors import (
    EngineBusy,
    EngineUnavailable,
    StatementError,
    StatementFailed,
    StatementRefused,
    StatementStopped,
)
from app.core.places import PlaceError
from app.core.process import ServerFailed
from app.core.results import Statement
from app.engines.redis.policy import refusal

_HINTS = {
    "WRONGTYPE": "TYPE tells what the key holds; each type has commands of its own.",
    "OOM": "DEL, UNLINK or FLUSHALL makes room; MEMORY USAGE shows what a key takes.",
    "BUSY": "Stop ends the script, or wait until its time limit does.",
    "NOSCRIPT": "Scripts are forgotten when the server restarts: send it again with EVAL or SCRIPT LOAD.",
    "EXECABORT": "A command of this transaction was refused when it was queued; nothing of it was executed.",
}
_DENIED = re.compile(r"'([^']+)' command")
_SWITCHED_OFF = re.compile(r"ERR (DEBUG|MODULE) command not allowed")


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver, of sockets and of starting servers, as errors a visitor can meet."""
    try:
        yield
    except redis.ResponseError as exc:
        if str(exc).startswith("BUSY"):
            raise EngineBusy(
                "A script is running on this sandbox's Redis server; nothing else can be done there until it ends.",
                hint="Stop ends it.",
            ) from exc
        raise EngineUnavailable(f"The Redis server of this sandbox answered: {exc}") from exc
    except (redis.RedisError, OSError, ServerFailed, PlaceError) as exc:
        raise gone() from exc


def gone() -> EngineUnavailable:
    return EngineUnavailable(
        "The Redis server of this sandbox ended unexpectedly.",
        hint="Run again: it is started again from its last snapshot.",
    )


def reply_too_long(limit: int) -> StatementStopped:
    return StatementStopped(
        f"The reply was over {limit // 1_000_000} MB, more than the server may hold for one client.",
        code="max_output_bytes",
        hint="Ask for less at a time: SCAN, HSCAN, LRANGE or ZRANGE with a range.",
        limit=("max_output_bytes", limit),
    )


def out_of_memory(limit: int, detail: str) -> StatementStopped:
    return StatementStopped(
        f"The server needed more memory than the {limit // 1_000_000} MB it may have, and ended.",
        code="max_virtual_bytes",
        hint="Scripts: keep less in Lua tables, and write fewer values in one call.",
        detail=detail,
        limit=("max_virtual_bytes", limit),
    )


def statement_error(message: bytes, statement: Statement) -> StatementError:
    """The error reply of a statement: refused where our rules say no, else failed."""
    text = message.decode(errors="replace")
    code, _, rest = text.partition(" ")
    denied = _DENIED.search(text) if code == "NOPERM" else _SWITCHED_OFF.match(text)
    if denied:
        command = denied[1]
        reason = refusal(command.lower())
        return StatementRefused(
            f"{command.replace('|', ' ').upper()} is refused here: {reason.why}.",
            code="NOPERM",
            hint=reason.instead,
            detail=text,
            offset=statement.start,
        )
    return StatementFailed(rest or text, code=code, hint=_HINTS.get(code), offset=statement.start)
