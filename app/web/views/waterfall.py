"""The waterfall of a script's calls, laid out: a row for each call, time going right, in parts of a thousand."""

from dataclasses import dataclass
from math import floor, log10
from typing import Any

WIDTH = 1_000
LEAST = 3
"""How wide the shortest call is drawn, so that it is seen."""
MAX_TICKS = 5
CHARACTER = 10
"""How wide a character of a bracket's name is."""


@dataclass(frozen=True, slots=True)
class Row:
    """A call and its bar: `wait` from where it was asked for, `bar` from where its connection was free."""

    call: dict[str, Any]
    x: float
    wait: float
    bar_x: float
    bar: float


@dataclass(frozen=True, slots=True)
class Part:
    """What the script measured, or None around it, with the rows that began in it. `x` and `width`: its bracket."""

    span: dict[str, Any] | None
    x: float
    width: float
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Lane:
    """An engine at a glance: a line for each connection, with the bars on it."""

    engine: str
    lines: list[list[Row]]


@dataclass(frozen=True, slots=True)
class Bracket:
    """A measurement at a glance; `name` is "" where it has no room."""

    name: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`ticks`: where they stand, and their label in milliseconds."""

    parts: list[Part]
    lanes: list[Lane]
    brackets: list[Bracket]
    ticks: list[tuple[float, str]]
    longest_span_ms: float


def lay_out(run: dict[str, Any]) -> Waterfall:
    """A script's result as `Scripts.run` gives it. A call within two measurements stands in the one that began last."""
    ends = [call["start_ms"] + call["waited_ms"] + call["ms"] for call in run["calls"]]
    total = max([*ends, *(span["start_ms"] + (span["ms"] or 0) for span in run["spans"]), 1.0])
    scale = WIDTH / total
    parts: list[Part] = []
    for call in run["calls"]:
        span = _span_of(call, run["spans"])
        if not parts or parts[-1].span is not span:
            parts.append(_part(span, scale))
        parts[-1].rows.append(_row(call, scale))
    longest = max([span["ms"] or 0.0 for span in run["spans"]], default=0.0)
    brackets = [_bracket(span, scale) for span in run["spans"]]
    return Waterfall(parts, _lanes(parts), brackets, _ticks(total, scale), longest)


def _lanes(parts: list[Part]) -> list[Lane]:
    """The engines in the order in which they were called first, the connections by name."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in (row for part in parts for row in part.rows if row.call["connection"]):
        found.setdefault(row.call["engine"], {}).setdefault(row.call["connection"], []).append(row)
    return [Lane(engine, [lines[name] for name in sorted(lines)]) for engine, lines in found.items()]


def _bracket(span: dict[str, Any], scale: float) -> Bracket:
    part = _part(span, scale)
    fits = len(span["name"]) * CHARACTER <= part.width
    return Bracket(span["name"] if fits else "", part.x, part.width)


def _span_of(call: dict[str, Any], spans: list[dict[str, Any]]) -> dict[str, Any] | None:
    at = call["start_ms"]
    within = [
        span for span in spans if span["start_ms"] <= at and (span["ms"] is None or at <= span["start_ms"] + span["ms"])
    ]
    return within[-1] if within else None


def _part(span: dict[str, Any] | None, scale: float) -> Part:
    if span is None:
        return Part(None, 0, 0, [])
    x = span["start_ms"] * scale
    width = (span["ms"] * scale) if span["ms"] is not None else WIDTH - x
    return Part(span, round(x, 1), round(max(LEAST, width), 1), [])


def _row(call: dict[str, Any], scale: float) -> Row:
    x, wait = call["start_ms"] * scale, call["waited_ms"] * scale
    bar = max(LEAST, call["ms"] * scale)
    bar_x = min(x + wait, WIDTH - bar)
    return Row(call, round(x, 1), round(wait, 1), round(bar_x, 1), round(bar, 1))


def _ticks(total: float, scale: float) -> list[tuple[float, str]]:
    """Round figures, at most so many, from 0 on."""
    step = _round_up(total / MAX_TICKS)
    return [(round(n * step * scale, 1), f"{n * step:g}") for n in range(floor(total / step) + 1)]


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 and so on."""
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value or step == 10)
