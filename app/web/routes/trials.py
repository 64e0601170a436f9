"""Trying a suggested index: both plans side by side; kept or left by the workbench's form."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from app.web import render
from app.web.deps import OfferDep, RunningSessionDep, ServicesDep, TextForm, engine_context, lines

router = APIRouter(include_in_schema=False)


async def tried(
    services: ServicesDep,
    session: RunningSessionDep,
    offer: OfferDep,
    number: Annotated[int, Form()],
    index: TextForm,
) -> dict[str, Any]:
    """What the templates show of a trial; `source` and `seed` are the editor's, of the run that suggested it."""
    slug = offer.engine.slug
    trial = await services.trials.try_index(session, slug, number, lines(index))
    last = services.runner.last(session, slug)
    source, seed = last["shown"] if last else ("", "")
    engine = engine_context(services, slug)
    return {"trial": trial, "engine": engine, "number": number, "source": source, "seed": seed}


TriedDep = Annotated[dict[str, Any], Depends(tried)]


@router.post("/partials/{engine}/try-index")
async def try_partial(request: Request, tried: TriedDep) -> Response:
    """Under the suggestion: what the index changes."""
    return render.partial(request, "trial", **tried)


@router.post("/{engine}/try-index")
async def try_form(request: Request, tried: TriedDep) -> Response:
    """The same as a page, without JavaScript."""
    return render.page(request, "trial", **tried)
