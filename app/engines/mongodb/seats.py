"""As whom, and in which of the server's sessions, a client's commands are sent."""

import itertools
from dataclasses import dataclass
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession
from pymongo.errors import ConfigurationError, InvalidOperation
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from app.core.errors import StatementRefused
from app.engines.mongodb.errors import refusal, translated
from app.scripting.errors import HostFailure

OWNER = "owner"
MAX_SESSIONS = 10
MISUSE = (ConfigurationError, InvalidOperation, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Seat:
    motor: "AsyncIOMotorClient[dict[str, Any]]"
    session: AsyncIOMotorClientSession


class Seats:
    """The client's own seat, the one that `db.auth` took for the rest of a run, and the sessions that the script started."""

    def __init__(self, own: Seat, database: str) -> None:
        self._own = own
        self._current = own
        self.user = OWNER
        self._database = database
        self._started: dict[str, Seat] = {}
        self._keys = itertools.count(1)

    @property
    def own(self) -> Seat:
        return self._own

    def of(self, key: str | None) -> Seat:
        """Raises HostFailure for a session that has ended."""
        if key is None:
            return self._current
        seat = self._started.get(key)
        if seat is None:
            raise _misuse("This session has ended.")
        return seat

    @property
    def open_transactions(self) -> int:
        return sum(bool(seat.session.delegate.in_transaction) for seat in self._started.values())

    async def sit(self, motor: "AsyncIOMotorClient[dict[str, Any]] | None", user: str = OWNER) -> None:
        """Be another user from now on, or oneself again."""
        if self._started:
            raise _misuse("End the sessions before another user takes over: endSession().")
        left, self._current = self._current, self._own
        if left is not self._own:
            await left.session.end_session()
        if motor is not None:
            with translated(self._database):
                self._current = Seat(motor, await motor.start_session())
        self.user = user

    async def start(self) -> str:
        if len(self._started) >= MAX_SESSIONS:
            refused = StatementRefused(
                f"A run may have {MAX_SESSIONS} sessions.",
                code="max_sessions",
                hint="End those that are no longer needed: endSession().",
                limit=("max_sessions", MAX_SESSIONS),
            )
            raise refusal(refused)
        motor = self._current.motor
        with translated(self._database):
            key = str(next(self._keys))
            self._started[key] = Seat(motor, await motor.start_session())
        return key

    def begin_transaction(self, key: str, read: Any, write: Any, max_commit_ms: int) -> None:
        try:
            self.of(key).session.start_transaction(
                read_concern=ReadConcern(**read) if read else None,
                write_concern=WriteConcern(**write) if write else None,
                max_commit_time_ms=max_commit_ms,
            )
        except MISUSE as exc:
            raise _misuse(str(exc)) from exc

    async def commit(self, key: str) -> None:
        with translated(self._database):
            try:
                await self.of(key).session.commit_transaction()
            except MISUSE as exc:
                raise _misuse(str(exc)) from exc

    async def abort(self, key: str) -> None:
        with translated(self._database):
            try:
                await self.of(key).session.abort_transaction()
            except MISUSE as exc:
                raise _misuse(str(exc)) from exc

    async def end(self, key: str) -> None:
        """End a session; its open transaction is aborted."""
        seat = self._started.pop(key, None)
        if seat is not None:
            with translated(self._database):
                await seat.session.end_session()

    async def end_all(self) -> None:
        """The run is over: back to oneself, without sessions."""
        for key in list(self._started):
            await self.end(key)
        await self.sit(None)

    def forget(self) -> None:
        """The server is gone, and every session on it."""
        self._started.clear()
        self._current, self.user = self._own, OWNER


def _misuse(message: str) -> HostFailure:
    return HostFailure({"name": "MongoTransactionError", "message": message.rstrip(".") + "."})
