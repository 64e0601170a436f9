"""What the maker of a shared playground may do with its key: edit, revise, list, expire, delete."""

from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import InvalidRequest
from app.playground.services import Services
from app.web import render
from app.web.deps import FormSessionDep, ServicesDep, SessionDep, TextForm, client_address, lines
from app.web.routes.formats import link_of
from app.web.routes.share import context_of, run_pane, shared_from

router = APIRouter(include_in_schema=False)

EXPIRIES = {"keep": None, "never": 0, "1": 1, "7": 7, "30": 30, "365": 365}


@router.get("/p/{playground_id}/manage")
async def manage(
    request: Request, services: ServicesDep, session: SessionDep, playground_id: str, key: str = ""
) -> Response:
    return await _page(request, services, playground_id, key)


@router.post("/p/{playground_id}/manage")
async def change(
    request: Request,
    services: ServicesDep,
    session: FormSessionDep,
    playground_id: str,
    key: TextForm = "",
    action: TextForm = "save",
    title: TextForm = "",
    notes: TextForm = "",
    listed: TextForm = "",
    expires: TextForm = "keep",
) -> Response:
    """Save what the form says, delete the playground, or run its panes and add them as a revision."""
    if action == "delete":
        await services.snapshots.delete(playground_id, key)
        return render.page(request, "deleted", playground_id=playground_id)
    if action == "revise":
        await _revise(request, services, session, playground_id, key)
        return RedirectResponse(f"/p/{playground_id}/manage?key={key}#revisions", 303)
    if expires not in EXPIRIES:
        raise InvalidRequest(f"Expiry is one of {', '.join(EXPIRIES)}, not {expires!r}.")
    await services.snapshots.change(
        playground_id,
        key,
        title=title,
        notes=lines(notes),
        listed=listed == "on",
        expires_in_days=EXPIRIES[expires],
    )
    return await _page(request, services, playground_id, key, said="Saved.")


@router.post("/partials/p/{playground_id}/words")
async def words_partial(
    request: Request,
    services: ServicesDep,
    session: FormSessionDep,
    playground_id: str,
    key: TextForm = "",
    title: TextForm = "",
    notes: TextForm = "",
) -> Response:
    """Title and notes, from the dialog that follows Share."""
    found = await services.snapshots.owned(playground_id, key)
    await services.snapshots.change(
        playground_id,
        key,
        title=title,
        notes=lines(notes),
        listed=found.playground.listed,
        expires_in_days=None,
    )
    return render.partial(request, "saved")


async def _revise(request: Request, services: Services, session: str, playground_id: str, key: str) -> None:
    """Run what the form has for each engine, in the maker's own sandboxes, and freeze it."""
    await services.snapshots.owned(playground_id, key)
    await services.sessions.admit_share(session, client_address(request))
    shared = [pane for pane in await shared_from(request, services) if pane.source.strip()]
    for pane in shared:
        await services.sessions.admit_run(session, client_address(request))
        await run_pane(services, session, asdict(pane))
    await services.snapshots.revise(playground_id, key, session, shared)


async def _page(request: Request, services: Services, playground_id: str, key: str, said: str = "") -> Response:
    opened = await services.snapshots.owned(playground_id, key)
    response = render.page(
        request,
        "manage",
        playground=context_of(services, opened),
        link=link_of(request, opened),
        key=key,
        said=said,
    )
    response.headers["x-robots-tag"] = "noindex"
    return response
