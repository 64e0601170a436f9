"""One engine on several servers: each sandbox lies on one of them, a new one on the server that holds the fewest."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from app.config import Settings
from app.core.datasets import Part
from app.core.diagrams import Diagram
from app.core.engine import Client, Engine, EngineInfo, Listing, SchemaObject, ServerState
from app.core.errors import EngineUnavailable
from app.core.limits import Limits, Usage
from app.core.places import Places
from app.core.results import Statement
from app.core.sandbox import Sandbox
from app.core.vocabulary import Word

log = logging.getLogger(__name__)

_NEXT_URL = re.compile(r"\s*,\s*(?=[a-z+]+://)")
"""A URL of a MongoDB replica set has commas of its own."""


def urls_of(setting: str) -> list[str]:
    """The URLs of a setting, which commas keep apart."""
    return _NEXT_URL.split(setting.strip())


def name_of(url: str) -> str:
    """What a server is called, and remembered as in the store: its hosts and ports, without who connects."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", ["localhost"])[0]


def several(kind: type[Engine], settings: Settings, places: Places, urls: Sequence[str]) -> Engine:
    """An engine of this kind on the servers at these URLs; the first one also has the sandboxes from before there were several."""
    joined: type[Several] = type(f"Several{kind.__name__}", (Several, kind), {"__module__": kind.__module__})
    engine = joined(settings, places)
    for url in urls:
        alone = settings.model_copy(update={f"{kind.slug}_url": url})
        name = name_of(url)
        engine.members[name] = _Member(kind(alone, places), name, draining=name in settings.draining_servers)
    return engine


@dataclass(slots=True)
class _Member:
    """One server. `entered`: its engine stands; `up`: it answered when it was last asked; `sandboxes`: how many it holds."""

    engine: Engine
    name: str
    draining: bool
    entered: bool = False
    up: bool = False
    sandboxes: int = 0

    async def look(self) -> None:
        """Reach the server if it was away, and count what it holds."""
        was = self.up
        try:
            if not self.entered:
                await self.engine.__aenter__()
                self.entered = True
            await self.engine.check()
            self.sandboxes = len(await self.engine.namespaces())
            self.up = True
        except EngineUnavailable as exc:
            self.up = False
            if was or not self.entered:
                log.warning("the %s server %s is away: %s", self.engine.label, self.name, exc.message)


