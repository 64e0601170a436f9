"""What is written down of a script: its calls, what it measured, what it printed."""

from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.engine import Engine

MAX_PRINTED_BYTES = 200_000
MAX_PRINTED_LINES = 2_000

Kind = Literal["call", "connect", "close"]


@dataclass(slots=True)
class Call:
    """A call of an engine. Times are milliseconds since the script began; `waited_ms`: until a connection was free; `ms`: without that.

    `outcome`: ok, cut (the answer was, see `note`), failed, refused or stopped; None while it goes on. `note`: its error, or what was cut.
    """

    number: int
    engine: str
    kind: Kind
    shown: str
    start_ms: float
    waited_ms: float = 0.0
    ms: float = 0.0
    connection: str | None = None
    rows: int | None = None
    bytes: int = 0
    outcome: str | None = None
    note: str | None = None


@dataclass(slots=True)
class Span:
    """A part of the script that it measured: the calls that began while it went on. `engine_ms`: when at least one of them did."""

    name: str
    start_ms: float
    first: int
    ms: float | None = None
    engine_ms: float = 0.0
    calls: int = 0
    connects: int = 0
    rows: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Output:
    """What was printed, as far as it is kept; `lost` lines are not."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    bytes: int = 0
    lost: int = 0

    def add(self, severity: str, text: str, at_ms: float) -> bool:
        room = MAX_PRINTED_BYTES - self.bytes
        if room <= 0 or len(self.lines) >= MAX_PRINTED_LINES:
            self.lost += 1
            return False
        cut = len(text) > room
        self.lost += cut
        self.lines.append({"severity": severity, "text": text[:room], "at_ms": round(at_ms, 3)})
        self.bytes += len(text[:room])
        return True


def busy_ms(calls: list[Call]) -> float:
    """How long at least one of the calls was going on, waiting for a connection included."""
    total = until = 0.0
    for call in sorted(calls, key=lambda call: call.start_ms):
        end = call.start_ms + call.waited_ms + call.ms
        total += max(0.0, end - max(until, call.start_ms))
        until = max(until, end)
    return total


def by_engine(calls: list[Call], engines: list[Engine]) -> list[dict[str, Any]]:
    """What each engine was asked for in all, in menu order; those that were not called are left out."""
    found = []
    for engine in engines:
        mine = [call for call in calls if call.engine == engine.slug]
        if mine:
            found.append(
                {
                    "engine": engine.slug,
                    "label": engine.label,
                    "version": engine.info.version,
                    "calls": sum(call.kind == "call" for call in mine),
                    "connects": sum(call.kind == "connect" for call in mine),
                    "ms": sum(call.ms for call in mine),
                    "rows": sum(call.rows or 0 for call in mine),
                    "bytes": sum(call.bytes for call in mine),
                }
            )
    return found
