"""The session's recent runs of an engine, and two of them beside each other."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.playground.running.recent import KEPT_RUNS, compared
from app.web import render
from app.web.deps import OfferDep, ServicesDep, SessionDep, engine_context

router = APIRouter(include_in_schema=False)


@router.get("/{engine}/runs")
async def runs(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    offer: OfferDep,
    first: int | None = None,
    second: int | None = None,
) -> Response:
    """Without a choice, the last run beside the one before it."""
    slug, recent = offer.engine.slug, services.runner.recent
    kept = recent.of(session, slug)
    if second is None and kept:
        second = kept[0].number
    if first is None and len(kept) > 1:
        first = next(run.number for run in kept if run.number != second)
    chosen = None
    if first is not None and second is not None:
        chosen = (recent.find(session, slug, first), recent.find(session, slug, second))
    return render.page(
        request,
        "runs",
        engine=engine_context(services, slug),
        kept=kept,
        most=KEPT_RUNS,
        chosen=chosen,
        pairs=compared(*chosen) if chosen else [],
    )
