"""Bounds that PostgreSQL has no setting for: while runs are active, the admin looks at what they hold and ends them."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Protocol

from app.config import Settings
from app.core.errors import EngineUnavailable, StatementRefused, StatementStopped
from app.core.priority import giving_way, written_bytes
from app.engines.postgres.admin import Admin
from app.engines.postgres.catalog import question

log = logging.getLogger(__name__)

INTERVAL_S = 0.15
TICK_S = 0.02  # how often it is seen who writes; a backend can write 1 MB in a millisecond
MUCH_BYTES = 2_000_000
MAX_LOCKS = 2_000
VACUUM_BYTES = 1_000_000  # what VACUUM writes beside a table of a sandbox's size
MAX_NOTIFY_QUEUE = 0.05  # of the queue that all sandboxes share


class Watched(Protocol):
    """A client that executes something now."""

    role: str

    @property
    def pid(self) -> int: ...

    def end(self, reason: StatementStopped, *, hard: bool = False) -> None: ...


class Watchdog:
    """One per engine. Asks the server only while something runs."""

    def __init__(self, admin: Admin, settings: Settings) -> None:
        self._admin = admin
        self._quota_bytes = settings.postgres_quota_bytes
        self._clients: list[Watched] = []
        self._task: asyncio.Task[None] | None = None
        self._measuring: dict[str, asyncio.Task[None]] = {}
        self._over: dict[str, int] = {}
        self._written: dict[int, int] = {}

    @contextlib.contextmanager
    def watching(self, client: Watched) -> Iterator[None]:
        """Watch the client for as long as this lasts."""
        self._clients.append(client)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch(), name="watch PostgreSQL runs")
        try:
            with giving_way(client.pid) if self._admin.may_rank else contextlib.nullcontext():
                yield
        finally:
            self._clients.remove(client)

    def measure_soon(self, role: str) -> None:
        """A run is over: see whether the sandbox went over its quota, without anyone waiting for it."""
        if role not in self._measuring:
            task = asyncio.create_task(self._measure(role), name="measure a sandbox")
            self._measuring[role] = task
            task.add_done_callback(lambda _: self._measuring.pop(role, None))

    async def refuse_growth(self, role: str) -> None:
        """Raises StatementRefused while the sandbox is over its quota."""
        if role not in self._over:
            return
        await self._measure(role)
        if role in self._over:
            raise StatementRefused(
                f"This sandbox holds {_mb(self._over[role])}; its quota is {_mb(self._quota_bytes)}.",
                code="postgres_quota_bytes",
                hint="Make room with DROP TABLE, TRUNCATE, or DELETE and then VACUUM; Reset gives a fresh sandbox.",
            )

    def forget(self, role: str) -> None:
        self._over.pop(role, None)

    async def close(self) -> None:
        tasks = [task for task in (self._task, *self._measuring.values()) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self) -> None:
        looked_at = time.monotonic()
        while self._clients:
            await asyncio.sleep(TICK_S)
            clients = list(self._clients)
            if time.monotonic() - looked_at < INTERVAL_S and not self._write_much(clients):
                continue
            try:
                await self._look(clients)
            except EngineUnavailable:
                log.warning("PostgreSQL does not answer the watchdog")
            looked_at = time.monotonic()

    def _write_much(self, clients: list[Watched]) -> bool:
        """Whether one of them has written so much that its size has to be looked at now. Told by Linux of processes on this machine."""
        if not self._admin.may_rank:
            return False
        before, self._written = self._written, {client.pid: written_bytes(client.pid) for client in clients}
        return any(size - before.get(pid, size) > MUCH_BYTES for pid, size in self._written.items())

    async def _look(self, clients: list[Watched]) -> None:
        used = await self._admin.used_bytes(sorted({client.role for client in clients}))
        rows = await self._admin.fetch(question("locks"), [client.pid for client in clients])
        locks = {row["pid"]: row["locks"] for row in rows}
        queue = (await self._admin.fetch("SELECT pg_notification_queue_usage()"))[0][0]
        for client in clients:
            size = used.get(client.role, 0)
            # A sandbox that was over its quota before may work on if it hardly grows: VACUUM is a way back.
            if size > max(self._quota_bytes, self._over.get(client.role, 0) + VACUUM_BYTES):
                client.end(self._over_quota(size), hard=True)
            elif locks.get(client.pid, 0) > MAX_LOCKS:
                client.end(_stopped("locks at one time", "max_locks", MAX_LOCKS), hard=True)
            elif queue > MAX_NOTIFY_QUEUE:
                percent = int(MAX_NOTIFY_QUEUE * 100)
                client.end(_stopped("percent of the notification queue", "max_notify_queue", percent), hard=True)
        if queue > MAX_NOTIFY_QUEUE:
            await self._admin.fetch(question("end_idle_listeners"))

    async def _measure(self, role: str) -> None:
        try:
            size = (await self._admin.used_bytes([role])).get(role, 0)
        except EngineUnavailable:
            return
        if size > self._quota_bytes:
            self._over[role] = size
        else:
            self._over.pop(role, None)

    def _over_quota(self, size: int) -> StatementStopped:
        return StatementStopped(
            f"Stopped at the quota of {_mb(self._quota_bytes)} a sandbox; it held {_mb(size)}. "
            "What this statement wrote was rolled back.",
            code="postgres_quota_bytes",
            limit=("postgres_quota_bytes", self._quota_bytes),
        )


def _stopped(what: str, name: str, value: int) -> StatementStopped:
    return StatementStopped(f"Stopped at the limit of {value:,} {what}.", code=name, limit=(name, value))


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB"
