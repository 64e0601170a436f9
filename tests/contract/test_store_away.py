"""A store that ends connections, is full, or restarts: said as that, and a replica's lease outlives it."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from app.config import Settings
from app.core.places import Places
from app.engines.postgres.engine import PostgresEngine
from app.engines.postgres.server import PostgresServer
from app.playground.sandboxes.replicas import Replicas
from app.playground.store import Replica, StoreUnavailable
from app.stores.postgres import PostgresStore


@pytest.fixture
async def arguments(postgres: PostgresEngine) -> dict[str, object]:
    await postgres.server.ensure_database("store_away")
    return postgres.server.connect_arguments("store_away")


async def test_a_connection_that_the_operator_ends_is_a_store_that_is_away(arguments: dict[str, object]) -> None:
    operator = await asyncpg.connect(**arguments)
    async with PostgresStore(arguments) as store:
        async with operator.transaction():
            await operator.execute("lock table sandboxes")
            waiting = asyncio.create_task(store.touch_sandboxes({"any": datetime.now(UTC)}))
            ended = None
            while not ended:
                await asyncio.sleep(0.01)
                ended = await operator.fetchval(
                    "select bool_or(pg_terminate_backend(pid)) from pg_stat_activity"
                    " where datname = 'store_away' and wait_event_type = 'Lock'"
                )
            with pytest.raises(StoreUnavailable, match="terminating connection"):
                await waiting
        await store.touch_sandboxes({"any": datetime.now(UTC)})
    await operator.close()


async def test_a_store_without_a_free_connection_is_away(arguments: dict[str, object]) -> None:
    operator = await asyncpg.connect(**arguments)
    with contextlib.suppress(asyncpg.DuplicateObjectError):
        await operator.execute("create role store_of_one login password 'one' connection limit 1")
    await operator.execute(
        "grant all on database store_away to store_of_one; grant all on schema public to store_of_one"
    )
    async with PostgresStore(arguments):  # the tables
        await operator.execute("grant all on all tables in schema public to store_of_one")
    async with PostgresStore(arguments | {"user": "store_of_one", "password": "one"}) as store:
        async with store._connection():
            with pytest.raises(StoreUnavailable, match="too many connections"):
                await store.ping()
        await store.ping()
    await operator.close()


async def test_a_statement_that_was_cancelled_is_no_store_that_is_away(arguments: dict[str, object]) -> None:
    async def cancelled() -> None:
        async with store._connection() as connection, connection.transaction():
            await connection.execute("set local statement_timeout = 1")
            await connection.execute("select pg_sleep(1)")

    async with PostgresStore(arguments) as store:
        with pytest.raises(asyncpg.QueryCanceledError):
            await cancelled()


async def test_a_lease_outlives_an_error_that_nobody_foresaw(arguments: dict[str, object]) -> None:
    settings = Settings(lease_ms=1_000, peer_address="127.0.0.1:1")
    async with PostgresStore(arguments) as store:
        replicas = Replicas(store, settings, "unforeseen")
        await replicas.join()
        try:
            operator = await asyncpg.connect(**arguments)
            await operator.execute("alter table replicas rename to elsewhere")
            await asyncio.sleep(settings.lease_ms / 1000)
            await operator.execute("alter table elsewhere rename to replicas")
            await operator.close()
            await _until_it_lives(store, replicas.me, 2)
        finally:
            await replicas.leave()


@pytest.fixture
def own_places() -> Iterator[Places]:
    folder = Path(tempfile.mkdtemp(prefix="sandtable-test-"))
    folder.chmod(0o755)
    with Places(folder) as places:
        yield places
    shutil.rmtree(places.runtime, ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture
async def server(own_places: Places) -> AsyncIterator[PostgresServer]:
    """One of a test's own, to restart."""
    server = PostgresServer(Settings(), own_places)
    await server.start()
    yield server
    await server.stop()


async def test_a_lease_outlives_a_restart_of_the_store(server: PostgresServer) -> None:
    await server.ensure_database("store")
    settings = Settings(lease_ms=1_000, peer_address="127.0.0.1:1")
    async with PostgresStore({"dsn": server.url("store")}) as store:
        replicas = Replicas(store, settings, "here")
        await replicas.join()
        try:
            assert await replicas.other("s", take=True) is None
            last = await asyncpg.connect(server.url("postgres"))
            assert server.process
            os.kill(server.process.pid or 0, signal.SIGTERM)  # it takes nobody new, and ends when the last has gone
            assert store._pool
            await store._pool.expire_connections()
            await asyncio.sleep(0.1)
            with pytest.raises(StoreUnavailable, match="shutting down"):
                await store.ping()
            await asyncio.sleep(settings.lease_ms / 1000)  # several renewals fail
            await last.close()
            await _until_it_lives(store, replicas.me, 20)
            assert await replicas.other("s", take=True) is None
        finally:
            await replicas.leave()


async def _until_it_lives(store: PostgresStore, replica: Replica, within_s: float) -> None:
    until = time.monotonic() + within_s
    while True:
        with contextlib.suppress(StoreUnavailable):
            if await store.host_lives(replica.host):
                return
        assert time.monotonic() < until, "the lease was never renewed again"
        await asyncio.sleep(0.05)
