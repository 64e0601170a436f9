"""Sharing: make a snapshot, open it without running anything, run it again."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import NotFound
from app.playground.runner import RunRequest
from app.playground.services import Services
from app.playground.snapshots import Shared, same_answer
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
    return render.partial(request, "share", snapshot=_context(services, snapshot), link=_link(request, snapshot))


@router.get("/p/{snapshot_id}")
async def open_snapshot(request: Request, services: ServicesDep, session: SessionDep, snapshot_id: str) -> Response:
    snapshot = await services.snapshots.open(snapshot_id)
    return render.page(
        request, "playground", snapshot=_context(services, snapshot), link=_link(request, snapshot), again={}
    )


@router.post("/p/{snapshot_id}")
async def run_again_form(
    request: Request, services: ServicesDep, session: RunningSessionDep, snapshot_id: str
) -> Response:
    """Run every pane again, without JavaScript."""
    snapshot = await services.snapshots.open(snapshot_id)
    again = {
        pane["engine"]: await _run_again(services, session, pane)
        for pane in snapshot.body["panes"]
        if services.engines.offer(pane["engine"]).ready
    }
    return render.page(
        request, "playground", snapshot=_context(services, snapshot), link=_link(request, snapshot), again=again
    )


@router.post("/partials/p/{snapshot_id}/{engine}/run")
async def run_again_partial(
    request: Request, services: ServicesDep, session: RunningSessionDep, offer: OfferDep, snapshot_id: str
) -> Response:
    snapshot = await services.snapshots.open(snapshot_id)
    pane = next((pane for pane in snapshot.body["panes"] if pane["engine"] == offer.engine.slug), None)
    if pane is None:
        raise NotFound(f"This playground has nothing for {offer.engine.label}.")
    again = await _run_again(services, session, pane)
    return render.partial(request, "again", engine=engine_context(services, offer.engine.slug), again=again)


async def _run_again(services: Services, session: str, pane: dict[str, Any]) -> dict[str, Any]:
    """Run a pane in the viewer's own sandbox, emptied first, and say whether the answer is the frozen one."""
    await services.runner.reset(session, pane["engine"])
    run = await services.runner.run(session, RunRequest(pane["engine"], pane["source"], pane["seed"]))
    return {"run": run, "same": same_answer(pane["run"], run) if pane["run"] else None}


async def _share(request: Request, services: Services, session: str, title: str) -> Snapshot:
    form = await request.form()
    shared = [
        Shared(slug, lines(str(form.get(f"source_{slug}", ""))), lines(str(form.get(f"seed_{slug}", ""))))
        for slug in (offer.engine.slug for offer in services.engines)
    ]
    return await services.snapshots.share(session, title, shared)


def _context(services: Services, snapshot: Snapshot) -> dict[str, Any]:
    known = {offer.engine.slug for offer in services.engines}
    panes = [
        pane | {"engine": engine_context(services, pane["engine"])}
        for pane in snapshot.body["panes"]
        if pane["engine"] in known
    ]
    return {
        "id": snapshot.id,
        "title": snapshot.body["title"],
        "notes": snapshot.body["notes"],
        "created_at": snapshot.created_at,
        "panes": panes,
    }


def _link(request: Request, snapshot: Snapshot) -> str:
    return str(request.url_for("open_snapshot", snapshot_id=snapshot.id))
