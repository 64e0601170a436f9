"""The living style page, in development: every token of the style sheet, and every part that pages are made of."""

import re
from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.web import render
from app.web.deps import SessionDep
from app.web.resources import resource

router = APIRouter(include_in_schema=False)

_TOKEN = re.compile(r"^  --([\w-]+): ([^;]+);", re.MULTILINE)
_COLOUR = re.compile(r"light-dark\(#|^#")


@cache
def tokens() -> dict[str, list[tuple[str, str]]]:
    """The tokens as they stand in `static/css/tokens.css`, as (name, value), by what they are."""
    found = _TOKEN.findall((resource("static") / "css" / "tokens.css").read_text())
    colours = [(name, value) for name, value in found if _COLOUR.search(value)]
    sizes = [(name, value) for name, value in found if re.fullmatch(r"text-\w+", name)]
    distances = [(name, value) for name, value in found if re.fullmatch(r"s\d|radius(-l)?", name)]
    return {"colours": colours, "sizes": sizes, "distances": distances}


@router.get("/styleguide")
async def styleguide(request: Request, session: SessionDep) -> Response:
    return render.page(request, "styleguide", tokens=tokens())
