"""The hardened template that sandboxes are cloned from: made once, and again when its SQL changes."""

import hashlib
from pathlib import Path
from typing import Any

import asyncpg

from app.engines.postgres.server import PostgresServer

FOLDER = Path(__file__).parent
PREFIX = "sandtable_template_"
LOCK_KEY = 0x5A4D_7AB1  # of the advisory lock that keeps two apps on one server from making it at the same time


async def ensure_template(server: PostgresServer) -> str:
    """The name of the template database, made now if this version of it is not there. Needs a superuser."""
    connection = await asyncpg.connect(**server.connect_arguments("postgres"))
    try:
        sql = (FOLDER / "template.sql").read_text()
        if "pg_stat_statements" in await connection.fetchval("SHOW shared_preload_libraries"):
            sql += (FOLDER / "template_statements.sql").read_text()
        name = PREFIX + hashlib.sha256(sql.encode()).hexdigest()[:12]
        if not await _exists(connection, name):
            await connection.execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
            if not await _exists(connection, name):
                await _build(server, connection, name, sql)
    finally:
        await connection.close()
    return name


async def _exists(connection: "asyncpg.Connection[Any]", name: str) -> bool:
    found = await connection.fetchval("SELECT datallowconn FROM pg_database WHERE datname = $1", name)
    return found is False  # one that still allows connections was never finished


async def _build(server: PostgresServer, admin: "asyncpg.Connection[Any]", name: str, sql: str) -> None:
    for database in ("postgres", "template1"):
        await admin.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    old = await admin.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", PREFIX)
    for row in old:
        await admin.execute(f"ALTER DATABASE {row['datname']} IS_TEMPLATE false")
        await admin.execute(f"DROP DATABASE {row['datname']} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 CONNECTION LIMIT 0 STRATEGY wal_log")
    await admin.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
    inside = await asyncpg.connect(**server.connect_arguments(name))
    try:
        await inside.execute(sql)
        await inside.execute("VACUUM (FREEZE, ANALYZE)")
    finally:
        await inside.close()
    await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false IS_TEMPLATE true")
