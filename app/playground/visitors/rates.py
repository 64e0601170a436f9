"""Rate limits: how often a session may run, and an address may open sessions."""

import asyncio
import logging
import math
import time
from typing import Any

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from app.config import Settings
from app.core.errors import RateLimited
from app.playground.visitors.bans import address_group

log = logging.getLogger(__name__)

SHARED_WAIT_S = 0.5
CLOCK_SLACK_S = 2
SHARED_PAUSE_S = 10.0
"""How long the shared counter is not asked again after it did not answer."""


class Rates:
    """A burst is allowed within the time it takes to earn it again: 10 runs in 5 s, for 10 and 2 a second.

    With `rates_url` all processes count together. While that Redis is away each process counts for itself: limits then hold
    per process, and nobody is shut out by our own fault.
    """

    def __init__(self, settings: Settings) -> None:
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._shared = _shared(settings.rates_url) if settings.rates_url else None
        self._shared_after = 0.0
        self.shared_failures = 0
        window_s = max(1, math.ceil(settings.run_burst / settings.runs_per_second))
        self._runs = RateLimitItemPerSecond(settings.run_burst, window_s)
        self._sessions = RateLimitItemPerHour(settings.max_sessions_per_hour)
        self._shares = RateLimitItemPerHour(settings.max_shares_per_hour)

    async def count_run(self, session_id: str) -> None:
        """Count a run. Raises RateLimited, with the wait in seconds as its hint."""
        wait_s = await self._hit(self._runs, "run", session_id)
        if wait_s is not None:
            raise RateLimited(
                f"More than {self._runs.amount} runs within {self._runs.get_expiry()} s; nothing was run.",
                hint=f"Try again in {wait_s} s.",
            )

    async def count_session(self, address: str) -> None:
        """Count a new session from an address. Raises RateLimited."""
        if await self._hit(self._sessions, "session", address_group(address)) is not None:
            raise RateLimited(
                f"More than {self._sessions.amount} new sessions within an hour from your address.",
                hint="Allow cookies, so that your session is kept, or try again later.",
            )

    async def count_share(self, session_id: str) -> None:
        """Count a shared playground or revision. Raises RateLimited."""
        if await self._hit(self._shares, "share", session_id) is not None:
            raise RateLimited(
                f"More than {self._shares.amount} shared playgrounds within an hour; nothing was shared.",
                hint="Try again later.",
            )

    async def close(self) -> None:
        """Close the connections to the shared Redis; the library has no call for it."""
        if self._shared:
            storage: Any = self._shared.storage
            await storage.bridge.storage.aclose()

    async def _hit(self, item: RateLimitItem, *key: str) -> int | None:
        """Count one. None if it is within the limit, else the seconds to wait."""
        if self._shared and time.monotonic() >= self._shared_after:
            try:
                async with asyncio.timeout(SHARED_WAIT_S):
                    return await _hit(self._shared, item, *key)
            except (StorageError, OSError, TimeoutError) as exc:
                self.shared_failures += 1
                self._shared_after = time.monotonic() + SHARED_PAUSE_S
                log.error("the shared rate limits cannot be reached, each process counts its own: %s", exc)
        return await _hit(self._own, item, *key)


async def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItem, *key: str) -> int | None:
    if await limiter.hit(item, *key):
        return None
    stats = await limiter.get_window_stats(item, *key)
    wait_s = max(1, math.ceil(stats.reset_time - time.time()))
    if wait_s > item.get_expiry() + CLOCK_SLACK_S:  # what was counted lies in the future: the clock was set back
        log.warning("the clock was set back; rates are counted anew")
        await limiter.storage.reset()
        await limiter.hit(item, *key)
        return None
    return wait_s


def _shared(url: str) -> MovingWindowRateLimiter:
    storage = storage_from_string(
        f"async+{url}", implementation="redispy", wrap_exceptions=True, key_prefix="sandtable:rates"
    )
    return MovingWindowRateLimiter(storage)
