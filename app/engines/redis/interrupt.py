"""Ending what a client runs, on the server: asked politely, then by force."""

import asyncio
import logging
from collections.abc import Callable

from redis.exceptions import RedisError, ResponseError

from app.engines.redis.server import SandboxServer

log = logging.getLogger(__name__)

TRIES = 3
ADMIN_WAIT_S = 0.3
ANSWER_WAIT_S = 0.15
POLL_S = 0.005


async def interrupt(server: SandboxServer, client_id: int, answered: Callable[[], bool]) -> bool:
    """End what a client runs. True when only killing the server did it.

    A blocked command is unblocked and a script killed; neither costs the connection. A script that has written
    cannot be ended, nor a command that keeps the server from answering: the process is then killed.
    """
    for _ in range(TRIES):
        if answered():
            return False
        try:
            ended = await asyncio.wait_for(_ask(server, client_id), ADMIN_WAIT_S)
        except (TimeoutError, RedisError, OSError) as exc:
            log.info("%s does not answer: %s", server.process.name, exc)
            break
        if not ended:
            break
        if await _within(ANSWER_WAIT_S, answered):
            return False
    if answered():
        return False
    await server.kill()
    return True


async def _ask(server: SandboxServer, client_id: int) -> bool:
    """False when the server says that it can't end it."""
    admin = server.admin()
    try:
        await admin.client_unblock(client_id, error=True)
    except ResponseError as busy:
        if not str(busy).startswith("BUSY"):
            raise
    else:
        return True
    for kill in ("SCRIPT KILL", "FUNCTION KILL"):
        try:
            await server.ask(kill)
        except ResponseError as exc:
            if "UNKILLABLE" in str(exc):
                return False
        else:
            return True
    return True


async def _within(seconds: float, answered: Callable[[], bool]) -> bool:
    for _ in range(int(seconds / POLL_S)):
        if answered():
            return True
        await asyncio.sleep(POLL_S)
    return answered()
