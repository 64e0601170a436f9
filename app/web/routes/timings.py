"""Timing on the compare page: the same runs repeated, and at growing sizes."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from app.core.errors import InvalidRequest
from app.playground import datasets
from app.playground.comparing import timing
from app.web import render
from app.web.deps import FormSessionDep, RunningSessionDep, ServicesDep
from app.web.routes.compare import panes_asked_for
from app.web.views.plotting import plot

router = APIRouter(include_in_schema=False)


@router.post("/partials/compare/repeat")
async def repeat_partial(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    rounds: Annotated[int, Form()] = timing.ROUNDS[0],
) -> Response:
    if rounds not in timing.ROUNDS:
        raise InvalidRequest(f"Repeat {', '.join(map(str, timing.ROUNDS))} times, not {rounds}.")
    _, requests = panes_asked_for(services, await request.form())
    requests = [one for one in requests if one.source.strip()]
    repeated = await services.timings.repeat(session, requests, rounds)
    slowest = max((ms for one in repeated.series for ms in one.round_trips_ms), default=1)
    return render.partial(request, "repeated", repeated=repeated, slowest=slowest, most_s=timing.MAX_REPEAT_S)


@router.post("/partials/compare/growth")
async def growth_partial(request: Request, services: ServicesDep, session: RunningSessionDep) -> Response:
    task, requests = panes_asked_for(services, await request.form())
    requests = [one for one in requests if one.source.strip()]
    if task is None or task.dataset is None or task.writes:
        raise InvalidRequest("Growth is for tasks that read a dataset.")
    found = datasets.find(task.dataset)
    engines = [one.engine for one in requests]
    records = await asyncio.to_thread(
        lambda: {scale: {slug: found.count(slug, scale) for slug in engines} for scale in timing.GROWTH_SCALES}
    )
    growth = await services.timings.grow(session, requests, records)
    points = {slug: [(p.records, p.ms) for p in line if p.ms is not None] for slug, line in growth.points.items()}
    examined = {slug: [(p.records, p.examined) for p in line if p.examined] for slug, line in growth.points.items()}
    plots = [
        ("Time, our round trip", plot(points, "ms")),
        ("Examined", plot(examined, "rows, documents, keys or items")),
    ]
    return render.partial(request, "growth", growth=growth, plots=plots, dataset=found)


@router.post("/partials/compare/stop")
async def stop_timing(request: Request, services: ServicesDep, session: FormSessionDep) -> Response:
    services.timings.stop(session)
    for offer in services.engines:
        await services.runner.stop(session, offer.engine.slug)
    return Response(status_code=204)
