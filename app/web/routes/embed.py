"""A shared playground inside a page of another site. Its session comes by a token in the page: no cookie reaches a frame there."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from app.core.errors import Forbidden, NotFound
from app.playground.services import Services
from app.playground.sharing.differences import differs
from app.playground.sharing.snapshots import OpenPlayground
from app.web import render
from app.web.deps import ServicesDep, TextForm, client_address, engine_context
from app.web.routes.formats import link_of
from app.web.routes.share import run_pane
from app.web.security import Signer, content_security_policy

router = APIRouter(include_in_schema=False)

Theme = Annotated[Literal["light", "dark", "system"], Query()]


@router.get("/p/{playground_id}/embed")
async def embed(
    request: Request,
    services: ServicesDep,
    playground_id: str,
    revision: int | None = None,
    engine: str | None = None,
    theme: Theme = "system",
    run: bool = True,
) -> Response:
    """The panes with their results as they were; `run`: whether there is a button to run them again."""
    opened = await services.snapshots.open(playground_id, revision)
    signer: Signer = request.app.state.signer
    token = signer.embed_token(signer.new_session()) if run else ""
    return _page(request, services, opened, engine=engine, theme=theme, token=token, again={})


@router.post("/p/{playground_id}/embed")
async def run_form(
    request: Request,
    services: ServicesDep,
    playground_id: str,
    token: TextForm = "",
    engine: TextForm = "",
    only: TextForm = "",
    theme: Annotated[Literal["light", "dark", "system"], Form()] = "system",
    revision: Annotated[int | None, Form()] = None,
) -> Response:
    """Run one pane again, without JavaScript."""
    opened = await services.snapshots.open(playground_id, revision)
    again = {engine: await _again(request, services, opened, engine, token)}
    return _page(request, services, opened, engine=only or None, theme=theme, token=token, again=again)


@router.post("/partials/p/{playground_id}/embed/{engine}")
async def run_partial(
    request: Request,
    services: ServicesDep,
    playground_id: str,
    engine: str,
    token: TextForm = "",
    revision: Annotated[int | None, Form()] = None,
) -> Response:
    opened = await services.snapshots.open(playground_id, revision)
    again = await _again(request, services, opened, engine, token)
    return render.partial(
        request, "embed_run", engine=engine_context(services, engine), pane=opened.pane(engine), again=again
    )


async def _again(
    request: Request, services: Services, opened: OpenPlayground, engine: str, token: str
) -> dict[str, Any]:
    signer: Signer = request.app.state.signer
    session = signer.read_embed_token(token)
    if session is None:
        raise Forbidden("This frame was open for too long to run anything.", hint="Reload the page.")
    pane = opened.pane(services.engines.offer(engine).engine.slug)
    if pane is None:
        raise NotFound("This playground has nothing for that engine.")
    await services.sessions.admit_run(session, client_address(request))
    run = await run_pane(services, session, pane)
    return {
        "run": {k: v for k, v in run.items() if k != "id"},
        "differs": await asyncio.to_thread(differs, pane["run"], run),
    }


def _page(
    request: Request,
    services: Services,
    opened: OpenPlayground,
    *,
    engine: str | None,
    theme: str,
    token: str,
    again: dict[str, dict[str, Any]],
) -> Response:
    panes = [pane for pane in opened.panes if engine in (None, pane["engine"])]
    if not panes:
        raise NotFound("This playground has nothing for that engine.")
    response = render.page(
        request,
        "embed",
        playground={"id": opened.id, "revision": opened.revision, "title": opened.title, "panes": panes},
        link=link_of(request, opened),
        theme=theme,
        only=engine or "",
        token=token,
        again=again,
    )
    response.headers["content-security-policy"] = content_security_policy(request.state.csp_nonce, framed_by="*")
    response.headers["cross-origin-resource-policy"] = "cross-origin"
    response.headers["x-robots-tag"] = "noindex"
    return response
