"""One engine on several real servers: where sandboxes go, what a draining server gets, what holds when one is away and when it is back."""

import asyncio
import inspect
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import EngineUnavailable
from app.core.places import PlaceError, Places
from app.engines import ON_SEVERAL, create, load
from app.engines.postgres.engine import PostgresEngine
from app.engines.several import Several, name_of, urls_of
from app.main import create_app
from app.playground.engines import Engines
from app.playground.running.runner import Runner, RunRequest
from app.playground.sandboxes.replicas import Replicas
from app.playground.sandboxes.sandboxes import Sandboxes
from app.stores.memory import MemoryStore
from tests.served import Served, free_port

WRITES = {"postgres": "CREATE TABLE kept AS SELECT 42 AS n", "mongodb": "db.kept.insertOne({n: 42})"}
READS = {"postgres": "SELECT n FROM kept", "mongodb": "db.kept.findOne({}, {_id: 0})"}


@dataclass
class Site:
    """A machine of its own: one server, reached by its URL."""

    settings: Settings
    places: Places
    engine: Engine
    url: str

    async def go_away(self) -> None:
        await self.engine.__aexit__(None, None, None)

    async def come_back(self) -> None:
        self.engine = await create(self.engine.slug, self.settings, self.places).__aenter__()

    @property
    def name(self) -> str:
        return name_of(self.url)


@asynccontextmanager
async def site(slug: str, settings: Settings) -> AsyncIterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="sandtable-site-"))
    await asyncio.to_thread(folder.chmod, 0o755)
    own = settings.model_copy(update={"data_dir": folder})
    try:
        with Places(folder) as places:
            engine = await create(slug, own, places).__aenter__()
            url = engine.url()
            assert url
            made = Site(own, places, engine, url)
            try:
                yield made
            finally:
                await made.go_away()
    finally:
        shutil.rmtree(places.runtime, ignore_errors=True)
        shutil.rmtree(folder)


@pytest.fixture(params=["postgres", "mongodb"])
async def sites(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[tuple[str, Site, Site]]:
    slug: str = request.param
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(site(slug, settings)) for _ in range(2)]
        yield slug, one, two


@dataclass
class App:
    """The use cases over an engine on both sites, as the app joins them."""

    engine: Engine
    sandboxes: Sandboxes
    runner: Runner
    store: MemoryStore

    async def run(self, session: str, sources: dict[str, str]) -> str:
        await self.store.open_session(session)
        ran = await self.runner.run(session, RunRequest(self.engine.slug, sources[self.engine.slug]))
        assert ran["stats"]["outcome"] == "ok", ran
        return str(ran["results"])

    async def server_of(self, session: str) -> str:
        place = await self.sandboxes.find(session, self.engine.slug)
        assert place
        return place.sandbox.server


@asynccontextmanager
async def app(slug: str, *sites: Site, store: MemoryStore | None = None, **changes: Any) -> AsyncIterator[App]:
    changes |= {f"{slug}_url": ",".join(site.url for site in sites), "ready_sandboxes": 1}
    settings = sites[0].settings.model_copy(update=changes)
    store = store or MemoryStore()
    async with create(slug, settings, sites[0].places) as engine:
        engines = Engines({slug: engine})
        engines.offer(slug).ready = True
        sandboxes = Sandboxes(engines, store, settings, Replicas(store, settings, "here"))
        runner = Runner(engines, sandboxes, store, settings)
        yield App(engine, sandboxes, runner, store)
        await sandboxes.close()
        await runner.close()


