"""Sharing: make a snapshot, open it without running anything, run it again, see what changed."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.core.errors import InvalidRequest, NotFound, PlaygroundError
from app.playground.comparing.comparison import could_not_begin
from app.playground.running.runner import RunRequest
from app.playground.services import Services
from app.playground.sharing import notes
from app.playground.sharing.bodies import Chart
from app.playground.sharing.differences import Difference, compare_texts, differences, differs
from app.playground.sharing.snapshots import Link, OpenPlayground, Shared
from app.web import render
from app.web.deps import (
    FormSessionDep,
    OfferDep,
    RunningSessionDep,
    ServicesDep,
    SessionDep,
    TextForm,
    client_address,
    engine_context,
    lines,
)
from app.web.routes.explain import shared_page
from app.web.routes.formats import link_of, previewed, respond, wants_markdown
from app.web.routes.labs import shared_lab

router = APIRouter(include_in_schema=False)

MAX_CHARTS = 4_000

RevisionForm = Annotated[int | None, Form()]
REVISION = "/p/{playground_id}/{revision:int}"


@router.post("/share")
async def share(request: Request, services: ServicesDep, session: FormSessionDep) -> Response:
    """Make a snapshot and go to its manage page, whose address is the maker's; or to it, when it was shared before."""
    link = await _share(request, services, session)
    address = f"/p/{link.opened.id}"
    return RedirectResponse(f"{address}/manage?key={link.key}" if link.key else address, 303)


@router.post("/partials/share")
async def share_partial(request: Request, services: ServicesDep, session: FormSessionDep) -> Response:
    """Make a snapshot and show its link."""
    link = await _share(request, services, session)
    return render.partial(
        request, "share", playground=context_of(services, link.opened), link=link_of(request, link.opened), key=link.key
    )


@router.get("/p/{playground_id}")
async def open_playground(request: Request, services: ServicesDep, session: SessionDep, playground_id: str) -> Response:
    opened = await services.snapshots.open(playground_id)
    if wants_markdown(request):
        return await respond(request, services, opened, "md")
    return page_of(request, services, opened)


@router.get(REVISION)
async def open_revision(
    request: Request, services: ServicesDep, session: SessionDep, playground_id: str, revision: int
) -> Response:
    return page_of(request, services, await services.snapshots.open(playground_id, revision))


@router.post("/p/{playground_id}")
async def run_again_form(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    playground_id: str,
    engine: TextForm = "all",
    revision: RevisionForm = None,
) -> Response:
    """Run one engine's pane again, or all, without JavaScript."""
    opened = await services.snapshots.open(playground_id, revision)
    again = {
        pane["engine"]: await _again(services, session, pane)
        for pane in opened.panes
        if engine in ("all", pane["engine"])
    }
    return page_of(request, services, opened, again)


@router.post("/partials/p/{playground_id}/{engine}/run")
async def run_again_partial(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    offer: OfferDep,
    playground_id: str,
    revision: RevisionForm = None,
) -> Response:
    opened = await services.snapshots.open(playground_id, revision)
    pane = opened.pane(offer.engine.slug)
    if pane is None:
        raise NotFound(f"This playground has nothing for {offer.engine.label}.")
    return render.partial(
        request,
        "again",
        engine=engine_context(services, offer.engine.slug),
        pane=pane,
        again=await _again(services, session, pane),
    )


