"""Shared playgrounds: sources with their results as they were, under a link that cannot be guessed."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.config import Settings
from app.core.errors import InvalidRequest, NotFound, TooLarge
from app.playground.runner import Runner
from app.playground.store import Snapshot, Store

SCHEMA = 1
MAX_TITLE = 200
ID_BYTES = 16
NOT_SHARED = frozenset({"source", "seed", "origin", "shown", "dataset", "task"})
"""What is kept of a session's last run for its own pages only."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What one engine's pane brings to a snapshot."""

    engine: str
    source: str
    seed: str = ""
    dataset: str = ""


class Snapshots:
    """Makes and opens snapshots. Nothing is run for either."""

    def __init__(self, store: Store, runner: Runner, settings: Settings, secret: bytes) -> None:
        self._store = store
        self._runner = runner
        self._settings = settings
        self._secret = secret

    async def share(self, session_id: str, title: str, shared: list[Shared]) -> Snapshot:
        """Freeze sources with the session's last results of them. The same content again gives the same snapshot."""
        panes = [self._pane(session_id, pane) for pane in shared if pane.source.strip()]
        if not panes:
            raise InvalidRequest("There is nothing to share: every editor is empty.")
        for pane in panes:
            most = self._settings.max_source_bytes_of(pane["engine"])
            if max(len(pane["source"].encode()), len(pane["seed"].encode())) > most:
                raise TooLarge(f"A source has more than {most:,} bytes (max_source_bytes).")
        body = {"schema": SCHEMA, "title": title.strip()[:MAX_TITLE], "notes": "", "panes": panes}
        if (size := len(json.dumps(body))) > self._settings.max_share_bytes:
            raise TooLarge(
                f"The playground has {size:,} bytes with its results; the limit is {self._settings.max_share_bytes:,} (max_share_bytes).",
                hint="Share fewer engines, or results with fewer rows.",
            )
        snapshot = Snapshot(self._id(session_id, body), session_id, datetime.now(UTC), body)
        await self._store.add_snapshot(snapshot)
        return snapshot

    async def open(self, snapshot_id: str) -> Snapshot:
        """The snapshot of a link. Raises NotFound."""
        snapshot = await self._store.snapshot(snapshot_id)
        if snapshot is None:
            raise NotFound("There is no playground at this link.")
        return snapshot

    def _pane(self, session_id: str, shared: Shared) -> dict[str, Any]:
        last = self._runner.last(session_id, shared.engine)
        if last and (last["source"], last["seed"], last["dataset"]) != (shared.source, shared.seed, shared.dataset):
            last = None
        run = {key: value for key, value in last.items() if key not in NOT_SHARED} if last else None
        pane = {"engine": shared.engine, "seed": shared.seed, "source": shared.source, "run": run}
        return pane | ({"dataset": shared.dataset} if shared.dataset else {})

    def _id(self, session_id: str, body: dict[str, Any]) -> str:
        content = json.dumps([session_id, _timeless(body)], sort_keys=True).encode()
        digest = hmac.new(self._secret, content, hashlib.sha256).digest()[:ID_BYTES]
        return urlsafe_b64encode(digest).decode().rstrip("=")


def _timeless(value: Any) -> Any:
    """The content without the times that differ from run to run."""
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in ("stats", "plan", "at_ms")}
    if isinstance(value, list):
        return [_timeless(item) for item in value]
    return value


def differs(frozen: dict[str, Any] | None, run: dict[str, Any]) -> bool | None:
    """Whether two runs gave other answers; None when one of them has none.

    Compared are tables, documents, errors and the last result, without times and notices: what an earlier statement says of the
    state it met (`DROP IF EXISTS`, the count of a `DEL`) is no answer.
    """
    if frozen is None or "error" in run:
        return None
    return _answers(frozen["results"]) != _answers(run["results"])


def _answers(results: list[dict[str, Any]]) -> list[Any]:
    last = len(results) - 1
    compared = [r for n, r in enumerate(results) if n == last or r["kind"] in ("rows", "documents", "error")]
    return [_timeless({key: value for key, value in result.items() if key != "notices"}) for result in compared]
