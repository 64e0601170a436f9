"""Who works where: the sandboxes of sessions, made lazily, kept ready, reset, and dropped for good."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import EngineUnavailable, PlaygroundError, SandboxExpired
from app.core.sandbox import Sandbox
from app.playground.engines import Engines
from app.playground.sandboxes.place import Place
from app.playground.sandboxes.replicas import Replicas
from app.playground.store import SandboxRecord, Store

log = logging.getLogger(__name__)

CLOCK_SLACK_S = 20.0
CLAIM_S = 60.0
"""How long a sandbox that is to be dropped is left alone by other processes."""


class Sandboxes:
    """All sandboxes of this process. The only holder of their state: what several processes share comes in here.

    A session (opened in the store before) has at most one sandbox per engine. Expiry marks it in the store first (no new work, a tombstone), then
    drops it on the server, and forgets it only when that is done.
    """

    def __init__(self, engines: Engines, store: Store, settings: Settings, replicas: Replicas) -> None:
        self._replicas = replicas
        self._engines = engines
        self._store = store
        self._settings = settings
        self._places: dict[tuple[str, str], Place] = {}
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._making: set[str] = set()
        self._clock = (time.time(), time.monotonic())
        self._dropping: dict[str, asyncio.Task[bool]] = {}
        self._gone: set[tuple[str, str]] = set()  # where a run found that the sandbox is no longer there
        replicas.on_lapse = self._after_lapse

    def live(self) -> list[Place]:
        """Those that this process knows, whoever's they are."""
        return list(self._places.values())

    async def find(self, session_id: str, slug: str) -> Place | None:
        """The session's sandbox if it has one. It may be dropped meanwhile: who works in it asks with `get`."""
        place = self._places.get((session_id, slug))
        if place is None:
            record = await self._store.sandbox_of(session_id, slug)
            if record is None:
                return None
            await self._reachable(record)
            place = self._place(record)
        return place

    async def get(self, session_id: str, slug: str) -> Place:
        """The session's sandbox, made if it has none."""
        engine = self._engines.get(slug)
        async with self._lock(session_id, slug):
            key = (session_id, slug)
            place = self._places.get(key)
            if place is None:
                record = await self._store.use_sandbox(session_id, slug)
                if record is not None:
                    await self._reachable(record)
                place = self._places[key] = self._place(record) if record else await self._new(engine, session_id)
                self._gone.discard(key)
            self.use(place)
            return place

    async def _new(self, engine: Engine, session_id: str) -> Place:
        here = self._replicas.me.host
        ready = await self._store.claim_ready(engine.slug, session_id, here, engine.taking())
        sandbox = ready or await self._make(engine, session_id)
        place = Place(sandbox, datetime.now(UTC), host=here if engine.is_local else None, is_new=True)
        if (session_id, engine.slug) in self._gone:
            place.note = f"The {engine.label} sandbox that you had was gone; this is a new one."
        return place

    @asynccontextmanager
    async def at_work(self, session_id: str, slug: str) -> AsyncIterator[Place]:
        """The session's sandbox, made if it has none, in use meanwhile. One that turns out to be gone is not known here any more."""
        place = await self.get(session_id, slug)
        place.enter()
        try:
            yield place
        except SandboxExpired:
            if self._placed(place.sandbox) is place:
                del self._places[session_id, slug]
                self._gone.add((session_id, slug))
            raise
        finally:
            place.users -= 1
            self.use(place)

    def use(self, place: Place) -> None:
        """Note that the sandbox is in use now."""
        place.used_at = datetime.now(UTC)
        place.used_monotonic = time.monotonic()
        place.touched = True

    async def set_seed(self, place: Place, seed_hash: str | None) -> None:
        """Remember which seed the sandbox was filled from."""
        place.seed_hash = seed_hash
        await self._store.set_seed(place.sandbox.namespace, seed_hash)

    async def reset(self, session_id: str, slug: str) -> None:
        """Take the session's sandbox away; the next run makes a fresh one. What was in it is dropped meanwhile."""
        async with self._lock(session_id, slug):
            record = await self._store.sandbox_of(session_id, slug)
            place = self._places.pop((session_id, slug), None)
            self._gone.discard((session_id, slug))
            if record is None:  # whoever dropped it knew nothing of this process's clients
                if place is not None:
                    await self._engines.get(slug).close_clients(place.sandbox)
                return
            sandbox = record.sandbox
            await self._store.mark_dropping(sandbox.namespace)
        if record.host not in (None, self._replicas.me.host):
            return  # whoever is there drops it
        task = asyncio.create_task(self._try_expire(sandbox), name=f"drop {sandbox.namespace}")
        self._dropping[sandbox.namespace] = task
        task.add_done_callback(lambda _: self._dropping.pop(sandbox.namespace, None))

    async def close(self) -> None:
        """Wait for the drops under way. What is left keeps its tombstone for the next start."""
        await asyncio.gather(*self._dropping.values(), return_exceptions=True)

    async def expire_idle(self, engine: Engine) -> int:
        """Drop an engine's sandboxes unused for longer than they live, and retry what could not be dropped. Returns how many."""
        self._mend_clock()
        await self._tell_store()
        before = datetime.now(UTC) - timedelta(milliseconds=self._settings.sandbox_idle_ms)
        me, dropped = self._replicas.me, 0
        while True:
            due = await self._store.claim_due(
                engine.slug, before, host=me.host, replica=me.id, claim_s=CLAIM_S, most=engine.drops_at_once
            )
            done = sum(await asyncio.gather(*(self._expire_claimed(record, before) for record in due)))
            if not done:
                return dropped
            dropped += done

    async def _expire_claimed(self, record: SandboxRecord, before: datetime) -> bool:
        namespace = record.sandbox.namespace
        if namespace in self._making or namespace in self._dropping:
            return False
        if not record.dropping and not await self._retire_unused(record.sandbox, before):
            return False
        if record.host in (None, self._replicas.me.host):
            return await self._try_expire(record.sandbox)
        # Its machine is away; should it come back, it drops what the store does not know.
        await self._store.forget_sandbox(namespace)
        return False

    async def _retire_unused(self, sandbox: Sandbox, before: datetime) -> bool:
        """No new work from here on, unless it was used since it was claimed: here, as the place says, or elsewhere, as the store does."""
        async with self._lock(sandbox.session_id or "", sandbox.engine):
            place = self._placed(sandbox)
            if place and (place.users or place.used_at >= before):
                return False
            return await self._retire(sandbox, before)

    def _mend_clock(self) -> None:
        """After the machine's clock was set, say anew when each sandbox was used: it shall not end before or after its time."""
        wall, steady = time.time(), time.monotonic()
        jump_s = (wall - self._clock[0]) - (steady - self._clock[1])
        self._clock = (wall, steady)
        if abs(jump_s) > CLOCK_SLACK_S:
            log.warning("the clock jumped by %.0f s", jump_s)
            for place in self._places.values():
                place.used_at = datetime.now(UTC) - timedelta(seconds=steady - place.used_monotonic)
                place.touched = True

    async def hand_over(self) -> int:
        """Give up sessions that ask nothing, and those whose sandbox's machine is back. Returns how many."""
        if self._replicas.alone:
            return 0
        given = set(self._replicas.idle())
        held = set(self._replicas.held())
        for engine in self._engines.standing():
            for record in await self._store.sandboxes(engine.slug) if engine.is_local else ():
                session_id = record.sandbox.session_id
                foreign = record.host not in (None, self._replicas.me.host) and not record.dropping
                if foreign and session_id in held and await self._replicas.lives(record.host or ""):
                    given.add(session_id or "")
        busy = {session_id for (session_id, _), place in self._places.items() if place.users}
        given -= busy
        await self._forget(given)
        await self._replicas.give_up(sorted(given))
        return len(given)

    async def _forget(self, session_ids: set[str]) -> None:
        """Nothing of these sessions stays in this process; their sandboxes do."""
        for key in [key for key in self._places if key[0] in session_ids]:
            place = self._places.pop(key)
            await self._engines.get(key[1]).close_clients(place.sandbox)
        self._gone = {key for key in self._gone if key[0] not in session_ids}

    async def _after_lapse(self, session_ids: set[str]) -> None:
        """Others may have worked in these sessions' sandboxes, or dropped them: the next run asks the store. What runs here goes on."""
        left = {key: self._places.pop(key) for key in list(self._places) if key[0] in session_ids}
        await self._store.touch_sandboxes({p.sandbox.namespace: p.used_at for p in left.values() if p.touched})
        for key, place in left.items():
            if not place.users and key not in self._places:
                await self._engines.get(key[1]).close_clients(place.sandbox)

    def _place(self, record: SandboxRecord) -> Place:
        place = Place(record.sandbox, record.used_at, record.seed_hash, host=record.host)
        left = self._engines.get(record.sandbox.engine).after_move
        if left and self._replicas.has_moved(record.sandbox.session_id or ""):
            place.note = f"The process that worked for you ended, and another goes on. {left}"
        return place

    async def _reachable(self, record: SandboxRecord) -> None:
        """Raises EngineUnavailable for a sandbox on the disk of a machine that is not this one."""
        if record.host in (None, self._replicas.me.host):
            return
        label = self._engines.get(record.sandbox.engine).label
        if await self._replicas.lives(record.host or ""):
            raise EngineUnavailable(f"This {label} sandbox is being handed over.", hint="Try again in a few seconds.")
        raise EngineUnavailable(
            f"This {label} sandbox is on a machine that is away; nothing was run.",
            hint="It is back when the machine is. Reset gives you an empty one now.",
        )

    async def drop_orphans(self, engine: Engine) -> int:
        """Drop what a server has and the store does not know. Returns how many."""
        there = await engine.namespaces()  # asked first: what another process makes now is in the store before
        known = {record.sandbox.namespace for record in await self._store.sandboxes(engine.slug)}
        dropped = 0
        for namespace in there - known:
            log.info("dropping orphan %s of %s", namespace, engine.slug)
            dropped += await self._try_expire(Sandbox(engine.slug, namespace, "", datetime.now(UTC)))
        return dropped

    async def fill_pool(self, engine: Engine) -> None:
        """Keep ready sandboxes for an engine that is slow to make one."""
        if not engine.creation_is_slow:
            return
        records = await self._store.sandboxes(engine.slug)
        ready = [r.sandbox for r in records if r.sandbox.session_id is None and not r.dropping]
        usable = [sandbox for sandbox in ready if sandbox.server in engine.taking()]
        for sandbox in ready:
            if sandbox not in usable:
                await self._try_expire(sandbox)
        for _ in range(self._settings.ready_sandboxes - len(usable)):
            await self._make(engine, None)

    async def park_clients(self, engine: Engine) -> None:
        """Close connections that have not been used for a while."""
        busy = frozenset(place.sandbox.namespace for place in self._places.values() if place.users)
        await engine.park(self._settings.client_idle_ms, busy=busy)

    def _lock(self, session_id: str, slug: str) -> asyncio.Lock:
        return self._locks.setdefault((session_id, slug), asyncio.Lock())

    async def _make(self, engine: Engine, session_id: str | None) -> Sandbox:
        """Create a sandbox: where the server chosen for it is found to be away, on another."""
        sandbox = replace(engine.new_sandbox(), session_id=session_id)
        try:
            await self._create(engine, sandbox)
        except EngineUnavailable:
            if sandbox.server in engine.taking():
                raise
            sandbox = replace(engine.new_sandbox(), session_id=session_id)
            await self._create(engine, sandbox)
        return sandbox

    async def _create(self, engine: Engine, sandbox: Sandbox) -> None:
        """The store knows it first, so that nothing is lost if we die meanwhile."""
        now = datetime.now(UTC)
        self._making.add(sandbox.namespace)
        try:
            host = self._replicas.me.host if engine.is_local else None
            await self._store.save_sandbox(SandboxRecord(sandbox, now, dropping=True, host=host))
            await engine.create(sandbox)
            await self._store.save_sandbox(SandboxRecord(sandbox, now, host=host))
        finally:
            self._making.discard(sandbox.namespace)

    def _placed(self, sandbox: Sandbox) -> Place | None:
        """The place of this very sandbox."""
        place = self._places.get((sandbox.session_id or "", sandbox.engine))
        return place if place and place.sandbox.namespace == sandbox.namespace else None

    async def _retire(self, sandbox: Sandbox, before: datetime | None = None) -> bool:
        """No new work from here on: a tombstone in the store, and no place in this process. False for one used since `before`."""
        retired = await self._store.mark_dropping(sandbox.namespace, before)
        if retired and self._placed(sandbox):
            del self._places[sandbox.session_id or "", sandbox.engine]
        return retired

    async def _expire(self, sandbox: Sandbox) -> None:
        await self._retire(sandbox)
        engine = self._engines.get(sandbox.engine)
        await engine.close_clients(sandbox)
        await engine.drop(sandbox)
        await self._store.forget_sandbox(sandbox.namespace)

    async def _try_expire(self, sandbox: Sandbox) -> bool:
        """Expire it, or leave the tombstone for the next round when the server does not go along now."""
        try:
            await self._expire(sandbox)
        except EngineUnavailable:
            return False
        except PlaygroundError as exc:
            log.warning("could not drop %s of %s yet: %s", sandbox.namespace, sandbox.engine, exc.message)
            return False
        return True

    async def _tell_store(self) -> None:
        touched = [place for place in self._places.values() if place.touched]
        if touched:
            told = {place.sandbox.namespace: place.used_at for place in touched}
            await self._store.touch_sandboxes(told)
            for place in touched:
                place.touched = place.used_at != told[place.sandbox.namespace]
