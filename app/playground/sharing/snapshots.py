"""Shared playgrounds: sources with their results as they were, under a link that cannot be guessed."""

import hashlib
import hmac
import json
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.config import Settings
from app.core.errors import Forbidden, Gone, InvalidRequest, NotFound, TooLarge
from app.playground.labs.labs import Played
from app.playground.running.runner import Runner
from app.playground.sharing import bodies
from app.playground.sharing.bodies import Chart
from app.playground.sharing.pasted import Pasted
from app.playground.store import EXPIRED, Opened, Playground, Store

MAX_TITLE = 200
MAX_NOTES_BYTES = 20_000
MAX_REVISIONS = 50
MAX_EXPIRY_DAYS = 3_650
ID_BYTES = 16
KEY_BYTES = 24
MAX_TRIES = 20
"""How often the same content may be shared and deleted again by one session."""
DELETED = "deleted"
TAKEN_DOWN = "taken down: "

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REFERENCE = re.compile(r"([\w-]{22})(?:/(\d{1,4}))?")


@dataclass(frozen=True, slots=True)
class Shared:
    """What one engine's pane brings to a snapshot. `dataset`: the named data its sandbox is filled with before the seed;
    `charts`: how the rows of a statement (counted from 1) are drawn.
    """

    engine: str
    source: str
    seed: str = ""
    dataset: str = ""
    charts: Mapping[int, Chart] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """A playground just shared. `key` opens its manage page; None when it was shared before, and its key was given then."""

    opened: "OpenPlayground"
    key: str | None


@dataclass(frozen=True, slots=True)
class OpenPlayground:
    """A playground at one of its revisions, with its body of today's version."""

    playground: Playground
    revision: int
    revised_at: list[datetime]
    created_at: datetime
    title: str
    notes: str
    panes: list[dict[str, Any]]
    pasted: Pasted | None = None
    """The plan that was pasted and shared, where it is one; it has no panes then."""
    lab: Played | None = None
    """The lab that was shared, where it is one; it has no panes then."""

    @property
    def id(self) -> str:
        return self.playground.id

    @property
    def reference(self) -> str:
        """`id/revision`: what a fork names as its parent."""
        return f"{self.id}/{self.revision}"

    def pane(self, engine: str) -> dict[str, Any] | None:
        return next((pane for pane in self.panes if pane["engine"] == engine), None)


