"""What routes ask for: the services, the session, a session that may run, an engine by its slug.

All are coroutines: FastAPI would send a plain function to a thread, which costs more than any of them does.
"""

from typing import Annotated, Any

from fastapi import Depends, Form, Query, Request

from app import logs
from app.core.errors import Forbidden, InvalidRequest
from app.playground.engines import Offer
from app.playground.running.watching import Pseudonyms
from app.playground.services import Services
from app.web.render import engine_list
from app.web.security import Signer, origin_verdict

TextForm = Annotated[str, Form()]


async def services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


async def session_id(request: Request) -> str:
    """The browser's session: from its cookie, or a new one whose cookie goes out with the answer."""
    signer: Signer = request.app.state.signer
    found = signer.read_session(request.cookies.get(signer.cookie))
    if found is None:
        found = signer.new_session()
        request.state.set_cookie = signer.session_cookie(found)
    request.state.form_token = signer.form_token(found)
    pseudonyms: Pseudonyms = request.app.state.services.pseudonyms
    logs.session.set(pseudonyms.of(found))
    return found


async def form_session_id(
    request: Request, session: Annotated[str, Depends(session_id)], csrf_token: TextForm = ""
) -> str:
    """The session of a form: sent by our own page, or carrying its token."""
    signer: Signer = request.app.state.signer
    if origin_verdict(request.method, request.headers) is None and not signer.is_form_token(csrf_token, session):
        raise Forbidden("This form has no valid token; nothing was done.", hint="Reload the page and send it again.")
    return session


async def running_session_id(
    request: Request,
    session: Annotated[str, Depends(form_session_id)],
    services: Annotated[Services, Depends(services)],
) -> str:
    """The session of a form that runs something, counted against the rate limits."""
    await services.sessions.admit_run(session, client_address(request))
    return session


async def offer(engine: str, services: Annotated[Services, Depends(services)]) -> Offer:
    """The engine named in the path. Raises NotFound."""
    return services.engines.offer(engine)


async def json_only(request: Request) -> None:
    """What a page of another site could send as a form is not taken. Raises InvalidRequest."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise InvalidRequest("Send application/json.")


def client_address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


ServicesDep = Annotated[Services, Depends(services)]
SessionDep = Annotated[str, Depends(session_id)]
FormSessionDep = Annotated[str, Depends(form_session_id)]
RunningSessionDep = Annotated[str, Depends(running_session_id)]
OfferDep = Annotated[Offer, Depends(offer)]
JsonOnly = Depends(json_only)

MAX_LINK = 6_000
"""Characters of a source in a link: servers on the way take lines of 8 kB."""
LinkQuery = Annotated[str, Query(max_length=MAX_LINK)]


def lines(text: str) -> str:
    """A form's text with the line ends that browsers put there (CRLF) made LF again."""
    return text.replace("\r\n", "\n")


def engine_context(services: Services, slug: str) -> dict[str, Any]:
    """The engine's entry of the menu."""
    return next(entry for entry in engine_list(services) if entry["slug"] == slug)