@router.get("/p/{playground_id}/changes")
async def changes(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    playground_id: str,
    revision: int | None = None,
    since: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """What differs from another revision, or from what it was made from."""
    opened = await services.snapshots.open(playground_id, revision)
    reference = since or opened.playground.parent
    if reference is None:
        raise NotFound("This playground was made from no other.")
    before = await services.snapshots.open_reference(reference)
    return render.page(
        request,
        "changes",
        before=context_of(services, before),
        after=context_of(services, opened),
        parts=await asyncio.to_thread(_changes, before, opened),
    )


def page_of(
    request: Request, services: Services, opened: OpenPlayground, again: dict[str, dict[str, Any]] | None = None
) -> Response:
    """The page of a playground; `again` has the runs made with it now."""
    if opened.pasted is not None:
        response = shared_page(request, services, opened)
    elif opened.lab is not None:
        response = shared_lab(request, services, opened)
    else:
        response = render.page(
            request,
            "playground",
            playground=context_of(services, opened),
            again=again or {},
            link=link_of(request, opened),
            preview=previewed(request, services, opened),
        )
    response.headers["vary"] = "accept"
    if not opened.playground.listed:
        response.headers["x-robots-tag"] = "noindex"
    return response


def context_of(services: Services, opened: OpenPlayground) -> dict[str, Any]:
    """A playground as templates want it."""
    playground = opened.playground
    return {
        "id": opened.id,
        "revision": opened.revision,
        "reference": opened.reference,
        "revised_at": opened.revised_at,
        "title": opened.title,
        "notes": opened.notes,
        "notes_html": notes.render(opened.notes) if opened.notes else "",
        "created_at": opened.created_at,
        "parent": playground.parent,
        "listed": playground.listed,
        "expires_at": playground.expires_at,
        "panes": opened.panes,
        "edit": _editor_of(opened),
        "report": services.settings.report_address,
    }


def _editor_of(opened: OpenPlayground) -> str:
    """Where a copy is edited: in the workbench for one engine; a comparison also fills the dataset first."""
    one = len(opened.panes) == 1 and not opened.panes[0]["dataset"]
    return f"/{opened.panes[0]['engine']}" if one else "/compare"


async def shared_from(request: Request, services: Services) -> list[Shared]:
    """The panes of a form: of a workbench (`engine`, `source`, `seed`) or of several engines (`source_{slug}`, `seed_{slug}`)."""
    form = await request.form()

    def text(name: str) -> str:
        return lines(str(form.get(name, "")))

    if "engine" in form:
        slug = services.engines.offer(text("engine")).engine.slug
        return [Shared(slug, text("source"), text("seed"), text("dataset"), _charts(text("charts")))]
    slugs = [offer.engine.slug for offer in services.engines]
    return [Shared(slug, text(f"source_{slug}"), text(f"seed_{slug}"), text(f"dataset_{slug}")) for slug in slugs]


class _Chart(BaseModel):
    """How a result is drawn."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["bar", "line", "point"]
    x: int = Field(ge=0, lt=2_000)
    y: list[Annotated[int, Field(ge=0, lt=2_000)]] = Field(max_length=4)


_CHARTS = TypeAdapter(dict[Annotated[int, Field(ge=1)], _Chart])


def _charts(text: str) -> dict[int, Chart]:
    """The charts of a form, by the number of their statement. Raises InvalidRequest."""
    if not text:
        return {}
    if len(text) > MAX_CHARTS:
        raise InvalidRequest(f"The charts have {len(text):,} characters; the limit is {MAX_CHARTS:,}.")
    try:
        return {number: chart.model_dump() for number, chart in _CHARTS.validate_json(text).items()}
    except ValidationError as exc:
        raise InvalidRequest("The charts of this form can't be read.") from exc


async def run_pane(services: Services, session: str, pane: dict[str, Any]) -> dict[str, Any]:
    """Run a pane in the session's own sandbox, emptied first."""
    try:
        await services.runner.reset(session, pane["engine"])
        request = RunRequest(pane["engine"], pane["source"], pane["seed"], dataset=pane["dataset"])
        return await services.runner.run(session, request)
    except PlaygroundError as exc:
        return could_not_begin(pane["engine"], exc)


async def _again(services: Services, session: str, pane: dict[str, Any]) -> dict[str, Any]:
    run = await run_pane(services, session, pane)
    found = await asyncio.to_thread(differences, pane["run"], run)
    return {"run": run, "differs": differs(pane["run"], run), "differences": found}


async def _share(request: Request, services: Services, session: str) -> Link:
    form = await request.form()
    await services.sessions.admit_share(session, client_address(request))
    return await services.snapshots.share(
        session,
        await shared_from(request, services),
        title=str(form.get("title", "")),
        parent=str(form.get("parent", "")) or None,
    )


def _changes(before: OpenPlayground, after: OpenPlayground) -> list[dict[str, Any]]:
    """Per engine, how seed, source and answers differ. An engine without a difference has empty lists."""
    slugs = list(dict.fromkeys(pane["engine"] for pane in (*before.panes, *after.panes)))
    parts = []
    for slug in slugs:
        empty: dict[str, Any] = {"seed": "", "source": "", "run": None}
        old, new = before.pane(slug) or empty, after.pane(slug) or empty
        texts = [compare_texts(name.title(), old[name], new[name]) for name in ("seed", "source")]
        answers: list[Difference] = differences(old["run"], new["run"])
        parts.append({"engine": slug, "texts": [text for text in texts if text], "answers": answers})
    return parts
