"""Backends that neither a cancel nor a terminate ends: the planner looks for interrupts in few places (30 NATURAL JOINs of wide tables take it a minute).

They are given the lowest priority and end in time. Their sandbox gets no new connection meanwhile, so that they can't be piled up in one; when
several sandboxes have one, those that run on this machine are killed, which costs everyone a restart of the server, about a second.
"""

import logging
import os
import signal

import asyncpg

from app.core import priority
from app.core.errors import EngineBusy

log = logging.getLogger(__name__)

MOST = 3


class Stubborn:
    """The ones known now, by process id."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", *, ours: bool) -> None:
        self._pool = pool
        self._ours = ours
        self._roles: dict[int, str] = {}

    async def add(self, pid: int, role: str) -> None:
        """One more that did not end. Too many are killed, if their server was started here."""
        self._roles[pid] = role
        await self._look()
        if len(self._roles) < MOST:
            return
        log.warning("%d backends of PostgreSQL do not end", len(self._roles))
        if not self._ours:
            return
        for stuck in list(self._roles):
            os.kill(stuck, signal.SIGKILL)
        self._roles.clear()

    async def refuse(self, role: str) -> None:
        """Raises EngineBusy while one of this role goes on."""
        if role not in self._roles.values():
            return
        await self._look()
        if role in self._roles.values():
            raise EngineBusy(
                "PostgreSQL is still busy with a statement of this sandbox that it can't interrupt; nothing was started.",
                hint="It ends within a minute or two. Reset gives you a fresh sandbox at once.",
            )

    async def _look(self) -> None:
        """Forget those that have ended."""
        rows = await self._pool.fetch(
            "SELECT pid, usename FROM pg_stat_activity WHERE pid = ANY($1::int[])", list(self._roles)
        )
        alive = {row["pid"]: row["usename"] for row in rows}
        self._roles = {pid: role for pid, role in self._roles.items() if alive.get(pid) == role}
        for pid in self._roles:
            if self._ours:
                priority.set_nice(pid, priority.LAST)
