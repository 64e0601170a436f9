"""What the tests of the MongoDB engine share: a visitor with a sandbox, who runs sources as the runner does."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.config import Settings
from app.core.errors import EngineUnavailable, StatementError
from app.core.limits import Limits
from app.core.places import Places
from app.core.plans import Plan
from app.core.results import Notice, Result
from app.core.sandbox import Sandbox
from app.engines.mongodb.admin import database_of
from app.engines.mongodb.client import MongoClient
from app.engines.mongodb.engine import MongoEngine


@dataclass
class Run:
    """What one run gave: results up to the first error, and that error."""

    results: list[Result] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    plans: list[Plan | StatementError] = field(default_factory=list)
    error: StatementError | None = None

    @property
    def last(self) -> Result:
        assert self.error is None, f"{self.error.code}: {self.error.message}"
        return self.results[-1]

    @property
    def documents(self) -> list[Any]:
        documents = self.last.documents
        assert documents is not None, self.last
        return documents

    @property
    def printed(self) -> list[str]:
        return [notice.message for notice in self.notices if notice.severity == "print"]

    @property
    def failed(self) -> StatementError:
        assert self.error is not None, self.results
        return self.error


def relaxed(value: Any) -> Any:
    """Canonical Extended JSON with plain numbers, for reading in tests."""
    if isinstance(value, list):
        return [relaxed(item) for item in value]
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)) in ("$numberInt", "$numberDouble"):
            return json.loads(next(iter(value.values())))
        return {key: relaxed(item) for key, item in value.items()}
    return value


@dataclass
class Visitor:
    engine: MongoEngine
    sandbox: Sandbox
    settings: Settings

    @property
    def database(self) -> str:
        return database_of(self.sandbox.namespace)

    def limits(self, **changes: int) -> Limits:
        s = self.settings
        given = {
            "max_run_ms": s.max_run_ms,
            "left_ms": s.max_run_ms,
            "max_rows": s.max_rows,
            "max_reply_bytes": s.max_reply_bytes,
        }
        return Limits(**(given | changes))

    async def client(self, name: str = "main") -> MongoClient:
        client = await self.engine.client(self.sandbox, name)
        assert isinstance(client, MongoClient)
        return client

    async def run(self, source: str, *, client: str = "main", explain: bool = False, **limits: int) -> Run:
        """Run a source up to its first error. `ms=3_000` gives it another time limit."""
        ms = limits.pop("ms", None)
        bounds = self.limits(**limits, **({"max_run_ms": ms, "left_ms": ms} if ms else {}))
        live = await self.client(client)
        run = Run()
        statements = self.engine.split(source)
        await live.begin(source, bounds)
        try:
            for statement in statements:
                async for event in live.run(statement, bounds):
                    if isinstance(event, Result):
                        run.results.append(event)
                        run.notices += event.notices
                    elif isinstance(event, Notice):
                        run.notices.append(event)
                if explain:
                    try:
                        run.plans.append(await live.explain(statement, bounds, measure=True))
                    except StatementError as exc:
                        run.plans.append(exc)
        except StatementError as exc:
            run.error = exc
        finally:
            await live.finish()
        return run

    async def value(self, source: str) -> Any:
        """The last statement's value, with plain numbers."""
        last = (await self.run(source, ms=5_000)).last
        return relaxed(last.reply["value"] if last.kind == "reply" and last.reply else last.documents)

    async def running(self) -> int:
        return len(await self.engine.admin.operations({"effectiveUsers.user": self.database}))


async def visitor_of(engine: Any, settings: Settings) -> Visitor:
    """A visitor with a fresh sandbox."""
    assert isinstance(engine, MongoEngine)
    visitor = Visitor(engine, engine.new_sandbox(), settings)
    await engine.create(visitor.sandbox)
    return visitor


@contextmanager
def own_places() -> Iterator[Places]:
    """A data directory apart from the shared one."""
    folder = Path(tempfile.mkdtemp(prefix="sandtable-mongodb-"))
    folder.chmod(0o755)
    try:
        with Places(folder) as places:
            yield places
        shutil.rmtree(places.runtime, ignore_errors=True)
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def own_engine(settings: Settings) -> AsyncIterator[MongoEngine]:
    """An engine with a server of its own, to be killed."""
    with own_places() as places:
        async with MongoEngine(settings, places) as engine:
            yield engine


async def until_back(engine: MongoEngine, within_s: float = 5.0) -> float:
    """Wait until the engine answers again. Gives the seconds it took."""
    began = time.monotonic()
    while True:
        try:
            await engine.check()
        except EngineUnavailable:
            if time.monotonic() - began > within_s:
                raise
            await asyncio.sleep(0.05)
        else:
            return time.monotonic() - began
