"""What lies at a path of the sidebar's tree, as a source to keep."""

import re

from fastapi import APIRouter
from fastapi.responses import Response

from app.core.errors import NotFound
from app.web.deps import OfferDep, ServicesDep, SessionDep

router = APIRouter(include_in_schema=False)


@router.get("/{engine}/export")
async def export(services: ServicesDep, session: SessionDep, offer: OfferDep, path: str) -> Response:
    """The file of one object, or of all under a prefix: running it makes them again."""
    place = await services.sandboxes.find(session, offer.engine.slug)
    engine = services.engines.get(offer.engine.slug)
    if place is None or not engine.exports:
        raise NotFound("There is nothing to export here.")
    source = await engine.as_source(place.sandbox, path)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", path.rpartition("/")[2]).strip("-")[:60] or "all"
    filename = f"{engine.slug}-{name}.{engine.file_extension}"
    return Response(
        source,
        media_type="text/plain; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{filename}"'},
    )
