"""The connections of one script into one engine: opened as they are needed, used again, closed when it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from app.core.engine import SCRIPT_CLIENTS, Client, Engine
from app.core.errors import InvalidRequest, StatementStopped
from app.core.limits import Limits
from app.core.sandbox import Sandbox
from app.playground.running.execution import end_client

Opening = Callable[[str], AbstractContextManager[Any]]
"""Is entered with a connection's name while it is being opened, so that its time is seen."""


@dataclass(slots=True, eq=False)
class Link:
    """One connection. `lock` is held by the call that goes over it; `own`: the script opened it and alone uses it."""

    client: Client
    own: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def _unseen(name: str) -> AbstractContextManager[None]:
    return nullcontext()


class Pool:
    """At most `max_links` connections. A call without one of its own takes the one that was free last, and waits where none is."""

    def __init__(self, engine: Engine, sandbox: Sandbox, limits: Limits, max_links: int, opening: Opening) -> None:
        self._engine = engine
        self._sandbox = sandbox
        self._limits = limits
        self._opening = opening if engine.keeps_connections else _unseen
        self._places = asyncio.Semaphore(max_links)
        self._names = list(reversed(SCRIPT_CLIENTS[:max_links]))
        self._links: dict[str, Link] = {}
        self._free: list[Link] = []
        self._waiting: set[asyncio.Task[Any] | None] = set()
        self._ending = False

    @property
    def waiting(self) -> int:
        """How many calls wait for a connection."""
        return len(self._waiting)

    async def warm(self) -> None:
        """Open the first connection before the script begins: what its engine needs to wake is no part of the script."""
        self._free.append(await self._open(_unseen))

    @asynccontextmanager
    async def link(self, own: str | None) -> AsyncIterator[Client]:
        """The connection for one call: the script's own of that name, or one of the pool."""
        if own is not None:
            link = self._own(own)
            async with link.lock:
                self._refuse_late()
                yield link.client
            return
        await self._place()
        try:
            link = self._free.pop() if self._free else await self._open(self._opening)
            try:
                async with link.lock:
                    self._refuse_late()
                    yield link.client
            finally:
                self._free.append(link)
        finally:
            self._places.release()

    async def connect(self) -> str:
        """A connection of the script's own, by its name, until `disconnect`. It takes one of the pool's places."""
        await self._place()
        try:
            if not self._names:
                await self._close(self._free.pop(0))
            link = await self._open(self._opening)
        except BaseException:
            self._places.release()
            raise
        link.own = True
        return link.client.name

    async def disconnect(self, name: str) -> None:
        link = self._own(name)
        async with link.lock:
            link.own = False
            await self._close(link)
        self._places.release()

    async def end(self) -> None:
        """End what runs on the servers, and let nothing begin."""
        self._ending = True
        for task in self._waiting:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(link.client.stop() for link in self._links.values() if link.lock.locked()))

    async def close(self) -> None:
        await asyncio.gather(*(self._close(link) for link in list(self._links.values())))

    def _own(self, name: str) -> Link:
        link = self._links.get(name)
        if link is None or not link.own:
            raise InvalidRequest("This connection is closed.")
        return link

    async def _place(self) -> None:
        task = asyncio.current_task()
        self._waiting.add(task)
        try:
            await self._places.acquire()
        finally:
            self._waiting.discard(task)

    async def _open(self, opening: Opening) -> Link:
        name = self._names.pop()
        try:
            with opening(name):
                client = await self._engine.client(self._sandbox, name)
                await client.begin("", self._limits)
        except BaseException:
            self._names.append(name)
            raise
        link = self._links[name] = Link(client)
        return link

    async def _close(self, link: Link) -> None:
        name = link.client.name
        if self._links.pop(name, None) is not None:
            await end_client(self._engine, self._sandbox, link.client)
            self._names.append(name)

    def _refuse_late(self) -> None:
        if self._ending:
            raise StatementStopped.by_visitor()
