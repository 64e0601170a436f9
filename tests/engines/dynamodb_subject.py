"""A visitor of the DynamoDB engine, for tests: runs sources as the runner does."""

import time
from dataclasses import dataclass, field
from typing import Any

from app.config import Settings
from app.core.errors import StatementError
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.results import Notice, Result
from app.core.sandbox import Sandbox
from app.engines.dynamodb.engine import DynamoEngine

TABLE = (
    'CreateTable { TableName: "things", BillingMode: "PAY_PER_REQUEST", '
    'KeySchema: [{AttributeName: "pk", KeyType: "HASH"}, {AttributeName: "sk", KeyType: "RANGE"}], '
    'AttributeDefinitions: [{AttributeName: "pk", AttributeType: "S"}, {AttributeName: "sk", AttributeType: "N"}] }\n'
)


@dataclass
class Ran:
    """What a source came to: its results, what was said beside them, and the error that ended it."""

    results: list[Result] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    error: StatementError | None = None

    @property
    def last(self) -> Result:
        assert self.error is None, (self.error, self.error.detail)
        return self.results[-1]

    @property
    def plain(self) -> list[Any]:
        assert self.last.plain is not None
        return self.last.plain


@dataclass
class Visitor:
    engine: DynamoEngine
    sandbox: Sandbox
    settings: Settings

    async def run(self, source: str, *, client: str = "main", max_run_ms: int | None = None, **limits: int) -> Ran:
        most = max_run_ms or self.settings.max_run_ms
        live = await self.engine.client(self.sandbox, client)
        began = time.monotonic()
        ran = Ran()
        for statement in self.engine.split(source):
            left = most - int((time.monotonic() - began) * 1000)
            try:
                async for event in live.run(statement, Limits(max_run_ms=most, left_ms=max(0, left), **limits)):
                    if isinstance(event, Result):
                        ran.results.append(event)
                    elif isinstance(event, Notice):
                        ran.notices.append(event)
            except StatementError as exc:
                ran.error = exc
                break
        return ran

    async def plan(self, source: str) -> Plan:
        """The plan of the one statement in `source`, after it ran."""
        (statement,) = self.engine.split(source)
        assert (await self.run(source)).error is None
        client = await self.engine.client(self.sandbox)
        return await client.explain(statement, Limits(), measure=False)
