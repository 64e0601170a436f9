"""Errors as answers: JSON under /api, a part under /partials, a page elsewhere."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from app.core.errors import EngineUnavailable, InvalidRequest, NotFound, PlaygroundError, RateLimited
from app.playground.store import StoreUnavailable
from app.web import render

log = logging.getLogger(__name__)

RETRY_AFTER_S = "2"


def respond(request: Request, error: PlaygroundError) -> Response:
    """The answer to an error of ours, in the form the path asks for."""
    status = error.http_status
    body: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    path = request.url.path
    response: Response
    if path.startswith("/api/") or path in ("/healthz", "/readyz", "/servingz", "/feed"):
        response = JSONResponse({"error": {k: v for k, v in body.items() if v is not None}}, status)
    elif path.startswith("/partials/"):
        response = render.partial(request, "problem", http_status=status, problem=body)
    else:
        response = render.page(request, "error", http_status=status, problem=body, status=status)
    if isinstance(error, RateLimited | EngineUnavailable) or status == 429:
        response.headers["retry-after"] = RETRY_AFTER_S
    return response


async def _playground_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, PlaygroundError)
    return respond(request, exc)


async def _http_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    if exc.status_code == NotFound.http_status:
        return respond(request, NotFound("There is no page here."))
    error = InvalidRequest(str(exc.detail))
    response = respond(request, error)
    response.status_code = exc.status_code
    response.headers.update(exc.headers or {})
    return response


async def _validation_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)
    first = exc.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    return respond(request, InvalidRequest(f"{where or 'The request body'}: {first['msg']}."))


async def _store_error(request: Request, exc: Exception) -> Response:
    log.error("%s", exc)
    return respond(
        request, EngineUnavailable("Our own store cannot be reached right now.", hint="Try again in a few seconds.")
    )


def install(app: FastAPI) -> None:
    app.add_exception_handler(PlaygroundError, _playground_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(StoreUnavailable, _store_error)
