"""Opening connections into sandboxes as their own roles, mending what a visitor did to the way in."""

import asyncio
from typing import Any

import asyncpg

from app.config import Settings
from app.core.errors import SandboxExpired
from app.core.sandbox import Sandbox
from app.engines.postgres.admin import Admin, name_of
from app.engines.postgres.connections.text_codec import use_text
from app.engines.postgres.errors import reaching_server
from app.engines.postgres.server import PostgresServer

# A visitor can lose the way in: ALTER ROLE self PASSWORD, DROP OWNED BY self, ALTER ROLE self SET local_preload_libraries.
LOCKED_OUT = (
    asyncpg.InvalidAuthorizationSpecificationError,  # and InvalidPasswordError, which is one
    asyncpg.InsufficientPrivilegeError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.UndefinedFileError,
)
FREE_PLACE_TRIES = 20
FREE_PLACE_WAIT_S = 0.05


class Connector:
    """Knows how to connect as a sandbox's role, and with which defaults."""

    def __init__(
        self,
        server: PostgresServer,
        admin: Admin,
        settings: Settings,
        types: list[tuple[int, str]],
        harmless: frozenset[str],
    ) -> None:
        self.harmless = harmless
        self._server = server
        self._admin = admin
        self._types = types
        # As parameters of the connection these are what RESET goes back to, and no ALTER ROLE ... SET beats them.
        self._defaults = {
            "statement_timeout": str(settings.max_run_ms),
            "lock_timeout": str(settings.max_run_ms),
            "idle_in_transaction_session_timeout": str(settings.client_idle_ms),
            "idle_session_timeout": "0",
            "transaction_timeout": "0",
            "local_preload_libraries": "",
            "work_mem": "4MB",
            "maintenance_work_mem": "32MB",
            "temp_buffers": "2MB",
            "synchronous_commit": "off",
            "timezone": "UTC",
            "search_path": '"$user", public',
        }

    async def connect(self, sandbox: Sandbox, client: str) -> "asyncpg.Connection[Any]":
        """Raises SandboxExpired when there is no such sandbox, EngineUnavailable when there is no server,
        EngineBusy while a statement of the sandbox does not end.
        """
        with reaching_server():
            await self._admin.stubborn.refuse(name_of(sandbox))
            try:
                connection = await self._connect(sandbox, client)
            except LOCKED_OUT as exc:
                if not await self._admin.exists(sandbox):
                    raise SandboxExpired(
                        "This PostgreSQL sandbox is gone.", hint="Reset makes a new one; what was in this one is lost."
                    ) from exc
                await self._admin.create(sandbox)
                connection = await self._connect(sandbox, client)
        use_text(connection, self._types)
        return connection

    async def _connect(self, sandbox: Sandbox, client: str) -> "asyncpg.Connection[Any]":
        arguments = self._server.tenant_arguments(name_of(sandbox), sandbox.secret)
        defaults = {**self._defaults, "application_name": f"sandtable {client}"}
        tries = FREE_PLACE_TRIES
        while True:
            try:
                connection: asyncpg.Connection[Any] = await asyncpg.connect(
                    **arguments, server_settings=defaults, statement_cache_size=0
                )
            except asyncpg.TooManyConnectionsError:
                # The server still counts a connection that has just been ended.
                tries -= 1
                if not tries:
                    raise
                await asyncio.sleep(FREE_PLACE_WAIT_S)
            else:
                return connection
