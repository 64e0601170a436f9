"""How long the store keeps what was run, and who was here."""

import time
from datetime import UTC, datetime, timedelta

from app.config import Settings
from app.playground.store import Store
from app.playground.visitors.sessions import MAX_AGE_S

ROUND_S = 3600.0
"""How often it is looked: the limits are days."""


class Retention:
    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._days = settings.run_log_days
        self._next = 0.0

    async def forget_old(self) -> int:
        """Delete runs past `run_log_days`, and sessions whose cookie is no longer accepted. Returns how many; does nothing within an hour."""
        if time.monotonic() < self._next:
            return 0
        now, forgotten = datetime.now(UTC), 0
        while some := await self._store.forget_runs(now - timedelta(days=self._days)):
            forgotten += some
        while some := await self._store.forget_sessions(now - timedelta(seconds=MAX_AGE_S, days=1)):
            forgotten += some
        self._next = time.monotonic() + ROUND_S
        return forgotten
