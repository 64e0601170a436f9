"""A page for plans that come from elsewhere: pasted, shown as one of ours, and shared if wanted."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import InvalidRequest, PlaygroundError
from app.playground.services import Services
from app.playground.sharing.pasted import DETECT, Pasted
from app.playground.sharing.snapshots import OpenPlayground
from app.web import render
from app.web.deps import RunningSessionDep, ServicesDep, SessionDep, TextForm, client_address, lines

router = APIRouter(include_in_schema=False)

ActionForm = Annotated[Literal["show", "share"], Form()]


@router.get("/explain")
async def explain(request: Request, services: ServicesDep, session: SessionDep) -> Response:
    return _page(request, services)


@router.post("/explain")
async def read(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    text: TextForm = "",
    engine: TextForm = DETECT,
    title: TextForm = "",
    action: ActionForm = "show",
) -> Response:
    """Show what was pasted, or share it and go to its page."""
    text = lines(text)
    try:
        pasted = await services.pasted.read(text, engine)
        if action == "share":
            await services.sessions.admit_share(session, client_address(request))
            link = await services.snapshots.share_pasted(session, pasted, title=title)
            address = f"/p/{link.opened.id}"
            return RedirectResponse(f"{address}/manage?key={link.key}" if link.key else address, 303)
    except InvalidRequest as exc:
        return _page(request, services, text=text, engine=engine, problem=exc)
    return _page(request, services, text=text, engine=engine, pasted=pasted)


def shared_page(request: Request, services: Services, opened: OpenPlayground) -> Response:
    """The page of a plan that was shared."""
    assert opened.pasted
    return _page(
        request, services, text=opened.pasted.text, engine=opened.pasted.engine, pasted=opened.pasted, opened=opened
    )


def _page(
    request: Request,
    services: Services,
    *,
    text: str = "",
    engine: str = DETECT,
    pasted: Pasted | None = None,
    problem: PlaygroundError | None = None,
    opened: OpenPlayground | None = None,
) -> Response:
    labels = {offer.engine.slug: offer.engine.label for offer in services.engines if offer.engine.reads_plans}
    return render.page(
        request,
        "explain",
        http_status=problem.http_status if problem else 200,
        readers=labels,
        text=text,
        chosen=engine,
        pasted=pasted,
        problem={"message": problem.message, "hint": problem.hint} if problem else None,
        opened=opened,
        max_bytes=services.pasted.max_bytes,
    )
