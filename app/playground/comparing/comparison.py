"""The same task on several engines: running it side by side, its figures, and whether the answers are the same."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.core.datasets import code_lines
from app.core.errors import PlaygroundError
from app.playground.comparing import answers
from app.playground.comparing.answers import Answer, Difference, Reading
from app.playground.running.execution import Explain
from app.playground.running.runner import Runner, RunRequest
from app.playground.tasks.tasks import Task


async def run_all(runner: Runner, session_id: str, requests: Sequence[RunRequest]) -> dict[str, dict[str, Any]]:
    """Run side by side, one request an engine. Each gives its run, or `{"engine", "error"}` if it could not begin."""

    async def one(request: RunRequest) -> dict[str, Any]:
        try:
            return await runner.run(session_id, request)
        except PlaygroundError as exc:
            return could_not_begin(request.engine, exc)

    runs = await asyncio.gather(*map(one, requests))
    return {request.engine: run for request, run in zip(requests, runs, strict=True)}


def could_not_begin(slug: str, error: PlaygroundError) -> dict[str, Any]:
    """In place of a run: why none was begun."""
    return {"engine": slug, "error": {"code": error.code, "message": error.message, "hint": error.hint}}


def explain_of(task: Task | None) -> Explain:
    """How a comparison asks for plans: measured where the task only reads, since measuring a write moves sequences on."""
    return "plan" if task is not None and task.writes else "measure"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the summary shows of one run. `round_trip_ms` is our time with the engine for its statements, without the time for plans."""

    rows: int | None
    round_trip_ms: float
    server_ms: float | None
    server_ms_source: str | None
    examined: float | None
    returned: float | None
    cost: float | None
    cost_unit: str | None
    code_lines: int

    @property
    def examined_per_returned(self) -> float | None:
        return self.examined / self.returned if self.examined is not None and self.returned else None


def figures(run: Mapping[str, Any], source: str, comment: str) -> Figures | None:
    """None where the run could not begin."""
    if "error" in run:
        return None
    results = run["results"]
    plans = [result["plan"] for result in results if "plan" in result]
    told = [(p["server_ms"], p["server_ms_source"]) for p in plans if p.get("server_ms") is not None]
    if not told:
        stats = [result["stats"] for result in results]
        told = [(s["server_ms"], s["server_ms_source"]) for s in stats if s["server_ms"] is not None]
    costs = [plan for plan in plans if plan.get("cost") is not None]
    unit = costs[-1]["cost_unit"] if costs else None
    held = [_extent(result) for result in results if result["kind"] in ("rows", "documents", "reply")]
    return Figures(
        rows=held[-1] if held else None,
        round_trip_ms=sum(result["stats"]["total_ms"] or 0 for result in results),
        server_ms=sum(ms for ms, _ in told) if told else None,
        server_ms_source=told[-1][1] if told else None,
        examined=_sum(plans, "examined"),
        returned=_sum([plan for plan in plans if plan.get("examined") is not None], "returned"),
        cost=sum(plan["cost"] for plan in costs if plan["cost_unit"] == unit) if costs else None,
        cost_unit=unit,
        code_lines=code_lines(source, comment),
    )


def _sum(plans: Sequence[Mapping[str, Any]], name: str) -> float | None:
    told = [plan[name] for plan in plans if plan.get(name) is not None]
    return sum(told) if told else None


def _extent(result: Mapping[str, Any]) -> int:
    if result["kind"] == "rows":
        return len(result["rows"])
    if result["kind"] == "documents":
        return len(result["documents"])
    return result["stats"]["row_count"] or 1


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the answers are the same. `reference` names what they were compared with: the task, or an engine."""

    reference: str | None
    columns: tuple[str, ...]
    differences: Mapping[str, Difference | None]
    ordered: bool = False

    @property
    def same(self) -> bool:
        return all(difference is None for difference in self.differences.values())


def judge(runs: Mapping[str, Mapping[str, Any]], task: Task | None, *, as_expected: bool = True) -> Judgement:
    """Compare with the task's expected answer; without a task, or on other data than it was written for, with the first engine's."""
    if task is not None:
        runs = {slug: run for slug, run in runs.items() if slug in task.solutions}
    readings = {slug: task.solutions[slug].reading if task else Reading() for slug in runs}
    if task is None:
        readings = _by_width(runs)
    found = {slug: answers.read(run, readings[slug]) for slug, run in runs.items()}
    ordered = task.ordered if task else False
    columns = task.columns if task else ()
    if task is not None and as_expected:
        wanted = {slug: answers.wanted(task.expected, reading) for slug, reading in readings.items()}
        compared = {slug: answers.compare(wanted[slug], found[slug], columns, ordered=ordered) for slug in runs}
        return Judgement("task", columns, compared, ordered)
    reference = next((slug for slug, answer in found.items() if answer.rows is not None), None)
    first = found[reference] if reference else Answer(None)
    compared = {
        slug: answers.compare(first.rows or [], answer, columns, ordered=ordered) for slug, answer in found.items()
    }
    return Judgement(reference, columns, compared, ordered)


def _by_width(runs: Mapping[str, Mapping[str, Any]]) -> dict[str, Reading]:
    """Replies are read as rows as wide as the first table or document beside them."""
    for run in runs.values():
        rows = answers.read(run, Reading()).rows
        kinds = {result["kind"] for result in run.get("results", ())}
        if rows and "reply" not in kinds:
            return {slug: replace(Reading(), width=len(rows[0])) for slug in runs}
    return {slug: Reading() for slug in runs}
