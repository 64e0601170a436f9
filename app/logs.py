"""One JSON object per log line, for machines; `sandtable serve` prints the few lines for people itself."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from app.playground.running.watching import Pseudonyms, RunEnd, Watcher

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is being answered here, by which its log lines are found."""

session: ContextVar[str] = ContextVar("session", default="")
"""The pseudonym of the session that asks; never its id, which is as good as its cookie."""

audit = logging.getLogger("sandtable.audit")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in (("request", request_id.get()), ("session", session.get())) if value}
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure(level: str) -> None:
    """Send all logs to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # its news is in the lines for people


def auditor(pseudonyms: Pseudonyms) -> Watcher:
    """Writes a line for each run: who, where, how much, how it ended. The source is in the run log of the store alone."""

    def write(end: RunEnd) -> None:
        record = end.record
        facts = {
            "session": pseudonyms.of(record.session_id),
            "engine": record.engine,
            "client": record.client,
            "outcome": record.outcome,
            "reason": end.reason,
            "statements": record.statement_count,
            "source_bytes": len(record.source.encode("utf-8", "surrogatepass")),
            "reply_bytes": end.reply_bytes,
            "total_ms": round(record.total_ms, 1),
            "server_ms": None if end.server_ms is None else round(end.server_ms, 1),
            "streamed": end.streamed,
        }
        audit.info("run", extra={"facts": facts})

    return write
