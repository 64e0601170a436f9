"""SQL over the datasets in the other engines' words: every translation is run, and gives what PostgreSQL gives."""

import tomllib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.datasets import DATASETS
from app.engines import ENGINES
from app.playground import services
from app.playground.engines import Engines
from app.playground.running.runner import Runner, RunRequest
from app.playground.tasks.verification import Verdict
from app.playground.translating import shapes
from app.playground.translating.carried import read
from app.playground.translating.translation import ENGINES as OTHERS
from app.playground.translating.translation import Translated, judge, translate
from app.stores.memory import MemoryStore
from tests.translation.generated import Generator, Keyed

SAME = "same"


@dataclass(frozen=True, slots=True)
class Case:
    dataset: str
    sql: str
    expected: dict[str, str]


def cases() -> list[Case]:
    found = []
    for name in DATASETS:
        data = tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text())
        found += [Case(name, one["sql"], {engine: one[engine] for engine in OTHERS}) for one in data["statements"]]
    return found


CASES = cases()


@pytest.fixture(scope="module")
async def runner(
    postgres: Engine, mongodb: Engine, redis: Engine, dynamodb: Engine, data_dir: Path
) -> AsyncIterator[Runner]:
    """Runs on the engines that the whole session shares, under the limits that visitors have."""
    engines = Engines({engine.slug: engine for engine in (postgres, mongodb, redis, dynamodb)})
    for offer in engines:
        offer.ready = True
    built = services.build(Settings(data_dir=data_dir), engines, MemoryStore(), b"translation")
    yield built.runner
    for name in (*DATASETS, "changed"):
        for slug in ENGINES:
            await built.runner.reset(name, slug)
    await built.runner.close()
    await built.sandboxes.close()


@pytest.fixture(scope="module")
def wanted() -> dict[Case, dict[str, Any]]:
    """What PostgreSQL answered, kept for the next engine."""
    return {}


async def run(runner: Runner, engine: str, source: str, dataset: str, session: str = "") -> dict[str, Any]:
    return await runner.run(session or dataset, RunRequest(engine, source, dataset=f"{dataset}:S"))


async def reference(runner: Runner, found: Translated, dataset: str) -> dict[str, Any]:
    """PostgreSQL's run; what a change left is rolled back once it was read."""
    source = f"BEGIN;\n{found.source}\nROLLBACK;" if found.changes else found.source
    return await run(runner, "postgres", source, dataset)


async def difference(
    runner: Runner, case: Case, engine: str, wanted: dict[str, dict[str, Any]], found: Translated
) -> str:
    if case.sql not in wanted:
        wanted[case.sql] = await reference(runner, found, case.dataset)
    session = "changed" if found.changes else case.dataset
    if found.changes:
        await runner.reset(session, engine)
    mine = await run(runner, engine, found.carried[engine].source, case.dataset, session)
    differences = judge(found, {"postgres": wanted[case.sql], engine: mine}).differences
    assert differences["postgres"] is None, f"PostgreSQL itself fails: {case.sql}: {differences['postgres']}"
    return Verdict(case.sql, engine, differences[engine]).reason


@pytest.mark.timeout(120)
@pytest.mark.parametrize("engine", OTHERS)
async def test_every_translation_gives_postgresqls_answer(
    runner: Runner, engine: str, wanted: dict[str, dict[str, Any]]
) -> None:
    wrong, tally = [], Counter[str]()
    for case in CASES:
        found = translate(case.sql, case.dataset)
        if not found.carried[engine].source:
            tally["refused"] += 1
            continue
        reason = await difference(runner, case, engine, wanted, found)
        tally["same" if not reason else "other"] += 1
        if reason:
            wrong.append(f"{case.sql}\n{found.carried[engine].source}\n{reason}")
    print(
        f"\n{engine}: of {len(CASES)} statements {tally['same']} translated, all with the same answer; {tally['refused']} refused by name"
    )
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.dataset}: {case.sql[:60]}")
def test_what_is_carried_over_and_why_the_rest_is_not(case: Case) -> None:
    carried = translate(case.sql, case.dataset).carried
    assert {engine: SAME if one.source else "; ".join(one.losses) for engine, one in carried.items()} == case.expected


