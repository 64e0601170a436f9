"""The one function a script can call: JSON in, JSON out, answered by coroutines on the app's loop, within the time left."""

import asyncio
import concurrent.futures
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from app.scripting.errors import HostFailure, ScriptStopped

Operation = Callable[[dict[str, Any]], Awaitable[str]]
"""Takes the call's fields and gives the answer as JSON text."""

Direct = Callable[[dict[str, Any]], str | None]
"""Answers a call at once, on the script's own thread, or gives None: then the operation does. Whatever it waits for must end by itself in time."""

GRACE_S = 0.25
"""How long an answer may come after the deadline, so that a server's own limit can speak first."""


class Bridge:
    """Answers one script's calls. `call` runs on the script's thread, everything else on the app's loop."""

    def __init__(self, operations: Mapping[str, Operation], direct: Direct | None = None) -> None:
        self._operations = operations
        self._direct = direct
        self._loop = asyncio.get_running_loop()
        self._pending: concurrent.futures.Future[str] | None = None
        self.failures: list[HostFailure] = []

    def call(self, message: str, deadline: float) -> str:
        """Answer one call, waiting until `deadline` (monotonic seconds) at the most.

        Raises ScriptStopped after it, or when cancelled.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise ScriptStopped("time")
        request = _read(message)
        operation = self._operations.get(str(request.get("op")))
        if operation is None:
            return json.dumps({"error": {"name": "TypeError", "message": "unknown host operation"}})
        try:
            answer = self._direct(request) if self._direct is not None else None
            if answer is not None:
                return answer
            self._pending = asyncio.run_coroutine_threadsafe(_answer(operation, request), self._loop)
            return self._pending.result(left + GRACE_S)
        except HostFailure as failure:
            self.failures = [*self.failures[-9:], failure]
            return json.dumps({"error": failure.fields})
        except concurrent.futures.CancelledError:
            raise ScriptStopped("stopped") from None
        except concurrent.futures.TimeoutError:
            self.cancel()
            raise ScriptStopped("time") from None
        finally:
            self._pending = None

    def cancel(self) -> None:
        """Give up the call that waits now, if any."""
        pending = self._pending
        if pending is not None:
            pending.cancel()

    def failure_of(self, name: str, message: str) -> HostFailure | None:
        """The host failure that an uncaught error of the script came from."""
        for failure in reversed(self.failures):
            if failure.fields["name"] == name and failure.fields["message"] == message:
                return failure
        return None


def _read(message: str) -> dict[str, Any]:
    """The call's fields; half a surrogate pair, which JavaScript allows in a string, becomes a question mark."""
    request = json.loads(message)
    if "\\ud" in message:
        request = json.loads(json.dumps(request, ensure_ascii=False).encode("utf-8", "replace"))
    return request if isinstance(request, dict) else {}


async def _answer(operation: Operation, request: dict[str, Any]) -> str:
    return await operation(request)
