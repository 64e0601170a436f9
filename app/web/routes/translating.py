"""SQL in the other engines' words, on the compare page and as JSON: shown with what could not be carried over, and proven by running."""

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import InvalidRequest
from app.playground import datasets
from app.playground.tasks.verification import Verdict
from app.playground.translating import proving
from app.playground.translating.sql import MAX_CHARACTERS, dataset_of, first
from app.playground.translating.translation import ENGINES, REFERENCE, Translated, translate
from app.web import render
from app.web.deps import RunningSessionDep, ServicesDep, SessionDep, TextForm, client_address, lines, session_id
from app.web.routes import compare
from app.web.routes.api import ERRORS

router = APIRouter()


async def translated(source: str, dataset: str) -> Translated:
    """A source in every engine's words, over a dataset with or without a size. Raises InvalidRequest, NotFound."""
    found, _ = datasets.read_name(dataset or dataset_of(source))
    return await asyncio.to_thread(translate, source, found.slug)


def _address(sql: str, dataset: str) -> str:
    return f"/translate?{urlencode({'sql': sql, 'dataset': dataset})}"


@router.get("/translate", include_in_schema=False)
async def page(
    request: Request, services: ServicesDep, session: SessionDep, sql: str = "", dataset: str = ""
) -> Response:
    """The compare page with a translation in its panes, and the runs of it that this session has made."""
    await services.sessions.admit_run(session, client_address(request))
    name = dataset or dataset_of(sql)
    found = await translated(sql, name)
    name = name if ":" in name else f"{name}:S"
    return compare.translation_page(request, services, session, found, name, sql)


@router.post("/translate", include_in_schema=False)
async def translate_form(
    request: Request,
    services: ServicesDep,
    session: RunningSessionDep,
    source_postgres: TextForm = "",
    source: TextForm = "",
    data: TextForm = "",
) -> Response:
    """Translate, and run all where the data was chosen; it would replace what is in the sandboxes otherwise."""
    text = lines(source_postgres or source)
    try:
        found = await translated(text, data)
    except InvalidRequest as exc:
        if source:
            raise
        return compare.untranslated_page(request, services, await request.form(), exc)
    if data:
        requests = compare.translation_requests(services, found, data)
        runs = await proving.run(services.runner, session, found, requests)
        if any("error" in run for run in runs.values()):
            # What could not begin is kept nowhere, so it is told now.
            return compare.translation_page(request, services, session, found, data, first(text), runs)
    return RedirectResponse(_address(first(text), data or f"{found.dataset}:S"), 303)


@router.post("/partials/translate", include_in_schema=False)
async def translate_partial(services: ServicesDep, session: RunningSessionDep, source: TextForm = "") -> Response:
    """From the workbench: to the page of the translation."""
    found = await translated(lines(source), "")
    return render.redirect(_address(first(lines(source)), f"{found.dataset}:S"))


class TranslateBody(BaseModel):
    """A SELECT, INSERT, UPDATE or DELETE over a dataset's tables as PostgreSQL has them."""

    model_config = ConfigDict(extra="forbid")

    sql: str = Field(examples=["SELECT name, price FROM products WHERE category = 'tea'"], max_length=MAX_CHARACTERS)
    dataset: str = Field(
        "", examples=["shop"], description="With or without a size (`shop:M`); found by its tables when left out."
    )
    run: bool = Field(
        default=False,
        description="Also run it on every engine that it was carried over to. The dataset then replaces what the session's sandboxes hold.",
    )


class TranslationOut(BaseModel):
    """`verdict` is `not run` until it was run; `source` is empty where the SQL could not be carried over, and `losses` says why. `unproven`: PostgreSQL failed."""

    source: str
    losses: list[str]
    notes: list[str]
    verdict: Literal["not run", "same", "differs", "refused", "unproven"]
    difference: str | None = None


class TranslateOut(BaseModel):
    """`source`: what PostgreSQL runs; after a change also the SELECT that reads what it left."""

    dataset: str
    source: str
    translations: dict[str, TranslationOut]


@router.post("/api/v1/translate", response_model=TranslateOut, responses=ERRORS, tags=["run"])
async def translate_api(
    body: TranslateBody, request: Request, services: ServicesDep, session: Annotated[str, Depends(session_id)]
) -> Response:
    """Translate SQL into the other engines' words, and with `run` say whether each gives PostgreSQL's answer."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise InvalidRequest("Send application/json.")
    await services.sessions.admit_run(session, client_address(request))
    found = await translated(body.sql, body.dataset)
    name = body.dataset or found.dataset
    requests = compare.translation_requests(services, found, name if ":" in name else f"{name}:S")
    runs: dict[str, Any] = {}
    if body.run:
        plain = [replace(one, explain="none") for one in requests]
        runs = await proving.run(services.runner, session, found, plain)
    sources = {engine: proving.source_of(found, engine) for engine in (REFERENCE, *ENGINES)}
    proofs = proving.proofs(found, sources, runs)
    answer = {one.engine: _out(one) for one in proofs if one.engine != REFERENCE}
    return JSONResponse({"dataset": found.dataset, "source": found.source, "translations": answer})


def _out(proof: proving.Proof) -> dict[str, Any]:
    assert proof.carried is not None
    verdict = proof.state if proof.state in ("same", "differs", "refused", "unproven") else "not run"
    return {
        "source": proof.carried.source,
        "losses": list(proof.carried.losses),
        "notes": list(proof.carried.notes),
        "verdict": verdict,
        "difference": Verdict("", proof.engine, proof.difference).reason or None,
    }
