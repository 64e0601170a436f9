"""A file, or pasted text, as a seed for each engine."""

import asyncio
import io
from pathlib import PurePath
from typing import IO, Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from app.core.errors import InvalidRequest
from app.playground.files import imports, sheets
from app.playground.files.sheets import Sheet
from app.playground.services import Services
from app.web import render
from app.web.deps import FormSessionDep, ServicesDep, SessionDep, TextForm, client_address

router = APIRouter(include_in_schema=False)


@router.get("/import")
async def import_page(request: Request, services: ServicesDep, session: SessionDep, engine: str = "") -> Response:
    return render.page(request, "import", first=engine, sheet=None, max_bytes=services.settings.max_import_bytes)


@router.post("/import")
async def import_form(
    request: Request,
    services: ServicesDep,
    session: FormSessionDep,
    file: Annotated[UploadFile | None, File()] = None,
    text: TextForm = "",
    form: TextForm = "auto",
    name: TextForm = "",
    engine: TextForm = "",
    key: TextForm = "",
    kind: Annotated[list[str] | None, Form()] = None,
    total: Annotated[int, Form(ge=0, le=10**9)] = 0,
) -> Response:
    """The table that was read, and its seeds. `kind` and `key`: as the visitor set them; `total`: of the file that the text was taken from."""
    await services.sessions.admit_run(session, client_address(request))
    named = bool(file and file.filename)
    if not named and not text.strip():
        raise InvalidRequest("There is no file and no text.", hint="Choose a file, drop one, or paste its text.")
    source = file.file if named and file else io.BytesIO(text.encode("utf-8", "replace"))
    name = name or (PurePath(file.filename or "").stem if named and file else "imported")
    most = max(services.settings.max_source_bytes_of(offer.engine.slug) for offer in services.engines)
    async with services.importing:
        found = await asyncio.to_thread(_found, services, source, form, most, name, kind, key)
    found["seeds"].sort(key=lambda seed: seed["engine"] != engine)
    return render.page(
        request,
        "import",
        first=engine,
        choices=(*imports.KINDS, imports.SKIP),
        total=max(total, found["sheet"].total),
        most_rows=sheets.MAX_ROWS,
        max_bytes=services.settings.max_import_bytes,
        **found,
    )


def _found(
    services: Services, source: IO[bytes], form: str, most_bytes: int, name: str, kind: list[str] | None, key: str
) -> dict[str, Any]:
    """What the page says of a file. Blocks."""
    sheet = sheets.read(source, form, most_bytes)
    kinds = _kinds(sheet, kind)
    chosen = key if key in sheet.columns else None if kind else imports.key_of(sheet)
    table, misfits = imports.typed(sheet, name, kinds, chosen)
    seeds = imports.seeds_of(table, [offer.engine for offer in services.engines], services.settings)
    return {
        "sheet": sheet,
        "name": table.name,
        "kinds": kinds,
        "key": chosen,
        "misfits": misfits,
        "rows": sheets.preview(sheet),
        "data": sheets.written(sheet),
        "seeds": [{"engine": s.engine.slug, "seed": s.seed, "count": s.count, "problem": s.problem} for s in seeds],
    }


def _kinds(sheet: Sheet, given: list[str] | None) -> list[str]:
    """The kinds of the form where they are as many as the columns, else what the values look like."""
    if given is None or len(given) != len(sheet.columns):
        return imports.inferred(sheet)
    unknown = [kind for kind in given if kind not in (*imports.KINDS, imports.SKIP)]
    if unknown:
        raise InvalidRequest(f"A column is one of {', '.join(imports.KINDS)}, not {unknown[0]!r}.")
    return given
