"""Which process works for a session, where several share a store: one at a time, by lease.

A replica renews its own row in the store; its leases hold as long as that row does. While the store is away a replica goes on with
the sessions it has: nobody can take them then either, and sandboxes are walled off in the servers, whoever asks.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.config import Settings
from app.playground.store import Replica, Store, StoreUnavailable

log = logging.getLogger(__name__)

CACHE_S = 1.0
"""How long it is believed that another replica has a session."""
RENEWALS = 3
"""How often within a lease it is renewed."""


@dataclass(slots=True)
class Held:
    """A session that this replica works for. `moved`: it came from another one that is gone."""

    used_at: float
    moved: bool = False


class Replicas:
    """This replica and what it knows of the others. Without `peer_address` it is alone, and no question goes to the store."""

    def __init__(self, store: Store, settings: Settings, host: str) -> None:
        self._store = store
        self._lease_s = settings.lease_ms / 1000
        self._idle_s = settings.sandbox_idle_ms / 1000
        self.alone = settings.peer_address is None
        self.me = Replica(secrets.token_hex(8), host, settings.peer_address or "")
        self._held: dict[str, Held] = {}
        self._others: dict[str, tuple[Replica, float]] = {}
        self._renewed_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self.on_lapse: Callable[[set[str]], Awaitable[None]] | None = None
        """Told of sessions that others may have worked for, since this one was not renewed in time."""

    async def join(self) -> None:
        """Be known to the others from here on."""
        if self.alone:
            return
        await self._renew()
        self._task = asyncio.create_task(self._keep_renewing(), name="renew leases")

    async def leave(self) -> None:
        """Let the others take this one's sessions at once."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            try:
                await self._store.remove_replica(self.me.id)
            except StoreUnavailable as exc:
                log.warning("the others wait until the leases of this replica are over: %s", exc)

    async def other(self, session_id: str, *, take: bool) -> Replica | None:
        """The living replica that has the session, or None when it is for this one. With `take`, a free one becomes ours."""
        held = self._held.get(session_id)
        if self.alone or held:
            if held:
                held.used_at = time.monotonic()
            return None
        found, until = self._others.get(session_id, (None, 0.0))
        if found and time.monotonic() < until:
            return found
        self._others.pop(session_id, None)
        if not take:
            owner = await self._store.owner(session_id)
            return self._remember(session_id, owner) if owner and owner.id != self.me.id else None
        owner, moved = await self._store.take_session(session_id, self.me)
        if owner.id != self.me.id:
            return self._remember(session_id, owner)
        self._held[session_id] = Held(time.monotonic(), moved)
        return None

    def has_moved(self, session_id: str) -> bool:
        """Whether another replica worked for the session before, and what it held is lost."""
        held = self._held.get(session_id)
        return held is not None and held.moved

    async def gone(self, replica: Replica) -> None:
        """Nobody listens there any more: its sessions are free now, not when its lease is over."""
        log.warning("replica %s at %s is gone", replica.id, replica.address)
        await self._store.remove_replica(replica.id)
        self._others = {session: known for session, known in self._others.items() if known[0].id != replica.id}

    async def lives(self, host: str) -> bool:
        """Whether a replica runs on that machine now."""
        return host == self.me.host or await self._store.host_lives(host)

    async def give_up(self, session_ids: list[str]) -> None:
        """Have nothing to do with these sessions any more; whoever is asked next takes them."""
        for session_id in session_ids:
            self._held.pop(session_id, None)
        if session_ids:
            await self._store.release_sessions(session_ids, self.me.id)

    def idle(self) -> list[str]:
        """Sessions that asked nothing for as long as a sandbox lives."""
        before = time.monotonic() - self._idle_s
        return [session for session, held in self._held.items() if held.used_at < before]

    def held(self) -> list[str]:
        return list(self._held)

    def _remember(self, session_id: str, owner: Replica) -> Replica:
        if len(self._others) > 10_000:
            self._others.clear()
        self._others[session_id] = (owner, time.monotonic() + CACHE_S)
        return owner

    async def _renew(self) -> None:
        lapsed = time.monotonic() - self._renewed_at > self._lease_s
        await self._store.renew_replica(self.me, self._lease_s)
        self._renewed_at = time.monotonic()
        if lapsed and self._held:
            log.warning("this replica was not renewed in time; its sessions are asked for anew")
            lost, self._held = set(self._held), {}
            if self.on_lapse:
                await self.on_lapse(lost)

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / RENEWALS)
            try:
                await self._renew()
            except StoreUnavailable as exc:
                log.warning("the lease could not be renewed: %s", exc)
            except (
                Exception
            ):  # whatever it was: without a lease, others take the sessions that this one goes on serving
                log.exception("the lease could not be renewed")
