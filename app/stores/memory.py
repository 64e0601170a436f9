"""A store that forgets at exit."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from app.core.sandbox import Sandbox
from app.playground.store import Ban, RunRecord, SandboxRecord, Snapshot

MAX_RUNS = 10_000


class MemoryStore:
    """Keeps everything in this process. Runs beyond the newest 10,000 are forgotten."""

    def __init__(self) -> None:
        self._sessions: set[str] = set()
        self._sandboxes: dict[str, SandboxRecord] = {}
        self._runs: list[RunRecord] = []
        self._snapshots: dict[str, Snapshot] = {}
        self._bans: dict[str, Ban] = {}

    async def ping(self) -> None:
        return

    async def has_session(self, session_id: str) -> bool:
        return session_id in self._sessions

    async def open_session(self, session_id: str) -> None:
        self._sessions.add(session_id)

    async def save_sandbox(self, record: SandboxRecord) -> None:
        self._sandboxes[record.sandbox.namespace] = record

    async def claim_ready(self, engine: str, session_id: str) -> Sandbox | None:
        for namespace, record in self._sandboxes.items():
            sandbox = record.sandbox
            if sandbox.engine == engine and sandbox.session_id is None and not record.dropping:
                claimed = replace(sandbox, session_id=session_id)
                self._sandboxes[namespace] = replace(record, sandbox=claimed)
                return claimed
        return None

    async def sandbox_of(self, session_id: str, engine: str) -> SandboxRecord | None:
        for record in self._sandboxes.values():
            if record.sandbox.session_id == session_id and record.sandbox.engine == engine and not record.dropping:
                return record
        return None

    async def sandboxes(self, engine: str) -> list[SandboxRecord]:
        return [record for record in self._sandboxes.values() if record.sandbox.engine == engine]

    async def touch_sandboxes(self, used_at: dict[str, datetime]) -> None:
        for namespace, when in used_at.items():
            if namespace in self._sandboxes:
                self._sandboxes[namespace] = replace(self._sandboxes[namespace], used_at=when)

    async def mark_dropping(self, namespace: str) -> None:
        if namespace in self._sandboxes:
            self._sandboxes[namespace] = replace(self._sandboxes[namespace], dropping=True)

    async def forget_sandbox(self, namespace: str) -> None:
        self._sandboxes.pop(namespace, None)

    async def add_run(self, record: RunRecord) -> None:
        self._runs.append(record)
        del self._runs[:-MAX_RUNS]

    async def last_run(self, session_id: str, engine: str) -> RunRecord | None:
        for record in reversed(self._runs):
            if record.session_id == session_id and record.engine == engine:
                return record
        return None

    async def add_snapshot(self, snapshot: Snapshot) -> None:
        self._snapshots.setdefault(snapshot.id, snapshot)

    async def snapshot(self, snapshot_id: str) -> Snapshot | None:
        return self._snapshots.get(snapshot_id)

    async def count_sandboxes(self) -> dict[tuple[str, str], int]:
        return Counter((record.sandbox.engine, record.state) for record in self._sandboxes.values())

    async def bans(self) -> list[Ban]:
        now = datetime.now(UTC)
        return [ban for ban in self._bans.values() if ban.until > now]

    async def add_ban(self, ban: Ban) -> None:
        self._bans[ban.subject] = ban

    async def lift_ban(self, subject: str) -> None:
        self._bans.pop(subject, None)
