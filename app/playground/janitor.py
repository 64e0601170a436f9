"""The background collector: expired sandboxes, orphans, idle connections, the pool of ready sandboxes, expired playgrounds, old runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from app.config import Settings
from app.playground.bans import Bans
from app.playground.engines import Engines
from app.playground.retention import Retention
from app.playground.sandboxes import Sandboxes
from app.playground.snapshots import Snapshots

log = logging.getLogger(__name__)


class Janitor:
    """Runs from `start` until `stop`; the first round comes at once and also drops orphans."""

    def __init__(
        self,
        engines: Engines,
        sandboxes: Sandboxes,
        snapshots: Snapshots,
        bans: Bans,
        retention: Retention,
        settings: Settings,
    ) -> None:
        self._engines = engines
        self._sandboxes = sandboxes
        self._snapshots = snapshots
        self._bans = bans
        self._retention = retention
        self._interval_s = settings.janitor_interval_ms / 1000
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="janitor")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def round(self) -> None:
        """One round of everything that is due; one failing part leaves the others their turn."""
        parts: tuple[Callable[[], Awaitable[object]], ...] = (
            self._sandboxes.fill_pool,
            self._sandboxes.expire_idle,
            self._sandboxes.park_clients,
            self._sandboxes.hand_over,
            self._engines.retry_failed,
            self._bans.refresh,
            self._snapshots.remove_expired,
            self._retention.forget_old,
        )
        for part in parts:
            try:
                await part()
            except Exception:
                log.exception("the janitor could not finish %s", part.__name__)

    async def _work(self) -> None:
        try:
            await self._sandboxes.drop_orphans()
        except Exception:
            log.exception("the janitor could not look for orphans")
        while True:
            await self.round()
            await asyncio.sleep(self._interval_s)
