"""The catalogue: every task on every engine it names, by real runs; what the check notices; what it covers."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.config import Settings
from app.core.engine import Engine, SchemaObject
from app.core.sandbox import Sandbox
from app.datasets import DATASETS, dataset
from app.engines import ENGINES
from app.playground import datasets, services
from app.playground.engines import Engines
from app.playground.running.execution import Active, Going, execute
from app.playground.running.feeds import Feeds
from app.playground.running.runner import Runner
from app.playground.sandboxes.place import Place
from app.playground.tasks import tasks, topics, verification
from app.stores.memory import MemoryStore


@pytest.fixture(scope="module")
async def runner(
    postgres: Engine, mongodb: Engine, redis: Engine, dynamodb: Engine, data_dir: Path
) -> AsyncIterator[Runner]:
    """Runs on the engines that the whole session shares, under the limits that visitors have."""
    settings = Settings(data_dir=data_dir)
    engines = Engines({engine.slug: engine for engine in (postgres, mongodb, redis, dynamodb)})
    for offer in engines:
        offer.ready = True
    built = services.build(settings, engines, MemoryStore(), b"tasks")
    yield built.runner
    for session in ("verify", *(f"verify-{name}" for name in DATASETS)):
        for slug in ENGINES:
            await built.runner.reset(session, slug)
    await built.runner.close()
    await built.sandboxes.close()


@pytest.mark.timeout(180)
async def test_every_answer_is_the_expected_one_on_every_engine(runner: Runner) -> None:
    solutions = sum(len(task.solutions) for task in tasks.catalogue())
    verdicts = [verdict async for verdict in verification.verify(runner, tasks.catalogue(), ENGINES)]
    wrong = [f"{v.task} on {v.engine}: {v.reason}" for v in verdicts if v.difference is not None]
    assert not wrong, "\n".join(wrong)
    assert len(verdicts) == solutions


@pytest.mark.parametrize("name", DATASETS)
async def test_a_seed_in_the_engines_language_holds_what_a_bulk_load_holds(runner: Runner, name: str) -> None:
    for slug in ENGINES:
        engine = runner._engines.get(slug)
        content = dataset(name).content(slug)
        held = []
        for fill in ("seed", "load"):
            sandbox = engine.new_sandbox()
            await engine.create(sandbox)
            try:
                await _fill(runner, engine, sandbox, name, fill)
                # A sidebar of many keys shows some of them; their number is exact.
                shown = sorted(_described(one) for one in await engine.inspect(sandbox) if one.kind != "key")
                held.append(((await engine.usage(sandbox)).objects, shown))
            finally:
                await engine.close_clients(sandbox)
                await engine.drop(sandbox)
        assert held[0] == held[1]
        assert content.record_count > 50


def _described(one: SchemaObject) -> str:
    """An object and its parts, without the sizes and sampled values that stand behind a comma."""
    detail = (one.detail or "").split(",")[0]
    return f"{one.kind} {one.name}: {detail} ({'; '.join(sorted(map(_described, one.parts)))})"


async def _fill(runner: Runner, engine: Engine, sandbox: Sandbox, name: str, how: str) -> None:
    if how == "load":
        seen = [progress async for progress in datasets.fill(engine, sandbox, name, runner.limits)]
        assert seen[-1].done == seen[-1].total
        return
    source = engine.seed(dataset(name).content(engine.slug))
    with Feeds(runner._settings).speaker("s", "", engine.slug, "main") as speaker:
        place = Place(sandbox, datetime.now(UTC))
        going = Going(engine, place, "main", runner.limits, Active(), speaker)
        outcome = await execute(going, source, engine.split(source), "none")
    assert outcome.word == "ok", outcome.results[-1]


def test_each_task_is_complete() -> None:
    for task in tasks.catalogue():
        named = {*task.solutions, *task.unnatural}
        assert named <= set(ENGINES), task.slug
        assert task.solutions, task.slug
        assert not set(task.solutions) & set(task.unnatural), task.slug
        assert task.expected, task.slug
        assert task.hints, task.slug
        assert len(task.notes_text.split()) > 50, f"{task.slug}: notes are too short"
        assert all(len(row) == len(task.columns) for row in task.expected), task.slug
        assert re.fullmatch(r"[a-z0-9-]+", task.slug)


def test_the_rows_of_the_subject_are_all_there() -> None:
    assert [topic.number for topic in topics.topics()] == list(range(1, 29))
    assert all(set(topic.cells) == set(ENGINES) for topic in topics.topics())


SAMPLED = ("rank-of-one", "order-lines", "rate-limit", "transfer", "one-month")


@pytest.mark.parametrize("slug", SAMPLED)
async def test_a_changed_literal_is_noticed(runner: Runner, slug: str) -> None:
    """A sample of `sandtable tasks verify --mutate`: what is not noticed must be a mutant that means the same."""
    task = tasks.find(slug)
    tried, missed = 0, []
    for engine, solution in task.solutions.items():
        for mutant in verification.mutants(solution.source, runner._engines.get(engine).line_comment)[:3]:
            tried += 1
            verdict = await verification.judge(runner, task, engine, solution, mutant)
            if verdict.difference is None:
                missed.append(f"{engine}: {mutant}")
    assert tried >= len(task.solutions)
    assert len(missed) <= tried // 4, "\n".join(missed)


async def test_the_answer_of_another_task_is_noticed(runner: Runner) -> None:
    task = tasks.find("order-lines")
    verdict = await verification.judge(
        runner, task, "postgres", task.solutions["postgres"], "SELECT name, 1 AS quantity FROM products WHERE id < 4"
    )
    assert verdict.difference is not None
    assert len(verdict.difference.missing) == len(verdict.difference.extra) == 3


def test_no_row_of_the_subject_is_without_a_task() -> None:
    assert topics.uncovered() == []
    assert all(claim.task for _, claims in topics.comparison() for claim in claims.values())
    assert [len(claims) for _, claims in topics.comparison()] == [4] * 5
    assert len(tasks.catalogue()) >= 60
