"""The composition root: builds every part from the settings and joins them into one app."""

import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app import __version__, logs
from app.config import Settings, new_secret_key
from app.core.engine import Engine
from app.core.places import PlaceError, Places
from app.engines import create
from app.engines.postgres.engine import PostgresEngine
from app.engines.several import urls_of
from app.playground import services
from app.playground.engines import Engines
from app.playground.services import Services
from app.playground.store import Store
from app.stores.memory import MemoryStore
from app.stores.postgres import PostgresStore
from app.web import errors
from app.web.forwarding import Forwarder, Peers
from app.web.metrics import Metrics
from app.web.resources import resource
from app.web.routes import (
    api,
    api_playgrounds,
    compare,
    docs,
    drawing,
    embed,
    explain,
    exports,
    formats,
    history,
    imports,
    labs,
    live,
    manage,
    palette,
    runs,
    scenes,
    scripts,
    share,
    sources,
    styleguide,
    tasks,
    timings,
    topics,
    translating,
    trials,
    workbench,
)
from app.web.security import Guard, Signer
from app.web.views.picture import Pictures

log = logging.getLogger(__name__)

STORE_DATABASE = "sandtable"
PARTS = (
    *(
        history,
        imports,
        api,
        api_playgrounds,
        docs,
        compare,
        translating,
        timings,
        tasks,
        topics,
        formats,
        embed,
        share,
        manage,
        exports,
    ),
    *(labs, scenes, scripts, live, palette, trials, explain, runs, workbench),
)
"""Groups of routes, in the order in which a path is looked for."""
IMMUTABLE = "public, max-age=31536000, immutable"


def create_app(
    settings: Settings,
    engines: Mapping[str, Engine] | None = None,
    store: Store | None = None,
    on_ready: Callable[[Services], None] | None = None,
) -> FastAPI:
    """The app for these settings. Nothing is started until its lifespan begins.

    `engines` and `store` replace the real ones (tests); `on_ready` is called once everything stands.
    Raises PlaceError at start when the data directory is not to be had.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            places = (
                None
                if engines is not None
                else stack.enter_context(Places(settings.data_dir, shared=settings.is_worker))
            )
            offered = engines if engines is not None else _engines(settings, places)
            standing = await stack.enter_async_context(Engines(offered))
            memory, note = (store, None) if store is not None else await _store(settings, standing, stack)
            keys = secret_keys(settings, places)
            app.state.signer = Signer(keys, secure=settings.secure_cookies)
            host = places.host_id() if places else "here"
            built = services.build(settings, standing, memory, keys[-1].encode(), note, host)
            app.state.services = built
            app.state.peers = Peers(built.replicas, keys[-1])
            app.state.pictures = Pictures()
            built.runner.watchers.append(metrics.run_ended)
            metrics.restarts = places.restarts if places else {}
            if settings.log_runs:
                built.runner.watchers.append(logs.auditor(built.pseudonyms))
            await built.replicas.join()
            stack.push_async_callback(built.replicas.leave)
            built.janitor.start()
            stack.push_async_callback(built.sandboxes.close)
            stack.push_async_callback(built.rates.close)
            stack.push_async_callback(built.runner.close)
            stack.push_async_callback(built.labs.close)
            stack.push_async_callback(built.scripts.close)
            stack.push_async_callback(built.janitor.stop)
            if on_ready:
                on_ready(built)
            yield

    metrics = Metrics()
    app = FastAPI(
        title="Sandtable",
        version=__version__,
        description="Run queries against real PostgreSQL, MongoDB, Redis and DynamoDB in sandboxes of your own.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    for part in PARTS:
        app.include_router(part.router)
    app.mount("/static", GZipMiddleware(_Built(directory=resource("static") / "dist", check_dir=False)))
    app.include_router(drawing.router)
    if settings.development:
        app.include_router(styleguide.router)
    app.include_router(sources.router)
    app.include_router(workbench.last_router)
    errors.install(app)
    app.add_middleware(Forwarder)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(settings.allowed_hosts), www_redirect=False)
    app.add_middleware(
        Guard,
        refuse=errors.respond,
        max_body_bytes=settings.max_body_bytes,
        longer_bodies={"/import": settings.max_import_bytes},
        secure=settings.secure_cookies,
        seen=metrics.answered,
        log_requests=settings.log_requests,
    )
    app.state.metrics = metrics
    return app


class _Built(StaticFiles):
    """Built assets: their names carry a hash of their content, so they never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = IMMUTABLE
        return response


def _engines(settings: Settings, places: Places | None) -> dict[str, Engine]:
    assert places is not None
    return {slug: create(slug, settings, places) for slug in settings.engines}


async def _store(settings: Settings, engines: Engines, stack: AsyncExitStack) -> tuple[Store, str | None]:
    """The store that lasts, or memory with a note that says so when PostgreSQL is away.

    Raises PlaceError where it is not said which of several servers has it.
    """
    if not settings.store_url and len(urls_of(settings.postgres_url or "")) > 1:
        raise PlaceError("With several servers in postgres_url, say where the store is: store_url.")
    try:
        if settings.store_url:
            return await stack.enter_async_context(PostgresStore({"dsn": settings.store_url})), None
        return await stack.enter_async_context(PostgresStore(await _store_connection(engines))), None
    except Exception as exc:
        if settings.store_url:
            raise
        log.exception("the store cannot be reached; using memory")
        reason = exc.message if hasattr(exc, "message") else str(exc)
        return MemoryStore(), f"Shared links and sessions last only until the next restart: {reason}"


async def _store_connection(engines: Engines) -> dict[str, Any]:
    """A database of the store's own in the PostgreSQL server that also holds the sandboxes."""
    engine = engines.get("postgres")
    assert isinstance(engine, PostgresEngine)
    await engine.server.ensure_database(STORE_DATABASE)
    return engine.server.connect_arguments(STORE_DATABASE)


def secret_keys(settings: Settings, places: Places | None) -> list[str]:
    """The signing keys, oldest first. One of our own is made once and kept in the data directory."""
    if settings.secret_key is not None:
        return [*settings.previous_secret_keys, settings.secret_key.get_secret_value()]
    if places is None:
        return [new_secret_key()]
    file: Path = places.data / "secret_key"
    if not file.exists():
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:  # noqa: PTH123
            opened.write(new_secret_key())
    return [*settings.previous_secret_keys, file.read_text()]
