"""A visitor's connection into the server of their sandbox: logged in, in step, and opened anew when it has to be."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from redis.exceptions import RedisError, ResponseError

from app.core.results import Notice
from app.engines.redis.policy import VISITOR_USER
from app.engines.redis.replies import Reply
from app.engines.redis.server import SandboxServer
from app.engines.redis.standing import Standing
from app.engines.redis.wire import Intake, Wire

_OWN_REPLY_BYTES = 100_000


class Connection:
    """`pending` while a reply is still to come; a connection left so is of use to no one else.

    `server_start` tells which start of the server it belongs to; `notices` collects what the visitor should be told at the next statement.
    """

    def __init__(self, server: SandboxServer, client_name: str, secret: str) -> None:
        self.id = 0
        self.server_start = 0
        self.notices: list[Notice] = []
        self.standing = Standing()
        self._server = server
        self._client_name = client_name
        self._secret = secret
        self._wire: Wire | None = None
        self._reading: asyncio.Task[Reply] | None = None

    @property
    def open(self) -> bool:
        return self._wire is not None and self._wire.open

    @property
    def pending(self) -> bool:
        return self._reading is not None and not self._reading.done()

    @property
    def in_step(self) -> bool:
        return self.open and self._reading is None

    async def connect(self) -> None:
        """Log in as the visitor, with the database and name that the connection before it had."""
        await self.close()
        self._wire = await Wire.connect(self._server.socket)
        self.server_start = self._server.starts
        self.standing = Standing()
        try:
            await self.log_in()
            await self._restore()
        except BaseException:
            await self.close()
            raise
        self._server.client_ids[self._client_name] = self.id
        if self._server.restores > self._server.told.get(self._client_name, 0):
            self.notices.append(
                Notice("warning", f"The Redis server of this sandbox had to be started again. {self._server.lost}")
            )
            self.told()

    def take_notices(self) -> list[Notice]:
        notices, self.notices = self.notices, []
        return notices

    def told(self) -> None:
        """The visitor knows of the server's last restart."""
        self._server.told[self._client_name] = self._server.restores

    async def log_in(self) -> None:
        hello = await self._call(b"HELLO", b"3", b"AUTH", VISITOR_USER.encode(), self._secret.encode())
        self.id = next(value.value for key, value in hello.value if key.value == b"id")

    async def reconnect(self) -> None:
        """Leave everything that the connection still has to say, and go on with a new one."""
        with contextlib.suppress(RedisError, OSError):
            await self._server.remember(self._client_name, self.id)
        await self.connect()

    async def send(self, words: Sequence[bytes], intake: Intake) -> None:
        """Send a command. From now on its reply is pending; `next` gives it."""
        self._read(intake)
        assert self._wire
        await self._wire.send(words)

    async def next(self, intake: Intake, timeout_s: float, halt: asyncio.Task[bool] | None = None) -> Reply | None:
        """The next reply; None when the time is over or `halt` is done, and the reply then stays pending."""
        reading = self._reading or self._read(intake)
        waited: set[asyncio.Task[Any]] = {reading} if halt is None else {reading, halt}
        await asyncio.wait(waited, timeout=max(0.0, timeout_s), return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            return None
        if self._reading is reading:
            self._reading = None
        if reading.cancelled():
            raise ConnectionResetError("the connection was closed meanwhile")
        return reading.result()

    def _read(self, intake: Intake) -> asyncio.Task[Reply]:
        if self._wire is None:
            raise ConnectionResetError("not connected")
        self._reading = asyncio.create_task(self._wire.read(intake))
        return self._reading

    async def settle(self) -> Reply | None:
        """Take the reply of something that was ended; None when it gave none."""
        if self._reading is None:
            return None
        reading, self._reading = self._reading, None
        (reply,) = await asyncio.gather(reading, return_exceptions=True)
        return reply if isinstance(reply, Reply) else None

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await self.settle()
        if self._wire is not None:
            wire, self._wire = self._wire, None
            await wire.close()

    async def _restore(self) -> None:
        state = self._server.remembered.get(self._client_name)
        if state is None:
            return
        if state.resp != 3:
            await self._call(b"HELLO", b"%d" % state.resp)
            self.standing.resp = state.resp
        if state.db:
            await self._call(b"SELECT", b"%d" % state.db)
            self.standing.db = state.db
        if state.name:
            await self._call(b"CLIENT", b"SETNAME", state.name)
        if state.in_transaction:
            self.notices.append(Notice("warning", "The connection was opened anew: MULTI and WATCH are gone."))
        if state.user != VISITOR_USER:
            said = f"The connection was opened anew, as the sandbox's first user: AUTH becomes {state.user} again."
            self.notices.append(Notice("warning", said))
        del self._server.remembered[self._client_name]

    async def _call(self, *words: bytes) -> Reply:
        assert self._wire
        await self._wire.send(words)
        while True:
            reply = await self._wire.read(Intake(1_000, _OWN_REPLY_BYTES))
            if reply.type == "error":
                raise ResponseError(reply.value.decode(errors="replace"))
            if reply.type != "push":
                return reply
