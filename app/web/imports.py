"""A file, or pasted text, as a seed for each engine."""

import asyncio
import io
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from app.core.datasets import Imported
from app.core.errors import InvalidRequest
from app.playground import imports
from app.playground.imports import SeedOf, Sheet
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
        sheet = await asyncio.to_thread(imports.read, source, form, most)
    kinds = await asyncio.to_thread(_kinds, sheet, kind)
    chosen = key if key in sheet.columns else None if kind else imports.key_of(sheet)
    table, misfits = await asyncio.to_thread(imports.typed, sheet, name, kinds, chosen)
    seeds = await asyncio.to_thread(_seeds, services, table)
    return render.page(
        request,
        "import",
        first=engine,
        sheet=sheet,
        name=table.name,
        kinds=kinds,
        choices=(*imports.KINDS, imports.SKIP),
        key=chosen,
        misfits=misfits,
        total=max(total, sheet.total),
        rows=imports.preview(sheet),
        data=imports.written(sheet),
        seeds=sorted(
            ({"engine": s.engine.slug, "seed": s.seed, "count": s.count, "problem": s.problem} for s in seeds),
            key=lambda s: s["engine"] != engine,
        ),
        max_bytes=services.settings.max_import_bytes,
    )


def _kinds(sheet: Sheet, given: list[str] | None) -> list[str]:
    """The kinds of the form where they are as many as the columns, else what the values look like."""
    if given is None or len(given) != len(sheet.columns):
        return imports.inferred(sheet)
    unknown = [kind for kind in given if kind not in (*imports.KINDS, imports.SKIP)]
    if unknown:
        raise InvalidRequest(f"A column is one of {', '.join(imports.KINDS)}, not {unknown[0]!r}.")
    return given


def _seeds(services: Services, table: Imported) -> list[SeedOf]:
    return imports.seeds_of(table, [offer.engine for offer in services.engines], services.settings)
