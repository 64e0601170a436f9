"""Templates to responses. The one place that knows Jinja, built assets and HX- headers."""

import json
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import __version__
from app.config import Settings
from app.playground.comparing.normalising import shown
from app.playground.services import Services
from app.web.resources import resource
from app.web.views.cell_views import array_tree, bytes_dump, json_tree
from app.web.views.document_tables import document_table
from app.web.views.document_trees import document_tree
from app.web.views.item_tables import item_table
from app.web.views.plan_text import as_markdown, as_text
from app.web.views.plan_view import change_view, plan_view
from app.web.views.reply_view import reply_view


@cache
def environment() -> Environment:
    """Autoescape for every template; a name that is not there is an error."""
    env = Environment(
        loader=FileSystemLoader(resource("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.filters.update(json_tree=json_tree, array_tree=array_tree, bytes_dump=bytes_dump, plain_json=plain_json)
    env.globals["document_table"] = document_table
    env.globals["document_tree"] = document_tree
    env.globals["item_table"] = item_table
    env.filters["shown"] = shown
    env.globals["asset"] = asset
    env.globals["app_version"] = __version__
    env.globals["plan_view"] = plan_view
    env.globals["reply_view"] = reply_view
    env.globals["plan_as_text"] = as_text
    env.globals["plan_as_markdown"] = as_markdown
    env.globals["change_view"] = change_view
    return env


def plain_json(value: Any) -> str:
    """JSON on one line as people write it: not escaped for scripts, as `tojson` is."""
    return json.dumps(value, ensure_ascii=False)


@cache
def _manifest() -> dict[str, str]:
    file = resource("static") / "dist" / "manifest.json"
    if not file.exists():
        raise FileNotFoundError("The front-end assets are not built: run `make setup`.")
    manifest: dict[str, str] = json.loads(file.read_text())
    return manifest


def asset(name: str) -> str:
    """The URL of a built file, with its content hash."""
    return f"/static/{_manifest()[name]}"


def page(request: Request, template: str, *, http_status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page."""
    return _respond(request, f"pages/{template}.html", http_status, context)


def partial(request: Request, template: str, *, http_status: int = 200, **context: Any) -> HTMLResponse:
    """A part of a page, for htmx to swap in."""
    return _respond(request, f"partials/{template}.html", http_status, context)


def redirect(address: str) -> Response:
    """To another page, in answer to htmx."""
    return Response(status_code=204, headers={"hx-redirect": address})


def text(request: Request, template: str) -> Response:
    """A plain text of ours, with this site's address and limits in it."""
    services: Services = request.app.state.services
    context = {"origin": str(request.base_url).rstrip("/"), "limits": _limits(services.settings, None)}
    return Response(
        environment().get_template(f"pages/{template}").render(context), media_type="text/plain; charset=utf-8"
    )


def attachment(template: str, media_type: str, filename: str, **context: Any) -> Response:
    """A file to keep, made from a part of a page."""
    html = environment().get_template(f"partials/{template}.html").render(context)
    return Response(html, media_type=media_type, headers={"content-disposition": f'attachment; filename="{filename}"'})


def _respond(request: Request, template: str, status: int, context: dict[str, Any]) -> HTMLResponse:
    services: Services = request.app.state.services
    shared = {
        "engines": engine_list(services),
        "csp_nonce": request.state.csp_nonce,
        "csrf_token": getattr(request.state, "form_token", ""),
        "store_note": services.store_note,
        "limits": _limits(services.settings, context.get("engine")),
        "path": request.url.path,
    }
    html = environment().get_template(template).render(shared | context)
    return HTMLResponse(html, status)


def _limits(settings: Settings, engine: dict[str, Any] | None) -> dict[str, int]:
    return {
        "max_run_ms": settings.max_run_ms,
        "max_rows": settings.max_rows,
        "max_reply_bytes": settings.max_reply_bytes,
        "max_source_bytes": settings.max_source_bytes_of(engine["slug"] if engine else ""),
    }


def engine_list(services: Services) -> list[dict[str, Any]]:
    """The engines as menus show them."""
    return [
        {
            "slug": offer.engine.slug,
            "label": offer.engine.label,
            "character": offer.engine.character,
            "lasting": offer.engine.lasting,
            "editor_mode": offer.engine.editor_mode,
            "explains_before_run": offer.engine.explains_before_run,
            "formats": offer.engine.formats,
            "tries_indexes": offer.engine.tries_indexes,
            "translates": offer.engine.translates,
            "draws": offer.engine.draws,
            "previews": bool(offer.engine.preview),
            "exports": offer.engine.exports,
            "transaction_ends": [label for label, _ in offer.engine.transaction_ends],
            "ready": offer.ready,
            "version": offer.engine.info.version if offer.ready else None,
            "reason": offer.reason,
            "fix": offer.fix,
        }
        for offer in services.engines
    ]
