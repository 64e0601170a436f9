"""The store in PostgreSQL: asyncpg, plain SQL, migrations in order under an advisory lock."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from importlib import resources
from typing import Any, Self, overload

import asyncpg

from app.core.sandbox import Sandbox
from app.playground.store import (
    EXPIRED,
    Ban,
    Opened,
    Playground,
    RunRecord,
    SandboxRecord,
    Snapshot,
    StoreUnavailable,
)
from app.stores.forgetting import Forgetting
from app.stores.leases import Leases, as_record

RUN_FIELDS = ", ".join(RunRecord.__dataclass_fields__)
MIGRATION_LOCK = 7_263_544_018
CONNECT_TIMEOUT_S = 3
COMMAND_TIMEOUT_S = 5
MIGRATION_TIMEOUT_S = 600
AWAY_S = 2.0
"""How long a store that did not answer in time is not asked again: a page that asks five things waits once."""
AWAY = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it starts, is in recovery, shuts down, or its operator ended this connection
    asyncpg.InsufficientResourcesError,  # no place for one more connection, no memory, no disk
)
MAKING_S = 60.0
"""How long a sandbox may be in the making before it counts as left behind."""


class PostgresStore(Leases, Forgetting):
    """Entered before use: opens the pool and brings the schema up to date.

    `connect` are asyncpg's connection arguments, for example `{"dsn": ...}` or `{"host", "user", "password", "database"}`.
    """

    def __init__(self, connect: dict[str, Any], *, max_connections: int = 8) -> None:
        self._connect = connect
        self._max_connections = max_connections
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._away_until = 0.0

    async def __aenter__(self) -> Self:
        try:
            self._pool = await asyncpg.create_pool(
                **({"timeout": CONNECT_TIMEOUT_S} | self._connect),
                min_size=1,
                max_size=self._max_connections,
                command_timeout=COMMAND_TIMEOUT_S,
                reset=_keep,
                server_settings={"application_name": "sandtable store"},
            )
        except (OSError, asyncpg.PostgresError, TimeoutError) as exc:
            raise StoreUnavailable(f"The store cannot be reached: {exc}") from exc
        async with self._connection() as connection:
            await migrate(connection)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pool:
            await self._pool.close()
            self._pool = None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        assert self._pool, "enter the store first"
        if time.monotonic() < self._away_until:
            raise StoreUnavailable("The store did not answer in time a moment ago.")
        try:
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                yield connection  # type: ignore[misc]
        except TimeoutError as exc:
            self._away_until = time.monotonic() + AWAY_S
            raise StoreUnavailable("The store did not answer in time.") from exc
        except asyncpg.QueryCanceledError:  # one of the above by its class, though the server is there
            raise
        except AWAY as exc:
            raise StoreUnavailable(f"The store cannot be reached: {exc}") from exc

    async def ping(self) -> None:
        async with self._connection() as connection:
            await connection.execute("select 1")

    async def has_session(self, session_id: str) -> bool:
        async with self._connection() as connection:
            return bool(await connection.fetchval("select exists (select from sessions where id = $1)", session_id))

    async def open_session(self, session_id: str) -> None:
        async with self._connection() as connection:
            await connection.execute("insert into sessions (id) values ($1) on conflict (id) do nothing", session_id)

    async def save_sandbox(self, record: SandboxRecord) -> None:
        sandbox = record.sandbox
        async with self._connection() as connection:
            await connection.execute(
                """
                insert into sandboxes
                    (namespace, engine, session_id, secret, created_at, used_at, seed_hash, dropping, host, server, claimed_until)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, case when $8 then now() + $11 * interval '1 s' end)
                on conflict (namespace) do update
                set session_id = excluded.session_id, used_at = excluded.used_at,
                    seed_hash = excluded.seed_hash, dropping = excluded.dropping, claimed_until = excluded.claimed_until
                """,
                sandbox.namespace,
                sandbox.engine,
                sandbox.session_id,
                sandbox.secret,
                sandbox.created_at,
                record.used_at,
                record.seed_hash,
                record.dropping,
                record.host,
                sandbox.server,
                MAKING_S,
            )

    async def claim_ready(
        self, engine: str, session_id: str, host: str | None = None, servers: Sequence[str] = ("",)
    ) -> Sandbox | None:
        async with self._connection() as connection:
            row = await connection.fetchrow(
                """
                update sandboxes set session_id = $2, used_at = now()
                where namespace = (
                    select namespace from sandboxes
                    where engine = $1 and session_id is null and not dropping
                      and (host is null or host = $3) and server = any($4)
                    order by created_at limit 1 for update skip locked
                )
                returning *
                """,
                engine,
                session_id,
                host,
                list(servers),
            )
        return as_record(row).sandbox if row else None

    async def sandbox_of(self, session_id: str, engine: str) -> SandboxRecord | None:
        async with self._connection() as connection:
            row = await connection.fetchrow(
                "select * from sandboxes where session_id = $1 and engine = $2 and not dropping", session_id, engine
            )
        return as_record(row) if row else None

    async def use_sandbox(self, session_id: str, engine: str) -> SandboxRecord | None:
        async with self._connection() as connection:
            row = await connection.fetchrow(
                """
                update sandboxes set used_at = greatest(used_at, now())
                where session_id = $1 and engine = $2 and not dropping
                returning *
                """,
                session_id,
                engine,
            )
        return as_record(row) if row else None

    async def sandboxes(self, engine: str) -> list[SandboxRecord]:
        async with self._connection() as connection:
            return [
                as_record(row) for row in await connection.fetch("select * from sandboxes where engine = $1", engine)
            ]

    async def set_seed(self, namespace: str, seed_hash: str | None) -> None:
        async with self._connection() as connection:
            await connection.execute("update sandboxes set seed_hash = $2 where namespace = $1", namespace, seed_hash)

    async def touch_sandboxes(self, used_at: dict[str, datetime]) -> None:
        async with self._connection() as connection:
            await connection.execute(
                """
                update sandboxes s set used_at = t.used_at
                from unnest($1::text[], $2::timestamptz[]) as t (namespace, used_at)
                where s.namespace = t.namespace
                """,
                list(used_at),
                list(used_at.values()),
            )

    async def mark_dropping(self, namespace: str, before: datetime | None = None) -> bool:
        async with self._connection() as connection:
            marked = await connection.fetchval(
                """
                update sandboxes set dropping = true
                where namespace = $1 and ($2::timestamptz is null or dropping or used_at < $2)
                returning 1
                """,
                namespace,
                before,
            )
        return bool(marked)

    async def forget_sandbox(self, namespace: str) -> None:
        async with self._connection() as connection:
            await connection.execute("delete from sandboxes where namespace = $1", namespace)

    async def add_run(self, record: RunRecord) -> None:
        async with self._connection() as connection:
            await connection.execute(
                """
                insert into runs
                    (session_id, engine, client, source, seed, outcome, statement_count, total_ms, started_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                """,
                record.session_id,
                record.engine,
                record.client,
                _storable(record.source),
                _storable(record.seed),
                record.outcome,
                record.statement_count,
                record.total_ms,
                record.started_at,
            )

    async def last_run(self, session_id: str, engine: str) -> RunRecord | None:
        runs = await self.runs_of(session_id, engine=engine, most=1)
        return runs[0] if runs else None

    async def runs_of(
        self, session_id: str, *, engine: str | None = None, before: int | None = None, most: int = 50
    ) -> list[RunRecord]:
        async with self._connection() as connection:
            rows = await connection.fetch(
                f"""
                select {RUN_FIELDS} from runs
                where session_id = $1 and ($2::text is null or engine = $2) and ($3::bigint is null or id < $3)
                order by id desc limit $4
                """,  # noqa: S608
                session_id,
                engine,
                before,
                most,
            )
        return [RunRecord(**dict(row)) for row in rows]

    async def run(self, session_id: str, run_id: int) -> RunRecord | None:
        async with self._connection() as connection:
            row = await connection.fetchrow(
                f"select {RUN_FIELDS} from runs where id = $1 and session_id = $2",  # noqa: S608
                run_id,
                session_id,
            )
        return RunRecord(**dict(row)) if row else None

    async def delete_runs(self, session_id: str, run_ids: list[int] | None = None) -> int:
        async with self._connection() as connection:
            deleted = await connection.fetch(
                "delete from runs where session_id = $1 and ($2::bigint[] is null or id = any($2)) returning 1",
                session_id,
                run_ids,
            )
        return len(deleted)

    async def add_playground(self, playground: Playground, body: dict[str, Any]) -> bool:
        async with self._connection() as connection, connection.transaction():
            added = await connection.fetchval(
                """
                insert into playgrounds
                    (id, session_id, created_at, title, notes, owner_key_hash, parent, listed, expires_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                on conflict (id) do nothing
                returning 1
                """,
                playground.id,
                playground.session_id,
                playground.created_at,
                _storable(playground.title),
                _storable(playground.notes),
                playground.owner_key_hash,
                playground.parent,
                playground.listed,
                playground.expires_at,
            )
            if added:
                await connection.execute(
                    "insert into snapshots (id, revision, created_at, body) values ($1, 1, $2, $3)",
                    playground.id,
                    playground.created_at,
                    json.dumps(body),
                )
        return bool(added)

    async def add_revision(self, playground_id: str, created_at: datetime, body: dict[str, Any]) -> int:
        async with self._connection() as connection, connection.transaction():
            await connection.execute("select from playgrounds where id = $1 for update", playground_id)
            number: int = await connection.fetchval(
                """
                insert into snapshots (id, revision, created_at, body)
                select $1, max(revision) + 1, $2, $3 from snapshots where id = $1
                returning revision
                """,
                playground_id,
                created_at,
                json.dumps(body),
            )
        return number

    async def change_playground(self, playground: Playground) -> None:
        async with self._connection() as connection:
            await connection.execute(
                """
                update playgrounds set title = $2, notes = $3, listed = $4, expires_at = $5
                where id = $1 and removed_at is null
                """,
                playground.id,
                _storable(playground.title),
                _storable(playground.notes),
                playground.listed,
                playground.expires_at,
            )

    async def open_playground(self, playground_id: str, revision: int | None = None) -> Opened | None:
        async with self._connection() as connection:
            row = await connection.fetchrow(
                """
                select p.*, s.revision, s.created_at as revised_at, s.body, times.all_of
                from playgrounds p
                left join lateral (
                    select array_agg(t.created_at order by t.revision) as all_of, max(t.revision) as newest
                    from snapshots t where t.id = p.id
                ) times on true
                left join snapshots s on s.id = p.id and s.revision = coalesce($2, times.newest)
                where p.id = $1
                """,
                playground_id,
                revision,
            )
        if row is None:
            return None
        playground = Playground(**{name: row[name] for name in Playground.__dataclass_fields__})
        snapshot = None
        if row["body"] is not None:
            snapshot = Snapshot(playground.id, row["revision"], row["revised_at"], json.loads(row["body"]))
        return Opened(playground, snapshot, row["all_of"] or [])

    async def remove_playground(self, playground_id: str, removed_at: datetime, because: str) -> bool:
        return await self._remove("id = $3", removed_at, because, playground_id) > 0

    async def remove_expired(self, now: datetime) -> int:
        return await self._remove("expires_at <= $1", now, EXPIRED)

    async def _remove(self, which: str, removed_at: datetime, because: str, *arguments: str) -> int:
        async with self._connection() as connection, connection.transaction():
            removed = await connection.fetch(
                f"""
                update playgrounds set removed_at = $1, removed_because = $2, session_id = '', title = null, notes = null,
                    owner_key_hash = null, parent = null, listed = false, expires_at = null
                where {which} and removed_at is null
                returning id
                """,  # noqa: S608
                removed_at,
                because,
                *arguments,
            )
            await connection.execute("delete from snapshots where id = any($1)", [row["id"] for row in removed])
        return len(removed)

    async def count_sandboxes(self) -> dict[tuple[str, str], int]:
        async with self._connection() as connection:
            rows = await connection.fetch(
                """
                select engine, count(*) as number,
                       case when dropping then 'dropping' when session_id is null then 'ready' else 'live' end as state
                from sandboxes group by engine, state
                """
            )
        return {(row["engine"], row["state"]): row["number"] for row in rows}

    async def archive_fails(self) -> bool:
        async with self._connection() as connection:
            return bool(
                await connection.fetchval(
                    "select last_failed_time > coalesce(last_archived_time, '-infinity') from pg_stat_archiver"
                )
            )

    async def bans(self) -> list[Ban]:
        async with self._connection() as connection:
            rows = await connection.fetch("select subject, until, reason from bans where until > now()")
        return [Ban(**dict(row)) for row in rows]

    async def add_ban(self, ban: Ban) -> None:
        async with self._connection() as connection:
            await connection.execute(
                """
                insert into bans (subject, until, reason) values ($1, $2, $3)
                on conflict (subject) do update set until = excluded.until, reason = excluded.reason
                """,
                ban.subject,
                ban.until,
                ban.reason,
            )

    async def lift_ban(self, subject: str) -> None:
        async with self._connection() as connection:
            await connection.execute("delete from bans where subject = $1 or until < now()", subject)


async def _keep(connection: object) -> None:
    """No statement of ours leaves anything behind on a connection, so nothing has to be reset between two uses."""


async def migrate(connection: asyncpg.Connection) -> list[str]:
    """Apply the migrations this database has not seen, in order, each in a transaction. Returns their names."""
    applied: list[str] = []
    await connection.execute("select pg_advisory_lock($1)", MIGRATION_LOCK, timeout=MIGRATION_TIMEOUT_S)
    try:
        await connection.execute(
            "create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())"
        )
        known = {row["name"] for row in await connection.fetch("select name from migrations")}
        folder = resources.files("app.stores") / "migrations"
        for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if not file.name.endswith(".sql") or file.name in known:
                continue
            async with connection.transaction():
                await connection.execute("set local statement_timeout = 0")
                await connection.execute(file.read_text(), timeout=MIGRATION_TIMEOUT_S)
                await connection.execute("insert into migrations (name) values ($1)", file.name)
            applied.append(file.name)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", MIGRATION_LOCK)
    return applied


@overload
def _storable(text: str) -> str: ...


@overload
def _storable(text: None) -> None: ...


def _storable(text: str | None) -> str | None:
    """PostgreSQL's text holds no NUL and no lone surrogate; the symbols for them stand in their place."""
    if text is None:
        return None
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()
