"""What runs say while they go on, kept for the page that started them."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from app.config import Settings
from app.core.errors import EngineBusy
from app.core.results import Message, Notice, Progress, Result

KEPT_EVENTS = 2_000
"""How many events a feed keeps for a reader that lost its connection or is slow."""
KEPT_CHARS = 3_000_000
"""How much text they may have together: one event can be as long as a run's whole reply."""

BATCH_WAIT_S = 0.04
"""How long events are gathered before they go out together: a flood costs 25 answers a second, not thousands."""

HEARTBEAT_S = 15.0
IDLE_S = 120.0


@dataclass(slots=True, eq=False)
class Feed:
    """The events of one page's runs, in order. `last` counts all there ever were; older ones than it keeps are missed."""

    events: deque[tuple[int, dict[str, Any]]] = field(default_factory=deque)
    chars: int = 0
    last: int = 0
    users: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, event: dict[str, Any]) -> None:
        self.last += 1
        self.events.append((self.last, event))
        self.chars += _chars(event)
        while len(self.events) > KEPT_EVENTS or self.chars > KEPT_CHARS:
            self.chars -= _chars(self.events.popleft()[1])
        self.changed.set()

    def after(self, seen: int) -> "Batch":
        events = [event for number, event in self.events if number > seen]
        return Batch(self.last, events, self.last - seen - len(events))


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that came together. `missed` came before them and are no longer kept."""

    last: int
    events: list[dict[str, Any]]
    missed: int


@dataclass(frozen=True, slots=True)
class Speaker:
    """Adds a run's events to its page's feed, with where they came from."""

    feed: Feed | None
    engine: str
    client: str

    def listening(self, max_ms: int) -> None:
        """The run waits for events now, up to so long."""
        self._add({"kind": "listening", "max_ms": max_ms})

    def say(self, event: Message | Notice | Progress) -> None:
        self._add({"kind": type(event).__name__.lower(), **asdict(event)})

    def answered(self, result: Result) -> None:
        """A statement that waited has what it waited for: its reply is an event too."""
        if result.text and not result.truncated:
            words = result.statement.text.split(maxsplit=1)
            self.say(Message(words[0], result.text, result.stats.total_ms or 0.0))

    def _add(self, event: dict[str, Any]) -> None:
        """With the time it came at, in ms since 1970."""
        if self.feed is not None:
            self.feed.add({"engine": self.engine, "client": self.client, "time_ms": time.time() * 1000, **event})


class Feeds:
    """The feeds of all pages. A feed lives while a run speaks into it or a reader follows it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._readers: dict[str, int] = {}
        self._closed = False

    def close(self) -> None:
        """End every feed; the pages ask again, and meet whoever serves then."""
        self._closed = True
        for feed in self._feeds.values():
            feed.changed.set()

    @property
    def reader_count(self) -> int:
        """How many pages are followed."""
        return sum(self._readers.values())

    @contextmanager
    def speaker(self, session_id: str, page: str, engine: str, client: str) -> Iterator[Speaker]:
        """For one run. Without a page (JavaScript off, the API) nobody listens and nothing is kept."""
        if not page:
            yield Speaker(None, engine, client)
            return
        with self._using(session_id, page) as feed:
            yield Speaker(feed, engine, client)

    async def follow(self, session_id: str, page: str, seen: int) -> AsyncIterator[Batch | None]:
        """Batches after the event number `seen`; None as a heartbeat, at once and every 15 s. Ends when nothing came for 120 s.

        Raises EngineBusy before the first.
        """
        self._count_in(session_id)
        try:
            yield None
            with self._using(session_id, page) as feed:
                if seen > feed.last:  # of a feed before this one
                    seen = 0
                quiet_s = 0.0
                while quiet_s < IDLE_S and not self._closed:
                    feed.changed.clear()
                    batch = feed.after(seen)
                    if batch.events or batch.missed:
                        seen, quiet_s = batch.last, 0.0
                        yield batch
                        await asyncio.sleep(BATCH_WAIT_S)
                        continue
                    try:
                        await asyncio.wait_for(feed.changed.wait(), HEARTBEAT_S)
                    except TimeoutError:
                        quiet_s += HEARTBEAT_S
                        yield None
        finally:
            self._readers[session_id] -= 1
            if not self._readers[session_id]:
                del self._readers[session_id]

    @contextmanager
    def _using(self, session_id: str, page: str) -> Iterator[Feed]:
        feed = self._feeds.setdefault((session_id, page), Feed())
        feed.users += 1
        try:
            yield feed
        finally:
            feed.users -= 1
            if not feed.users:
                self._feeds.pop((session_id, page), None)

    def _count_in(self, session_id: str) -> None:
        s = self._settings
        if self._readers.get(session_id, 0) >= s.max_feeds_per_session:
            raise EngineBusy(
                f"This session follows {s.max_feeds_per_session} pages already (max_feeds_per_session).",
                hint="Close one of them.",
            )
        if self.reader_count >= s.max_feeds:
            raise EngineBusy("Too many pages are followed right now (max_feeds).", hint="Try again in a minute.")
        self._readers[session_id] = self._readers.get(session_id, 0) + 1


def _chars(event: dict[str, Any]) -> int:
    return sum(len(value) for value in event.values() if isinstance(value, str))