class Several(Engine):
    """Joined with the engine's own class: what is pure comes from there, what concerns a sandbox goes to its server."""

    def __init__(self, settings: Settings, places: Places) -> None:
        super().__init__(settings, places)
        self.members: dict[str, _Member] = {}

    async def __aenter__(self) -> Self:
        await self.tend()
        if not any(member.up for member in self.members.values()):
            raise EngineUnavailable(
                f"None of the {len(self.members)} {self.label} servers answers.",
                hint=f"Look at {self.slug}_url and at the servers: {', '.join(self.members)}.",
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.gather(*(member.engine.__aexit__(kind, error, traceback) for member in self._entered()))

    async def tend(self) -> None:
        await asyncio.gather(*(member.look() for member in self.members.values()))
        standing = [member.engine.info for member in self._entered()]
        if standing:
            versions = sorted({info.version for info in standing})
            slowest = max((info.start_ms or 0 for info in standing), default=0)
            self.info = EngineInfo(" and ".join(versions), f"at {', '.join(self.members)}", slowest)

    def servers(self) -> list[ServerState]:
        return [ServerState(m.name, m.up, m.draining, m.sandboxes) for m in self.members.values()]

    async def check(self) -> None:
        answers = await asyncio.gather(*(m.engine.check() for m in self._entered()), return_exceptions=True)
        if all(isinstance(answer, BaseException) for answer in answers):
            raise EngineUnavailable(f"None of the {len(self.members)} {self.label} servers answers.")

    def new_sandbox(self) -> Sandbox:
        """Raises EngineUnavailable when no server takes new sandboxes."""
        names = self.taking()
        if not names:
            raise EngineUnavailable(
                f"No {self.label} server takes new sandboxes now.", hint="Those there are keep working."
            )
        fewest = min((self.members[name] for name in names), key=lambda member: member.sandboxes)
        return replace(super().new_sandbox(), server=fewest.name)

    async def create(self, sandbox: Sandbox) -> None:
        member = self._member(sandbox)
        try:
            await member.engine.create(sandbox)
        except EngineUnavailable:
            await member.look()
            raise
        member.sandboxes += 1

    async def drop(self, sandbox: Sandbox) -> None:
        """Where it is not known which server has it (an orphan), from all. From one that is not in the settings any more, nothing is dropped."""
        if not sandbox.server:
            await asyncio.gather(*(member.engine.drop(sandbox) for member in self._entered()))
        elif sandbox.server not in self.members:
            log.warning("%s was on %s, which is not in the settings", sandbox.namespace, sandbox.server)
        else:
            member = self._member(sandbox)
            await member.engine.drop(sandbox)
            member.sandboxes -= 1

    def lost(self, sandbox: Sandbox) -> str:
        member = self._known(sandbox)
        return member.engine.lost(sandbox) if member and member.up else ""

    async def open(self, sandbox: Sandbox, name: str) -> Client:
        return await self._engine(sandbox).open(sandbox, name)

    async def client(self, sandbox: Sandbox, name: str = "main") -> Client:
        return await self._engine(sandbox).client(sandbox, name)

    async def keep_seed(self, sandbox: Sandbox, digest: str, statements: Sequence[Statement]) -> None:
        await self._engine(sandbox).keep_seed(sandbox, digest, statements)

    async def seeded(self, sandbox: Sandbox, digest: str) -> bool:
        return await self._engine(sandbox).seeded(sandbox, digest)

    async def diagram(self, sandbox: Sandbox) -> Diagram:
        return await self._engine(sandbox).diagram(sandbox)

    async def load(self, sandbox: Sandbox, part: Part, limits: Limits) -> AsyncIterator[int]:
        async for done in self._engine(sandbox).load(sandbox, part, limits):
            yield done

    async def inspect(self, sandbox: Sandbox) -> list[SchemaObject]:
        return await self._engine(sandbox).inspect(sandbox)

    async def waiting(self, sandbox: Sandbox, name: str) -> str | None:
        return await self._engine(sandbox).waiting(sandbox, name)

    async def browse(self, sandbox: Sandbox, path: str, cursor: str | None = None) -> Listing:
        return await self._engine(sandbox).browse(sandbox, path, cursor)

    async def as_source(self, sandbox: Sandbox, path: str) -> str:
        return await self._engine(sandbox).as_source(sandbox, path)

    async def words(self) -> list[Word]:
        up = [member for member in self._entered() if member.up]
        return await (up or self._entered())[0].engine.words()

    async def usage(self, sandbox: Sandbox) -> Usage:
        return await self._engine(sandbox).usage(sandbox)

    async def namespaces(self) -> set[str]:
        """Of the servers that answer."""
        found = await asyncio.gather(*(member.engine.namespaces() for member in self._entered() if member.up))
        return set().union(*found)

    @property
    def open_clients(self) -> int:
        return sum(member.engine.open_clients for member in self._entered())

    async def close_clients(self, sandbox: Sandbox | None = None) -> None:
        members = self._entered() if sandbox is None or not sandbox.server else [self.members.get(sandbox.server)]
        await asyncio.gather(*(member.engine.close_clients(sandbox) for member in members if member))

    async def close_client(self, sandbox: Sandbox, name: str) -> None:
        member = self._known(sandbox)
        if member and member.entered:
            await member.engine.close_client(sandbox, name)

    async def park(self, idle_ms: int, *, busy: frozenset[str] = frozenset()) -> int:
        return sum(await asyncio.gather(*(member.engine.park(idle_ms, busy=busy) for member in self._entered())))

    def _entered(self) -> list[_Member]:
        return [member for member in self.members.values() if member.entered]

    def _known(self, sandbox: Sandbox) -> _Member | None:
        """The sandbox's server; None for one that left the settings. The first has those from before there were several."""
        return self.members.get(sandbox.server or next(iter(self.members)))

    def _member(self, sandbox: Sandbox) -> _Member:
        """Raises EngineUnavailable while the sandbox's server is away."""
        member = self._known(sandbox)
        if member is None or not member.up:
            raise EngineUnavailable(
                f"This sandbox is on a {self.label} server that is away; nothing was run.",
                hint="It is back when the server is. Reset gives you an empty one elsewhere.",
            )
        return member

    def _engine(self, sandbox: Sandbox) -> Engine:
        return self._member(sandbox).engine
