"""What only the admin does: make, mend, measure and drop sandboxes, and end what runs in them."""

import asyncio
import base64
import hashlib
import hmac
import os
import re
from collections.abc import Sequence
from typing import Any, Self

import asyncpg

from app.core import priority
from app.core.engine import CLIENT_NAMES, SCRIPT_CLIENTS
from app.core.errors import EngineUnavailable
from app.core.sandbox import Sandbox
from app.engines.postgres.catalog import question
from app.engines.postgres.connections.stubborn import Stubborn
from app.engines.postgres.errors import reaching_server
from app.engines.postgres.server import PostgresServer
from app.engines.postgres.template import ensure_template

SESSION = {"application_name": "sandtable admin", "search_path": "pg_catalog"}
INSIDE = {**SESSION, "lock_timeout": "300ms", "statement_timeout": "10s"}
"""In a sandbox the visitor may hold a lock on anything, and for as long as he likes."""
READY_ROLES = ("reader", "writer")
MAX_CLIENTS = len(CLIENT_NAMES) + len(SCRIPT_CLIENTS)
MAX_POOL = 8
MAX_DROPS = 8
"""DROP DATABASE waits for a checkpoint, for seconds where many sandboxes were made since the last one; those that wait together share it."""
GONE_WAIT_S = 5.0
# A secret has 192 random bits, so stretching it adds nothing but 5 ms to each connection.
SCRAM_ITERATIONS = 16

_NAME = re.compile(r"sbx_[a-z0-9]{20}")


def name_of(sandbox: Sandbox) -> str:
    """The name of the sandbox's database and of its role."""
    name = f"sbx_{sandbox.namespace}"
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a PostgreSQL namespace: {sandbox.namespace!r}")
    return name


