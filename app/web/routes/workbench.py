"""The home page, and one workbench per engine: run, stop, reset, schema."""

import asyncio
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.core.engine import Engine, Listing
from app.core.errors import InvalidRequest, NotFound, PlaygroundError, StatementError, TooLarge
from app.core.examples import Example
from app.core.results import ErrorInfo, Result, Statement, encode
from app.core.translation import Translation
from app.playground.engines import Offer
from app.playground.sandboxes.place import Place
from app.playground.services import Services
from app.playground.sharing.snapshots import OpenPlayground
from app.playground.tasks import tasks
from app.playground.translating.translation import REFERENCE
from app.web import render
from app.web.deps import (
    FormSessionDep,
    OfferDep,
    RunningSessionDep,
    ServicesDep,
    SessionDep,
    client_address,
    engine_context,
)
from app.web.forms import RunFormDep
from app.web.routes import compare

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

HOME_TASK = "last-orders"
"""The task that the start page shows: short on every engine."""


@router.get("/")
async def home(request: Request, services: ServicesDep, session: SessionDep) -> Response:
    """A task solved on every engine, to be run at once."""
    task = tasks.find(HOME_TASK)
    panes = compare.solved(services, session, task)
    idle_minutes = services.settings.sandbox_idle_ms // 60_000
    return render.page(request, "home", idle_minutes=idle_minutes, task=task, dataset=f"{task.dataset}:S", panes=panes)


@router.post("/partials/{engine}/run")
async def run_partial(
    request: Request, services: ServicesDep, session: RunningSessionDep, offer: OfferDep, form: RunFormDep
) -> Response:
    run = await services.runner.run(session, form.request(offer.engine))
    sidebar = await _sidebar(services, session, offer)
    return render.partial(
        request,
        "run",
        run=run,
        client=form.client,
        engine=engine_context(services, offer.engine.slug),
        **sidebar,
    )


@router.post("/partials/{engine}/format")
async def format_partial(
    request: Request, services: ServicesDep, session: RunningSessionDep, offer: OfferDep, form: RunFormDep
) -> Response:
    """The source laid out anew for the editor to take in, or the error as a result."""
    text, failed = await _formatted(services, offer, form.source)
    return render.partial(request, "format", text=text, run=failed, engine=engine_context(services, offer.engine.slug))


@router.post("/partials/{engine}/translate")
async def translate_partial(
    request: Request, services: ServicesDep, session: RunningSessionDep, offer: OfferDep, form: RunFormDep
) -> Response:
    """The source in the engine's own language for the editor to take in; as it is where there is nothing to translate."""
    translation = await _translated(services, offer, form.source)
    text = translation.source if translation else form.source
    return render.partial(request, "format", text=text, run=None, engine=engine_context(services, offer.engine.slug))


@router.post("/partials/{engine}/offer")
async def offer_partial(
    request: Request, services: ServicesDep, session: RunningSessionDep, offer: OfferDep, form: RunFormDep
) -> Response:
    """Whether what was pasted reads like another database's: an offer to translate it, or nothing."""
    translation = await _translated(services, offer, form.source)
    return render.partial(request, "offer", translation=translation, engine=engine_context(services, offer.engine.slug))


@router.post("/partials/{engine}/stop")
async def stop_partial(services: ServicesDep, session: FormSessionDep, offer: OfferDep, form: RunFormDep) -> Response:
    await services.runner.stop(session, offer.engine.slug, form.client)
    return Response(status_code=204)


@router.post("/partials/{engine}/reset")
async def reset_partial(request: Request, services: ServicesDep, session: FormSessionDep, offer: OfferDep) -> Response:
    await services.runner.reset(session, offer.engine.slug)
    sidebar = await _sidebar(services, session, offer)
    return render.partial(
        request,
        "run",
        run=None,
        client="main",
        fresh=True,
        engine=engine_context(services, offer.engine.slug),
        **sidebar,
    )


@router.get("/partials/{engine}/schema")
async def schema_partial(request: Request, services: ServicesDep, session: SessionDep, offer: OfferDep) -> Response:
    sidebar = await _sidebar(services, session, offer)
    return render.partial(request, "schema", engine=engine_context(services, offer.engine.slug), **sidebar)


@router.get("/partials/{engine}/browse")
async def browse_partial(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    offer: OfferDep,
    path: str,
    cursor: str | None = None,
) -> Response:
    """What lies at a path of the sidebar's tree, a page at a time."""
    place = await services.sandboxes.find(session, offer.engine.slug)
    listing = Listing([]) if place is None else await offer.engine.browse(place.sandbox, path, cursor)
    return render.partial(
        request, "listing", engine=engine_context(services, offer.engine.slug), listing=listing, path=path
    )


