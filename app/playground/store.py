"""What our own memory must offer: sessions, sandboxes, the run log, snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.core.sandbox import Sandbox

EXPIRED = "expired"
"""Why a playground was removed whose time was over."""


@dataclass(frozen=True, slots=True)
class SandboxRecord:
    """A sandbox as the store knows it. `dropping` is a tombstone: no new work, until its data is verified gone.

    `host` is the machine whose disk holds it; None where a server holds it that every replica reaches.
    """

    sandbox: Sandbox
    used_at: datetime
    seed_hash: str | None = None
    dropping: bool = False
    host: str | None = None

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
    id: int | None = None  # given by the store, rising


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One revision of a shared playground: immutable. `body` is what `app.playground.sharing.bodies` makes of panes and their results."""

    id: str
    revision: int
    created_at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Playground:
    """What stays the same over a shared playground's revisions, and what its maker may change.

    `title` and `notes` are None in rows from before they could be changed: the body has them. `owner_key_hash`: of the key in the manage
    link. `parent` is `id/revision` of what it was made from. A removed one keeps its id, the time and the reason, and nothing else.
    """

    id: str
    session_id: str
    created_at: datetime
    title: str | None = None
    notes: str | None = None
    owner_key_hash: str | None = None
    parent: str | None = None
    listed: bool = False
    expires_at: datetime | None = None
    removed_at: datetime | None = None
    removed_because: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A playground and one of its revisions (None when there is no such), and when each revision was made, oldest first."""

    playground: Playground
    snapshot: Snapshot | None
    revised_at: list[datetime]


@dataclass(frozen=True, slots=True)
class Ban:
    """`subject` is `session <id>` or `address <address or network>`."""

    subject: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Replica:
    """A process that serves. `host` names its machine's data directory, `address` is where other replicas reach it."""

    id: str
    host: str
    address: str


class Store(Protocol):
    """Implemented in `app.stores`. Methods raise StoreUnavailable when the memory behind them cannot be reached."""

    async def ping(self) -> None: ...

    async def has_session(self, session_id: str) -> bool: ...

    async def open_session(self, session_id: str) -> None:
        """Remember a session; again changes nothing."""

    async def save_sandbox(self, record: SandboxRecord) -> None:
        """Insert or replace, by namespace."""

    async def claim_ready(
        self, engine: str, session_id: str, host: str | None = None, servers: Sequence[str] = ("",)
    ) -> Sandbox | None:
        """Give one of the ready sandboxes, held on that machine or on none and on one of the servers, to a session, once."""

    async def claim_due(
        self, engine: str, before: datetime, *, host: str, replica: str, claim_s: float, most: int
    ) -> list[SandboxRecord]:
        """Sandboxes to drop now, `most` of them: tombstones, and those not used since `before`. For `claim_s` nobody gets them again.

        Left out are those of sessions that another living replica has, and those on machines that another replica runs on.
        """

    async def sandbox_of(self, session_id: str, engine: str) -> SandboxRecord | None:
        """The session's sandbox that is not being dropped."""

    async def use_sandbox(self, session_id: str, engine: str) -> SandboxRecord | None:
        """The same, noted as used now. In one step: a sandbox that `mark_dropping` takes for unused is not given any more."""

    async def sandboxes(self, engine: str) -> list[SandboxRecord]:
        """All that this engine's server should have, tombstones included."""

    async def set_seed(self, namespace: str, seed_hash: str | None) -> None:
        """Set which seed a sandbox was filled from. One that is being dropped, or is gone, stays so."""

    async def touch_sandboxes(self, used_at: dict[str, datetime]) -> None:
        """Set when sandboxes, by namespace, were last used."""

    async def mark_dropping(self, namespace: str, before: datetime | None = None) -> bool:
        """Make it a tombstone; with `before`, only one not used since then. Whether it is one now."""

    async def forget_sandbox(self, namespace: str) -> None: ...

    async def add_run(self, record: RunRecord) -> None: ...

    async def runs_of(
        self, session_id: str, *, engine: str | None = None, before: int | None = None, most: int = 50
    ) -> list[RunRecord]:
        """A session's runs, newest first: those of one engine, those with a lower id."""

    async def run(self, session_id: str, run_id: int) -> RunRecord | None: ...

    async def delete_runs(self, session_id: str, run_ids: list[int] | None = None) -> int:
        """Delete these runs of a session, or all of them. Returns how many."""

    async def forget_runs(self, before: datetime) -> int:
        """Delete the runs that began before then, whoever's they are, the oldest first. Returns how many; called again while there are."""

    async def forget_sessions(self, before: datetime) -> int:
        """Likewise the sessions opened before then that have no sandbox, and what replicas that are gone left behind."""

    async def last_run(self, session_id: str, engine: str) -> RunRecord | None: ...

    async def add_playground(self, playground: Playground, body: dict[str, Any]) -> bool:
        """Insert a playground and its first revision. False, and nothing changed, when its id is taken."""

    async def add_revision(self, playground_id: str, created_at: datetime, body: dict[str, Any]) -> int:
        """Add a revision and give its number."""

    async def change_playground(self, playground: Playground) -> None:
        """Set title, notes, `listed` and `expires_at`."""

    async def open_playground(self, playground_id: str, revision: int | None = None) -> Opened | None:
        """A playground with that revision, or its newest one."""

    async def remove_playground(self, playground_id: str, removed_at: datetime, because: str) -> bool:
        """Delete all it had, at once, and leave a tombstone. False when there is nothing to remove."""

    async def remove_expired(self, now: datetime) -> int:
        """Remove the playgrounds whose time is over. Returns how many."""

    async def count_sandboxes(self) -> dict[tuple[str, str], int]:
        """How many there are, by engine and state: `live`, `ready` or `dropping`."""

    async def archive_fails(self) -> bool:
        """Whether the store's log could not be archived when that was tried last. What is not archived is kept, until its disk is full."""

    async def renew_replica(self, replica: Replica, lease_s: float) -> None:
        """Make the replica and its leases hold for so long from now. One that was at its address before is gone."""

    async def remove_replica(self, replica_id: str) -> None: ...

    async def owner(self, session_id: str) -> Replica | None:
        """The living replica that has the session."""

    async def take_session(self, session_id: str, replica: Replica) -> tuple[Replica, bool]:
        """Take a session that no living replica has. Gives who has it now, and whether one that is gone had it before.

        A session with a sandbox on another living replica's machine goes to that replica.
        """

    async def release_sessions(self, session_ids: list[str], replica_id: str) -> None: ...

    async def host_lives(self, host: str) -> bool:
        """Whether a living replica is on that machine."""

    async def bans(self) -> list[Ban]:
        """Those in force."""

    async def add_ban(self, ban: Ban) -> None:
        """Insert or replace, by subject."""

    async def lift_ban(self, subject: str) -> None: ...


class StoreUnavailable(RuntimeError):
    """The store cannot be reached now."""
