"""A change stream at the top level: changes as messages while they come, all of them as the result."""

import time
from collections.abc import AsyncIterator
from typing import Any

from app.core.limits import Limits
from app.core.results import Event, Message, Result, Statement, Truncated
from app.engines.mongodb import values
from app.engines.mongodb.present import documents
from app.engines.mongodb.work import Cursor, Work
from app.scripting.errors import HostFailure, ScriptStopped

WAIT_MS = 1_000


async def live(
    work: Work, cursor: Cursor, name: str, statement: Statement, limits: Limits, began: float
) -> AsyncIterator[Event]:
    """Messages until the time is up, enough have come, or `work` is stopped; then the result."""
    until = began + limits.left_ms / 1000
    work.deadline = time.monotonic() + until - time.perf_counter()
    seen: list[Any] = []
    count = 0
    cut: Truncated | None = None
    while cut is None and not work.stopped and (cursor.server_id or cursor.buffer):
        try:
            raw = await work.poll(cursor, WAIT_MS)
        except (HostFailure, ScriptStopped):
            if not work.stopped and time.perf_counter() < until - 0.1:
                raise
            break
        for document in raw:
            change = event_of(values.decode(document), work.database, name)
            count += 1
            if len(seen) < limits.max_rows:
                seen.append(values.to_data(change))
            at_ms = (time.perf_counter() - began) * 1000
            yield Message(channel_of(change), values.shell_text(change_text(change)), at_ms)
            if count >= limits.max_messages:
                cut = Truncated("max_messages", limits.max_messages, count, f"Stopped after {count:,} changes.")
                break
        if time.perf_counter() >= until - 0.05:
            break
    if cut is None and not work.stopped and time.perf_counter() >= until - 0.2:
        value = limits.max_stream_ms
        cut = Truncated("max_stream_ms", value, count, f"Watching ends after {value / 1000:g} s.")
    kept = documents(seen, count, statement, limits)
    result = Result(kind="status", statement=statement, status=f"{count:,} change{'' if count == 1 else 's'} seen")
    result.documents, result.reply_bytes, result.truncated = kept.documents, kept.reply_bytes, cut or kept.truncated
    yield result


def event_of(change: dict[str, Any], database: str, name: str) -> dict[str, Any]:
    """A change with the database called as the visitor calls it."""
    for key in ("ns", "to"):
        where = change.get(key)
        if isinstance(where, dict) and where.get("db") == database:
            change[key] = {**where, "db": name}
    return change


def channel_of(change: dict[str, Any]) -> str:
    where = change.get("ns")
    collection = where.get("coll") if isinstance(where, dict) else None
    return " ".join(str(part) for part in (collection, change.get("operationType")) if part) or "change"


def change_text(change: dict[str, Any]) -> dict[str, Any]:
    """A change without what its channel says already, and without what only resuming needs."""
    left_out = ("_id", "operationType", "clusterTime", "wallTime", "ns", "lsid", "txnNumber", "collectionUUID")
    return {key: value for key, value in change.items() if key not in left_out}
