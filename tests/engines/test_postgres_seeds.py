"""Heavy seeds kept as databases: who owns the copy, what is not kept, what a copy must not hold back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import PlaygroundError
from app.engines.postgres.engine import PostgresEngine
from app.engines.postgres.seeded import PREFIX, may_keep
from app.engines.postgres.sources.statements import split
from app.playground import services
from app.playground.engines import Engines
from app.playground.running.runner import RunRequest
from app.playground.services import Services
from app.stores.memory import MemoryStore

SEED = """create schema other;
create type mood as enum ('sad', 'ok');
create table parent (id serial primary key, m mood default 'ok');
create table other.child (id int references parent, text text not null);
insert into parent (m) select 'sad' from generate_series(1, 500);
insert into other.child select id, 'x' from parent;
create view seen as select * from parent where m = 'sad';
create function twice(n int) returns int language sql as 'select n * 2';
analyze"""
SOURCE = """insert into parent (m) values ('ok') returning id;
drop view seen;
alter table other.child add more int;
select twice(count(*)::int) from other.child;
create or replace function twice(n int) returns int language sql as 'select n * 3';
select distinct tableowner = current_user from pg_tables where schemaname in ('public', 'other')"""


@pytest.fixture
async def built(postgres: Engine, settings: Settings) -> AsyncIterator[Services]:
    engines = Engines({"postgres": postgres})
    engines.offer("postgres").ready = True
    made = services.build(settings.model_copy(update={"heavy_seed_ms": 1}), engines, MemoryStore(), b"secret")
    for session in ("a", "b", "c"):
        await made.store.open_session(session)
    yield made
    for session in ("a", "b", "c"):
        await made.runner.reset(session, "postgres")
    await made.sandboxes.close()
    await made.runner.close()


async def run(built: Services, session: str, source: str = SOURCE, seed: str = SEED) -> dict:  # type: ignore[type-arg]
    answer = await built.runner.run(session, RunRequest("postgres", source, seed))
    assert "seed_error" not in answer, answer["seed_error"]
    assert answer["stats"]["outcome"] == "ok", answer["results"][-1]
    return answer


async def kept(engine: PostgresEngine) -> list[str]:
    rows = await engine.admin.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", PREFIX)
    return [
        row["datname"] for row in rows if not row["datname"].startswith(f"{PREFIX}empty_")
    ]  # those are on their way out


async def test_a_copy_is_the_visitor_s_own_and_holds_nothing_back(built: Services, postgres: PostgresEngine) -> None:
    first = await run(built, "a")
    assert len(await kept(postgres)) == 1
    for session in ("b", "c"):
        again = await run(built, session)
        assert [r.get("rows") for r in again["results"]] == [r.get("rows") for r in first["results"]]
        assert again["results"][-1]["rows"] == [["t"]]
    place = await built.sandboxes.get("a", "postgres")
    await built.runner.reset("a", "postgres")
    await built.sandboxes.close()
    assert place.sandbox.namespace not in await postgres.namespaces()
    roles = await postgres.admin.fetch(
        "SELECT 1 FROM pg_roles WHERE starts_with(rolname, $1)", f"sbx_{place.sandbox.namespace}"
    )
    assert roles == []
    await run(built, "a")


async def test_a_copy_can_be_opened_by_nobody(built: Services, postgres: PostgresEngine) -> None:
    await run(built, "a")
    (name,) = await kept(postgres)
    row = (await postgres.admin.fetch("SELECT datallowconn, datacl::text FROM pg_database WHERE datname = $1", name))[0]
    assert row["datallowconn"] is False
    assert "sbx_" not in (row["datacl"] or "")
    answer = await built.runner.run(
        "b", RunRequest("postgres", f"select count(*) from pg_database where datname = '{name}'")
    )
    assert answer["results"][0]["kind"] == "error" or answer["results"][0]["rows"] == [["0"]]


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (SEED, True),
        ("create temp table t (n int)", False),
        ("select set_config('search_path', 'x', false)", False),
        ("set search_path = other", False),
        ("begin; create table t (n int); commit", False),
        ("create table t (n int); grant select on t to sbx_reader", False),
        ("create table t (n int); alter table t owner to x", False),
        ("do $$ begin end $$", False),
        ("create table t as select now() as at", False),
        ("create table t as select current_user as who", False),
        ("prepare p as select 1", False),
        ("insert into t select 'temp'", True),
        ("", True),
    ],
)
def test_what_is_kept(seed: str, expected: bool) -> None:
    assert may_keep(split(seed)) is expected


async def test_what_another_client_may_have_changed_is_not_kept(built: Services, postgres: PostgresEngine) -> None:
    seed = "create table victim (n int); insert into victim select n from generate_series(1, 9) n, pg_sleep(0.4)"
    before = await kept(postgres)

    async def poison() -> None:
        for _ in range(200):
            request = RunRequest("postgres", "insert into victim values (666)", client="A")
            with contextlib.suppress(PlaygroundError):  # while the old sandbox goes and the new one is made
                answer = await built.runner.run("a", request)
                if answer["stats"]["outcome"] == "ok":
                    return
            await asyncio.sleep(0.01)

    await asyncio.gather(run(built, "a", "select 1", seed), poison())
    assert await kept(postgres) == before
    answer = await run(built, "b", "select count(*) from victim where n = 666", seed)
    assert answer["results"][0]["rows"] == [["0"]]
    assert len(await kept(postgres)) == len(before) + 1


async def test_a_seed_that_is_not_kept_runs_each_time(built: Services, postgres: PostgresEngine) -> None:
    before = await kept(postgres)
    seed = "create temp table here (n int); insert into here values (7)"
    for session in ("a", "b"):
        answer = await run(built, session, "select n from here", seed)
        assert answer["results"][0]["rows"] == [["7"]]
    assert await kept(postgres) == before
