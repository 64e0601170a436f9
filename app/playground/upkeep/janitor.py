"""The background collector: expired sandboxes, orphans, idle connections, the pool of ready sandboxes, expired playgrounds, old runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from app.config import Settings
from app.core.engine import Engine
from app.playground.engines import Engines, Offer
from app.playground.sandboxes.sandboxes import Sandboxes
from app.playground.sharing.snapshots import Snapshots
from app.playground.upkeep.retention import Retention
from app.playground.visitors.bans import Bans

log = logging.getLogger(__name__)

Part = Callable[[], Awaitable[object]]


class Janitor:
    """Each part goes round by itself from `start` until `stop`, one of each engine: what is slow holds up nothing else.

    The first round comes at once; orphans are looked for beside it.
    """

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
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        orphans = (self._once(*part) for part in self._of_engines(self._sandboxes.drop_orphans).items())
        rounds = (self._repeat(*part) for part in self._parts().items())
        self._tasks = [asyncio.create_task(work, name="janitor") for work in (*orphans, *rounds)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def round(self) -> None:
        """One round of everything that is due; one failing part leaves the others their turn."""
        await asyncio.gather(*(self._once(*part) for part in self._parts().items()))

    def _parts(self) -> Mapping[str, Part]:
        return {
            **self._of_engines(self._sandboxes.fill_pool),
            **self._of_engines(self._sandboxes.expire_idle),
            **self._of_engines(self._sandboxes.park_clients),
            "hand_over": self._sandboxes.hand_over,
            "retry_failed": self._engines.retry_failed,
            "refresh bans": self._bans.refresh,
            "remove_expired": self._snapshots.remove_expired,
            "forget_old": self._retention.forget_old,
        }

    def _of_engines(self, part: Callable[[Engine], Awaitable[object]]) -> Mapping[str, Part]:
        return {
            f"{part.__name__} of {offer.engine.slug}": partial(self._where_it_stands, part, offer)
            for offer in self._engines
        }

    async def _where_it_stands(self, part: Callable[[Engine], Awaitable[object]], offer: Offer) -> None:
        if offer.ready:
            await part(offer.engine)

    async def _repeat(self, name: str, part: Part) -> None:
        while True:
            await self._once(name, part)
            await asyncio.sleep(self._interval_s)

    async def _once(self, name: str, part: Part) -> None:
        try:
            await part()
        except Exception:
            log.exception("the janitor could not finish %s", name)
