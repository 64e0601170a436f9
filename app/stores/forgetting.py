"""The store's part for what is kept for some time only: the run log, sessions, and what replicas that are gone have left."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime

import asyncpg

AT_ONCE = 5_000
TIMEOUT_S = 60
"""Longer than other questions to the store may take: nobody waits for it."""


class Forgetting:
    """Mixed into the store in PostgreSQL, whose connections it uses."""

    def _connection(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        raise NotImplementedError

    async def forget_runs(self, before: datetime) -> int:
        async with self._connection() as connection:
            # Ids rise with time: the oldest runs are found by the primary key.
            deleted = await connection.fetch(
                """
                delete from runs where id = any(array(select id from runs order by id limit $2)) and started_at < $1
                returning 1
                """,
                before,
                AT_ONCE,
                timeout=TIMEOUT_S,
            )
        return len(deleted)

    async def forget_sessions(self, before: datetime) -> int:
        async with self._connection() as connection, connection.transaction():
            await connection.execute("delete from replicas where expires_at < now() - interval '1 day'")
            deleted = await connection.fetch(
                """
                delete from sessions where id = any(array(
                    select s.id from sessions s
                    where s.created_at < $1 and not exists (select from sandboxes where session_id = s.id)
                    limit $2 for update skip locked
                ))
                returning 1
                """,
                before,
                AT_ONCE,
                timeout=TIMEOUT_S,
            )
            await connection.execute(
                "delete from leases where taken_at < $1 and replica_id not in (select id from replicas)", before
            )
        return len(deleted)
