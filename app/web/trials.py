"""Trying a suggested index: both plans side by side; kept or left by a form."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from app.web import render
from app.web.deps import OfferDep, RunningSessionDep, ServicesDep, engine_context, lines

router = APIRouter(include_in_schema=False)

NumberForm = Annotated[int, Form()]
IndexForm = Annotated[str, Form()]


@router.post("/partials/{engine}/try-index")
async def try_partial(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    offer: OfferDep,
    number: NumberForm,
    index: IndexForm,
) -> Response:
    """Under the suggestion: what the index changes."""
    tried = await services.trials.try_index(session, offer.engine.slug, number, lines(index))
    return render.partial(
        request, "trial", trial=tried, engine=engine_context(services, offer.engine.slug), number=number
    )


@router.post("/{engine}/try-index")
async def try_form(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    offer: OfferDep,
    number: NumberForm,
    index: IndexForm,
) -> Response:
    """The same as a page, without JavaScript."""
    tried = await services.trials.try_index(session, offer.engine.slug, number, lines(index))
    return render.page(request, "trial", trial=tried, engine=engine_context(services, offer.engine.slug), number=number)
