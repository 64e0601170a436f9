"""A page's feed: order, what is missed, who may follow how much."""

import asyncio

import pytest

from app.config import Settings
from app.core.errors import EngineBusy
from app.core.results import Message, Progress
from app.playground.running import feeds as module
from app.playground.running.feeds import Feeds

SETTINGS = Settings(max_feeds_per_session=2, max_feeds=3)


async def test_a_reader_gets_what_was_said_before_and_after_it_came() -> None:
    feeds = Feeds(SETTINGS)
    with feeds.speaker("s", "page", "alpha", "main") as speaker:
        speaker.say(Message("news", "early", 1.0))
        reader = feeds.follow("s", "page", 0)
        assert await anext(reader) is None
        first = await anext(reader)
        assert first
        assert [event["text"] for event in first.events] == ["early"]
        speaker.say(Progress("loading", 1, 2))
        speaker.listening(9)
        second = await anext(reader)
        assert second
        assert [event["kind"] for event in second.events] == ["progress", "listening"]
        assert (second.last, second.missed) == (3, 0)
        assert second.events[0] | {"message": "loading", "done": 1, "total": 2} == second.events[0]
        assert {event["engine"] for event in second.events} == {"alpha"}
        await reader.aclose()


async def test_other_pages_and_sessions_hear_nothing() -> None:
    feeds = Feeds(SETTINGS)
    readers = [feeds.follow("s", "other", 0), feeds.follow("stranger", "page", 0)]
    for reader in readers:
        await anext(reader)
    with feeds.speaker("s", "page", "alpha", "main") as speaker:
        speaker.say(Message("news", "mine", 0.0))
        for reader in readers:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(reader), 0.1)


async def test_long_events_make_room_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_CHARS", 1_000)
    feeds = Feeds(SETTINGS)
    with feeds.speaker("s", "page", "alpha", "main") as speaker:
        for number in range(30):
            speaker.say(Message("news", f"{number}" * 200, 0.0))
        reader = feeds.follow("s", "page", 0)
        await anext(reader)
        batch = await anext(reader)
        assert batch
        assert [event["text"][:2] for event in batch.events] == ["28", "29"]
        assert batch.missed == 28


async def test_a_flood_is_bounded_and_the_missed_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_EVENTS", 10)
    feeds = Feeds(SETTINGS)
    with feeds.speaker("s", "page", "alpha", "main") as speaker:
        for number in range(35):
            speaker.say(Message("news", str(number), 0.0))
        reader = feeds.follow("s", "page", 5)
        await anext(reader)
        batch = await anext(reader)
        assert batch
        assert len(batch.events) == 10
        assert batch.missed == 20
        assert batch.events[-1]["text"] == "34"
        await reader.aclose()


async def test_followers_are_bounded_per_session_and_in_all() -> None:
    feeds = Feeds(SETTINGS)
    mine = [feeds.follow("s", str(number), 0) for number in range(3)]
    for reader in mine[:2]:
        await anext(reader)
    with pytest.raises(EngineBusy, match="max_feeds_per_session"):
        await anext(mine[2])
    other = feeds.follow("other", "page", 0)
    await anext(other)
    with pytest.raises(EngineBusy, match=r"max_feeds\b"):
        await anext(feeds.follow("third", "page", 0))
    await mine[0].aclose()
    await anext(feeds.follow("third", "page", 0))


async def test_nothing_is_kept_when_nobody_is_left() -> None:
    feeds = Feeds(SETTINGS)
    reader = feeds.follow("s", "page", 0)
    await anext(reader)
    with feeds.speaker("s", "page", "alpha", "main"):
        pass
    await reader.aclose()
    assert not feeds._feeds
    assert not feeds._readers
