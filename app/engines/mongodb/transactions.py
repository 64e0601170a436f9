"""What a script asks of its sessions: to start, to begin, commit and abort transactions, to end."""

import json
from collections.abc import Callable
from typing import Any

from app.engines.mongodb.seats import Seats
from app.scripting.bridge import Operation


class SessionOperations:
    """`left_ms` gives what is left of the statement's time, which a commit may take."""

    def __init__(self, seats: Seats, left_ms: Callable[[], int]) -> None:
        self._seats = seats
        self._left_ms = left_ms

    def operations(self) -> dict[str, Operation]:
        return {
            "startSession": self.start_session,
            "startTransaction": self.start_transaction,
            "commitTransaction": self.commit,
            "abortTransaction": self.abort,
            "endSession": self.end_session,
        }

    async def start_session(self, request: dict[str, Any]) -> str:
        return json.dumps(await self._seats.start())

    async def start_transaction(self, request: dict[str, Any]) -> str:
        read, write, most = (request.get(name) for name in ("readConcern", "writeConcern", "maxCommitTimeMS"))
        left = max(1, self._left_ms())
        max_commit_ms = min(int(most), left) if isinstance(most, int | float) and most > 0 else left
        self._seats.begin_transaction(_key(request), read, write, max_commit_ms)
        return "null"

    async def commit(self, request: dict[str, Any]) -> str:
        await self._seats.commit(_key(request))
        return "null"

    async def abort(self, request: dict[str, Any]) -> str:
        await self._seats.abort(_key(request))
        return "null"

    async def end_session(self, request: dict[str, Any]) -> str:
        await self._seats.end(_key(request))
        return "null"


def _key(request: dict[str, Any]) -> str:
    return str(request.get("session"))
