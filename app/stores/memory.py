"""A store that forgets at exit."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.core.sandbox import Sandbox
from app.playground.store import EXPIRED, Ban, Opened, Playground, Replica, RunRecord, SandboxRecord, Snapshot

MAX_RUNS = 10_000


class MemoryStore:
    """Keeps everything in this process. Runs beyond the newest 10,000 are forgotten."""

    def __init__(self) -> None:
        self._sessions: dict[str, datetime] = {}
        self._sandboxes: dict[str, SandboxRecord] = {}
        self._claimed_until: dict[str, float] = {}
        self._runs: list[RunRecord] = []
        self._run_id = 0
        self._playgrounds: dict[str, Playground] = {}
        self._snapshots: dict[str, list[Snapshot]] = {}
        self._bans: dict[str, Ban] = {}

    async def ping(self) -> None:
        return

    async def has_session(self, session_id: str) -> bool:
        return session_id in self._sessions

    async def open_session(self, session_id: str) -> None:
        self._sessions.setdefault(session_id, datetime.now(UTC))

    async def save_sandbox(self, record: SandboxRecord) -> None:
        self._sandboxes[record.sandbox.namespace] = record

    async def claim_ready(
        self, engine: str, session_id: str, host: str | None = None, servers: Sequence[str] = ("",)
    ) -> Sandbox | None:
        for namespace, record in self._sandboxes.items():
            sandbox = record.sandbox
            ready = sandbox.session_id is None and not record.dropping and sandbox.server in servers
            if sandbox.engine == engine and ready:
                claimed = replace(sandbox, session_id=session_id)
                self._sandboxes[namespace] = replace(record, sandbox=claimed)
                return claimed
        return None

    async def claim_due(
        self, engine: str, before: datetime, *, host: str, replica: str, claim_s: float, most: int
    ) -> list[SandboxRecord]:
        now = time.monotonic()
        due = [
            record
            for namespace, record in self._sandboxes.items()
            if record.sandbox.engine == engine
            and self._claimed_until.get(namespace, 0) < now
            and (record.dropping or (record.sandbox.session_id is not None and record.used_at < before))
        ]
        claimed = sorted(due, key=lambda record: record.used_at)[:most]
        self._claimed_until.update((record.sandbox.namespace, now + claim_s) for record in claimed)
        return claimed

    async def sandbox_of(self, session_id: str, engine: str) -> SandboxRecord | None:
        for record in self._sandboxes.values():
            if record.sandbox.session_id == session_id and record.sandbox.engine == engine and not record.dropping:
                return record
        return None

    async def use_sandbox(self, session_id: str, engine: str) -> SandboxRecord | None:
        record = await self.sandbox_of(session_id, engine)
        if record is not None:
            record = self._sandboxes[record.sandbox.namespace] = replace(record, used_at=datetime.now(UTC))
        return record

    async def sandboxes(self, engine: str) -> list[SandboxRecord]:
        return [record for record in self._sandboxes.values() if record.sandbox.engine == engine]

    async def set_seed(self, namespace: str, seed_hash: str | None) -> None:
        if namespace in self._sandboxes:
            self._sandboxes[namespace] = replace(self._sandboxes[namespace], seed_hash=seed_hash)

    async def touch_sandboxes(self, used_at: dict[str, datetime]) -> None:
        for namespace, when in used_at.items():
            if namespace in self._sandboxes:
                self._sandboxes[namespace] = replace(self._sandboxes[namespace], used_at=when)

    async def mark_dropping(self, namespace: str, before: datetime | None = None) -> bool:
        record = self._sandboxes.get(namespace)
        if record is None or (before and not record.dropping and record.used_at >= before):
            return False
        self._sandboxes[namespace] = replace(record, dropping=True)
        return True

    async def forget_sandbox(self, namespace: str) -> None:
        self._sandboxes.pop(namespace, None)
        self._claimed_until.pop(namespace, None)

    async def add_run(self, record: RunRecord) -> None:
        self._run_id += 1
        self._runs.append(replace(record, id=self._run_id))
        del self._runs[:-MAX_RUNS]

    async def runs_of(
        self, session_id: str, *, engine: str | None = None, before: int | None = None, most: int = 50
    ) -> list[RunRecord]:
        found = [
            record
            for record in reversed(self._runs)
            if record.session_id == session_id
            and engine in (None, record.engine)
            and (before is None or (record.id or 0) < before)
        ]
        return found[:most]

    async def run(self, session_id: str, run_id: int) -> RunRecord | None:
        return next((r for r in self._runs if r.id == run_id and r.session_id == session_id), None)

    async def delete_runs(self, session_id: str, run_ids: list[int] | None = None) -> int:
        kept = [r for r in self._runs if r.session_id != session_id or (run_ids is not None and r.id not in run_ids)]
        deleted = len(self._runs) - len(kept)
        self._runs = kept
        return deleted

    async def forget_runs(self, before: datetime) -> int:
        kept = [record for record in self._runs if record.started_at >= before]
        forgotten = len(self._runs) - len(kept)
        self._runs = kept
        return forgotten

    async def forget_sessions(self, before: datetime) -> int:
        working = {record.sandbox.session_id for record in self._sandboxes.values()}
        over = [one for one, opened_at in self._sessions.items() if opened_at < before and one not in working]
        for session_id in over:
            del self._sessions[session_id]
        return len(over)

    async def last_run(self, session_id: str, engine: str) -> RunRecord | None:
        for record in reversed(self._runs):
            if record.session_id == session_id and record.engine == engine:
                return record
        return None

    async def add_playground(self, playground: Playground, body: dict[str, Any]) -> bool:
        if playground.id in self._playgrounds:
            return False
        self._playgrounds[playground.id] = playground
        self._snapshots[playground.id] = [Snapshot(playground.id, 1, playground.created_at, body)]
        return True

    async def add_revision(self, playground_id: str, created_at: datetime, body: dict[str, Any]) -> int:
        revisions = self._snapshots[playground_id]
        revisions.append(Snapshot(playground_id, len(revisions) + 1, created_at, body))
        return len(revisions)

    async def change_playground(self, playground: Playground) -> None:
        if known := self._playgrounds.get(playground.id):
            self._playgrounds[playground.id] = replace(
                known,
                title=playground.title,
                notes=playground.notes,
                listed=playground.listed,
                expires_at=playground.expires_at,
            )

    async def open_playground(self, playground_id: str, revision: int | None = None) -> Opened | None:
        playground = self._playgrounds.get(playground_id)
        if playground is None:
            return None
        revisions = self._snapshots.get(playground_id, [])
        wanted = len(revisions) if revision is None else revision
        snapshot = revisions[wanted - 1] if 1 <= wanted <= len(revisions) else None
        return Opened(playground, snapshot, [snapshot.created_at for snapshot in revisions])

    async def remove_playground(self, playground_id: str, removed_at: datetime, because: str) -> bool:
        known = self._playgrounds.get(playground_id)
        if known is None or known.removed_at is not None:
            return False
        self._snapshots.pop(playground_id, None)
        self._playgrounds[playground_id] = Playground(
            playground_id, "", known.created_at, removed_at=removed_at, removed_because=because
        )
        return True

    async def remove_expired(self, now: datetime) -> int:
        over = [
            p.id for p in self._playgrounds.values() if p.removed_at is None and p.expires_at and p.expires_at <= now
        ]
        for playground_id in over:
            await self.remove_playground(playground_id, now, EXPIRED)
        return len(over)

    async def count_sandboxes(self) -> dict[tuple[str, str], int]:
        return Counter((record.sandbox.engine, record.state) for record in self._sandboxes.values())

    async def archive_fails(self) -> bool:
        return False

    async def bans(self) -> list[Ban]:
        now = datetime.now(UTC)
        return [ban for ban in self._bans.values() if ban.until > now]

    async def add_ban(self, ban: Ban) -> None:
        self._bans[ban.subject] = ban

    async def lift_ban(self, subject: str) -> None:
        self._bans.pop(subject, None)

    async def renew_replica(self, replica: Replica, lease_s: float) -> None:
        """Nobody else sees this memory: every session is this process's own."""

    async def remove_replica(self, replica_id: str) -> None:
        return

    async def owner(self, session_id: str) -> Replica | None:
        return None

    async def take_session(self, session_id: str, replica: Replica) -> tuple[Replica, bool]:
        return replica, False

    async def release_sessions(self, session_ids: list[str], replica_id: str) -> None:
        return

    async def host_lives(self, host: str) -> bool:
        return False
