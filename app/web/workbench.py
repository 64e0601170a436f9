"""The home page, and one workbench per engine: run, stop, reset, schema."""

import asyncio
import logging
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import PlaygroundError
from app.core.examples import Example
from app.playground.engines import Offer
from app.playground.execution import Explain
from app.playground.runner import RunRequest
from app.playground.sandboxes import Place
from app.playground.services import Services
from app.web import render
from app.web.deps import (
    FormSessionDep,
    OfferDep,
    RunningSessionDep,
    ServicesDep,
    SessionDep,
    SourceForm,
    client_address,
    engine_context,
    lines,
)

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

ExplainForm = Annotated[Explain, Form()]


@router.get("/")
async def home(request: Request, services: ServicesDep, session: SessionDep) -> Response:
    return render.page(request, "home", idle_minutes=services.settings.sandbox_idle_ms // 60_000)


@router.post("/partials/{engine}/run")
async def run_partial(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    offer: OfferDep,
    source: SourceForm = "",
    seed: SourceForm = "",
    explain: ExplainForm = "none",
) -> Response:
    run = await services.runner.run(session, RunRequest(offer.engine.slug, lines(source), lines(seed), explain=explain))
    sidebar = await _sidebar(services, session, offer)
    return render.partial(
        request,
        "run",
        run=run | {"source": lines(source)},
        engine=engine_context(services, offer.engine.slug),
        **sidebar,
    )


@router.post("/partials/{engine}/stop")
async def stop_partial(request: Request, services: ServicesDep, session: FormSessionDep, offer: OfferDep) -> Response:
    await services.runner.stop(session, offer.engine.slug)
    return Response(status_code=204)


@router.post("/partials/{engine}/reset")
async def reset_partial(request: Request, services: ServicesDep, session: FormSessionDep, offer: OfferDep) -> Response:
    await services.runner.reset(session, offer.engine.slug)
    sidebar = await _sidebar(services, session, offer)
    return render.partial(
        request, "run", run=None, fresh=True, engine=engine_context(services, offer.engine.slug), **sidebar
    )


@router.get("/partials/{engine}/schema")
async def schema_partial(request: Request, services: ServicesDep, session: SessionDep, offer: OfferDep) -> Response:
    sidebar = await _sidebar(services, session, offer)
    return render.partial(request, "schema", engine=engine_context(services, offer.engine.slug), **sidebar)


async def workbench(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    offer: OfferDep,
    example: str | None = None,
    from_: Annotated[str | None, Query(alias="from")] = None,
) -> Response:
    """GET /{engine}: the editor with the example asked for, the shared source, the last run, or the opening example."""
    slug = offer.engine.slug
    examples = offer.engine.examples()
    chosen = next((entry for entry in examples if entry.slug == example), None)
    run = None
    if from_ is not None:
        snapshot = await services.snapshots.open(from_)
        pane = next((p for p in snapshot.body["panes"] if p["engine"] == slug), None)
        source, seed = (pane["source"], pane["seed"]) if pane else ("", "")
    elif chosen is not None:
        source, seed = chosen.source, chosen.seed
    else:
        run = services.runner.last(session, slug)
        last = await services.store.last_run(session, slug) if run is None else None
        if run is not None:
            source, seed = run["source"], run["seed"]
        elif last is not None:
            source, seed = last.source, last.seed
        else:
            chosen = examples[0]
            source, seed = chosen.source, chosen.seed
    return await _workbench(request, services, session, offer, source=source, seed=seed, run=run, example=chosen)


async def workbench_form(
    request: Request,
    services: ServicesDep,
    session: FormSessionDep,
    offer: OfferDep,
    source: SourceForm = "",
    seed: SourceForm = "",
    explain: ExplainForm = "none",
    action: Annotated[Literal["run", "stop", "reset"], Form()] = "run",
) -> Response:
    """POST /{engine}: the same form without JavaScript."""
    slug = offer.engine.slug
    if action == "stop":
        await services.runner.stop(session, slug)
        return RedirectResponse(f"/{slug}", 303)
    if action == "reset":
        await services.runner.reset(session, slug)
        return RedirectResponse(f"/{slug}", 303)
    await services.sessions.admit_run(session, client_address(request))
    run = await services.runner.run(session, RunRequest(slug, lines(source), lines(seed), explain=explain))
    return await _workbench(
        request, services, session, offer, source=lines(source), seed=lines(seed), run=run, example=None
    )


async def _workbench(
    request: Request,
    services: Services,
    session: str,
    offer: Offer,
    *,
    source: str,
    seed: str,
    run: dict[str, Any] | None,
    example: Example | None,
) -> Response:
    return render.page(
        request,
        "workbench",
        engine=engine_context(services, offer.engine.slug),
        source=source,
        seed=seed,
        run=run,
        examples=offer.engine.examples(),
        example=example,
        **await _sidebar(services, session, offer),
    )


async def _sidebar(services: Services, session: str, offer: Offer) -> dict[str, Any]:
    """What the sandbox holds and how full it is; empty for a sandbox not yet made or an engine that is away."""
    empty = {"schema": [], "sandbox": sandbox_context(services, offer, None, 0, 0)}
    if not offer.ready:
        return empty
    place = await services.sandboxes.find(session, offer.engine.slug)
    if place is None:
        return empty
    try:
        schema, usage = await asyncio.gather(offer.engine.inspect(place.sandbox), offer.engine.usage(place.sandbox))
    except PlaygroundError as exc:
        log.warning("no sidebar for %s: %s", offer.engine.slug, exc.message)
        return {"schema": [], "sandbox": sandbox_context(services, offer, place, 0, 0)}
    return {"schema": schema, "sandbox": sandbox_context(services, offer, place, usage.bytes, usage.objects)}


def sandbox_context(
    services: Services, offer: Offer, place: Place | None, used_bytes: int, objects: int
) -> dict[str, Any]:
    """The status line's facts: `idle_minutes` is how long an unused sandbox lives."""
    return {
        "exists": place is not None,
        "idle_minutes": services.settings.sandbox_idle_ms // 60_000,
        "bytes": used_bytes,
        "quota_bytes": offer.engine.quota.max_bytes if offer.ready else 0,
        "objects": objects,
    }


# Registered last by `app.main`: a path of one segment is an engine only when nothing else has that name.
last_router = APIRouter(include_in_schema=False)
last_router.add_api_route("/{engine}", workbench, methods=["GET"])
last_router.add_api_route("/{engine}", workbench_form, methods=["POST"])
