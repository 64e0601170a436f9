"""Scripts across engines: the catalogue, a script and what it came to, and the same over the API."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import PlaygroundError
from app.playground.scripts import scripts
from app.playground.scripts.scripts import ReadyScript
from app.playground.services import Services
from app.playground.sharing.notes import render as as_html
from app.web import render
from app.web.deps import (
    MAX_LINK,
    FormSessionDep,
    JsonOnly,
    LinkQuery,
    RunningSessionDep,
    ServicesDep,
    SessionDep,
    TextForm,
    client_address,
    lines,
)
from app.web.routes.api import ERRORS, ErrorOut
from app.web.views.waterfall import lay_out

router = APIRouter()

FIRST = """// Your sandboxes: pg, mongo.db, redis, dynamo.
const { rows } = await pg.query("SELECT $1::int AS n", [7]);
await redis.set("n", rows[0].n);
print(await redis.get("n"));
"""


class ScriptBody(BaseModel):
    """A script to run against the session's sandboxes."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(
        examples=["print((await pg.query('SELECT 1 AS one')).rows)"],
        description="JavaScript; `docs/scripts.md` says what it can call.",
    )


class CallOut(BaseModel):
    """A call of an engine. Times are in ms since the script began; `waited_ms`: until a connection was free, `ms`: without that."""

    number: int
    engine: str
    kind: Literal["call", "connect", "close"]
    shown: str
    start_ms: float
    waited_ms: float
    ms: float
    connection: str | None
    rows: int | None
    bytes: int
    outcome: Literal["ok", "cut", "failed", "refused", "stopped"]
    note: str | None = Field(description="The error, or what of the answer was left out.")


class ScriptOut(BaseModel):
    """What a script came to."""

    outcome: Literal["ok", "failed", "refused", "stopped"]
    error: ErrorOut | None = None
    output: list[dict[str, Any]] = Field(description="What was printed: `severity`, `text`, `at_ms`.")
    output_lost: int = Field(description="How many printed lines were cut or left out.")
    spans: list[dict[str, Any]] = Field(
        description="What `measure` measured: `name`, `ms`, `calls`, `rows`, `bytes`, ..."
    )
    calls: list[CallOut]
    engines: list[dict[str, Any]] = Field(description="The sums of each engine that was called.")
    stats: dict[str, Any]


@router.get("/scripts", include_in_schema=False)
async def catalogue(request: Request, session: SessionDep) -> Response:
    return render.page(request, "scripts", scripts=list(scripts.catalogue().values()))


@router.get("/scripts/own", include_in_schema=False)
async def own(
    request: Request,
    services: ServicesDep,
    session: SessionDep,
    source: LinkQuery = "",
) -> Response:
    """A script of one's own, or one that came with the link; nothing is run."""
    return _page(request, services, None, source or FIRST, None)


@router.get("/scripts/{slug}", include_in_schema=False)
async def ready(request: Request, services: ServicesDep, session: SessionDep, slug: str) -> Response:
    script = scripts.script(slug)
    return _page(request, services, script, script.source, None)


@router.post("/scripts", include_in_schema=False)
async def form(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    source: TextForm = "",
    slug: TextForm = "",
) -> Response:
    """Run, without JavaScript."""
    script = scripts.script(slug) if slug else None
    return _page(request, services, script, lines(source), await _go(services, session, lines(source), ""))


@router.post("/partials/scripts/run", include_in_schema=False)
async def partial(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    source: TextForm = "",
    page: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    return render.partial(request, "waterfall", **_shown(await _go(services, session, lines(source), page)))


@router.post("/partials/scripts/stop", include_in_schema=False)
async def stop(services: ServicesDep, session: FormSessionDep) -> Response:
    await services.scripts.stop(session)
    return Response(status_code=204)


@router.post("/api/v1/scripts", response_model=ScriptOut, responses=ERRORS, tags=["run"], dependencies=[JsonOnly])
async def run(body: ScriptBody, request: Request, services: ServicesDep, session: SessionDep) -> Response:
    """Run a script across engines. Without a session cookie the call gets a new session, whose cookie comes with the answer."""
    await services.sessions.admit_run(session, client_address(request))
    return JSONResponse(await services.scripts.run(session, body.source))


async def _go(services: Services, session: str, source: str, page: str) -> dict[str, Any]:
    """What the script came to, or why it could not be run."""
    try:
        return await services.scripts.run(session, source, page)
    except PlaygroundError as exc:
        return {"problem": {"code": exc.code, "message": exc.message, "hint": exc.hint}}


def _page(
    request: Request, services: Services, script: ReadyScript | None, source: str, run: dict[str, Any] | None
) -> Response:
    return render.page(
        request,
        "script",
        script=script,
        notes=as_html(script.notes) if script else "",
        scripts=list(scripts.catalogue().values()),
        source=source,
        max_link=MAX_LINK,
        max_script_ms=services.settings.max_script_ms,
        **_shown(run),
    )


def _shown(run: dict[str, Any] | None) -> dict[str, Any]:
    return {"run": run, "waterfall": lay_out(run) if run is not None and "problem" not in run else None}
