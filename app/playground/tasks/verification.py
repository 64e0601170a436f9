"""Every task on every engine it names: a real run, whose answer must be the expected one."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from app.core.errors import PlaygroundError
from app.playground.comparing import answers
from app.playground.comparing.answers import Difference
from app.playground.comparing.normalising import shown
from app.playground.running.runner import Runner, RunRequest
from app.playground.tasks.tasks import Solution, Task

_LITERAL = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|(?<![\w.$@#:-])\d+(?:\.\d+)?(?![\w.])")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one solution gave. `difference` is None where the answer is the expected one."""

    task: str
    engine: str
    difference: Difference | None

    @property
    def reason(self) -> str:
        """The difference in one line."""
        found = self.difference
        if found is None:
            return ""
        if found.problem:
            return found.problem
        parts = ["another order"] if found.order_only else []
        parts += [f"row {row}, {column}: expected {want}, got {got}" for row, column, want, got in found.cells[:2]]
        parts += [f"missing {shown(row)}" for row in found.missing[:2]]
        parts += [f"not expected {shown(row)}" for row in found.extra[:2]]
        return "; ".join(parts)


async def verify(runner: Runner, tasks: Sequence[Task], engines: Iterable[str]) -> AsyncIterator[Verdict]:
    """Engines work beside each other. Tasks that only read share the sandbox of their dataset; others begin in a fresh one."""
    queue: asyncio.Queue[Verdict | None] = asyncio.Queue()

    async def one_engine(engine: str) -> None:
        try:
            for task in sorted(tasks, key=lambda task: (task.writes, task.dataset or "")):
                if solution := task.solutions.get(engine):
                    await queue.put(await judge(runner, task, engine, solution))
        finally:
            await queue.put(None)

    working = [asyncio.create_task(one_engine(engine)) for engine in engines]
    left = len(working)
    while left:
        verdict = await queue.get()
        if verdict is None:
            left -= 1
        else:
            yield verdict
    await asyncio.gather(*working)


async def judge(runner: Runner, task: Task, engine: str, solution: Solution, source: str | None = None) -> Verdict:
    """Run a solution, or `source` in its place, and compare the answer with the expected one."""
    session = f"verify-{task.dataset}" if task.dataset and not (task.writes or solution.seed) else "verify"
    if session == "verify":
        await runner.reset(session, engine)
    request = RunRequest(
        engine,
        solution.source if source is None else source,
        solution.seed,
        dataset=f"{task.dataset}:S" if task.dataset else "",
    )
    try:
        run = await runner.run(session, request)
    except PlaygroundError as exc:
        return Verdict(task.slug, engine, Difference(problem=exc.message))
    want = answers.wanted(task.expected, solution.reading)
    answer = answers.read(run, solution.reading)
    return Verdict(task.slug, engine, answers.compare(want, answer, task.columns, ordered=task.ordered))


def mutants(source: str, comment: str) -> list[str]:
    """The source with one literal changed, once for each literal outside of comments."""
    found = []
    for match in _LITERAL.finditer(source):
        line = source[source.rfind("\n", 0, match.start()) + 1 : match.start()]
        if comment not in line:
            found.append(source[: match.start()] + _changed(match[0]) + source[match.end() :])
    return found


def _changed(literal: str) -> str:
    if literal[0] in "'\"":
        return f"{literal[:-1]}x{literal[-1]}"
    return str(int(literal) + 1) if literal.isdecimal() else f"{float(literal) + 1:g}"
