"""A session's runs: open one again, compare two, delete."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import InvalidRequest, NotFound
from app.playground.services import Services
from app.playground.sharing.differences import compare_texts
from app.playground.store import RunRecord
from app.web import render
from app.web.deps import FormSessionDep, ServicesDep, SessionDep, TextForm

router = APIRouter(include_in_schema=False)

PAGE = 50
RunId = Annotated[int, Query(ge=1, lt=2**63)]


@router.get("/history")
async def history(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    engine: str | None = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    slug = services.engines.offer(engine).engine.slug if engine else None
    runs = await services.store.runs_of(session, engine=slug, before=before, most=PAGE + 1)
    return render.page(
        request,
        "history",
        runs=runs[:PAGE],
        only=slug,
        older=runs[PAGE - 1].id if len(runs) > PAGE else None,
        newest=before is None,
    )


@router.post("/history")
async def delete(
    services: ServicesDep,
    session: FormSessionDep,
    run: Annotated[list[int] | None, Form()] = None,
    action: TextForm = "delete",
) -> Response:
    """Delete the runs that were chosen, or all."""
    if action == "delete_all":
        await services.store.delete_runs(session)
        services.runner.forget(session)
    elif run:
        await services.store.delete_runs(session, [number for number in run if 0 < number < 2**63])
    return RedirectResponse("/history", 303)


@router.get("/history/changes")
async def changes(
    request: Request, services: ServicesDep, session: SessionDep, run: Annotated[list[int] | None, Query()] = None
) -> Response:
    """How two runs' texts differ, the older one first."""
    if run is None or len(run) != 2:
        raise InvalidRequest("Choose two runs to compare.")
    older, newer = [await _run(services, session, number) for number in sorted(run)]
    texts = await asyncio.to_thread(_texts, older, newer)
    return render.page(request, "history_changes", older=older, newer=newer, texts=texts)


async def _run(services: Services, session: str, number: int) -> RunRecord:
    record = await services.store.run(session, number) if 0 < number < 2**63 else None
    if record is None:
        raise NotFound("This run is not in your history.")
    return record


def _texts(older: RunRecord, newer: RunRecord) -> list[Any]:
    found = [
        compare_texts("Seed", older.seed, newer.seed),
        compare_texts("Source", older.source, newer.source),
    ]
    return [difference for difference in found if difference]