class Snapshots:
    """Makes, opens and changes shared playgrounds. Nothing is run for any of it."""

    def __init__(self, store: Store, runner: Runner, settings: Settings, secret: bytes) -> None:
        self._store = store
        self._runner = runner
        self._settings = settings
        self._secret = secret

    async def share(
        self, session_id: str, shared: Sequence[Shared], *, title: str = "", notes: str = "", parent: str | None = None
    ) -> Link:
        """Freeze sources with the session's last results of them. The same content again gives the same playground."""
        body = self._body(session_id, shared)
        title, notes = self._words(title, notes)
        origin = await self.find(parent or "")
        return await self._publish(session_id, body, title, notes, origin.reference if origin else None)

    async def share_pasted(self, session_id: str, pasted: Pasted, *, title: str = "") -> Link:
        """Share a plan that was pasted. The same again gives the same playground."""
        return await self._share_alone(session_id, "pasted", "plan", asdict(pasted), title)

    async def share_lab(self, session_id: str, lab: Played, *, title: str = "") -> Link:
        """Share a lab's script with what happened in it. The same again gives the same playground."""
        if not lab.source.strip():
            raise InvalidRequest("There is nothing to share: the script is empty.")
        return await self._share_alone(session_id, "lab", "lab", asdict(lab), title)

    async def _share_alone(self, session_id: str, kind: str, word: str, told: dict[str, Any], title: str) -> Link:
        """Share what is no pane."""
        if (size := len(json.dumps(told))) > self._settings.max_share_bytes:
            raise TooLarge(
                f"The {word} has {size:,} bytes; the limit is {self._settings.max_share_bytes:,} (max_share_bytes)."
            )
        body = {"schema": bodies.SCHEMA, "panes": [], kind: told}
        return await self._publish(session_id, body, *self._words(title, ""), None)

    async def _publish(self, session_id: str, body: dict[str, Any], title: str, notes: str, parent: str | None) -> Link:
        content: list[Any] = [title, notes, parent, body["panes"]]
        if "pasted" in body:
            content.append(body["pasted"]["text"])
        if "lab" in body:
            content.append(body["lab"])
        key = secrets.token_urlsafe(KEY_BYTES)
        for attempt in range(MAX_TRIES):
            identity = self._id(session_id, content, attempt)
            playground = Playground(
                identity,
                session_id,
                datetime.now(UTC),
                title=title,
                notes=notes,
                owner_key_hash=_digest(key),
                parent=parent,
            )
            if await self._store.add_playground(playground, body):
                return Link(await self.open(identity), key)
            known = await self._store.open_playground(identity)
            because = known.playground.removed_because if known else None
            if because is None:
                return Link(await self.open(identity), None)
            if because.startswith(TAKEN_DOWN):
                raise Gone("This content was shared before and taken down by the people who run this site.")
        raise InvalidRequest(f"This content was shared and deleted {MAX_TRIES} times; change something in it.")

    async def open(self, playground_id: str, revision: int | None = None) -> OpenPlayground:
        """The playground of a link, at its newest revision or another one. Raises NotFound, or Gone with the reason."""
        if not _ID.fullmatch(playground_id):
            raise NotFound("There is no playground at this link.")
        if revision is not None and not 0 < revision <= MAX_REVISIONS:
            raise NotFound(f"This playground has no revision {revision}.")
        found = await self._store.open_playground(playground_id, revision)
        if found is None:
            raise NotFound("There is no playground at this link.")
        _refuse_removed(found.playground)
        if found.snapshot is None:
            raise NotFound(f"This playground has no revision {revision}.")
        return _opened(found)

    async def open_reference(self, reference: str) -> OpenPlayground:
        """The playground of `id` or `id/revision`."""
        parts = _REFERENCE.fullmatch(reference)
        if parts is None:
            raise NotFound("There is no playground at this link.")
        return await self.open(parts[1], int(parts[2]) if parts[2] else None)

    async def find(self, reference: str) -> OpenPlayground | None:
        """The playground of a reference; None where there is none, or none any more."""
        if not reference:
            return None
        try:
            return await self.open_reference(reference)
        except (NotFound, Gone):
            return None

    async def owned(self, playground_id: str, key: str) -> OpenPlayground:
        """The playground, for whoever holds its key. Raises Forbidden."""
        found = await self.open(playground_id)
        known = found.playground.owner_key_hash
        if known is None or not hmac.compare_digest(known, _digest(key)):
            raise Forbidden(
                "This is not the key of this playground.", hint="Open the manage link that you were given with it."
            )
        return found

    async def change(
        self, playground_id: str, key: str, *, title: str, notes: str, listed: bool, expires_in_days: int | None
    ) -> OpenPlayground:
        """Set what its maker may set. `expires_in_days`: None keeps what is set, 0 is never."""
        found = await self.owned(playground_id, key)
        title, notes = self._words(title, notes)
        expires_at = found.playground.expires_at
        if expires_in_days is not None:
            if not 0 <= expires_in_days <= MAX_EXPIRY_DAYS:
                raise InvalidRequest(f"A playground lasts for ever, or 1 to {MAX_EXPIRY_DAYS:,} days.")
            expires_at = datetime.now(UTC) + timedelta(days=expires_in_days) if expires_in_days else None
        await self._store.change_playground(
            replace(found.playground, title=title, notes=notes, listed=listed, expires_at=expires_at)
        )
        return await self.open(playground_id)

    async def revise(self, playground_id: str, key: str, session_id: str, shared: Sequence[Shared]) -> OpenPlayground:
        """Add a revision from the session's last results of these sources. Nothing changed since the newest one: it stays the newest.

        A source that stays as it was keeps its charts.
        """
        found = await self.owned(playground_id, key)
        body = self._body(session_id, [_with_charts(pane, found.pane(pane.engine)) for pane in shared])
        if bodies.timeless(body["panes"]) == bodies.timeless(found.panes):
            return found
        if len(found.revised_at) >= MAX_REVISIONS:
            raise InvalidRequest(f"A playground has at most {MAX_REVISIONS} revisions; share a new one.")
        await self._store.add_revision(playground_id, datetime.now(UTC), body)
        return await self.open(playground_id)

    async def delete(self, playground_id: str, key: str) -> None:
        """Delete all its revisions at once. Its id stays, so that the link says that it was deleted."""
        await self.owned(playground_id, key)
        await self._store.remove_playground(playground_id, datetime.now(UTC), DELETED)

    async def take_down(self, playground_id: str, reason: str) -> bool:
        """Remove it for those who run the site; the link then says so, with the reason. False when there was nothing."""
        return await self._store.remove_playground(playground_id, datetime.now(UTC), TAKEN_DOWN + reason.strip())

    async def remove_expired(self) -> int:
        return await self._store.remove_expired(datetime.now(UTC))

    def _body(self, session_id: str, shared: Sequence[Shared]) -> dict[str, Any]:
        panes = [self._pane(session_id, pane) for pane in shared if pane.source.strip()]
        if not panes:
            raise InvalidRequest("There is nothing to share: every editor is empty.")
        for pane in panes:
            most = self._settings.max_source_bytes_of(pane["engine"])
            if max(len(pane[name].encode("utf-8", "surrogatepass")) for name in ("source", "seed")) > most:
                raise TooLarge(f"A source has more than {most:,} bytes (max_source_bytes).")
        return {"schema": bodies.SCHEMA, "panes": bodies.bounded(panes, self._settings.max_share_bytes)}

    def _pane(self, session_id: str, shared: Shared) -> dict[str, Any]:
        last = self._runner.last(session_id, shared.engine)
        if last and (last["source"], last["seed"], last["dataset"]) != (shared.source, shared.seed, shared.dataset):
            last = None
        return {
            "engine": shared.engine,
            "dataset": shared.dataset,
            "seed": shared.seed,
            "source": shared.source,
            "run": bodies.frozen(last, shared.charts),
        }

    def _words(self, title: str, notes: str) -> tuple[str, str]:
        title = " ".join(title.replace("\0", " ").split())[:MAX_TITLE]
        notes = notes.replace("\0", "").strip()
        if (size := len(notes.encode("utf-8", "surrogatepass"))) > MAX_NOTES_BYTES:
            raise TooLarge(f"The notes have {size:,} bytes; the limit is {MAX_NOTES_BYTES:,}.")
        return title, notes

    def _id(self, session_id: str, content: Any, attempt: int) -> str:
        text = json.dumps([session_id, bodies.timeless(content), attempt], sort_keys=True).encode()
        return urlsafe_b64encode(hmac.digest(self._secret, text, "sha256")[:ID_BYTES]).decode().rstrip("=")


