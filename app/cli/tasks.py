"""`sandtable tasks verify`: every task on every engine it names, in a data directory of its own that is removed afterwards."""

import argparse
import asyncio
import shutil
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path

from app.config import Settings
from app.core.errors import PlaygroundError
from app.core.places import Places
from app.engines import create
from app.playground import services
from app.playground.engines import Engines
from app.playground.services import Services
from app.playground.tasks import tasks, topics, verification
from app.playground.tasks.tasks import Task
from app.stores.memory import MemoryStore

HELP = "verify: run every task on every engine it names and compare the answers"
MARKS = {True: "ok", False: "DIFFERS"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["verify"])
    parser.add_argument("task", nargs="*", help="only these tasks")
    parser.add_argument("--mutate", action="store_true", help="also change each literal and see whether it is noticed")


def run(settings: Settings, given: argparse.Namespace) -> int:
    """Print what was found; 0 when every answer is the expected one and no topic is without a task."""
    chosen = [tasks.find(slug) for slug in given.task] if given.task else list(tasks.catalogue())
    if settings.data_dir is not None:
        return asyncio.run(_verify(settings, chosen, mutate=given.mutate, whole=not given.task))
    folder = Path(tempfile.mkdtemp(prefix="sandtable-verify-"))
    folder.chmod(0o755)
    try:
        settings = settings.model_copy(update={"data_dir": folder})
        return asyncio.run(_verify(settings, chosen, mutate=given.mutate, whole=not given.task))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _verify(settings: Settings, chosen: list[Task], *, mutate: bool, whole: bool) -> int:
    async with AsyncExitStack() as stack:
        places = stack.enter_context(Places(settings.data_dir))
        offered = {slug: create(slug, settings, places) for slug in settings.engines}
        engines = await stack.enter_async_context(Engines(offered))
        built = services.build(settings, engines, MemoryStore(), b"verify")
        stack.push_async_callback(built.sandboxes.close)
        stack.push_async_callback(built.runner.close)
        began = time.perf_counter()
        wrong = await _answers(built, chosen)
        if mutate:
            await _mutants(built, chosen)
        uncovered = topics.uncovered() if whole else []
        for number, engine in uncovered:
            print(f"topic {number} has no task for {engine}")
        if whole and not uncovered:
            print(f"all {len(topics.topics())} topics have their tasks")
        print(f"{time.perf_counter() - began:.1f} s")
        return 1 if wrong or uncovered else 0


async def _answers(built: Services, chosen: list[Task]) -> int:
    verdicts: defaultdict[str, dict[str, verification.Verdict]] = defaultdict(dict)
    engines = [offer.engine.slug for offer in built.engines]
    async for verdict in verification.verify(built.runner, chosen, engines):
        verdicts[verdict.task][verdict.engine] = verdict
    wrong = total = 0
    print(f"{'task':<34}" + "".join(f"{engine:<10}" for engine in engines))
    for task in chosen:
        found = verdicts[task.slug]
        marks = [MARKS[found[engine].difference is None] if engine in found else "-" for engine in engines]
        print(f"{task.slug:<34}" + "".join(f"{mark:<10}" for mark in marks))
        total += len(found)
        for verdict in found.values():
            if verdict.difference is not None:
                wrong += 1
                print(f"    {verdict.engine}: {verdict.reason}")
    print(f"{len(chosen)} tasks, {total} solutions, {wrong} wrong")
    return wrong


async def _mutants(built: Services, chosen: list[Task]) -> None:
    """Change each literal of each solution in turn. What the check does not notice is listed: it may mean the same."""
    caught = tried = 0
    for task in chosen:
        for engine, solution in task.solutions.items():
            comment = built.engines.get(engine).line_comment
            for mutant in verification.mutants(solution.source, comment):
                tried += 1
                try:
                    verdict = await verification.judge(built.runner, task, engine, solution, mutant)
                except PlaygroundError:
                    caught += 1
                    continue
                if verdict.difference is not None:
                    caught += 1
                else:
                    print(f"not noticed: {task.slug} {engine}: {_changed_line(solution.source, mutant)}")
    print(f"mutants: {caught} caught of {tried}")


def _changed_line(source: str, mutant: str) -> str:
    pairs = zip(source.splitlines(), mutant.splitlines(), strict=False)
    return next((changed.strip()[:100] for line, changed in pairs if line != changed), "")
