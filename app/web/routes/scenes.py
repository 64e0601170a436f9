"""Live events: client A listens, client B does something, and what A hears is shown as it comes."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import InvalidRequest
from app.playground.engines import Offer
from app.playground.scenes import Scene, scene, scenes
from app.playground.services import Services
from app.web import render
from app.web.deps import FormSessionDep, OfferDep, RunningSessionDep, ServicesDep, SessionDep, client_address
from app.web.deps import engine_context as engine_of
from app.web.forms import RunForm, RunFormDep

router = APIRouter(include_in_schema=False)

Runs = dict[str, tuple[str, dict[str, Any]]]
"""By client: the source that was run without JavaScript, and its run."""
SlugForm = Annotated[str, Form(max_length=64)]


@router.get("/events")
async def catalogue() -> Response:
    return RedirectResponse("/labs#labs-events", 303)


@router.get("/events/{engine}")
async def first(request: Request, services: ServicesDep, session: SessionDep, offer: OfferDep) -> Response:
    return _page(request, services, offer, _scene(offer, ""), {})


@router.get("/events/{engine}/{slug}")
async def ready(request: Request, services: ServicesDep, session: SessionDep, offer: OfferDep, slug: str) -> Response:
    return _page(request, services, offer, _scene(offer, slug), {})


@router.post("/events/{engine}")
async def form(
    request: Request,
    services: ServicesDep,
    session: FormSessionDep,
    offer: OfferDep,
    form: RunFormDep,
    slug: SlugForm = "",
) -> Response:
    """Listen, do something or stop, without JavaScript: what A heard comes when listening ends."""
    shown = _scene(offer, slug)
    if form.action == "stop":
        await services.runner.stop(session, offer.engine.slug, form.client)
        return RedirectResponse(f"/events/{offer.engine.slug}/{shown.slug}", 303)
    await services.sessions.admit_run(session, client_address(request))
    if form.client == "main":
        raise InvalidRequest("Client A listens and client B does something; there is no other here.")
    run = await _run(services, session, offer, form)
    return _page(request, services, offer, shown, {form.client: (form.source, run)})


@router.post("/partials/events/{engine}")
async def partial(
    request: Request, services: ServicesDep, session: RunningSessionDep, offer: OfferDep, form: RunFormDep
) -> Response:
    run = await _run(services, session, offer, form)
    engine = engine_of(services, offer.engine.slug)
    return render.partial(request, "heard", engine=engine, run=run, client=form.client, messages_seen=True)


async def _run(services: Services, session: str, offer: Offer, form: RunForm) -> dict[str, Any]:
    return await services.runner.run(session, form.request(offer.engine))


def _scene(offer: Offer, slug: str) -> Scene:
    """The scene of that name, the first one without a name. Raises NotFound."""
    engine = offer.engine.slug
    return scene(engine, slug or (scenes(engine)[0].slug if scenes(engine) else ""))


def _page(request: Request, services: Services, offer: Offer, shown: Scene, runs: Runs) -> Response:
    slug = offer.engine.slug
    return render.page(request, "events", engine=engine_of(services, slug), scene=shown, scenes=scenes(slug), runs=runs)
