"""Labs: two connections into one sandbox, stepped or played through a script, and the timeline of what happened."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import NotFound, PlaygroundError, StatementError
from app.playground import scenes
from app.playground.engines import Offer
from app.playground.labs import labs
from app.playground.labs.labs import Lab
from app.playground.services import Services
from app.playground.sharing import notes
from app.playground.sharing.snapshots import Link, OpenPlayground
from app.web import render
from app.web.deps import (
    MAX_LINK,
    FormSessionDep,
    LinkQuery,
    OfferDep,
    ServicesDep,
    SessionDep,
    TextForm,
    client_address,
    engine_context,
    lines,
)
from app.web.routes.formats import link_of, previewed
from app.web.views.timeline import lay_out, shortened, summary

router = APIRouter(include_in_schema=False)

Action = Annotated[Literal["play", "step", "end", "share"], Form()]


@router.get("/labs")
async def catalogue(request: Request, session: SessionDep) -> Response:
    shown = {engine["slug"]: scenes.scenes(engine["slug"]) for engine in render.engine_list(request.app.state.services)}
    return render.page(request, "labs", labs=list(labs.catalogue().values()), scenes=shown)


@router.get("/labs/{engine}")
async def own_script(request: Request, session: SessionDep, offer: OfferDep, source: LinkQuery = "") -> Response:
    """A script of one's own, or one that came with the link; nothing is run."""
    first = next((lab for lab in labs.catalogue().values() if lab.engine == offer.engine.slug), None)
    return _page(request, offer, None, source or (first.source if first else ""), None)


@router.get("/labs/{engine}/{slug}")
async def ready(request: Request, session: SessionDep, offer: OfferDep, slug: str) -> Response:
    lab = _lab(offer, slug)
    return _page(request, offer, lab, lab.source, None)


@router.post("/labs/{engine}")
async def form(
    request: Request,
    services: ServicesDep,
    session: FormSessionDep,
    offer: OfferDep,
    action: Action = "step",
    source: TextForm = "",
    slug: TextForm = "",
) -> Response:
    """Step, play, begin anew or share, without JavaScript."""
    lab = _lab(offer, slug) if slug else None
    if action == "share":
        link = await _share(request, services, session, offer, lines(source), slug)
        address = f"/p/{link.opened.id}"
        return RedirectResponse(f"{address}/manage?key={link.key}" if link.key else address, 303)
    run = await _go(request, services, session, offer, action, lines(source))
    return _page(request, offer, lab, lines(source), run)


@router.post("/partials/labs/{engine}")
async def partial(
    request: Request,
    services: ServicesDep,
    session: FormSessionDep,
    offer: OfferDep,
    action: Action = "step",
    source: TextForm = "",
) -> Response:
    run = await _go(request, services, session, offer, action, lines(source))
    return render.partial(request, "timeline", engine=engine_context(services, offer.engine.slug), **_shown(run))


async def _go(
    request: Request, services: Services, session: str, offer: Offer, action: str, source: str
) -> dict[str, Any] | None:
    """The timeline, or why there is none; None once a lab has ended, which counts against no rate limit."""
    if action == "end":
        await services.labs.end(session, offer.engine.slug)
        return None
    await services.sessions.admit_run(session, client_address(request))
    go = services.labs.play if action == "play" else services.labs.step
    try:
        return await go(session, offer.engine.slug, source)
    except StatementError as exc:
        line = source.count("\n", 0, exc.offset) + 1 if exc.offset is not None else None
        where = f"Line {line}: " if line else ""
        return {"error": {"code": exc.code, "message": where + exc.message, "hint": exc.hint}}
    except PlaygroundError as exc:
        return {"error": {"code": exc.code, "message": exc.message, "hint": exc.hint}}


@router.post("/partials/labs/{engine}/share")
async def share_partial(
    request: Request,
    services: ServicesDep,
    session: FormSessionDep,
    offer: OfferDep,
    source: TextForm = "",
    slug: TextForm = "",
) -> Response:
    """Share the script with its timeline, and show the link."""
    link = await _share(request, services, session, offer, lines(source), slug)
    told = {"id": link.opened.id, "title": link.opened.title, "notes": "", "panes": []}
    return render.partial(request, "share", playground=told, link=link_of(request, link.opened), key=link.key)


async def _share(request: Request, services: Services, session: str, offer: Offer, source: str, slug: str) -> Link:
    await services.sessions.admit_share(session, client_address(request))
    played = services.labs.played(session, offer.engine.slug, source)
    return await services.snapshots.share_lab(session, played, title=_lab(offer, slug).title if slug else "")


def shared_lab(request: Request, services: Services, opened: OpenPlayground) -> Response:
    """The page of a lab that was shared, with its timeline as it was."""
    assert opened.lab
    offer = services.engines.offer(opened.lab.engine)
    return _page(request, offer, None, opened.lab.source, opened.lab.run, opened)


def _lab(offer: Offer, slug: str) -> Lab:
    lab = labs.lab(slug)
    if lab.engine != offer.engine.slug:
        raise NotFound(f"There is no lab {slug!r} for {offer.engine.label}.")
    return lab


def _page(
    request: Request,
    offer: Offer,
    lab: Lab | None,
    source: str,
    run: dict[str, Any] | None,
    opened: OpenPlayground | None = None,
) -> Response:
    """`opened`: the shared lab that this is."""
    listed = [entry for entry in labs.catalogue().values() if entry.engine == offer.engine.slug]
    services: Services = request.app.state.services
    return render.page(
        request,
        "lab",
        engine=engine_context(services, offer.engine.slug),
        lab=lab,
        labs=listed,
        source=source,
        comment=offer.engine.line_comment,
        max_link=MAX_LINK,
        opened=opened,
        notes_html=notes.render(opened.notes) if opened and opened.notes else "",
        preview=previewed(request, services, opened) if opened else None,
        **_shown(run),
    )


def _shown(run: dict[str, Any] | None) -> dict[str, Any]:
    drawn = lay_out(run) if run is not None and "error" not in run else None
    return {"run": run, "timeline": drawn, "shortened": shortened, "summary": summary}