def test_the_table_is_long_enough_and_as_the_document_says() -> None:
    assert len(CASES) >= 120
    document = (Path(__file__).parents[2] / "docs/translation.md").read_text()
    for engine in OTHERS:
        carried = sum(case.expected[engine] == SAME for case in CASES)
        assert f"| {carried} of {len(CASES)} |" in document, f"{engine}: {carried} of {len(CASES)}"


@pytest.mark.timeout(120)
async def test_generated_statements_give_the_same_answer(runner: Runner) -> None:
    """What nobody thought of: three-valued logic in every corner of a SELECT, on the engine that takes all of it."""
    wrong, compared = [], 0
    for sql in Generator(seed=11).statements(200):
        found = translate(sql, "shop")
        source = found.carried["mongodb"].source
        assert source, f"{sql}: {found.carried['mongodb'].losses}"
        runs = {
            "postgres": await reference(runner, found, "shop"),
            "mongodb": await run(runner, "mongodb", source, "shop"),
        }
        if runs["postgres"]["results"][-1]["kind"] == "error":
            continue
        compared += 1
        difference = judge(found, runs).differences["mongodb"]
        if difference is not None:
            wrong.append(f"{sql}\n{source}\n{Verdict(sql, 'mongodb', difference).reason}")
    assert not wrong, "\n\n".join(wrong)
    assert compared > 180


@pytest.mark.parametrize("dataset", DATASETS)
async def test_generated_statements_by_key_give_the_same_answer(runner: Runner, dataset: str) -> None:
    wrong, compared = [], Counter[str]()
    for number, table in enumerate(shapes.tables(dataset).values()):
        held = (await run(runner, "postgres", f"SELECT * FROM {table.name}", dataset))["results"][0]
        names = [column["name"] for column in held["columns"]]
        values = dict(zip(names, map(list, zip(*held["rows"], strict=True)), strict=True))
        for sql in Keyed(number, table, values).statements(30):
            found = translate(sql, dataset)
            wanted = await reference(runner, found, dataset)
            for engine in OTHERS:
                if not found.carried[engine].source:
                    continue
                compared[engine] += 1
                mine = await run(runner, engine, found.carried[engine].source, dataset)
                difference = judge(found, {"postgres": wanted, engine: mine}).differences[engine]
                if difference is not None:
                    wrong.append(f"{engine}: {sql}\n{found.carried[engine].source}\n{difference}")
    assert not wrong, "\n\n".join(wrong)
    assert all(compared[engine] >= 5 for engine in OTHERS), compared


@pytest.mark.parametrize("engine", ["mongodb", "dynamodb"])
@pytest.mark.parametrize("dataset", DATASETS)
async def test_the_shapes_say_where_every_column_is(runner: Runner, dataset: str, engine: str) -> None:
    for table in shapes.tables(dataset).values():
        columns = [name for name in table.columns if shapes.kept(name, table, engine)]
        assert columns
        sql = f"SELECT {', '.join(columns)} FROM {table.name}"
        found = translate(sql, dataset)
        assert found.carried[engine].source, found.carried[engine].losses
        runs = {
            "postgres": await reference(runner, found, dataset),
            engine: await run(runner, engine, found.carried[engine].source, dataset),
        }
        assert judge(found, runs).differences[engine] is None, sql


