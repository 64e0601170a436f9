"""Sharing: make a snapshot, open it without running anything, run it again."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import NotFound, PlaygroundError
from app.playground.comparison import could_not_begin
from app.playground.runner import RunRequest
from app.playground.services import Services
from app.playground.snapshots import Shared, differs
from app.playground.store import Snapshot
from app.web import render
from app.web.deps import FormSessionDep, OfferDep, RunningSessionDep, ServicesDep, SessionDep, engine_context, lines

router = APIRouter(include_in_schema=False)

TitleForm = Annotated[str, Form()]


@router.post("/share")
async def share(request: Request, services: ServicesDep, session: FormSessionDep, title: TitleForm = "") -> Response:
    """Make a snapshot and go to it."""
    snapshot = await _share(request, services, session, title)
    return RedirectResponse(f"/p/{snapshot.id}", 303)


@router.post("/partials/share")
async def share_partial(
    request: Request, services: ServicesDep, session: FormSessionDep, title: TitleForm = ""
) -> Response:
    """Make a snapshot and show its link."""
    snapshot = await _share(request, services, session, title)
    return render.partial(request, "share", snapshot=_context(snapshot), link=_link(request, snapshot))


@router.get("/p/{snapshot_id}")
async def open_snapshot(request: Request, services: ServicesDep, session: SessionDep, snapshot_id: str) -> Response:
    snapshot = await services.snapshots.open(snapshot_id)
    return render.page(request, "playground", snapshot=_context(snapshot), link=_link(request, snapshot))


@router.post("/p/{snapshot_id}")
async def run_again_form(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    snapshot_id: str,
    engine: Annotated[str, Form()] = "all",
) -> Response:
    """Run one engine's pane again, or all, without JavaScript."""
    snapshot = await services.snapshots.open(snapshot_id)
    context = _context(snapshot)
    for pane in context["panes"]:
        if engine in ("all", pane["engine"]):
            run = await _run_again(services, session, pane)
            pane |= {"again": run, "differs": differs(pane["run"], run)}
    return render.page(request, "playground", snapshot=context, link=_link(request, snapshot))


@router.post("/partials/p/{snapshot_id}/{engine}/run")
async def run_again_partial(
    request: Request, services: ServicesDep, session: RunningSessionDep, offer: OfferDep, snapshot_id: str
) -> Response:
    snapshot = await services.snapshots.open(snapshot_id)
    pane = next((pane for pane in snapshot.body["panes"] if pane["engine"] == offer.engine.slug), None)
    if pane is None:
        raise NotFound(f"This playground has nothing for {offer.engine.label}.")
    run = await _run_again(services, session, pane)
    return render.partial(
        request,
        "again",
        engine=engine_context(services, offer.engine.slug),
        run=run,
        differs=differs(pane["run"], run),
    )


async def _run_again(services: Services, session: str, pane: dict[str, Any]) -> dict[str, Any]:
    """Run a pane in the viewer's own sandbox, emptied first."""
    try:
        await services.runner.reset(session, pane["engine"])
        return await services.runner.run(session, RunRequest(pane["engine"], pane["source"], pane["seed"]))
    except PlaygroundError as exc:
        return could_not_begin(pane["engine"], exc)


async def _share(request: Request, services: Services, session: str, title: str) -> Snapshot:
    """From a workbench (`engine`, `source`, `seed`) or from a comparison (`source_{slug}`, `seed_{slug}`)."""
    form = await request.form()

    def text(name: str) -> str:
        return lines(str(form.get(name, "")))

    if "engine" in form:
        slug = services.engines.offer(text("engine")).engine.slug
        shared = [Shared(slug, text("source"), text("seed"))]
    else:
        slugs = [offer.engine.slug for offer in services.engines]
        shared = [Shared(slug, text(f"source_{slug}"), text(f"seed_{slug}")) for slug in slugs]
    return await services.snapshots.share(session, title, shared)


def _context(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "title": snapshot.body["title"],
        "notes": snapshot.body["notes"],
        "created_at": snapshot.created_at,
        "panes": [
            pane | {"version": pane["run"]["version"] if pane["run"] else None} for pane in snapshot.body["panes"]
        ],
    }


def _link(request: Request, snapshot: Snapshot) -> str:
    return str(request.url_for("open_snapshot", snapshot_id=snapshot.id))
