"""The JSON API of shared playgrounds: make, read, run again, change, delete."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import Forbidden, InvalidRequest, NotFound
from app.playground.services import Services
from app.playground.sharing.differences import differences, differs
from app.playground.sharing.packing import document
from app.playground.sharing.snapshots import Shared
from app.web.deps import JsonOnly, ServicesDep, SessionDep, client_address
from app.web.routes.api import ERRORS, ErrorBody, RunOut
from app.web.routes.formats import link_of
from app.web.routes.share import run_pane
from app.web.security import Signer

router = APIRouter(tags=["playgrounds"])

MAX_PANES = 8
Strict = ConfigDict(extra="forbid")


async def bearer(authorization: Annotated[str, Header(max_length=500)] = "") -> str:
    """The playground's key, from `Authorization: Bearer KEY`."""
    kind, _, key = authorization.partition(" ")
    if kind.lower() != "bearer" or not key:
        raise Forbidden("This needs the playground's key.", hint="Send it as `Authorization: Bearer KEY`.")
    return key.strip()


KeyDep = Annotated[str, Depends(bearer)]


class PaneIn(BaseModel):
    """What one engine's editors hold."""

    model_config = Strict

    engine: str = Field(examples=["postgres"])
    source: str = Field(examples=["select 1 as one"])
    seed: str = Field("", description="Runs once before the source, in a fresh sandbox.")
    dataset: str = Field("", description="Named sample data that fills the sandbox before the seed.")


class PlaygroundIn(BaseModel):
    """A playground to share."""

    model_config = Strict

    title: str = Field("", max_length=1_000)
    notes: str = Field("", description="Markdown.")
    panes: list[PaneIn] = Field(min_length=1, max_length=MAX_PANES, description="One for each engine.")
    run: bool = Field(
        True,
        description="Run each pane first, in sandboxes of this session, emptied before; otherwise its last run is frozen, if it had these texts.",
    )
    parent: str | None = Field(None, description="`id` or `id/revision` of the playground that this one was made from.")


class RevisionIn(BaseModel):
    model_config = Strict

    panes: list[PaneIn] = Field(min_length=1, max_length=MAX_PANES)
    run: bool = True


class ChangeIn(BaseModel):
    """What its maker may set; what is left out stays."""

    model_config = Strict

    title: str | None = Field(None, max_length=1_000)
    notes: str | None = None
    listed: bool | None = Field(None, description="Whether search engines may find it.")
    expires_in_days: int | None = Field(None, description="From now; 0 is never.")


class TakedownIn(BaseModel):
    model_config = Strict

    reason: str = Field(min_length=1, max_length=500)


class PaneOut(BaseModel):
    engine: str
    dataset: str
    seed: str
    source: str
    run: RunOut | None = Field(description="The run as it was when this was shared; null when there was none.")


class PlaygroundOut(BaseModel):
    """A shared playground at one of its revisions."""

    format: str
    id: str
    revision: int
    revisions: int
    link: str
    title: str
    notes: str
    created_at: str
    expires_at: str | None
    parent: str | None
    listed: bool
    panes: list[PaneOut]


class SharedOut(PlaygroundOut):
    key: str | None = Field(description="Needed to change or delete it; null when the same content was shared before.")
    manage: str | None = Field(description="The page that the key opens.")


class AgainOut(BaseModel):
    """A pane run now beside the answer that was shared."""

    engine: str
    run: dict[str, Any]
    differs: bool | None = Field(description="Null where one of the two has no answer.")
    differences: list[dict[str, Any]] = Field(
        description="`title`, `added`, `removed`, `note` and the `lines` of each."
    )


GONE: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    403: {"model": ErrorBody, "description": "The key is not the playground's."},
    410: {"model": ErrorBody, "description": "It was deleted, has expired, or was taken down; the message says which."},
}


@router.post("/api/v1/playgrounds", status_code=201, response_model=SharedOut, responses=GONE, dependencies=[JsonOnly])
async def create_playground(
    body: PlaygroundIn, request: Request, services: ServicesDep, session: SessionDep
) -> Response:
    """Share a playground. The answer has its link, and the key to change it."""
    await services.sessions.admit_share(session, client_address(request))
    shared = await _panes(request, services, session, body.panes, run=body.run)
    link = await services.snapshots.share(session, shared, title=body.title, notes=body.notes, parent=body.parent)
    address = link_of(request, link.opened)
    manage = f"{address}/manage?key={link.key}" if link.key else None
    return JSONResponse(document(link.opened, address) | {"key": link.key, "manage": manage}, 201)