class Admin:
    """The admin's few connections to the server. Statements of visitors never run here."""

    def __init__(
        self, server: PostgresServer, pool: "asyncpg.Pool[Any]", dropping: "asyncpg.Pool[Any]", template: str
    ) -> None:
        self._server = server
        self._pool = pool
        self._dropping = dropping  # apart, so that nobody waits behind a drop
        self._template = template
        self._empty_bytes = 0
        self.stubborn = Stubborn(pool, ours=server.process is not None)

    @classmethod
    async def connect(cls, server: PostgresServer) -> Self:
        """Raises EngineUnavailable when the server cannot be reached, or its admin is not a superuser."""
        with reaching_server():
            arguments = server.connect_arguments("postgres")
            pool = await asyncpg.create_pool(**arguments, min_size=1, max_size=MAX_POOL, server_settings=SESSION)
            dropping = await asyncpg.create_pool(**arguments, min_size=0, max_size=MAX_DROPS, server_settings=SESSION)
            try:
                if await pool.fetchval("SELECT current_setting('is_superuser')") != "on":
                    raise EngineUnavailable(
                        "The role in postgres_url is not a superuser.",
                        hint="Sandboxes are walled off by grants in the system catalogs; give the URL of a superuser.",
                    )
                admin = cls(server, pool, dropping, await ensure_template(server))
            except BaseException:
                pool.terminate()
                raise
            admin._empty_bytes = await pool.fetchval("SELECT pg_database_size($1::name)", admin._template)
            return admin

    async def close(self) -> None:
        await self._dropping.close()
        await self._pool.close()

    @property
    def may_rank(self) -> bool:
        """Whether the server's processes are on this machine and ours to make nice."""
        return self._server.process is not None and priority.may_change()

    async def fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Rows of a question to the shared catalogs."""
        with reaching_server():
            return await self._pool.fetch(sql, *arguments)

    async def version(self) -> str:
        version: str = (await self.fetch("SELECT current_setting('server_version')"))[0][0]
        return version.split(maxsplit=1)[0]

    async def create(self, sandbox: Sandbox) -> None:
        """Make the database, its role and the two ready roles, or mend whatever of them is missing or was changed."""
        name = name_of(sandbox)
        with reaching_server():
            async with self._pool.acquire() as connection:
                await self._make_roles(connection, name, sandbox.secret)
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                    await self._make_database(connection, name)
                await connection.execute(
                    f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;"
                    f"GRANT CONNECT, TEMPORARY, CREATE ON DATABASE {name} TO {name};"
                )
                await connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true CONNECTION LIMIT {MAX_CLIENTS}")
                await connection.execute(f"ALTER ROLE {name} IN DATABASE {name} RESET ALL")
            inside = await self.enter(name)
            try:
                if await inside.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = 'public'"):
                    await inside.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {name}")
            finally:
                await inside.close()

    async def drop(self, sandbox: Sandbox) -> None:
        """Refuse connections, end what runs, drop the database, drop the roles, and see that they are gone."""
        name = name_of(sandbox)
        with reaching_server():
            async with self._dropping.acquire() as connection:
                if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                    await connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
                    await connection.fetch(question("terminate_all"), name)
                    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                for role in (*(f"{name}_{suffix}" for suffix in READY_ROLES), name):
                    await connection.execute(f"DROP ROLE IF EXISTS {role}")
                if await connection.fetchval(question("anything_left"), name):
                    raise EngineUnavailable(f"PostgreSQL did not let go of {name}; it is tried again later.")

    async def exists(self, sandbox: Sandbox) -> bool:
        """Whether the sandbox has a database."""
        return bool(await self.fetch("SELECT 1 FROM pg_database WHERE datname = $1", name_of(sandbox)))

    async def namespaces(self) -> set[str]:
        names = await self.fetch(question("namespaces"))
        return {row["name"].removeprefix("sbx_") for row in names}

    async def used_bytes(self, databases: Sequence[str]) -> dict[str, int]:
        """What each database holds beyond what an empty one does; nothing for one that is being dropped."""
        rows = await self.fetch(question("sizes"), list(databases))
        return {row["name"]: max(0, (row["bytes"] or 0) - self._empty_bytes) for row in rows}

    async def enter(self, database: str) -> "asyncpg.Connection[Any]":
        """A connection into a sandbox's database, for questions to its catalog only."""
        arguments = self._server.connect_arguments(database)
        connection: asyncpg.Connection[Any] = await asyncpg.connect(
            **arguments, server_settings=INSIDE, statement_cache_size=0
        )
        return connection

    async def cancel(self, pid: int, role: str) -> None:
        """Cancel what a backend of this role executes; it may not listen."""
        await self.fetch(question("cancel"), pid, role)

    async def terminate(self, pid: int, role: str) -> None:
        """End a backend of this role and wait until the server says that it is gone."""
        await self.fetch(question("terminate"), pid, role)
        deadline = asyncio.get_running_loop().time() + GONE_WAIT_S
        while await self.fetch("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND usename = $2", pid, role):
            if self.may_rank:
                priority.set_nice(pid, priority.LAST)
            if asyncio.get_running_loop().time() > deadline:
                with reaching_server():
                    await self.stubborn.add(pid, role)
                raise EngineUnavailable("PostgreSQL did not end the statement; Reset gives you a fresh sandbox.")
            await asyncio.sleep(0.01)

    async def is_working(self, pid: int, role: str) -> bool:
        """Whether the server says that this backend of the role executes something now."""
        return bool(await self.fetch(question("is_working"), pid, role))

    async def _make_roles(self, connection: Any, name: str, secret: str) -> None:
        known = {row[0] for row in await connection.fetch(question("roles"), name)}
        for role in (name, *(f"{name}_{suffix}" for suffix in READY_ROLES)):
            if role not in known:
                await connection.execute(f"CREATE ROLE {role} NOLOGIN NOINHERIT")
        await connection.execute(
            f"ALTER ROLE {name} LOGIN NOINHERIT CONNECTION LIMIT {MAX_CLIENTS} PASSWORD '{scram_verifier(secret)}';"
            f"ALTER ROLE {name} RESET ALL;"
            + "".join(f"GRANT {name}_{suffix} TO {name} WITH INHERIT FALSE, SET TRUE;" for suffix in READY_ROLES)
        )

    async def _make_database(self, connection: Any, name: str) -> None:
        # Closed to all until its grants are made: a new database lets everyone in.
        statement = "CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log ALLOW_CONNECTIONS false"
        try:
            await connection.execute(statement.format(name, self._template))
        except asyncpg.InvalidCatalogNameError:
            self._template = await ensure_template(self._server)
            await connection.execute(statement.format(name, self._template))


def scram_verifier(secret: str) -> str:
    """What the server keeps of a password, so that the password itself never crosses in a statement."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", secret.encode(), salt, SCRAM_ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored, served = (base64.b64encode(key).decode() for key in (hashlib.sha256(client_key).digest(), server_key))
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{base64.b64encode(salt).decode()}${stored}:{served}"
