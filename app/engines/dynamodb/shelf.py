"""What the engine remembers of a sandbox between runs: its size, the keys of its tables, and since when they stand."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.engines.dynamodb.costs.quota import Ledger
from app.engines.dynamodb.costs.throttle import Throttle
from app.engines.dynamodb.model import PARTIQL, WRITES
from app.engines.dynamodb.partiql.translate import Keys

_CHANGE_TABLES = frozenset(("CreateTable", "DeleteTable", "UpdateTable"))


@dataclass(slots=True)
class Held:
    """What a stream of the emulator holds, by our count."""

    records: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        self.records += 1
        self.bytes += size


@dataclass(slots=True)
class Shelf:
    """`since`: the tables of this sandbox are as old as this at most; an emulator that began later has lost them."""

    ledger: Ledger
    since: datetime
    may_have_tables: bool
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    throttle: Throttle = field(default_factory=Throttle)
    streams: dict[str, Held] = field(default_factory=dict)
    wrote: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the next call that may write, which puts another one in its place."""

    def stream(self, table: str) -> Held:
        return self.streams.setdefault(table, Held())

    def lost_tables(self, server_since: datetime) -> bool:
        """Whether the emulator came back empty since the last look; answers yes once for each time."""
        if server_since <= self.since:
            return False
        lost = self.may_have_tables
        self.since = server_since
        self.may_have_tables = False
        self.tables.clear()
        self.streams.clear()
        self.ledger.set(0)
        return lost

    def after(self, operation: str, parameters: dict[str, Any]) -> None:
        """A call was sent: forget what it may have changed."""
        if operation in WRITES or operation in PARTIQL:
            self.wrote.set()
            self.wrote = asyncio.Event()
        if operation == "DeleteTable":
            self.streams.pop(str(parameters.get("TableName")), None)
        if operation in _CHANGE_TABLES:
            self.tables.clear()
            self.may_have_tables = True


def keys_of(table: dict[str, Any], index: str | None) -> Keys | None:
    """The key names of a described table or of one of its indexes; None when there is no such index."""
    schema = table["KeySchema"] if index is None else None
    for one in (*table.get("GlobalSecondaryIndexes", ()), *table.get("LocalSecondaryIndexes", ())):
        if one["IndexName"] == index:
            schema = one["KeySchema"]
    if schema is None:
        return None
    names = {part["KeyType"]: part["AttributeName"] for part in schema}
    return names["HASH"], names.get("RANGE")
