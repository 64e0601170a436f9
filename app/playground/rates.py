"""Rate limits: how often a session may run, and an address may open sessions."""

import math
import time

from limits import RateLimitItemPerHour, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from app.config import Settings
from app.core.errors import RateLimited


class Rates:
    """A burst is allowed within the time it takes to earn it again: 10 runs in 5 s, for 10 and 2 a second."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        window_s = max(1, math.ceil(settings.run_burst / settings.runs_per_second))
        self._runs = RateLimitItemPerSecond(settings.run_burst, window_s)
        self._sessions = RateLimitItemPerHour(settings.max_sessions_per_hour)

    async def count_run(self, session_id: str) -> None:
        """Count a run. Raises RateLimited, with the wait in seconds as its hint."""
        if not await self._limiter.hit(self._runs, "run", session_id):
            stats = await self._limiter.get_window_stats(self._runs, "run", session_id)
            raise RateLimited(
                f"More than {self._runs.amount} runs within {self._runs.get_expiry()} s; nothing was run.",
                hint=f"Try again in {max(1, math.ceil(stats.reset_time - time.time()))} s.",
            )

    async def count_session(self, address: str) -> None:
        """Count a new session from an address. Raises RateLimited."""
        if not await self._limiter.hit(self._sessions, "session", address):
            raise RateLimited(
                f"More than {self._sessions.amount} new sessions within an hour from your address.",
                hint="Allow cookies, so that your session is kept, or try again later.",
            )