async def test_sandboxes_are_spread_and_found_again(sites: tuple[str, Site, Site]) -> None:
    slug, one, two = sites
    async with app(slug, one, two) as first:
        for number in range(4):
            await first.run(f"s{number}", WRITES)
        where = {f"s{number}": await first.server_of(f"s{number}") for number in range(4)}
        assert sorted(where.values()) == sorted([one.name, two.name] * 2)
        assert {len(await site.engine.namespaces()) for site in (one, two)} == {2}
        assert [server.sandboxes for server in first.engine.servers()] == [2, 2]
    async with app(slug, two, one, store=first.store) as second:  # another replica, with the list in another order
        for session, server in where.items():
            assert "42" in await second.run(session, READS)
            assert await second.server_of(session) == server
        await second.sandboxes.fill_pool(second.engine)
        assert await second.sandboxes.drop_orphans(second.engine) == 0
        for session in where:
            await second.runner.reset(session, slug)
    assert await one.engine.namespaces() | await two.engine.namespaces() == {
        record.sandbox.namespace for record in await first.store.sandboxes(slug)
    }


async def test_a_draining_server_keeps_what_it_has_and_gets_nothing_new(sites: tuple[str, Site, Site]) -> None:
    slug, one, two = sites
    async with app(slug, one, two) as before:
        await before.run("old", WRITES)
        await before.run("older", WRITES)
        await before.sandboxes.fill_pool(before.engine)
        on_one = "old" if await before.server_of("old") == one.name else "older"
    async with app(slug, one, two, store=before.store, draining_servers=(one.name,)) as after:
        await after.sandboxes.fill_pool(after.engine)
        for number in range(3):
            await after.run(f"new{number}", WRITES)
            assert await after.server_of(f"new{number}") == two.name
        assert "42" in await after.run(on_one, READS)
        assert len(await one.engine.namespaces()) == 1
        await after.runner.reset(on_one, slug)
        await after.run(on_one, WRITES)
        assert await after.server_of(on_one) == two.name
    assert await one.engine.namespaces() == set()


async def test_a_server_that_is_away_takes_nobody_elses_work_down(sites: tuple[str, Site, Site]) -> None:
    slug, one, two = sites
    async with app(slug, one, two) as running:
        for session in ("s0", "s1"):
            await running.run(session, WRITES)
        lost = "s0" if await running.server_of("s0") == one.name else "s1"
        other = {"s0": "s1", "s1": "s0"}[lost]
        await one.go_away()
        assert "42" in await running.run(other, READS)
        await running.engine.check()
        for number in range(3):  # the first may be meant for the one that is away: nobody was told yet
            await running.run(f"new{number}", WRITES)
            assert await running.server_of(f"new{number}") == two.name
        await running.engine.tend()
        assert {server.name: server.up for server in running.engine.servers()} == {one.name: False, two.name: True}
        with pytest.raises(EngineUnavailable, match=r"on a .* server that is away"):
            await running.run(lost, READS)
        await one.come_back()
        await running.engine.tend()
        assert all(server.up for server in running.engine.servers())
        assert "42" in await running.run(lost, READS)


async def test_it_starts_with_those_that_are_there(sites: tuple[str, Site, Site]) -> None:
    slug, one, two = sites
    async with app(slug, one, two) as before:
        await before.run("s0", WRITES)
        await before.run("s1", WRITES)
        lost = "s0" if await before.server_of("s0") == one.name else "s1"
    await one.go_away()
    async with app(slug, one, two, store=before.store) as running:
        with pytest.raises(EngineUnavailable, match=r"on a .* server that is away") as caught:
            await running.run(lost, READS)
        assert caught.value.hint
        await running.runner.reset(lost, slug)
        await running.run(lost, WRITES)
        assert await running.server_of(lost) == two.name
        await one.come_back()
        await running.engine.tend()
        await running.sandboxes.expire_idle(running.engine)  # what was reset while its server was away
    assert await one.engine.namespaces() == set()


async def test_a_server_that_left_the_settings_is_forgotten(sites: tuple[str, Site, Site]) -> None:
    slug, one, two = sites
    three = site(slug, one.settings)
    async with three as third, app(slug, one, two, third) as before:
        for number in range(3):
            await before.run(f"s{number}", WRITES)
        servers = [await before.server_of(f"s{number}") for number in range(3)]
        gone = f"s{servers.index(third.name)}"
    async with app(slug, one, two, store=before.store) as after:
        with pytest.raises(EngineUnavailable):
            await after.run(gone, READS)
        await after.runner.reset(gone, slug)
        await after.sandboxes.close()
        assert all(record.sandbox.server != third.name for record in await after.store.sandboxes(slug))


