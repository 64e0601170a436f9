"""Calls of a script across engines: what an engine's `script.js` asks for, and what comes back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from app.core.errors import StatementStopped
from app.core.limits import Limits
from app.core.results import Event, Result, Truncated


@dataclass(frozen=True, slots=True)
class Called:
    """What a call gave.

    `value`: plain data that JSON can carry, for the engine's `script.js`; `ms`: how long the engine took, as its client measured it;
    `truncated`: what of the answer was left out, and by which limit.
    """

    value: Any
    row_count: int | None = None
    reply_bytes: int = 0
    ms: float | None = None
    truncated: Truncated | None = None


def too_long(limits: Limits) -> StatementStopped:
    """The answer of a call has more bytes than its script may still get."""
    return StatementStopped(
        f"Stopped: the answer has more than the {limits.max_reply_bytes:,} bytes that were left to this script.",
        code="max_reply_bytes",
        hint="Ask for fewer rows, or for fewer columns of them.",
        limit=("max_reply_bytes", limits.max_reply_bytes),
    )


async def run_to_end(events: AsyncIterator[Event]) -> Result:
    """The result of a statement that is run to its end."""
    result: Result | None = None
    async for event in events:
        if isinstance(event, Result):
            result = event
    assert result is not None, "an engine's client ended without a result"
    return result
