"""What our own memory must offer: sessions, sandboxes, the run log, snapshots."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.core.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class SandboxRecord:
    """A sandbox as the store knows it. `dropping` is a tombstone: no new work, until its data is verified gone."""

    sandbox: Sandbox
    used_at: datetime
    seed_hash: str | None = None
    dropping: bool = False

    @property
    def state(self) -> str:
        """`live`, `ready` (made ahead, nobody's yet) or `dropping`."""
        return "dropping" if self.dropping else "ready" if self.sandbox.session_id is None else "live"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One line of the run log. `outcome`: `ok`, `failed`, `refused`, `stopped`, or the code of an error of ours."""

    session_id: str
    engine: str
    client: str
    source: str
    seed: str
    outcome: str
    statement_count: int
    total_ms: float
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A shared playground: immutable. `body` has `title`, `notes` and `panes`, with results as they were."""

    id: str
    session_id: str
    created_at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ban:
    """`subject` is `session <id>` or `address <address or network>`."""

    subject: str
    until: datetime
    reason: str


class Store(Protocol):
    """Implemented in `app.stores`. Methods raise StoreUnavailable when the memory behind them cannot be reached."""

    async def ping(self) -> None: ...

    async def has_session(self, session_id: str) -> bool: ...

    async def open_session(self, session_id: str) -> None:
        """Remember a session; again changes nothing."""

    async def save_sandbox(self, record: SandboxRecord) -> None:
        """Insert or replace, by namespace."""

    async def claim_ready(self, engine: str, session_id: str) -> Sandbox | None:
        """Give one of the ready sandboxes to a session, once."""

    async def sandbox_of(self, session_id: str, engine: str) -> SandboxRecord | None:
        """The session's sandbox that is not being dropped."""

    async def sandboxes(self, engine: str) -> list[SandboxRecord]:
        """All that this engine's server should have, tombstones included."""

    async def touch_sandboxes(self, used_at: dict[str, datetime]) -> None:
        """Set when sandboxes, by namespace, were last used."""

    async def mark_dropping(self, namespace: str) -> None: ...

    async def forget_sandbox(self, namespace: str) -> None: ...

    async def add_run(self, record: RunRecord) -> None: ...

    async def last_run(self, session_id: str, engine: str) -> RunRecord | None: ...

    async def add_snapshot(self, snapshot: Snapshot) -> None:
        """Insert; the same id again changes nothing."""

    async def snapshot(self, snapshot_id: str) -> Snapshot | None: ...

    async def count_sandboxes(self) -> dict[tuple[str, str], int]:
        """How many there are, by engine and state: `live`, `ready` or `dropping`."""

    async def bans(self) -> list[Ban]:
        """Those in force."""

    async def add_ban(self, ban: Ban) -> None:
        """Insert or replace, by subject."""

    async def lift_ban(self, subject: str) -> None: ...


class StoreUnavailable(RuntimeError):
    """The store cannot be reached now."""