@router.get("/api/v1/playgrounds/{playground_id}", response_model=PlaygroundOut, responses=GONE)
async def read_playground(
    request: Request, services: ServicesDep, playground_id: str, revision: int | None = None
) -> Response:
    """A playground with its results as they were. Nothing is run."""
    opened = await services.snapshots.open(playground_id, revision)
    return JSONResponse(document(opened, link_of(request, opened)))


@router.post(
    "/api/v1/playgrounds/{playground_id}/run",
    response_model=list[AgainOut],
    responses=GONE,
    dependencies=[JsonOnly],
)
async def run_playground(
    request: Request, services: ServicesDep, session: SessionDep, playground_id: str, revision: int | None = None
) -> Response:
    """Run every pane in sandboxes of this session, emptied before, and compare with the answers that were shared."""
    opened = await services.snapshots.open(playground_id, revision)
    answers = []
    for pane in opened.panes:
        await services.sessions.admit_run(session, client_address(request))
        run = await run_pane(services, session, pane)
        found = await asyncio.to_thread(differences, pane["run"], run)
        answers.append(
            {
                "engine": pane["engine"],
                "run": run,
                "differs": differs(pane["run"], run),
                "differences": [asdict(difference) for difference in found],
            }
        )
    return JSONResponse(answers)


@router.post(
    "/api/v1/playgrounds/{playground_id}/revisions",
    status_code=201,
    response_model=PlaygroundOut,
    responses=GONE,
    dependencies=[JsonOnly],
)
async def revise_playground(
    body: RevisionIn, request: Request, services: ServicesDep, session: SessionDep, key: KeyDep, playground_id: str
) -> Response:
    """Add a revision."""
    await services.snapshots.owned(playground_id, key)
    await services.sessions.admit_share(session, client_address(request))
    shared = await _panes(request, services, session, body.panes, run=body.run)
    opened = await services.snapshots.revise(playground_id, key, session, shared)
    return JSONResponse(document(opened, link_of(request, opened)), 201)


@router.patch(
    "/api/v1/playgrounds/{playground_id}", response_model=PlaygroundOut, responses=GONE, dependencies=[JsonOnly]
)
async def change_playground(
    body: ChangeIn, request: Request, services: ServicesDep, key: KeyDep, playground_id: str
) -> Response:
    """Set title, notes, listing and expiry."""
    found = await services.snapshots.owned(playground_id, key)
    opened = await services.snapshots.change(
        playground_id,
        key,
        title=found.title if body.title is None else body.title,
        notes=found.notes if body.notes is None else body.notes,
        listed=found.playground.listed if body.listed is None else body.listed,
        expires_in_days=body.expires_in_days,
    )
    return JSONResponse(document(opened, link_of(request, opened)))


@router.delete("/api/v1/playgrounds/{playground_id}", status_code=204, responses=GONE)
async def delete_playground(services: ServicesDep, key: KeyDep, playground_id: str) -> Response:
    """Delete all its revisions at once."""
    await services.snapshots.delete(playground_id, key)
    return Response(status_code=204)


@router.post(
    "/api/v1/playgrounds/{playground_id}/takedown",
    status_code=204,
    dependencies=[JsonOnly],
    include_in_schema=False,
)
async def take_down(
    body: TakedownIn, request: Request, services: ServicesDep, token: KeyDep, playground_id: str
) -> Response:
    """For `sandtable takedown`: the token proves that the caller has this site's secret key."""
    signer: Signer = request.app.state.signer
    if not signer.is_operator_token(token, f"takedown {playground_id}"):
        raise Forbidden("This token was not made with this site's secret key, or is too old.")
    if not await services.snapshots.take_down(playground_id, body.reason):
        raise NotFound("There is no playground of that id, or it is gone already.")
    return Response(status_code=204)


async def _panes(request: Request, services: Services, session: str, panes: list[PaneIn], *, run: bool) -> list[Shared]:
    """The panes of a body, each engine once, run first if that is asked."""
    slugs = [services.engines.offer(pane.engine).engine.slug for pane in panes]
    if len(set(slugs)) < len(slugs):
        raise InvalidRequest("Each engine has one pane.")
    shared = [Shared(pane.engine, pane.source, pane.seed, pane.dataset) for pane in panes]
    if run:
        for pane in shared:
            await services.sessions.admit_run(session, client_address(request))
            await run_pane(services, session, asdict(pane))
    return shared
