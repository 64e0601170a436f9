"""Sessions: counted when they first do something that costs, remembered in the store."""

from collections import OrderedDict

from app.playground.store import Store
from app.playground.visitors.bans import Bans
from app.playground.visitors.rates import Rates

MAX_AGE_S = 30 * 24 * 3600
"""How long a session's cookie is accepted."""
KNOWN = 10_000
"""How many sessions this process remembers as admitted, to spare the store the question."""


class Sessions:
    def __init__(self, store: Store, rates: Rates, bans: Bans) -> None:
        self._store = store
        self._rates = rates
        self._bans = bans
        self._known: OrderedDict[str, None] = OrderedDict()

    async def admit_run(self, session_id: str, address: str) -> None:
        """Let a session run something. Raises Banned, or RateLimited, by the session or, for a new one, by its address."""
        await self._admit(session_id, address)
        await self._rates.count_run(session_id)

    async def admit_share(self, session_id: str, address: str) -> None:
        """Let a session share something. Raises Banned or RateLimited likewise."""
        await self._admit(session_id, address)
        await self._rates.count_share(session_id)

    async def _admit(self, session_id: str, address: str) -> None:
        self._bans.check(session_id, address)
        if session_id not in self._known and not await self._store.has_session(session_id):
            await self._rates.count_session(address)
            await self._store.open_session(session_id)
        self._known[session_id] = None
        self._known.move_to_end(session_id)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)
