"""The operator's own port: /metrics for Prometheus, and behind a token who runs what, with kill and ban."""

import base64
import hmac
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.staticfiles import StaticFiles

from app.config import Settings
from app.core.errors import EngineUnavailable, Forbidden, NotFound, PlaygroundError
from app.playground.services import Services
from app.web import render
from app.web.deps import TextForm, client_address
from app.web.metrics import Metrics
from app.web.resources import resource
from app.web.security import Guard, origin_verdict

MAX_BODY_BYTES = 10_000
MAX_SESSIONS_SHOWN = 100
MAX_BAN_MINUTES = 60 * 24 * 30


class SignIn(PlaygroundError):
    http_status = 401
    code = "sign_in"


def create_admin(settings: Settings, public: FastAPI) -> FastAPI:
    """The app of the admin port. It reads what the public app built when it started."""
    admin = FastAPI(title="Sandtable admin", docs_url=None, redoc_url=None, openapi_url=None)
    admin.state.public = public
    admin.state.token = settings.admin_token.get_secret_value() if settings.admin_token else ""
    admin.add_api_route("/healthz", _healthz)
    admin.add_api_route("/metrics", _metrics)
    admin.add_api_route("/", _view, dependencies=[Depends(_operator)])
    for path, action in (("/kill", _kill), ("/ban", _ban), ("/lift", _lift)):
        admin.add_api_route(path, action, methods=["POST"], dependencies=[Depends(_operator)])
    admin.mount("/static", StaticFiles(directory=resource("static") / "dist", check_dir=False))
    admin.add_exception_handler(PlaygroundError, _error)
    admin.add_middleware(Guard, refuse=_respond, max_body_bytes=MAX_BODY_BYTES, secure=False)
    return admin


async def _services(request: Request) -> Services:
    found: Services | None = getattr(request.app.state.public.state, "services", None)
    if found is None:
        raise EngineUnavailable("The app is still starting.")
    return found


ServicesDep = Annotated[Services, Depends(_services)]


async def _operator(request: Request) -> None:
    """HTTP Basic with the token as the password; a form must come from our own pages, since browsers send Basic along by themselves."""
    token: str = request.app.state.token
    if not token:
        raise NotFound("There are no admin pages here: admin_token is not set.")
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        password = base64.b64decode(given, validate=True).partition(b":")[2] if kind.lower() == "basic" else b""
    except ValueError:  # not base64, or not ASCII
        password = b""
    if not hmac.compare_digest(password, token.encode()):
        raise SignIn("Sign in with the admin token as the password.")
    if origin_verdict(request.method, request.headers) is None:
        raise Forbidden("This form did not come from the admin pages.")


async def _healthz() -> dict[str, str]:
    return {"status": "ok"}


async def _metrics(request: Request, services: ServicesDep) -> Response:
    metrics: Metrics = request.app.state.public.state.metrics
    return Response(await metrics.text(services), media_type=CONTENT_TYPE_LATEST)


async def _view(request: Request, services: ServicesDep) -> HTMLResponse:
    live: dict[str, list[Any]] = {}
    for place in services.sandboxes.live():
        live.setdefault(place.sandbox.session_id or "", []).append(place)
    uses = {session: services.consumption.of(session) for session in live.keys() | services.consumption.sessions()}
    ranked = sorted(uses, key=lambda session: uses[session].total_ms, reverse=True)
    names = services.pseudonyms
    html = (
        render.environment()
        .get_template("admin/view.html")
        .render(
            sessions=[
                {"name": names.of(session), "use": uses[session], "places": live.get(session, [])}
                for session in ranked[:MAX_SESSIONS_SHOWN]
            ],
            session_count=len(ranked),
            slots=[
                (offer, services.runner.slots[offer.engine.slug], services.runner.streams[offer.engine.slug])
                for offer in services.engines
            ],
            servers=[(o.engine, s) for o in services.engines for s in o.engine.servers() if s.name],
            bans=[(ban, _shown(ban.subject, services)) for ban in services.bans.current()],
            you=client_address(request),
            draining=services.state.draining,
        )
    )
    return HTMLResponse(html)


def _shown(subject: str, services: Services) -> str:
    kind, _, value = subject.partition(" ")
    return f"session {services.pseudonyms.of(value)}" if kind == "session" else subject


async def _kill(services: ServicesDep, session: TextForm, engine: TextForm) -> Response:
    """Stop what a session runs in an engine and drop its sandbox."""
    await services.runner.reset(_session(services, session), engine)
    return RedirectResponse("/", 303)


async def _ban(
    services: ServicesDep,
    minutes: Annotated[int, Form(ge=1, le=MAX_BAN_MINUTES)],
    session: TextForm = "",
    address: Annotated[str, Form(max_length=64)] = "",
    reason: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Let a session or an address run nothing for so long; a session's sandboxes are dropped too."""
    if session:
        session_id = _session(services, session)
        await services.bans.ban_session(session_id, minutes, reason)
        for offer in services.engines:
            await services.runner.reset(session_id, offer.engine.slug)
    else:
        await services.bans.ban_address(address, minutes, reason)
    return RedirectResponse("/", 303)


async def _lift(services: ServicesDep, subject: TextForm) -> Response:
    for ban in services.bans.current():
        if _shown(ban.subject, services) == subject:
            await services.bans.lift(ban.subject)
    return RedirectResponse("/", 303)


def _session(services: Services, name: str) -> str:
    """The session behind a pseudonym that the view shows. Raises NotFound."""
    known = {place.sandbox.session_id or "" for place in services.sandboxes.live()} | services.consumption.sessions()
    for session_id in known:
        if services.pseudonyms.of(session_id) == name:
            return session_id
    raise NotFound("There is no such session here now.")


def _respond(request: Request, error: PlaygroundError) -> Response:
    headers = {"www-authenticate": 'Basic realm="Sandtable admin", charset="UTF-8"'} if error.http_status == 401 else {}
    if request.url.path == "/metrics":
        return JSONResponse({"error": error.message}, error.http_status, headers)
    return PlainTextResponse(f"{error.message}\n", error.http_status, headers)


async def _error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, PlaygroundError)
    return _respond(request, exc)
