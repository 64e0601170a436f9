"""Every scene on the real engines: what A listens to hears what B does, and how listening ends."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.engines import ENGINES
from app.playground import scenes, services
from app.playground.running.runner import RunRequest
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


FOR_EVER = {
    "postgres": ("\\listen orders", "\\listen orders"),
    "mongodb": ("db.orders.watch()", "db.watch()"),
    "redis": ("BLPOP jobs 0", "SUBSCRIBE news"),
    "dynamodb": ('Watch { TableName: "orders" }', 'Watch { TableName: "orders" }'),
}


@pytest.fixture
async def hasty(built: Services, engine: Engine, settings: Settings) -> Services:
    """The same, with the short limits of the tests."""
    built.runner.limits = services.build(settings, Standing({engine.slug: engine}), MemoryStore(), b"x").runner.limits
    return built


@pytest.mark.parametrize("slug", ENGINES)
async def test_both_listening_for_ever_are_ended_by_the_limit_and_say_so(hasty: Services, slug: str) -> None:
    seed = scenes.scenes(slug)[0].seed
    if seed:
        await hasty.runner.run("s", RunRequest(slug, "", seed))
    a, b = FOR_EVER[slug]
    began = time.perf_counter()
    runs = await asyncio.gather(listen(hasty, slug, a), act(hasty, slug, b))
    assert 1.5 < time.perf_counter() - began < 3.5
    for run in runs:
        assert run["results"][-1]["truncated"]["limit"] == "max_stream_ms"
        assert " 2 s." in run["results"][-1]["truncated"]["message"]


@pytest.mark.parametrize("slug", ["redis"])
async def test_a_run_that_waits_many_times_has_one_limit_in_all(hasty: Services, slug: str) -> None:
    began = time.perf_counter()
    run = await listen(hasty, slug, "50 BLPOP jobs 0.5")
    assert time.perf_counter() - began < 3.5
    last = run["results"][-1]
    assert last["error"]["limit"] == {"name": "max_stream_ms", "value": 2_000}
    assert len(run["results"]) + len(run["not_run"]) == 50


@pytest.mark.parametrize("slug", ["redis"])
async def test_messages_of_a_run_have_one_limit_in_all(hasty: Services, slug: str) -> None:
    hasty.runner.limits = replace(hasty.runner.limits, max_messages=10)
    heard = Heard(hasty)
    run = listen(hasty, slug, "3 SUBSCRIBE news")
    await heard.listening()
    await act(hasty, slug, "EVAL \"for i = 1, 25 do redis.call('PUBLISH', 'news', i) end\" 0")
    ended = await run
    heard.end()
    assert ended["results"][0]["truncated"]["limit"] == "max_messages"
    assert ended["results"][1]["error"]["message"] == "Stopped: a run may have 10 events, and has had them."
    assert len(ended["not_run"]) == 1


@pytest.mark.parametrize("slug", ["postgres"])
async def test_listening_in_postgres_says_what_is_wrong(hasty: Services, slug: str) -> None:
    async def error(source: str) -> dict[str, Any]:
        run = await hasty.runner.run("s", RunRequest(slug, source, client="A"))
        found: dict[str, Any] = run["results"][-1]["error"]
        return found

    assert (await error("\\listen"))["code"] == "no_channel"
    assert (await error("\\listen a, 1b"))["position"] == len("\\listen a, ")
    assert (await error("\\listen a; DROP TABLE t"))["message"] == 'syntax error at or near "TABLE"'
    open_one = await error("BEGIN;\n\\listen a\n")
    assert open_one["outcome"] == "refused"
    assert open_one["message"] == "No notification arrives while a transaction is open."


@pytest.mark.parametrize("slug", ["postgres"])
async def test_stop_keeps_what_postgres_listens_to(built: Services, slug: str) -> None:
    heard = Heard(built)
    run = listen(built, slug, '\\listen orders, "Mixed Case"')
    await heard.listening()
    await act(built, slug, "NOTIFY \"Mixed Case\", 'one'")
    await heard.until("one")
    assert await built.runner.stop("s", slug, "A")
    assert (await run)["results"][-1]["status"].endswith("1 notification")
    await act(built, slug, "NOTIFY orders, 'two'")
    run = listen(built, slug, "\\listen")
    await heard.until("two")
    await built.runner.stop("s", slug, "A")
    notices = [notice["message"] for notice in (await run)["results"][-1]["notices"]]
    assert notices == ["Listening on orders, Mixed Case."]
    heard.end()


@pytest.mark.parametrize("slug", ["postgres"])
async def test_a_flood_of_notifications_is_cut_with_its_number(built: Services, slug: str) -> None:
    heard = Heard(built)
    run = listen(built, slug, "\\listen orders")
    await heard.listening()
    built.runner.limits = replace(built.runner.limits, max_reply_bytes=5_000_000)
    await act(built, slug, "SELECT count(pg_notify('orders', n || repeat('x', 4000))) FROM generate_series(1, 400) n")
    ended = await asyncio.wait_for(run, 10)
    heard.end()
    assert ended["results"][-1]["truncated"]["limit"] == "max_reply_bytes"
    assert 200 < len(ended["results"][-1]["messages"]) < 260


@pytest.mark.parametrize("slug", ["postgres"])
async def test_a_connection_that_ends_while_it_listens_says_so(built: Services, slug: str) -> None:
    heard = Heard(built)
    run = listen(built, slug, "\\listen orders")
    await heard.listening()
    ended = await act(
        built, slug, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    )
    assert ended["results"][-1]["rows"] == [["1"]]
    told = (await asyncio.wait_for(run, 5))["results"][-1]["error"]
    heard.end()
    assert told["code"] == "08006"
    assert "what came meanwhile is lost" in told["message"]


@pytest.mark.parametrize("slug", ["redis"])
async def test_only_keyspace_events_are_set_in_redis_and_they_outlive_parking(built: Services, slug: str) -> None:
    async def reply(source: str) -> str:
        run = await built.runner.run("s", RunRequest(slug, source))
        result = run["results"][-1]
        return str(result.get("text") or result["error"]["message"])

    assert await reply("CONFIG SET notify-keyspace-events Ex") == "OK"
    assert "xE" in await reply("CONFIG GET notify-keyspace-events")
    assert "Invalid event class" in await reply("CONFIG SET notify-keyspace-events ?")
    for refused in ("CONFIG SET maxmemory 1gb", "CONFIG SET notify-keyspace-events Ex maxmemory 1gb"):
        assert "CONFIG SET is refused here" in await reply(refused)
    assert await built.engines.get("redis").park(0) >= 1
    assert "xE" in await reply("CONFIG GET notify-keyspace-events")
