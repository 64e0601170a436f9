"""What happens to a session's sandbox at the same time: dropped elsewhere, used while it is about to be dropped, seeded twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import SandboxExpired
from app.core.sandbox import Sandbox
from app.engines.postgres.engine import PostgresEngine
from app.playground import services
from app.playground.running.runner import RunRequest
from app.playground.services import Services
from app.playground.store import SandboxRecord
from app.stores.memory import MemoryStore
from app.stores.postgres import PostgresStore
from tests.standing import Standing

SOURCES = {"postgres": "SELECT 1", "mongodb": "db.c.countDocuments()", "redis": "PING"}
IDLE_MS = 60_000


async def run(built: Services, slug: str, source: str, **more: Any) -> dict[str, Any]:
    answer = await built.runner.run("s", RunRequest(slug, source, **more))
    assert "seed_error" not in answer, answer
    assert answer["stats"]["outcome"] == "ok", answer
    return answer


@pytest.fixture(params=SOURCES)
def engine(request: pytest.FixtureRequest) -> Engine:
    started: Engine = request.getfixturevalue(request.param)
    return started


@pytest.fixture
async def vanished(engine: Engine, settings: Settings) -> AsyncIterator[tuple[Services, str]]:
    """A session whose sandbox another process has dropped, without a word to this one."""
    slug = engine.slug
    built = services.build(settings, Standing({slug: engine}), MemoryStore(), b"secret")
    await built.store.open_session("s")
    await run(built, slug, SOURCES[slug])
    await drop(built, engine)
    yield built, slug
    await built.runner.reset("s", slug)
    await built.sandboxes.close()


async def drop(built: Services, engine: Engine) -> None:
    """What another process's janitor does."""
    record = await built.store.sandbox_of("s", engine.slug)
    assert record
    await built.store.mark_dropping(record.sandbox.namespace)
    await engine.close_clients(record.sandbox)
    await engine.drop(record.sandbox)
    await built.store.forget_sandbox(record.sandbox.namespace)


async def test_a_sandbox_that_is_gone_is_made_anew_by_the_next_run(vanished: tuple[Services, str]) -> None:
    built, slug = vanished
    with pytest.raises(SandboxExpired):
        await run(built, slug, SOURCES[slug])
    answer = await run(built, slug, SOURCES[slug])
    assert "was gone; this is a new one" in answer["results"][0]["notices"][0]["message"]
    assert "notices" not in (await run(built, slug, SOURCES[slug]))["results"][0], "it is said once"


async def test_reset_helps_where_the_sandbox_is_gone(vanished: tuple[Services, str]) -> None:
    built, slug = vanished
    await built.runner.reset("s", slug)
    await run(built, slug, SOURCES[slug])


async def test_as_many_are_dropped_as_are_due(postgres: PostgresEngine, redis: Engine, settings: Settings) -> None:
    """The store gives them out a few at a time."""
    await postgres.server.ensure_database("store_many_due")
    async with PostgresStore(postgres.server.connect_arguments("store_many_due")) as store:
        built = services.build(settings, Standing({"redis": redis}), store, b"secret")
        await store.open_session("s")
        long_ago = datetime.now(UTC) - timedelta(days=1)
        for _ in range(120):
            await store.save_sandbox(SandboxRecord(redis.new_sandbox(), long_ago, dropping=True))
            async with store._connection() as connection:
                await connection.execute("update sandboxes set claimed_until = null")
        assert await built.sandboxes.expire_idle(redis) == 120
        assert await store.sandboxes("redis") == []


async def test_two_clients_that_seed_at_once_share_what_the_first_one_made(
    postgres: PostgresEngine, settings: Settings
) -> None:
    built = services.build(settings, Standing({"postgres": postgres}), MemoryStore(), b"secret")
    await built.store.open_session("s")
    for later_s in (0, 0.05, 0.2):
        seed = f"CREATE TABLE t AS SELECT {later_s} AS a; SELECT pg_sleep(0.3)"

        async def one(client: str, seed: str, wait_s: float) -> list[list[str]]:
            await asyncio.sleep(wait_s)
            answer = await run(built, "postgres", "SELECT a FROM t", seed=seed, client=client)
            rows: list[list[str]] = answer["results"][0]["rows"]
            return rows

        assert await asyncio.gather(one("A", seed, 0), one("B", seed, later_s)) == [[[str(later_s)]]] * 2
    await built.runner.reset("s", "postgres")
    await built.sandboxes.close()