async def test_the_operator_sees_each_server(settings: Settings) -> None:
    async with site("postgres", settings) as one, site("postgres", settings) as two:
        assert isinstance(one.engine, PostgresEngine)
        await one.engine.server.ensure_database("sandtable")
        admin_port = free_port()
        served = Served(
            one.places.data / "app",
            SANDTABLE_ENGINES="postgres",
            SANDTABLE_POSTGRES_URL=f"{one.url},{two.url}",
            SANDTABLE_STORE_URL=one.engine.server.url("sandtable"),
            SANDTABLE_DRAINING_SERVERS=two.name,
            SANDTABLE_ADMIN_PORT=str(admin_port),
            SANDTABLE_ADMIN_TOKEN="secret",
        )
        try:
            await asyncio.to_thread(served.wait_until_ready)
            ran = await asyncio.to_thread(served.run, "postgres", "select 41 + 1")
            assert ran.json()["results"][0]["rows"] == [["42"]]
            told = (await asyncio.to_thread(served.http.get, "/readyz")).json()["engines"]["postgres"]["servers"]
            assert [(server["name"], server["up"], server["draining"]) for server in told] == [
                (one.name, True, False),
                (two.name, True, True),
            ]
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{admin_port}", auth=("x", "secret")) as admin:
                figures = (await admin.get("/metrics")).text
                assert f'sandtable_server_up{{engine="postgres",server="{two.name}"}} 1.0' in figures
                page = (await admin.get("/")).text
                assert one.name in page
                assert "up, draining" in " ".join(page.split())
        finally:
            await asyncio.to_thread(served.end)


@pytest.mark.parametrize("kind", [Engine, *map(load, ON_SEVERAL)])
def test_whatever_concerns_a_sandbox_goes_to_its_server(kind: type[Engine]) -> None:
    methods = inspect.getmembers(kind, inspect.isfunction)
    public = {name for name, method in methods if "sandbox" in inspect.signature(method).parameters and name[0] != "_"}
    assert {"create", "drop", "client", "inspect"} <= public
    assert public <= vars(Several).keys()


async def test_none_of_them_answers(settings: Settings, places: Places) -> None:
    urls = "postgresql://a:b@127.0.0.1:1/x,postgresql://a:b@127.0.0.1:2/x"
    with pytest.raises(EngineUnavailable, match="None of the 2 PostgreSQL servers") as caught:
        await create("postgres", settings.model_copy(update={"postgres_url": urls}), places).__aenter__()
    assert "127.0.0.1:1, 127.0.0.1:2" in str(caught.value.hint)


async def test_where_the_store_is_has_to_be_said(settings: Settings, data_dir: Path) -> None:
    urls = "postgresql://a:b@127.0.0.1:1/x,postgresql://a:b@127.0.0.1:2/x"
    asks = settings.model_copy(
        update={"postgres_url": urls, "engines": ("postgres",), "data_dir": data_dir / "several"}
    )
    served = create_app(asks)
    with pytest.raises(PlaceError, match="store_url"):
        async with served.router.lifespan_context(served):
            pass


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        ("postgresql://u:p@one:5432/x, postgresql://two/x", ["one:5432", "two"]),
        ("mongodb://u:p,q@a,b:2/?replicaSet=r,mongodb+srv://c.example/", ["a,b:2", "c.example"]),
        ("postgresql://u:p@/postgres?host=/run/pg&port=5432", ["/run/pg"]),
    ],
)
def test_urls_are_told_apart_and_named_by_their_hosts(setting: str, names: list[str]) -> None:
    assert [name_of(url) for url in urls_of(setting)] == names
