"""The catalogue of tasks, a task with its solutions, and a task as an exercise."""

import re
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.core.datasets import Content
from app.core.errors import NotFound
from app.datasets import pictures
from app.playground import datasets
from app.playground.comparing import answers, comparison
from app.playground.running.runner import RunRequest
from app.playground.services import Services
from app.playground.tasks import tasks, topics
from app.playground.tasks.tasks import LEVELS, Task
from app.web import render
from app.web.deps import RunningSessionDep, ServicesDep, SessionDep, TextForm, engine_context, lines
from app.web.views.diagram import draw

router = APIRouter(include_in_schema=False)

MAX_KINDS = 16
"""How many first records a dataset's page shows of each engine."""


@router.get("/tasks")
async def catalogue(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    q: str = "",
    topic: str = "",
    engine: str = "",
    level: str = "",
) -> Response:
    """All tasks, or those that match."""
    found = [task for task in tasks.catalogue() if _matches(task, q, topic, engine, level)]
    groups = [(row, [task for task in found if task.topics[0] == row.number]) for row in topics.topics()]
    return render.page(
        request,
        "tasks",
        groups=[(row, listed) for row, listed in groups if listed],
        found=len(found),
        total=len(tasks.catalogue()),
        asked={"q": q, "topic": topic, "engine": engine, "level": level},
        topics=topics.topics(),
        levels=LEVELS,
    )


@router.get("/tasks/{slug}")
async def task_page(
    request: Request, services: ServicesDep, session: SessionDep, slug: str, mode: str = "", engine: str = ""
) -> Response:
    task = tasks.find(slug)
    if mode != "exercise":
        return render.page(request, "task", **_context(task))
    offered = _in_menu_order(services, task)
    if not offered:
        raise NotFound("No engine that is offered here has a solution for this task.")
    chosen = engine if engine in offered else offered[0]
    return _exercise(request, services, task, chosen, "", None)


@router.post("/tasks/{slug}")
async def check_form(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    slug: str,
    engine: TextForm = "",
    source: TextForm = "",
) -> Response:
    """Check an exercise, without JavaScript."""
    task = tasks.find(slug)
    checked = await _check(services, session, task, engine, lines(source))
    return _exercise(request, services, task, engine, lines(source), checked)


@router.post("/partials/tasks/{slug}/check")
async def check_partial(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    slug: str,
    engine: TextForm = "",
    source: TextForm = "",
) -> Response:
    task = tasks.find(slug)
    checked = await _check(services, session, task, engine, lines(source))
    return render.partial(request, "checked", task=task, engine=engine_context(services, engine), **checked)


@router.get("/datasets/{slug}")
async def dataset_page(request: Request, services: ServicesDep, session: SessionDep, slug: str) -> Response:
    """What a dataset holds, and how each engine keeps it, with a source that makes it by hand."""
    found = datasets.find(slug)
    held = []
    for offer in services.engines:
        if offer.engine.slug in found.shapes:
            content = datasets.small(slug, offer.engine.slug)
            first = Content("", tuple(replace(part, records=_first(part.records)) for part in content.parts))
            sources = {"seed": offer.engine.seed(content), "first": offer.engine.seed(first)}
            held.append((offer.engine.slug, content.record_count, sources))
    return render.page(
        request,
        "dataset",
        dataset=found,
        held=held,
        drawing=draw(pictures.tables(slug)),
        used=[task for task in tasks.catalogue() if task.dataset == slug],
    )


def _first(records: list[Any]) -> list[Any]:
    """The first record of each kind."""
    kinds: dict[tuple[str, ...], Any] = {}
    for record in records:
        kinds.setdefault(_kind(record), record)
    return list(kinds.values())[:MAX_KINDS]


def _kind(record: Any) -> tuple[str, ...]:
    """What begins a command's key, or an item's keys: `order:7:lines` and `ORDER#7` without their numbers."""
    words = (
        record[:2]
        if isinstance(record, list)
        else [record.get("pk", ""), record.get("sk", "")]
        if isinstance(record, dict)
        else []
    )
    parts = [re.split(r"[#:]", str(word)) for word in words]
    return tuple(part[0] + (part[2] if len(part) > 2 and part[2].isalpha() else "") for part in parts)


def _matches(task: Task, q: str, topic: str, engine: str, level: str) -> bool:
    words = q.lower().split()
    text = f"{task.title} {task.summary} {task.slug} {task.notes_text}".lower()
    return (
        all(word in text for word in words)
        and (not topic.isdecimal() or int(topic) in task.topics)
        and (not engine or engine in task.solutions)
        and (not level or str(task.level) == level)
    )


def _context(task: Task) -> dict[str, Any]:
    before, after = tasks.neighbours(task)
    listed = [row for row in topics.topics() if row.number in task.topics]
    return {"task": task, "before": before, "after": after, "task_topics": listed}


def _in_menu_order(services: Services, task: Task) -> list[str]:
    return [offer.engine.slug for offer in services.engines if offer.engine.slug in task.solutions]


def _exercise(
    request: Request, services: Services, task: Task, engine: str, source: str, checked: dict[str, Any] | None
) -> Response:
    return render.page(
        request,
        "exercise",
        chosen=engine_context(services, engine),
        source=source,
        checked=checked,
        offered=_in_menu_order(services, task),
        **_context(task),
    )


async def _check(services: Services, session: str, task: Task, engine: str, source: str) -> dict[str, Any]:
    """Run a visitor's solution on the task's data, and say whether it answers as expected."""
    solution = task.solutions.get(engine)
    if solution is None:
        raise NotFound("This task has no solution for that engine.")
    if task.writes:
        await services.runner.reset(session, engine)
    dataset = f"{task.dataset}:S" if task.dataset else ""
    asked = RunRequest(engine, source, solution.seed, origin="compare", dataset=dataset, task=task.slug)
    run = await services.runner.run(session, asked)
    difference = comparison.judge({engine: run}, task).differences[engine]
    return {"run": run, "difference": difference, "rules": answers.RULES}
