"""Every scene on the real engines: what A listens to hears what B does, and how listening ends."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.engines import ENGINES
from app.playground import scenes, services
from app.playground.runner import RunRequest
from app.playground.scenes import Scene
from app.playground.services import Services
from app.stores.memory import MemoryStore
from tests.labs.test_labs import Standing

ALL = [scene for engine in ENGINES for scene in scenes.scenes(engine)]
PAGE = "a-page-of-one-test"


@pytest.fixture
def engine(request: pytest.FixtureRequest, slug: str) -> Engine:
    started: Engine = request.getfixturevalue(slug)
    return started


@pytest.fixture
async def built(engine: Engine, settings: Settings) -> AsyncIterator[Services]:
    patient = settings.model_copy(update={"max_stream_ms": 30_000})
    made = services.build(patient, Standing({engine.slug: engine}), MemoryStore(), b"secret")
    await made.store.open_session("s")
    yield made
    await made.runner.reset("s", engine.slug)
    await made.sandboxes.close()


class Heard:
    """The events of the page, as its reader gets them."""

    def __init__(self, built: Services) -> None:
        self.events: list[dict[str, Any]] = []
        self._built = built
        self._more = asyncio.Condition()
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async for batch in self._built.runner.feeds.follow("s", PAGE, 0):
            self.events += batch.events if batch else []
            async with self._more:
                self._more.notify_all()

    async def _until(self, done: Callable[[], bool], within_s: float = 5) -> None:
        async with asyncio.timeout(within_s), self._more:
            await self._more.wait_for(done)

    @property
    def messages(self) -> list[str]:
        return [event["text"] for event in self.events if event["kind"] == "message"]

    async def until(self, *texts: str) -> None:
        """Until each text was in a message."""
        try:
            await self._until(lambda: all(any(text in one for one in self.messages) for text in texts))
        except TimeoutError:
            raise AssertionError(f"wanted {texts}, heard {self.messages}") from None

    async def listening(self) -> None:
        """Until the run listens, and the server knows it."""
        await self._until(lambda: any(event["kind"] == "listening" for event in self.events))
        await asyncio.sleep(0.2)

    def end(self) -> None:
        self._task.cancel()


def listen(built: Services, slug: str, source: str, seed: str = "") -> "asyncio.Task[dict[str, Any]]":
    request = RunRequest(slug, source, seed, client="A", page=PAGE)
    return asyncio.create_task(built.runner.run("s", request))


async def act(built: Services, slug: str, source: str) -> dict[str, Any]:
    done = await built.runner.run("s", RunRequest(slug, source, client="B", page=PAGE))
    assert [r["error"] for r in done["results"] if "error" in r] == []
    return done


@pytest.mark.parametrize(("slug", "scene"), [(s.engine, s) for s in ALL], ids=[f"{s.engine}-{s.slug}" for s in ALL])
async def test_what_b_does_is_heard_by_a(built: Services, slug: str, scene: Scene) -> None:
    heard = Heard(built)
    run = listen(built, slug, scene.listen, scene.seed)
    await heard.listening()
    await act(built, slug, scene.act)
    await heard.until(*scene.expect)
    if not run.done():
        assert await built.runner.stop("s", slug, "A")
    ended = await asyncio.wait_for(run, 3)
    assert "seed_error" not in ended
    assert [r["error"] for r in ended["results"] if "error" in r] == []
    assert not any(scene.unwanted in message for message in heard.messages if scene.unwanted)
    heard.end()


@pytest.mark.parametrize("slug", ENGINES)
async def test_from_the_write_to_the_page_is_under_100_ms(built: Services, slug: str) -> None:
    """At the median, without the browser; one run of B each time."""
    first = scenes.scenes(slug)[0]
    wrote = {
        "postgres": "NOTIFY orders, 'n{}'",
        "mongodb": "db.orders.insertOne({{ mark: 'n{}' }})",
        "redis": "PUBLISH orders n{}",
        "dynamodb": "PutItem {{ TableName: 'orders', Item: {{ id: {{ S: 'n{}' }} }} }}",
    }[slug]
    heard = Heard(built)
    run = listen(built, slug, first.listen, first.seed)
    await heard.listening()
    took = []
    for n in range(25):
        began = time.perf_counter()
        await act(built, slug, wrote.format(n))
        await heard.until(f"n{n}")
        took.append((time.perf_counter() - began) * 1000)
    await built.runner.stop("s", slug, "A")
    await run
    heard.end()
    print(f"{slug}: median {statistics.median(took):.0f} ms, most {max(took):.0f} ms")
    assert statistics.median(took) < 100
