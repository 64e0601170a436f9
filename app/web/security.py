"""Who may ask what: session cookies, form tokens, origins, body sizes, and the headers every answer carries."""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import logs
from app.core.errors import Forbidden, PlaygroundError, TooLarge
from app.playground.visitors.sessions import MAX_AGE_S

log = logging.getLogger(__name__)

FIRST_ERROR_STATUS = 400
SESSION_BYTES = 18
EMBED_MAX_AGE_S = 4 * 3600
OPERATOR_MAX_AGE_S = 60
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
}


REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
Seen = Callable[[str, int, float], None]


class InternalError(PlaygroundError):
    """Our own failure: the cause is in the log, not on the screen."""

    def __init__(self) -> None:
        super().__init__("Something failed on our side; it is in our log.")


class LengthRequired(PlaygroundError):
    http_status = 411
    code = "length_required"


class Signer:
    """Signs session ids and form tokens, each with a salt of its own. Keys: oldest first, the last one signs."""

    def __init__(self, keys: Sequence[str], *, secure: bool) -> None:
        self._sessions = URLSafeTimedSerializer(list(keys), salt="sandtable.session")
        self._forms = URLSafeSerializer(list(keys), salt="sandtable.form")
        self._embeds = URLSafeTimedSerializer(list(keys), salt="sandtable.embed")
        self._operators = URLSafeTimedSerializer(list(keys), salt="sandtable.operator")
        self.secure = secure
        self.cookie = "__Host-sandtable" if secure else "sandtable"

    def new_session(self) -> str:
        return secrets.token_urlsafe(SESSION_BYTES)

    def session_cookie(self, session_id: str) -> str:
        """The whole Set-Cookie value of a session."""
        value = self._sessions.dumps(session_id)
        secure = "; Secure" if self.secure else ""
        return f"{self.cookie}={value}; Path=/; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Lax{secure}"

    def read_session(self, cookie: str | None) -> str | None:
        """The session id of a cookie, or None if it is missing, forged or too old."""
        if not cookie:
            return None
        try:
            value = self._sessions.loads(cookie, max_age=MAX_AGE_S)
        except BadSignature:
            return None
        return value if isinstance(value, str) else None

    def embed_token(self, session_id: str) -> str:
        """A session for a frame in another site, where no cookie of ours comes along."""
        return self._embeds.dumps(session_id)

    def read_embed_token(self, token: str) -> str | None:
        """The session of a frame, or None if the token is forged or too old."""
        try:
            value = self._embeds.loads(token, max_age=EMBED_MAX_AGE_S)
        except BadSignature:
            return None
        return value if isinstance(value, str) else None

    def operator_token(self, order: str) -> str:
        """Proof that whoever gives an order has the secret key: `takedown {id}`."""
        return self._operators.dumps(order)

    def is_operator_token(self, token: str, order: str) -> bool:
        try:
            return bool(self._operators.loads(token, max_age=OPERATOR_MAX_AGE_S) == order)
        except BadSignature:
            return False

    def form_token(self, session_id: str) -> str:
        return self._forms.dumps(session_id)

    def is_form_token(self, token: str, session_id: str) -> bool:
        try:
            return bool(self._forms.loads(token) == session_id)
        except BadSignature:
            return False


def content_security_policy(nonce: str, *, framed_by: str = "'none'") -> str:
    """Nothing but our own files; scripts and styles also by this page's nonce. `framed_by`: who may have the page in a frame."""
    return (
        "default-src 'none'; "
        f"script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors {framed_by}"
    )


def origin_verdict(method: str, headers: Headers) -> bool | None:
    """True: from our own pages. False: from elsewhere. None: the request doesn't say (no browser, or an old one).

    A form of our own comes with `Origin: null`, since the pages send no referrer (Fetch, "append a request Origin header");
    Sec-Fetch-Site, which no script can set, then tells it from a stranger's.
    """
    if method in SAFE_METHODS:
        return True
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    if origin is not None and origin.partition("://")[2] != headers.get("host") and (origin != "null" or site is None):
        return False
    return None if site is None and origin is None else True


class Guard:
    """ASGI middleware: refuses foreign and oversized requests, answers for what fails, puts the policy headers on all.

    A request with a body must say its length; a longer body than it says never reaches us (the HTTP server cuts it).
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        refuse: Callable[[Request, PlaygroundError], Response],
        max_body_bytes: int,
        longer_bodies: Mapping[str, int] = MappingProxyType({}),
        secure: bool,
        seen: Seen | None = None,
        log_requests: bool = False,
    ) -> None:
        self._app = app
        self._seen = seen
        self._log_requests = log_requests
        self._refuse = refuse
        self._max_body_bytes = max_body_bytes
        self._longer_bodies = longer_bodies
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request.state.csp_nonce = nonce = secrets.token_urlsafe(16)
        logs.request_id.set(_request_id(request))
        logs.session.set("")
        began = time.perf_counter()
        answered = False

        async def send_with_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                self._add_headers(MutableHeaders(scope=message), request, nonce)
                self._note(request, message["status"], time.perf_counter() - began)
            await send(message)

        refusal = self._refusal(request)
        app = self._app if refusal is None else self._refuse(request, refusal)
        try:
            await app(scope, receive, send_with_headers)
        except (Exception, asyncio.CancelledError):
            if _is_cancelled():
                raise
            log.exception("internal error on %s", request.url.path)
            if answered:
                raise
            await self._refuse(request, InternalError())(scope, receive, send_with_headers)

    def _note(self, request: Request, status: int, seconds: float) -> None:
        path = request.url.path
        if self._seen:
            self._seen(path, status, seconds)
        failed = status >= FIRST_ERROR_STATUS
        if failed or self._log_requests:
            level = logging.WARNING if failed else logging.INFO
            log.log(level, "%s %r %d in %.0f ms", request.method, path, status, seconds * 1000)

    def _add_headers(self, headers: MutableHeaders, request: Request, nonce: str) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("content-security-policy", content_security_policy(nonce))
        headers.setdefault("cache-control", "no-store")
        headers["x-request-id"] = logs.request_id.get()
        if self._secure:
            headers.setdefault("strict-transport-security", "max-age=31536000")
        cookie = getattr(request.state, "set_cookie", None)
        if cookie is not None:
            headers.append("set-cookie", cookie)

    def _refusal(self, request: Request) -> PlaygroundError | None:
        headers = request.headers
        if origin_verdict(request.method, headers) is False:
            return Forbidden("This request came from another site; nothing was done.")
        if request.method in SAFE_METHODS:
            return None
        length = headers.get("content-length")
        if length is None:
            chunked = "transfer-encoding" in headers
            return LengthRequired("A request body must say its length (Content-Length).") if chunked else None
        longer = self._longer_bodies.get(request.url.path)
        most, name = (self._max_body_bytes, "max_body_bytes") if longer is None else (longer, "max_import_bytes")
        if not length.isdecimal() or int(length) > most:
            return TooLarge(f"The request has {length} bytes; the limit is {most:,} ({name}).")
        return None


def _request_id(request: Request) -> str:
    """The id that a proxy gave the request, if it looks like one, else a new one. It is a label in logs, nothing is decided by it."""
    given = request.headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _is_cancelled() -> bool:
    """Whether it is this request's task that is to end; what merely waited for another one that was cancelled failed."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
