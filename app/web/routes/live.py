"""What a page is sent while its runs go on (server-sent events), and the words its editor completes."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response, StreamingResponse

from app.core.vocabulary import encode_words
from app.playground.running.feeds import Batch
from app.playground.services import Services
from app.web.deps import OfferDep, ServicesDep, SessionDep

router = APIRouter(include_in_schema=False)

RETRY_MS = 500
"""How soon a browser that lost the stream asks for it again. It is said as the heartbeat."""


@router.get("/feed")
async def feed(
    services: ServicesDep,
    session: SessionDep,
    page: Annotated[str, Query(min_length=8, max_length=64)],
    seen: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[int, Header(ge=0)] = 0,
) -> Response:
    """The events of the page's runs, in batches: `{"events": [...], "missed": n}`. One stream serves all runs of a page.

    It goes on after the last event that the browser, or else the page itself (`seen`), has had.

    The first heartbeat is taken before the answer begins, so that a refusal has a status of its own.
    """
    stream = _encoded(services, session, page, last_event_id or seen)
    await anext(stream)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _encoded(services: Services, session: str, page: str, seen: int) -> AsyncIterator[str]:
    async for batch in services.runner.feeds.follow(session, page, seen):
        yield _lines(batch)


def _lines(batch: Batch | None) -> str:
    if batch is None:
        return f"retry: {RETRY_MS}\n\n"
    data = json.dumps({"events": batch.events, "missed": batch.missed})
    return f"id: {batch.last}\ndata: {data}\n\n"


@router.get("/words/{engine}.json")
async def words(services: ServicesDep, offer: OfferDep, version: str) -> Response:
    """The engine's vocabulary. `version` is in the address, so that it may be kept."""
    engine = services.engines.get(offer.engine.slug)
    body = json.dumps(encode_words(await engine.words()), ensure_ascii=False)
    kept = "public, max-age=86400" if version == engine.info.version else "no-store"
    return Response(body, media_type="application/json", headers={"cache-control": kept})