def _with_charts(shared: Shared, before: dict[str, Any] | None) -> Shared:
    if shared.charts or before is None or before["source"] != shared.source:
        return shared
    return replace(shared, charts=bodies.charts_of(before["run"]))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _refuse_removed(playground: Playground) -> None:
    because = playground.removed_because
    if because is None and playground.expires_at is not None and playground.expires_at <= datetime.now(UTC):
        because = EXPIRED
    if because == EXPIRED:
        raise Gone("This playground has expired: its maker gave it a last day.")
    if because == DELETED:
        raise Gone("This playground was deleted by its maker.")
    if because is not None:
        raise Gone(
            "This playground was taken down by the people who run this site.",
            hint=f"The reason given: {because.removeprefix(TAKEN_DOWN)}",
        )


def _opened(found: Opened) -> OpenPlayground:
    assert found.snapshot is not None
    body = bodies.upgraded(found.snapshot.body)
    playground = found.playground
    return OpenPlayground(
        playground,
        found.snapshot.revision,
        found.revised_at,
        found.snapshot.created_at,
        title=playground.title if playground.title is not None else body.get("title", ""),
        notes=playground.notes if playground.notes is not None else body.get("notes", ""),
        panes=body["panes"],
        pasted=Pasted(**body["pasted"]) if "pasted" in body else None,
        lab=Played(**body["lab"]) if "lab" in body else None,
    )
