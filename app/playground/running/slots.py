"""How many runs go on in an engine at the same time: a bounded number, and a short wait for a free place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.engine import Engine


class Slots:
    """The slots of one kind of run in one engine."""

    def __init__(self, engine: Engine, count: int, wait_ms: int) -> None:
        self._engine = engine
        self._free = asyncio.Semaphore(count)
        self._wait_ms = wait_ms
        self.count = count
        self.in_use = 0
        self.waiting = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a slot. Raises EngineBusy when none comes free in time."""
        self.waiting += 1
        try:
            await asyncio.wait_for(self._free.acquire(), self._wait_ms / 1000)
        except TimeoutError:
            raise self._engine.busy() from None
        finally:
            self.waiting -= 1
        self.in_use += 1
        try:
            yield
        finally:
            self.in_use -= 1
            self._free.release()