async def workbench(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    offer: OfferDep,
    example: str | None = None,
    from_: Annotated[str | None, Query(alias="from")] = None,
    again: Annotated[int | None, Query(alias="run", ge=1, lt=2**63)] = None,
) -> Response:
    """GET /{engine}: the editor with the example asked for, the shared source, an earlier run, the last run, or the opening example."""
    slug = offer.engine.slug
    examples = offer.engine.examples()
    chosen = next((entry for entry in examples if entry.slug == example), None)
    run, parent = None, None
    if from_ is not None:
        parent = await services.snapshots.open_reference(from_)
        pane = parent.pane(slug)
        source, seed = (pane["source"], pane["seed"]) if pane else ("", "")
    elif again is not None:
        record = await services.store.run(session, again)
        if record is None or record.engine != slug:
            raise NotFound("This run is not in your history.")
        source, seed = record.source, record.seed
    elif chosen is not None:
        source, seed = chosen.source, chosen.seed
    else:
        run = services.runner.last(session, slug)
        last = await services.store.last_run(session, slug) if run is None else None
        if run is not None:
            source, seed = run["shown"]
        elif last is not None:
            source, seed = last.source, last.seed
        else:
            chosen = examples[0]
            source, seed = chosen.source, chosen.seed
    return await _workbench(
        request, services, session, offer, source=source, seed=seed, run=run, example=chosen, parent=parent
    )


async def workbench_form(
    request: Request, services: ServicesDep, session: FormSessionDep, offer: OfferDep, form: RunFormDep
) -> Response:
    """POST /{engine}: the same form without JavaScript."""
    slug = offer.engine.slug
    if form.action == "stop":
        await services.runner.stop(session, slug, form.client)
        return RedirectResponse(f"/{slug}", 303)
    if form.action == "reset":
        await services.runner.reset(session, slug)
        return RedirectResponse(f"/{slug}", 303)
    source, seed, run, second = form.source, form.seed, None, None
    if form.action == "open":
        return await _workbench(request, services, session, offer, source=source, seed=seed, run=None, example=None)
    await services.sessions.admit_run(session, client_address(request))
    if form.action == "format":
        source, failed = await _formatted(services, offer, form.source)
        run = failed or services.runner.last(session, slug)
    elif form.action == "translate":
        translation = await _translated(services, offer, form.source)
        source, run = translation.source if translation else source, services.runner.last(session, slug)
    elif form.client == "main":
        run = await services.runner.run(session, form.request(offer.engine))
    else:
        second = {"source": source, "run": await services.runner.run(session, form.request(offer.engine))}
        run = services.runner.last(session, slug)
        source, seed = run["shown"] if run else ("", "")
    return await _workbench(
        request,
        services,
        session,
        offer,
        source=source,
        seed=seed,
        run=run,
        example=None,
        second=second,
        parent=await services.snapshots.find(form.parent),
    )


async def _formatted(services: Services, offer: Offer, source: str) -> tuple[str, dict[str, Any] | None]:
    """The source laid out anew; or as it is, with a run that says where it can't be read."""
    engine = offer.engine
    if not engine.formats:
        raise InvalidRequest(f"{engine.label} sources are not formatted here.")
    _check_size(services, engine, source)
    try:
        return await asyncio.to_thread(engine.format, source), None
    except StatementError as exc:
        whole = Statement(source, 0, len(source), 1)
        failed = Result(kind="error", statement=whole, error=ErrorInfo.of(exc, source))
        return source, {"results": [encode(failed)], "not_run": [], "stats": {}}


async def _translated(services: Services, offer: Offer, source: str) -> Translation | None:
    engine = offer.engine
    if not engine.translates:
        raise InvalidRequest(f"{engine.label} sources are not translated here.")
    _check_size(services, engine, source)
    return await asyncio.to_thread(engine.translate, source)


def _check_size(services: Services, engine: Engine, source: str) -> None:
    size, most = len(source.encode("utf-8", "surrogatepass")), services.settings.max_source_bytes_of(engine.slug)
    if size > most:
        raise TooLarge(f"The source has {size:,} bytes; the limit is {most:,} (max_source_bytes).")


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
    second: dict[str, Any] | None = None,
    parent: OpenPlayground | None = None,
) -> Response:
    """`second`: the source and the run of a second client, where it was used without JavaScript. `parent`: whose copy is edited."""
    return render.page(
        request,
        "workbench",
        engine=engine_context(services, offer.engine.slug),
        carries_over=offer.engine.slug == REFERENCE,
        source=source,
        seed=seed,
        run=run,
        examples=offer.engine.examples(),
        example=example,
        second=second,
        parent=parent,
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
