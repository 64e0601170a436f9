"""The diagram page of an engine, and its picture as a file."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.core.errors import NotFound
from app.playground.engines import Offer
from app.playground.services import Services
from app.web import render
from app.web.deps import OfferDep, ServicesDep, SessionDep, engine_context
from app.web.views.diagram import Drawing, draw

router = APIRouter(include_in_schema=False)


@router.get("/{engine}/diagram")
async def diagram(request: Request, services: ServicesDep, session: SessionDep, offer: OfferDep) -> Response:
    """What the sandbox holds, drawn; for an empty one, what to do."""
    drawing = await _drawing(services, session, offer)
    return render.page(
        request, "diagram", engine=engine_context(services, offer.engine.slug), drawing=drawing, standalone=False
    )


@router.get("/{engine}/diagram.svg")
async def diagram_file(services: ServicesDep, session: SessionDep, offer: OfferDep) -> Response:
    """The same picture as a file that needs nothing of ours."""
    drawing = await _drawing(services, session, offer)
    if not drawing.boxes:
        raise NotFound("There is nothing to draw yet.", hint="Make a table first, then come back.")
    return render.attachment(
        "drawing",
        "image/svg+xml",
        f"{offer.engine.slug}-diagram.svg",
        engine=engine_context(services, offer.engine.slug),
        drawing=drawing,
        standalone=True,
    )


async def _drawing(services: Services, session: str, offer: Offer) -> Drawing:
    if not offer.engine.draws:
        raise NotFound(f"{offer.engine.label} has no diagram.")
    engine = services.engines.get(offer.engine.slug)
    place = await services.sandboxes.find(session, engine.slug)
    if place is None:
        return Drawing(0, 0, [], [])
    return await asyncio.to_thread(draw, await engine.diagram(place.sandbox))
