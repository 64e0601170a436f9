"""The store's part for several processes: who lives, and who works for which session."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime

import asyncpg

from app.core.sandbox import Sandbox
from app.playground.store import Replica, SandboxRecord

CLAIM_DUE = """
update sandboxes set claimed_until = now() + $5 * interval '1 s'
where namespace in (
    select s.namespace from sandboxes s
    where s.engine = $1
      and (s.claimed_until is null or s.claimed_until < now())
      and (s.dropping or (s.session_id is not null and s.used_at < $2))
      and (s.dropping or not exists (
        select from leases l join replicas r on r.id = l.replica_id and r.expires_at > now()
        where l.session_id = s.session_id and l.replica_id <> $4))
      and (s.host is null or s.host = $3 or not exists (
        select from replicas r where r.host = s.host and r.expires_at > now()))
    order by s.used_at limit $6 for update skip locked
)
returning *
"""


class Leases:
    """Mixed into the store in PostgreSQL, whose connections it uses."""

    def _connection(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        raise NotImplementedError

    async def renew_replica(self, replica: Replica, lease_s: float) -> None:
        async with self._connection() as connection, connection.transaction():
            await connection.execute(
                "delete from replicas where address = $1 and id <> $2", replica.address, replica.id
            )
            await connection.execute(
                """
                insert into replicas (id, host, address, expires_at) values ($1, $2, $3, now() + $4 * interval '1 s')
                on conflict (id) do update set expires_at = excluded.expires_at
                """,
                replica.id,
                replica.host,
                replica.address,
                lease_s,
            )

    async def remove_replica(self, replica_id: str) -> None:
        async with self._connection() as connection:
            await connection.execute(
                "delete from replicas where id = $1 or expires_at < now() - interval '1 day'", replica_id
            )

    async def owner(self, session_id: str) -> Replica | None:
        async with self._connection() as connection:
            row = await connection.fetchrow(
                """
                select r.id, r.host, r.address from leases l join replicas r on r.id = l.replica_id
                where l.session_id = $1 and r.expires_at > now()
                """,
                session_id,
            )
        return Replica(**dict(row)) if row else None

    async def take_session(self, session_id: str, replica: Replica) -> tuple[Replica, bool]:
        async with self._connection() as connection, connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", session_id)
            held = await connection.fetchrow(
                """
                select l.replica_id, l.moved, r.id, r.host, r.address
                from leases l left join replicas r on r.id = l.replica_id and r.expires_at > now()
                where l.session_id = $1
                """,
                session_id,
            )
            if held and held["id"]:
                return Replica(held["id"], held["host"], held["address"]), held["moved"]
            near = await connection.fetchrow(
                """
                select r.id, r.host, r.address from sandboxes s join replicas r on r.host = s.host
                where s.session_id = $1 and not s.dropping and r.expires_at > now() and s.host <> $2
                  and not exists (
                    select from sandboxes mine
                    where mine.session_id = $1 and not mine.dropping and mine.host = $2)
                order by r.started_at desc limit 1
                """,
                session_id,
                replica.host,
            )
            owner = replica if near is None else Replica(**dict(near))
            moved = held is not None
            await connection.execute(
                """
                insert into leases (session_id, replica_id, moved) values ($1, $2, $3)
                on conflict (session_id)
                do update set replica_id = excluded.replica_id, moved = excluded.moved, taken_at = now()
                """,
                session_id,
                owner.id,
                moved,
            )
        return owner, moved

    async def release_sessions(self, session_ids: list[str], replica_id: str) -> None:
        async with self._connection() as connection:
            await connection.execute(
                "delete from leases where session_id = any($1) and replica_id = $2", session_ids, replica_id
            )

    async def host_lives(self, host: str) -> bool:
        async with self._connection() as connection:
            return bool(
                await connection.fetchval(
                    "select exists (select from replicas where host = $1 and expires_at > now())", host
                )
            )

    async def claim_due(
        self, engine: str, before: datetime, *, host: str, replica: str, claim_s: float, most: int
    ) -> list[SandboxRecord]:
        async with self._connection() as connection:
            rows = await connection.fetch(CLAIM_DUE, engine, before, host, replica, claim_s, most)
        return [as_record(row) for row in rows]


def as_record(row: asyncpg.Record) -> SandboxRecord:
    sandbox = Sandbox(
        engine=row["engine"],
        namespace=row["namespace"],
        secret=row["secret"],
        created_at=row["created_at"],
        session_id=row["session_id"],
        server=row["server"],
    )
    return SandboxRecord(sandbox, row["used_at"], row["seed_hash"], row["dropping"], row["host"])
