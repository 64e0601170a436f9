"""Results as files: of the session's last runs, and of shared playgrounds."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse
from starlette.types import Send

from app.core.errors import NotFound
from app.playground.files.exporting import is_cut
from app.playground.files.exports import FORMATS, whole
from app.playground.files.markdown import LANGUAGES, fenced, result_as_markdown, run_as_markdown
from app.playground.files.tables import table_of
from app.web.deps import OfferDep, RunningSessionDep, ServicesDep, SessionDep

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)

PIECE = 65_536
REST_S = 30.0
"""How long a reader may take beyond what an export may, for what was made when that was over. Until then it holds a slot and the sandbox's connection."""

MAX_COPIED = 1_000
"""How many rows a copy as Markdown has."""


@router.get("/export/{engine}/{run}/{number:int}.{suffix}")
async def export_shown(
    services: ServicesDep,
    session: SessionDep,
    offer: OfferDep,
    run: str,
    number: int,
    suffix: str,
    source: bool = False,
) -> Response:
    """A result as it was shown; with `source`, as Markdown that begins with its statement."""
    slug = offer.engine.slug
    shown = services.exports.shown(session, slug, run, number)
    return _file(shown.result, f"{slug}-{number}", suffix, offer.engine.editor_mode if source else None)


@router.post("/export/{engine}/{run}/{number:int}.{suffix}")
async def export_whole(
    services: ServicesDep, session: RunningSessionDep, offer: OfferDep, run: str, number: int, suffix: str
) -> Response:
    """A result as far as an export goes: its statement is run again."""
    slug = offer.engine.slug
    shown = services.exports.shown(session, slug, run, number)
    _known(suffix)
    parts = services.exports.whole(session, shown, suffix)
    first = await anext(parts)
    return _Streamed(
        _encoded(first, parts),
        services.settings.max_export_ms / 1000 + REST_S,
        media_type=FORMATS[suffix].media_type,
        headers=_named(f"{slug}-{number}-whole.{suffix}"),
    )


@router.get("/export/{engine}/{run}.md")
async def export_run(services: ServicesDep, session: SessionDep, offer: OfferDep, run: str) -> Response:
    """The last run as Markdown: source, and each result as a table."""
    last = services.runner.last(session, offer.engine.slug)
    if last is None or last["id"] != run:
        raise NotFound("This run is no longer kept.", hint="Run it again.")
    text = run_as_markdown(offer.engine.label, offer.engine.editor_mode, last["source"], last["seed"], last)
    return Response(text.encode("utf-8", "replace"), media_type="text/markdown; charset=utf-8")


@router.get("/p/{playground_id}/{revision:int}/{engine}/{number:int}.{suffix}")
async def export_frozen(
    services: ServicesDep,
    playground_id: str,
    revision: int,
    engine: str,
    number: int,
    suffix: str,
    source: bool = False,
) -> Response:
    """A result of a shared playground, as it was then."""
    opened = await services.snapshots.open(playground_id, revision)
    pane = opened.pane(engine)
    results = pane["run"]["results"] if pane and pane["run"] else []
    if not 1 <= number <= len(results) or table_of(results[number - 1]) is None:
        raise NotFound("There is no table, document or reply of that number in this playground.")
    mode = services.engines.offer(engine).engine.editor_mode if source else None
    return _file(results[number - 1], f"{engine}-{number}", suffix, mode)


def _file(result: dict[str, Any], name: str, suffix: str, mode: str | None) -> Response:
    """The name says when a result was cut; the file's last line says why. `mode`: the language of its statement, which then goes first."""
    _known(suffix)
    if mode is not None and suffix == "md":
        text = (
            fenced(result["statement"]["text"], LANGUAGES.get(mode, "")) + "\n" + result_as_markdown(result, MAX_COPIED)
        )
        return Response(text.encode("utf-8", "replace"), media_type=FORMATS["md"].media_type)
    count = len(result.get("rows") or result.get("documents") or ())
    part = f"-first-{count}" if is_cut(result) else ""
    body = "".join(whole(result, suffix)).encode("utf-8", "replace")
    headers = {} if suffix == "md" else _named(f"{name}{part}.{suffix}")
    return Response(body, media_type=FORMATS[suffix].media_type, headers=headers)


def _known(suffix: str) -> None:
    if suffix not in FORMATS:
        raise NotFound(f"Results are exported as {', '.join(FORMATS)}, not as {suffix}.")


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


async def _encoded(first: str, parts: AsyncGenerator[str, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(parts):
        for piece in _pieces(first):
            yield piece
        async for part in parts:
            for piece in _pieces(part):
                yield piece


def _pieces(part: str) -> Iterator[bytes]:
    for at in range(0, len(part), PIECE):
        yield part[at : at + PIECE].encode("utf-8", "replace")


class _Streamed(StreamingResponse):
    """A file for a reader that reads: one that is slow for longer than `most_s` gets an end in the middle of it. (Who does not read at all loses the connection.)"""

    def __init__(self, parts: AsyncGenerator[bytes, None], most_s: float, **said: Any) -> None:
        super().__init__(parts, **said)
        self._parts = parts
        self._most_s = most_s

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._parts):
            try:
                async with asyncio.timeout(self._most_s):
                    await super().stream_response(send)
            except TimeoutError:
                log.info("an export ended in the middle: its reader took over %g s", self._most_s)
