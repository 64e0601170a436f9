"""What the PostgreSQL tests share: running a source as the runner does, and two sandboxes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from app.config import Settings
from app.core.errors import StatementError
from app.core.limits import Limits
from app.core.results import Event, Message, Notice, Result
from app.core.sandbox import Sandbox
from app.engines.postgres.engine import PostgresEngine


@dataclass
class Ran:
    """What running a source gave, up to the first statement that did not complete."""

    results: list[Result] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    error: StatementError | None = None

    @property
    def rows(self) -> list[list[str | None]]:
        assert self.error is None, (self.error.code, self.error.message)
        assert self.results[-1].rows is not None
        return self.results[-1].rows

    @property
    def value(self) -> str | None:
        return self.rows[0][0]

    @property
    def code(self) -> str | None:
        return self.error.code if self.error else None

    def take(self, event: Event) -> None:
        if isinstance(event, Result):
            self.results.append(event)
        elif isinstance(event, Notice):
            self.notices.append(event)
        elif isinstance(event, Message):
            self.messages.append(event)


@dataclass
class Visitor:
    engine: PostgresEngine
    sandbox: Sandbox
    limits: Limits

    @property
    def role(self) -> str:
        return f"sbx_{self.sandbox.namespace}"

    async def run(self, source: str, *, client: str = "main", limits: Limits | None = None) -> Ran:
        limits = limits or self.limits
        live = await self.engine.client(self.sandbox, client)
        ran = Ran()
        await live.begin(source, limits)
        try:
            for statement in self.engine.split(source):
                async for event in live.run(statement, limits):
                    ran.take(event)
        except StatementError as exc:
            ran.error = exc
        finally:
            await live.finish()
        return ran

    async def must(self, source: str, *, client: str = "main") -> Ran:
        ran = await self.run(source, client=client)
        assert ran.error is None, (ran.error.code, ran.error.message)
        return ran

    async def backends(self) -> list[str]:
        """The states of this visitor's connections, as the server has them."""
        found = await self.engine.admin.fetch("SELECT state FROM pg_stat_activity WHERE datname = $1", self.role)
        return [row["state"] for row in found]


def limits_of(settings: Settings, **changes: int) -> Limits:
    given = {
        "max_run_ms": settings.max_run_ms,
        "left_ms": settings.max_run_ms,
        "max_rows": settings.max_rows,
        "max_reply_bytes": settings.max_reply_bytes,
    }
    return Limits(**{**given, **changes})


async def _visitor(postgres: PostgresEngine, settings: Settings) -> AsyncIterator[Visitor]:
    sandbox = postgres.new_sandbox()
    await postgres.create(sandbox)
    yield Visitor(postgres, sandbox, limits_of(settings))
    await postgres.drop(sandbox)


@pytest.fixture
async def ada(postgres: PostgresEngine, settings: Settings) -> AsyncIterator[Visitor]:
    async for visitor in _visitor(postgres, settings):
        yield visitor


@pytest.fixture
async def bob(postgres: PostgresEngine, settings: Settings) -> AsyncIterator[Visitor]:
    async for visitor in _visitor(postgres, settings):
        yield visitor
