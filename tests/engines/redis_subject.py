"""What the tests of the Redis engine share: a visitor with a sandbox, who runs sources as the runner does."""

import asyncio
from dataclasses import dataclass, field

from app.config import Settings
from app.core.errors import StatementError
from app.core.limits import Limits
from app.core.results import Event, Message, Notice, Result
from app.core.sandbox import Sandbox
from app.engines.redis.client import RedisClient
from app.engines.redis.engine import RedisEngine
from app.engines.redis.server import SandboxServer


@dataclass
class Run:
    """What one run gave: results up to the first error, and that error."""

    results: list[Result] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    error: StatementError | None = None

    @property
    def texts(self) -> list[str | None]:
        return [result.text or result.status for result in self.results]

    @property
    def last(self) -> str | None:
        assert self.error is None, self.error
        return self.texts[-1]

    @property
    def said(self) -> str:
        """What it was warned of."""
        return " ".join(notice.message for notice in self.notices if notice.severity == "warning")

    def add(self, event: Event) -> None:
        if isinstance(event, Result):
            self.results.append(event)
        elif isinstance(event, Message):
            self.messages.append(event)
        elif isinstance(event, Notice):
            self.notices.append(event)


@dataclass
class Visitor:
    engine: RedisEngine
    sandbox: Sandbox
    settings: Settings

    @property
    def server(self) -> SandboxServer:
        return self.engine.fleet.of(self.sandbox)

    async def client(self, name: str = "main") -> RedisClient:
        client = await self.engine.client(self.sandbox, name)
        assert isinstance(client, RedisClient)
        return client

    def limits(self, **changes: int) -> Limits:
        given = {
            "max_run_ms": self.settings.max_run_ms,
            "left_ms": self.settings.max_run_ms,
            "max_rows": self.settings.max_rows,
            "max_reply_bytes": self.settings.max_reply_bytes,
        }
        return Limits(**(given | changes))

    async def run(self, source: str, name: str = "main", *, limits: Limits | None = None) -> Run:
        """Raises what the runner would answer with an HTTP error."""
        limits = limits or self.limits()
        run = Run()
        client = await self.client(name)
        await client.begin(source, limits)
        try:
            for statement in self.engine.split(source):
                async for event in client.run(statement, limits):
                    run.add(event)
        except StatementError as exc:
            run.error = exc
        finally:
            await client.finish()
        return run

    def start(self, source: str, name: str = "main", *, limits: Limits | None = None) -> "asyncio.Task[Run]":
        return asyncio.create_task(self.run(source, name, limits=limits))

    async def blocked(self) -> int:
        """How many clients the server says are waiting."""
        info = await self.server.admin().info("clients")
        return int(info["blocked_clients"])