class Interrupted(PostgresStore):
    """Something happens between a claim and what is done about it."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def claim_due(
        self, engine: str, before: datetime, *, host: str, replica: str, claim_s: float, most: int
    ) -> list[SandboxRecord]:
        due = await super().claim_due(engine, before, host=host, replica=replica, claim_s=claim_s, most=most)
        if self.meanwhile:
            await self.meanwhile()
        return due


Process = Callable[[], Services]


@pytest.fixture
async def store(postgres: PostgresEngine) -> AsyncIterator[Interrupted]:
    await postgres.server.ensure_database("store_sandboxes")
    async with Interrupted(postgres.server.connect_arguments("store_sandboxes")) as store:
        async with store._connection() as connection:
            await connection.execute("truncate sessions, sandboxes, replicas, leases cascade")
        await store.open_session("s")
        yield store


@pytest.fixture
async def process(postgres: PostgresEngine, settings: Settings, store: Interrupted) -> AsyncIterator[Process]:
    """Makes processes on one store and one server."""
    made: list[Services] = []

    def process() -> Services:
        own = settings.model_copy(
            update={
                "sandbox_idle_ms": IDLE_MS,
                "peer_address": f"127.0.0.1:{len(made) + 1}",
                "postgres_url": postgres.url(),
            }
        )
        made.append(services.build(own, Standing({"postgres": postgres}), store, b"secret"))
        return made[-1]

    yield process
    store.meanwhile = None
    await made[0].runner.reset("s", "postgres")
    for built in made:
        await built.runner.close()
        await built.sandboxes.close()
        await built.replicas.leave()


async def idle(store: Interrupted, *processes: Services) -> Sandbox:
    """The session's sandbox was last used an hour ago, as far as anybody knows."""
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    for built in processes:
        for place in built.sandboxes.live():
            place.used_at = hour_ago
    record = await store.sandbox_of("s", "postgres")
    assert record
    await store.touch_sandboxes({record.sandbox.namespace: hour_ago})
    return record.sandbox


@pytest.mark.parametrize("user", ["this process", "another process"])
async def test_a_sandbox_that_is_used_after_it_was_claimed_stays(
    process: Process, store: Interrupted, user: str
) -> None:
    janitor = process()
    await run(janitor, "postgres", "CREATE TABLE t AS SELECT 1 AS a")
    await idle(store, janitor)
    if user == "another process":
        janitor = process()  # has not seen the session
    visited = janitor if user == "this process" else process()
    store.meanwhile = lambda: run(visited, "postgres", "INSERT INTO t VALUES (2)")
    assert await janitor.sandboxes.expire_idle(janitor.engines.get("postgres")) == 0
    answer = await run(visited, "postgres", "SELECT count(*) FROM t")
    assert answer["results"][0]["rows"] == [["2"]]


async def test_a_sandbox_that_is_taken_for_unused_is_not_given_any_more(process: Process, store: Interrupted) -> None:
    """The other side of the same race: who comes a moment too late begins with an empty sandbox."""
    built = process()
    await run(built, "postgres", "CREATE TABLE t AS SELECT 1 AS a")
    sandbox = await idle(store, built)
    assert await store.mark_dropping(sandbox.namespace, datetime.now(UTC) - timedelta(milliseconds=IDLE_MS))
    assert await store.use_sandbox("s", "postgres") is None
    assert await built.sandboxes.expire_idle(built.engines.get("postgres")) == 1
    assert (await built.sandboxes.get("s", "postgres")).sandbox.namespace != sandbox.namespace


async def test_use_that_could_not_be_told_is_told_later(process: Process, store: Interrupted) -> None:
    built = process()
    await run(built, "postgres", "SELECT 1")
    async with store._connection() as connection:
        await connection.execute("alter table sandboxes rename to elsewhere")
        with pytest.raises(Exception, match="does not exist"):
            await built.sandboxes.expire_idle(built.engines.get("postgres"))
        await connection.execute("alter table elsewhere rename to sandboxes")
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    (place,) = built.sandboxes.live()
    await store.touch_sandboxes({place.sandbox.namespace: hour_ago})
    await built.sandboxes.expire_idle(built.engines.get("postgres"))
    record = await store.sandbox_of("s", "postgres")
    assert record
    assert record.used_at == place.used_at


async def test_after_a_lapse_a_replica_asks_which_sandbox_a_session_has(
    process: Process, store: Interrupted, postgres: PostgresEngine
) -> None:
    built = process()
    assert await built.replicas.other("s", take=True) is None
    await run(built, "postgres", "SELECT 1")
    other = process()  # takes the session meanwhile, and resets it
    await drop(other, postgres)
    await run(other, "postgres", "CREATE TABLE theirs (a int)")
    await built.replicas.join()  # the first renewal since: the lease had lapsed
    assert await built.replicas.other("s", take=True) is None
    await run(built, "postgres", "SELECT * FROM theirs")
