"""Calls of scripts: one command of the server, its cursor read as far as the limits go."""

import json
from typing import Any

from app.core.calls import Called, too_long
from app.core.errors import StatementError, StatementFailed
from app.core.limits import Limits
from app.core.results import Truncated
from app.engines.mongodb import values
from app.engines.mongodb.commands import CURSOR_COMMANDS
from app.engines.mongodb.errors import readable, statement_error
from app.engines.mongodb.host import CODE_NAMES, ShellHost
from app.engines.mongodb.work import Work
from app.scripting.errors import HostFailure, ScriptFailed


async def call(host: ShellHost, work: Work, request: dict[str, Any], limits: Limits) -> Called:
    """`{"command": Extended JSON}`. The value is the reply, or the list of documents of a command that gives a cursor."""
    command = request.get("command")
    if not isinstance(command, dict) or not command:
        raise StatementFailed("A command is an object whose first key is its name.", code="TypeError")
    if next(iter(command)) in CURSOR_COMMANDS:
        return await _documents(host, work, command, limits)
    text = await host.command({"command": command})
    if len(text) > limits.max_reply_bytes:
        raise too_long(limits)
    reply = json.loads(text)
    if errors := reply.get("writeErrors"):
        code = int(values.from_script(errors[0]["code"]))
        raise StatementFailed(readable(str(errors[0]["errmsg"]), work.database), code=CODE_NAMES.get(code, str(code)))
    return Called(reply, _count(reply), len(text))


async def _documents(host: ShellHost, work: Work, command: dict[str, Any], limits: Limits) -> Called:
    key, cursor = await work.open(host.order(command))
    found: list[dict[str, Any]] = []
    size = 0
    truncated: Truncated | None = None
    try:
        while not cursor.exhausted and truncated is None:
            for raw in await work.take(cursor, limits.max_rows - len(found) or 1):
                size += len(raw.raw)
                if len(found) == limits.max_rows:
                    said = f"Only the first {limits.max_rows:,} documents came: one answer may have {limits.max_rows:,} rows."
                    truncated = Truncated("max_rows", limits.max_rows, len(found), said)
                    break
                if size > limits.max_reply_bytes:
                    raise too_long(limits)
                found += work.shown(cursor, [raw])
    finally:
        await work.close(key)
    return Called(values.to_data(found), len(found), size, truncated=truncated)


def failure_of(failure: HostFailure) -> StatementError:
    """What the host said no to, as every other engine says it."""
    failed = ScriptFailed(str(failure.fields["name"]), str(failure.fields["message"]))
    return statement_error(failed, failure, None)


def _count(reply: dict[str, Any]) -> int | None:
    """How many documents a command changed, found or gave."""
    if isinstance(reply.get("values"), list):
        return len(reply["values"])
    n = values.from_script(reply.get("n"))
    return int(n) if isinstance(n, int | float) else None
