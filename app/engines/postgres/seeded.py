"""What heavy seeds left, kept as databases: a fresh sandbox gets a copy instead of running the seed again."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Sequence

from app.core.errors import PlaygroundError
from app.core.results import Statement
from app.core.sandbox import Sandbox
from app.engines.postgres.admin import READY_ROLES, Admin, name_of
from app.engines.postgres.errors import reaching_server
from app.engines.postgres.sources.statements import words_of

log = logging.getLogger(__name__)

PREFIX = "sandtable_seed_"
OWNER = "sandtable_seed"
MAX_KEPT = 16
PERSISTENT = frozenset(
    {"create", "insert", "update", "delete", "alter", "drop", "copy", "comment", "analyze", "truncate", "merge"}
)
"""Statements whose effect is in the database alone, as their first word."""
ELSEWHERE = frozenset(
    {
        "temp",
        "temporary",
        "role",
        "user",
        "owner",
        "grant",
        "revoke",
        "privileges",
        "policy",
        "set_config",
        "setseed",
        "publication",
    }
    | {"now", "clock_timestamp", "current_timestamp", "localtimestamp", "statement_timestamp", "transaction_timestamp"}
    | {"current_date", "current_time", "localtime", "timeofday", "current_user", "session_user", "current_database"}
    | {"subscription", "server", "currval", "lastval", "pg_temp", "session", "event"}
)
"""Words of statements that leave something in the session, name a role, or mean another time or place for each visitor."""
_DIGEST = re.compile(r"[0-9a-f]{32,64}")


def may_keep(statements: Sequence[Statement]) -> bool:
    """Whether all that a seed does stays in the database and belongs to the sandbox's own role."""
    for statement in statements:
        words = words_of(statement.text)
        if not words or words[0] not in PERSISTENT or ELSEWHERE.intersection(words):
            return False
    return True


class Seeds:
    """The databases that were kept, the least recently used first. Those of earlier processes are dropped at the first use."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._kept: OrderedDict[str, None] = OrderedDict()
        self._lock = asyncio.Lock()
        self._cleared = False
        self._dropping: set[asyncio.Task[None]] = set()

    async def keep(self, sandbox: Sandbox, digest: str) -> None:
        """Copy what the sandbox holds now. Nothing may be connected to it."""
        name, kept = name_of(sandbox), _name(digest)
        async with self._lock:
            await self._clear()
            if kept in self._kept:
                return
            while len(self._kept) >= MAX_KEPT:
                oldest, _ = self._kept.popitem(last=False)
                await self._drop(oldest)
            try:
                await self._copy(name, kept)
            except BaseException:
                await self._drop(kept)
                raise
            finally:
                await self._admin.create(sandbox)  # what DROP OWNED took of the sandbox's own rights
            if await self._admin.fetch(
                "SELECT 1 FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1 "
                "AND s.refobjid IN (SELECT oid FROM pg_roles WHERE rolname = ANY ($2))",
                kept,
                _roles(name),
            ):
                await self._drop(kept)  # the sandbox's roles could not be dropped while it is there
                return
            self._kept[kept] = None

    async def fill(self, sandbox: Sandbox, digest: str) -> bool:
        """Put a copy in place of a fresh sandbox's empty database. False when the seed is not kept."""
        name, kept = name_of(sandbox), _name(digest)
        async with self._lock:
            if kept not in self._kept:
                return False
            self._kept.move_to_end(kept)
            # Dropping waits for a checkpoint, renaming does not.
            empty = f"{PREFIX}empty_{sandbox.namespace}"
            await self._admin.fetch(f"ALTER DATABASE {name} RENAME TO {empty}")
            task = asyncio.create_task(self._drop(empty), name=f"drop {empty}")
            self._dropping.add(task)
            task.add_done_callback(self._dropped)
            try:
                await self._admin.fetch(
                    f"CREATE DATABASE {name} TEMPLATE {kept} STRATEGY wal_log ALLOW_CONNECTIONS false"
                )
            except PlaygroundError:
                log.exception("the seed %s could not be copied", kept)
                del self._kept[kept]
            await self._admin.create(sandbox)
            if kept not in self._kept:
                return False
            await self._inside(name, f"REASSIGN OWNED BY {OWNER} TO {name}")
        return True

    def _dropped(self, task: "asyncio.Task[None]") -> None:
        self._dropping.discard(task)
        if not task.cancelled() and task.exception():
            log.error("an empty database is left behind until the next start", exc_info=task.exception())

    async def _copy(self, name: str, kept: str) -> None:
        if not await self._admin.fetch("SELECT 1 FROM pg_roles WHERE rolname = $1", OWNER):
            await self._admin.fetch(f"CREATE ROLE {OWNER} NOLOGIN NOINHERIT")
        await self._admin.fetch(f"CREATE DATABASE {kept} TEMPLATE {name} STRATEGY wal_log CONNECTION LIMIT 0")
        await self._admin.fetch(f"REVOKE ALL ON DATABASE {kept} FROM PUBLIC")
        roles = ", ".join(_roles(name))
        await self._inside(kept, f"REASSIGN OWNED BY {roles} TO {OWNER}; DROP OWNED BY {roles}")
        await self._admin.fetch(f"ALTER DATABASE {kept} ALLOW_CONNECTIONS false")

    async def _inside(self, database: str, sql: str) -> None:
        with reaching_server():
            connection = await self._admin.enter(database)
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

    async def _clear(self) -> None:
        if self._cleared:
            return
        self._cleared = True
        for row in await self._admin.fetch("SELECT datname FROM pg_database WHERE starts_with(datname, $1)", PREFIX):
            await self._drop(row["datname"])

    async def close(self) -> None:
        await asyncio.gather(*self._dropping, return_exceptions=True)

    async def _drop(self, kept: str) -> None:
        await self._admin.fetch(f"DROP DATABASE IF EXISTS {kept} WITH (FORCE)")


def _name(digest: str) -> str:
    assert _DIGEST.fullmatch(digest), digest
    return PREFIX + digest[:32]


def _roles(name: str) -> list[str]:
    return [name, *(f"{name}_{suffix}" for suffix in READY_ROLES)]
