"""Requests of sessions that another replica works for are sent on to it, over a connection of their own."""

import asyncio
import contextlib
import hashlib
import hmac
import logging
from collections.abc import AsyncIterator

import h11
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import logs
from app.core.errors import EngineUnavailable
from app.playground.sandboxes.replicas import Replicas
from app.playground.store import Replica, StoreUnavailable
from app.web import errors
from app.web.security import SAFE_METHODS, Signer

log = logging.getLogger(__name__)

CONNECT_WAIT_S = 1.0
CHUNK = 65_536
ANYWHERE = ("/static/", "/healthz", "/readyz", "/servingz", "/words/", "/api/openapi.json", "/api/docs")
OF_ONE_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"transfer-encoding", b"te", b"upgrade", b"expect", b"trailer"}
)
ADDED_AGAIN = frozenset({b"date", b"server"})
REQUEST_ID = b"x-request-id"
TOKEN, CLIENT, SCHEME = b"x-sandtable-peer", b"x-sandtable-client", b"x-sandtable-scheme"


class Gone(Exception):
    """Nobody listens at the replica's address."""


class Peers:
    """The other replicas, and the token by which they know each other."""

    def __init__(self, replicas: Replicas, secret: str) -> None:
        self.replicas = replicas
        self.token = hmac.new(secret.encode(), b"sandtable.peer", hashlib.sha256).hexdigest().encode()


class Forwarder:
    """ASGI middleware. A request that was sent on once is answered where it arrives."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        peers: Peers = scope["app"].state.peers
        sent_on = _accept(scope, peers)
        path: str = scope["path"]
        if peers.replicas.alone or path.startswith(ANYWHERE):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        session = _session(request)
        owner = await _owner(peers, session, take=request.method not in SAFE_METHODS or sent_on)
        if owner is None or sent_on:
            await self._app(scope, receive, send)
            return
        body = await request.body()
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await _send_on(scope, body, receive, send_and_note, owner, peers.token)
        except Gone:
            await peers.replicas.gone(owner)
            await peers.replicas.other(session or "", take=True)
            await self._app(scope, _again(body, receive), send)
        except (OSError, TimeoutError, h11.RemoteProtocolError) as exc:
            log.warning("replica %s at %s did not answer: %r", owner.id, owner.address, exc)
            if begun:
                raise
            refusal = EngineUnavailable(
                "The process that works for you stopped answering; what this request began may or may not be done.",
                hint="Try again in a few seconds: another process takes over.",
            )
            await errors.respond(request, refusal)(scope, receive, send)


async def _owner(peers: Peers, session: str | None, *, take: bool) -> Replica | None:
    """Who else works for the session. While the store is away nobody is asked: what this replica has goes on."""
    if session is None:
        return None
    try:
        return await peers.replicas.other(session, take=take)
    except StoreUnavailable as exc:
        log.warning("not known who works for a session: %s", exc)
        return None


def _session(request: Request) -> str | None:
    signer: Signer = request.app.state.signer
    return signer.read_session(request.cookies.get(signer.cookie))


def _accept(scope: Scope, peers: Peers) -> bool:
    """Whether another replica sent this on. The visitor's address and scheme are then what it says; nobody else is believed."""
    headers = dict(scope["headers"])
    scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in (TOKEN, CLIENT, SCHEME)]
    if not hmac.compare_digest(headers.get(TOKEN, b""), peers.token):
        return False
    scope["client"] = (headers.get(CLIENT, b"unknown").decode("latin-1"), 0)
    scope["scheme"] = headers.get(SCHEME, b"http").decode("latin-1")
    return True


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read already, then what comes after it."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_part() -> Message:
        return parts.pop() if parts else await receive()

    return next_part


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with asyncio.timeout(CONNECT_WAIT_S):
            if address.startswith("unix:"):
                return await asyncio.open_unix_connection(address.removeprefix("unix:"))
            host, _, port = address.rpartition(":")
            return await asyncio.open_connection(host, int(port))
    except (ConnectionRefusedError, FileNotFoundError) as exc:
        raise Gone(address) from exc


async def _send_on(scope: Scope, body: bytes, receive: Receive, send: Send, owner: Replica, token: bytes) -> None:
    """Send a request to a replica and its answer back. Raises Gone before anything was sent, or what the connection raises.

    Once the answer has begun, a connection that breaks ends it: the visitor's browser sees that it is not whole.
    """
    reader, writer = await _connect(owner.address)
    leaves = asyncio.create_task(_left(receive))
    answer = asyncio.create_task(_exchange(scope, body, send, reader, writer, token))
    try:
        await asyncio.wait((leaves, answer), return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            await answer
    finally:
        for task in (leaves, answer):
            task.cancel()
        await asyncio.gather(leaves, answer, return_exceptions=True)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _exchange(
    scope: Scope,
    body: bytes,
    send: Send,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    token: bytes,
) -> None:
    connection = h11.Connection(h11.CLIENT)
    headers = [pair for pair in scope["headers"] if pair[0] not in OF_ONE_CONNECTION | {REQUEST_ID}]
    client = scope["client"][0] if scope.get("client") else "unknown"
    headers += [
        (b"connection", b"close"),
        (REQUEST_ID, logs.request_id.get().encode()),
        (TOKEN, token),
        (CLIENT, client.encode("latin-1", "replace")),
        (SCHEME, scope["scheme"].encode()),
    ]
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    head = h11.Request(method=scope["method"], target=target, headers=headers)
    writer.write((connection.send(head) or b"") + (connection.send(h11.Data(body)) or b"" if body else b""))
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
    async for event in _events(connection, reader):
        match event:
            case h11.Response():
                kept = [pair for pair in event.headers if pair[0] not in OF_ONE_CONNECTION | ADDED_AGAIN]
                await send({"type": "http.response.start", "status": event.status_code, "headers": kept})
            case h11.Data():
                await send({"type": "http.response.body", "body": bytes(event.data), "more_body": True})
            case h11.EndOfMessage():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return


async def _events(connection: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[h11.Event]:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.Event):
            yield event
        else:
            return
