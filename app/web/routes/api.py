"""The JSON API: run a source, and how the process is."""

import asyncio
from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import PlaygroundError
from app.playground.engines import Offer
from app.playground.running.runner import RunRequest
from app.web.deps import JsonOnly, ServicesDep, SessionDep, client_address

router = APIRouter()

Extra = ConfigDict(extra="allow")


class RunBody(BaseModel):
    """A source to run in the session's sandbox of one engine."""

    model_config = ConfigDict(extra="forbid")

    engine: str = Field(examples=["postgres"], description="`postgres`, `mongodb`, `redis` or `dynamodb`.")
    source: str = Field(
        examples=["select 1 as one"], description="What the editor would hold; any number of statements."
    )
    seed: str = Field(
        "", description="Runs once before the source, in a fresh sandbox; the same seed is not run again."
    )
    dataset: str = Field(
        "",
        examples=["shop:S"],
        description="Sample data that fills the fresh sandbox before the seed: its name and size.",
    )
    explain: Literal["none", "plan", "measure"] = Field(
        "none",
        description="`plan` adds how the engine would execute each statement, `measure` also executes it for that.",
    )


class StatementOut(BaseModel):
    """Where a statement stands in the source: character offsets from 0, line from 1."""

    text: str
    start: int
    end: int
    line: int


class ErrorOut(BaseModel):
    """Why a statement did not complete: the engine said no (`failed`), our policy did (`refused`), or a limit or you ended it (`stopped`)."""

    outcome: Literal["failed", "refused", "stopped"]
    code: str
    message: str
    hint: str | None = None
    detail: str | None = None
    position: int | None = Field(None, description="Character offset in the source, from 0.")
    line: int | None = None
    column: int | None = None
    limit: dict[str, Any] | None = Field(None, description="`name` and `value` of the limit that was met.")


class StatsOut(BaseModel):
    """`server_ms` is null where the server doesn't tell; `server_ms_source` says how it is known."""

    server_ms: float | None
    server_ms_source: str | None
    total_ms: float | None
    row_count: int | None


class ResultOut(BaseModel):
    """The outcome of one statement; which fields are there follows from `kind`."""

    model_config = Extra

    kind: Literal["rows", "documents", "reply", "status", "error"]
    statement: StatementOut
    columns: list[dict[str, str]] | None = Field(None, description="`name` and `type` of each column.")
    rows: list[list[str | None]] | None = Field(None, description="Cells as the server's own text, or null.")
    documents: list[Any] | None = Field(None, description="Canonical Extended JSON (MongoDB) or DynamoDB JSON.")
    plain: list[Any] | None = Field(None, description="DynamoDB items as plain JSON.")
    reply: dict[str, Any] | None = Field(None, description="`type` and `value`; base64 where the value is not UTF-8.")
    text: str | None = Field(None, description="The reply as the engine's own shell prints it.")
    status: str | None = None
    error: ErrorOut | None = None
    notices: list[dict[str, str]] = Field(default=[], description="`severity` and `message`.")
    stats: StatsOut
    truncated: dict[str, Any] | None = Field(
        None, description="`limit`, `value`, `shown` and `message` of a result that was cut."
    )
    more: dict[str, Any] | None = Field(
        None,
        description="`source` continues this result; `label` names that. `page`: how many the engine's shell shows at a time.",
    )
    reads: bool | None = Field(None, description="There is more, and an export may run the statement again for it.")
    plan: dict[str, Any] | None = Field(
        None, description="In the words of docs/plans.md: a summary, `root` with its steps, and `insights`."
    )
    plan_note: str | None = Field(None, description="Why there is no plan, when one was asked for.")


class RunOut(BaseModel):
    """A run: results in order up to the first that did not complete, and the statements that were not run after it."""

    id: str = Field(description="Names the run, for exports, while it is the engine's last one of this session.")
    engine: str
    version: str
    results: list[ResultOut]
    not_run: list[StatementOut]
    seed_error: ResultOut | None = None
    replaced: bool | None = Field(
        None, description="The seed began in a fresh sandbox, so what the one before held is gone."
    )
    transaction: Literal["open", "failed"] | None = Field(None, description="A transaction that outlives the run.")
    insights: list[dict[str, str]] = Field(
        default=[], description="What the statements together suggest; each plan has `insights` of its own."
    )
    stats: dict[str, Any]


class ErrorBody(BaseModel):
    error: dict[str, str] = Field(description="`code`, `message` and, where there is one, `hint`.")


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": description}
    for status, description in {
        400: "The request is not understood.",
        404: "There is no such engine.",
        413: "The source or the request is longer than its limit.",
        429: "A rate limit, or the engine has no free slot.",
        503: "The engine is away; the message says why and what mends it.",
    }.items()
}


@router.post("/api/v1/run", response_model=RunOut, responses=ERRORS, tags=["run"], dependencies=[JsonOnly])
async def run(body: RunBody, request: Request, services: ServicesDep, session: SessionDep) -> Response:
    """Run a source. Without a session cookie the call gets a new session, whose cookie comes with the answer."""
    services.engines.offer(body.engine)
    await services.sessions.admit_run(session, client_address(request))
    asked = RunRequest(body.engine, body.source, body.seed, explain=body.explain, dataset=body.dataset)
    answer = await services.runner.run(session, asked)
    return JSONResponse(answer)


@router.get("/healthz", tags=["health"])
async def healthz() -> dict[str, str]:
    """200 as soon as the process serves."""
    return {"status": "ok"}


@router.get("/servingz", tags=["health"])
async def servingz(services: ServicesDep) -> Response:
    """Whether a proxy should send requests here: 503 only while this process drains. An engine that is away is no reason."""
    draining = services.state.draining
    return JSONResponse({"draining": draining}, 503 if draining else 200)


@router.get("/readyz", tags=["health"])
async def readyz(services: ServicesDep) -> Response:
    """The state of each engine and of the store; 503 while an engine that should run does not, and while this process drains."""
    offers = list(services.engines)
    states = dict(zip((o.engine.slug for o in offers), await asyncio.gather(*map(_state, offers)), strict=True))
    try:
        await services.store.ping()
        store: dict[str, Any] = {"ready": services.store_note is None, "note": services.store_note}
    except Exception as exc:  # noqa: BLE001 - whatever is wrong with it, the answer is "not ready", with the reason
        store = {"ready": False, "note": str(exc)}
    draining = services.state.draining
    ready = store["ready"] and not draining and all(state["ready"] for state in states.values())
    return JSONResponse({"engines": states, "store": store, "draining": draining}, 200 if ready else 503)


async def _state(offer: Offer) -> dict[str, Any]:
    if not offer.ready:
        return {"ready": False, "reason": offer.reason, "fix": offer.fix}
    info = offer.engine.info
    try:
        await offer.engine.check()
    except PlaygroundError as exc:
        return {"ready": False, "version": info.version, "reason": exc.message, "fix": exc.hint}
    servers = [asdict(server) for server in offer.engine.servers() if server.name]
    return {
        "ready": True,
        "version": info.version,
        "how": info.how,
        "start_ms": offer.start_ms,
        **({"servers": servers} if servers else {}),
    }