@pytest.mark.parametrize("dataset", DATASETS)
async def test_the_shapes_say_which_key_holds_a_row(runner: Runner, dataset: str) -> None:
    """Redis is asked by the keys of a few rows of each table."""
    asked = 0
    for table in shapes.tables(dataset).values():
        columns = [name for name in table.columns if shapes.kept(name, table, "redis")]
        for by in [table.key, *((name,) for name in table.columns)]:
            rows = await run(runner, "postgres", f"SELECT DISTINCT {', '.join(by)} FROM {table.name} LIMIT 4", dataset)
            for row in rows["results"][0]["rows"]:
                where = " AND ".join(f"{name} = '{value}'" for name, value in zip(by, row, strict=True))
                for chosen in (columns, table.key):
                    sql = f"SELECT {', '.join(chosen)} FROM {table.name} WHERE {where}"
                    found = translate(sql, dataset)
                    if found.carried["redis"].source:
                        asked += 1
                        runs = {
                            "postgres": await reference(runner, found, dataset),
                            "redis": await run(runner, "redis", found.carried["redis"].source, dataset),
                        }
                        assert judge(found, runs).differences["redis"] is None, sql
    assert asked >= 8


@pytest.mark.parametrize("dataset", DATASETS)
async def test_the_shapes_have_postgresqls_tables(runner: Runner, dataset: str) -> None:
    rows = await run(
        runner,
        "postgres",
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'",
        dataset,
    )
    kinds = {
        "integer": "int",
        "numeric": "decimal",
        "timestamp with time zone": "timestamp",
        "ARRAY": "text[]",
    }
    found: dict[str, dict[str, str]] = {}
    for table, column, kind, nullable in rows["results"][0]["rows"]:
        assert nullable == "NO"
        found.setdefault(table, {})[column] = kinds.get(kind, kind)
    assert {name: dict(table.columns) for name, table in shapes.tables(dataset).items()} == found


NASTY = (
    "O'Neil",
    'say "hi"',
    "back\\slash",
    "a\nb\tc",
    "$name {x} #y %z",
    "'; DROP TABLE users; --",
    "ünï ☕",
    "\\x41 \\u0041",
)


@pytest.mark.parametrize("text", NASTY)
async def test_values_come_through_as_they_are(runner: Runner, text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    sql = f"INSERT INTO users VALUES (99, {quoted}, 'e99', 'Rome', '2026-03-01')"
    found = translate(sql, "shop")
    runs = {"postgres": await reference(runner, found, "shop")}
    for engine in OTHERS:
        await runner.reset("changed", engine)
        runs[engine] = await run(runner, engine, found.carried[engine].source, "shop", "changed")
    assert judge(found, runs).same, judge(found, runs).differences
    selected = translate(f"SELECT id, email FROM users WHERE name = {quoted}", "shop")
    for engine in ("mongodb", "dynamodb"):
        mine = await run(runner, engine, selected.carried[engine].source, "shop", "changed")
        assert len(read(mine, selected.carried[engine].answering).rows or []) == 1


async def test_another_answer_is_not_the_same(runner: Runner) -> None:
    found = translate("SELECT name, price FROM products WHERE category = 'tea' ORDER BY price DESC", "shop")
    other = translate("SELECT name, price FROM products WHERE category = 'tea' ORDER BY price", "shop")
    runs = {"postgres": await reference(runner, found, "shop")}
    for engine in OTHERS:
        runs[engine] = await run(runner, engine, other.carried[engine].source, "shop")
    differences = judge(found, runs).differences
    for engine in OTHERS:
        told = differences[engine]
        assert told is not None
        assert told.order_only


async def test_a_run_that_failed_proves_nothing(runner: Runner) -> None:
    found = translate("SELECT name FROM users WHERE id = 3", "shop")
    good = await reference(runner, found, "shop")
    failed = await run(runner, "redis", "NOSUCHCOMMAND", "shop")
    told = judge(found, {"postgres": good, "redis": failed}).differences["redis"]
    assert told is not None
    assert told.problem
    bad = await run(runner, "postgres", "SELECT nothing FROM users", "shop")
    mine = await run(runner, "redis", found.carried["redis"].source, "shop")
    assert not judge(found, {"postgres": bad, "redis": mine}).same
