"""A shared playground in other forms: Markdown, JSON, a zip that replays it, a picture, an oEmbed answer."""

import asyncio
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from app.core.errors import InvalidRequest, NotFound
from app.playground.services import Services
from app.playground.sharing.packing import as_markdown, document, languages, packed
from app.playground.sharing.snapshots import OpenPlayground
from app.web.deps import ServicesDep
from app.web.views.picture import Pictures, svg

router = APIRouter(include_in_schema=False)

FORMS = ("md", "json", "zip", "png", "svg")
EMBED_HEIGHT = 420
NOT_OURS = "This is not the link of a playground here."


@router.get("/p/{playground_id}.{form}")
async def newest(request: Request, services: ServicesDep, playground_id: str, form: str) -> Response:
    return await respond(request, services, await services.snapshots.open(playground_id), form)


@router.get("/p/{playground_id}/{revision:int}.{form}")
async def of_revision(
    request: Request, services: ServicesDep, playground_id: str, revision: int, form: str
) -> Response:
    return await respond(request, services, await services.snapshots.open(playground_id, revision), form)


@router.get("/oembed")
async def oembed(
    request: Request,
    services: ServicesDep,
    url: Annotated[str, Query(max_length=500)],
    format: str = "json",
    maxwidth: Annotated[int, Query(ge=1, le=10_000)] = 800,
    maxheight: Annotated[int, Query(ge=1, le=10_000)] = EMBED_HEIGHT,
) -> Response:
    """How to embed the playground of a link of ours (oEmbed 1.0)."""
    if format != "json":
        raise InvalidRequest("oEmbed answers are JSON here.")
    opened = await services.snapshots.open_reference(_reference(url, request.headers.get("host")))
    link = link_of(request, opened)
    height = min(maxheight, EMBED_HEIGHT)
    return JSONResponse(
        {
            "version": "1.0",
            "type": "rich",
            "title": opened.title or "A shared playground",
            "provider_name": "Sandtable",
            "provider_url": str(request.base_url),
            "html": f'<iframe src="{link}/embed" width="{maxwidth}" height="{height}" loading="lazy" title="Sandtable playground"></iframe>',
            "width": maxwidth,
            "height": height,
            "thumbnail_url": f"{link}.png",
            "thumbnail_width": 1200,
            "thumbnail_height": 630,
        },
        headers={"access-control-allow-origin": "*"},
    )


def _reference(url: str, host: str | None) -> str:
    """`id` or `id/revision`, from a link of this host. Raises NotFound."""
    try:
        parts = urlsplit(url)
    except ValueError as exc:
        raise NotFound(NOT_OURS) from exc
    path = parts.path.removeprefix("/p/")
    if parts.netloc != host or path == parts.path:
        raise NotFound(NOT_OURS)
    return path


async def respond(request: Request, services: Services, opened: OpenPlayground, form: str) -> Response:
    link, known = link_of(request, opened), languages(services.engines)
    labels = {slug: language.label for slug, language in known.items()}
    response: Response
    match form:
        case "md":
            text = await asyncio.to_thread(as_markdown, opened, link, known)
            response = Response(text.encode("utf-8", "replace"), media_type="text/markdown; charset=utf-8")
        case "json":
            response = JSONResponse(document(opened, link))
        case "zip":
            body = await asyncio.to_thread(packed, opened, link, known)
            name = f'attachment; filename="playground-{opened.id}-{opened.revision}.zip"'
            response = Response(body, media_type="application/zip", headers={"content-disposition": name})
        case "svg":
            response = Response(svg(opened, labels), media_type="image/svg+xml")
        case "png":
            pictures: Pictures = request.app.state.pictures
            response = Response(await asyncio.to_thread(pictures.png, opened, labels), media_type="image/png")
            response.headers["cross-origin-resource-policy"] = "cross-origin"
        case _:
            raise NotFound(f"A playground comes as {', '.join(FORMS)}, not as {form}.")
    if not opened.playground.listed:
        response.headers["x-robots-tag"] = "noindex"
    return response


def link_of(request: Request, opened: OpenPlayground) -> str:
    return str(request.url_for("open_playground", playground_id=opened.id))


def wants_markdown(request: Request) -> bool:
    """Whether Markdown is asked for, and a page is not asked for more."""
    accepted = _accepted(request.headers.get("accept", ""))
    return accepted.get("text/markdown", 0.0) > 0 and accepted["text/markdown"] >= accepted.get("text/html", 0.0)


def _accepted(header: str) -> dict[str, float]:
    found = {}
    for entry in header.split(",")[:20]:
        kind, *parameters = (part.strip().lower() for part in entry.split(";"))
        weight = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        try:
            found[kind] = float(weight)
        except ValueError:
            found[kind] = 0.0
    return found


def summary(opened: OpenPlayground, labels: dict[str, str]) -> str:
    """One or two sentences for link previews."""
    if opened.notes:
        return " ".join(opened.notes.split())[:200]
    if opened.pasted is not None:
        return f"A plan of {labels.get(opened.pasted.engine, opened.pasted.engine)}"
    if opened.lab is not None:
        return f"A lab of {labels.get(opened.lab.engine, opened.lab.engine)}: two connections, step by step"
    names = ", ".join(labels.get(pane["engine"], pane["engine"]) for pane in opened.panes)
    first = next((line.strip() for line in opened.panes[0]["source"].split("\n") if line.strip()), "")
    return f"{names}: {first}"[:200]


def previewed(request: Request, services: Services, opened: OpenPlayground) -> dict[str, Any]:
    """What the page says of itself to those who preview links."""
    labels = {offer.engine.slug: offer.engine.label for offer in services.engines}
    link = link_of(request, opened)
    return {
        "link": link,
        "picture": f"{link}.png",
        "summary": summary(opened, labels),
        "origin": str(request.base_url).rstrip("/"),
    }
