"""What is told of each run when it is over, to whoever counts or logs."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from app.playground.store import RunRecord


@dataclass(frozen=True, slots=True)
class RunEnd:
    """A run that is over. `reason`: the limit or rule that ended it, "" where none did; `server_ms` is None where the server didn't tell."""

    record: RunRecord
    reason: str = ""
    server_ms: float | None = None
    reply_bytes: int = 0
    streamed: bool = False


Watcher = Callable[[RunEnd], None]


class Pseudonyms:
    """Names that stand for session ids in logs: the same for the same session, and nothing to work back from."""

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.sha256(b"sandtable.log" + secret).digest()

    def of(self, session_id: str) -> str:
        return hmac.new(self._key, session_id.encode(), hashlib.sha256).hexdigest()[:16]
