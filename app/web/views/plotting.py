"""Lines over log axes, as the numbers of an SVG."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

WIDTH, HEIGHT = 520, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 88, 12, 36
LABEL_GAP = 14

Points = Sequence[tuple[float, float]]


def plot(lines: Mapping[str, Points], unit: str) -> dict[str, Any]:
    """Where the axes' ticks and each engine's points lie. Both axes are logarithmic, in whole decades."""
    xs = [x for points in lines.values() for x, _ in points if x > 0]
    ys = [max(y, 0.001) for points in lines.values() for _, y in points]
    if not xs:
        return {"lines": {}, "labels": {}, "x": [], "y": [], "unit": unit, "width": WIDTH, "height": HEIGHT}
    across, up = _decades(xs), _decades(ys)

    def place_x(value: float) -> float:
        return round(LEFT + (log10(value) - across[0]) / (across[1] - across[0]) * (WIDTH - LEFT - RIGHT), 1)

    def place_y(value: float) -> float:
        return round(HEIGHT - BOTTOM - (log10(value) - up[0]) / (up[1] - up[0]) * (HEIGHT - TOP - BOTTOM), 1)

    placed = {
        slug: [{"x": place_x(x), "y": place_y(max(y, 0.001)), "at": x, "value": y} for x, y in points if x > 0]
        for slug, points in lines.items()
    }
    return {
        "lines": placed,
        "labels": _labels({slug: points[-1]["y"] for slug, points in placed.items() if points}),
        "x": [(place_x(10.0**power), _label(power)) for power in range(across[0], across[1] + 1)],
        "y": [(place_y(10.0**power), _label(power)) for power in range(up[0], up[1] + 1)],
        "unit": unit,
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": TOP,
        "bottom": HEIGHT - BOTTOM,
    }


def _labels(ends: Mapping[str, float]) -> dict[str, float]:
    """Where the lines' names stand: beside their ends, and apart from each other."""
    found: dict[str, float] = {}
    below = float("-inf")
    for slug, y in sorted(ends.items(), key=lambda item: item[1]):
        below = found[slug] = max(y, below + LABEL_GAP)
    return found


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _label(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
