"""The compare page: a pane per engine, each answering as it finishes."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.playground.comparison import run_all
from app.playground.engines import Offer
from app.playground.runner import RunRequest
from app.playground.services import Services
from app.playground.snapshots import OpenPlayground
from app.web import render
from app.web.deps import OfferDep, RunningSessionDep, ServicesDep, SessionDep, SourceForm, engine_context, lines

router = APIRouter(include_in_schema=False)

OPENING = "three-best"
"""The example that every engine has, and that opens with the page."""


@router.get("/compare")
async def compare(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    example: str | None = None,
    from_: Annotated[str | None, Query(alias="from")] = None,
) -> Response:
    """Each pane opens with the shared playground asked for, the last run made here, or the example of that name in every engine."""
    if from_ is not None:
        parent = await services.snapshots.open_reference(from_)
        texts = {pane["engine"]: (pane["source"], pane["seed"]) for pane in parent.panes}
        panes = [_pane(o.engine.slug, *texts.get(o.engine.slug, ("", "")), None) for o in services.engines]
        return _page(request, services, panes, None, parent)
    panes = [await _opening(services, session, offer, example) for offer in services.engines]
    return _page(request, services, panes, example)


@router.post("/compare")
async def compare_form(request: Request, services: ServicesDep, session: RunningSessionDep) -> Response:
    """Run all, without JavaScript."""
    form = await request.form()
    sources = {
        offer.engine.slug: (
            lines(str(form.get(f"seed_{offer.engine.slug}", ""))),
            lines(str(form.get(f"source_{offer.engine.slug}", ""))),
        )
        for offer in services.engines
    }
    runs = await run_all(services.runner, session, {slug: texts for slug, texts in sources.items() if texts[1].strip()})
    panes = [_pane(slug, source, seed, runs.get(slug)) for slug, (seed, source) in sources.items()]
    parent = await services.snapshots.find(str(form.get("parent", "")))
    return _page(request, services, panes, None, parent)


@router.post("/partials/compare/{engine}/run")
async def pane_partial(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    offer: OfferDep,
    source: SourceForm = "",
    seed: SourceForm = "",
    page: SourceForm = "",
) -> Response:
    run = await services.runner.run(
        session, RunRequest(offer.engine.slug, lines(source), lines(seed), origin="compare", page=page)
    )
    return render.partial(request, "compare_run", engine=engine_context(services, offer.engine.slug), run=run)


def _pane(slug: str, source: str, seed: str, run: dict[str, Any] | None) -> dict[str, Any]:
    return {"engine": slug, "source": source, "seed": seed, "run": run}


async def _opening(services: Services, session: str, offer: Offer, example: str | None) -> dict[str, Any]:
    slug = offer.engine.slug
    examples = offer.engine.examples()
    last = services.runner.last(session, slug)
    if example is None and last is not None and last["origin"] == "compare":
        return _pane(slug, last["source"], last["seed"], last)
    chosen = next((entry for entry in examples if entry.slug == (example or OPENING)), examples[0])
    return _pane(slug, chosen.source, chosen.seed, None)


def _page(
    request: Request,
    services: Services,
    panes: list[dict[str, Any]],
    example: str | None,
    parent: OpenPlayground | None = None,
) -> Response:
    """`parent`: the shared playground whose copy is edited."""
    listed = [{entry.slug: entry for entry in offer.engine.examples()} for offer in services.engines]
    shared = [entry for slug, entry in listed[0].items() if all(slug in others for others in listed)] if listed else []
    return render.page(request, "compare", panes=panes, examples=shared, example=example, parent=parent)
