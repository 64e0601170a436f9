"""Where the bars of a waterfall lie."""

from typing import Any

import pytest

from app.playground.scripts.records import Call, Output, busy_ms
from app.web.views.waterfall import WIDTH, lay_out


def call(number: int, start: float, ms: float, waited: float = 0.0) -> dict[str, Any]:
    engine, connection = ("redis", "S1") if number % 2 else ("postgres", "S2")
    return {
        "number": number, "start_ms": start, "ms": ms, "waited_ms": waited, "engine": engine, "connection": connection,
    }  # fmt: skip


def span(name: str, start: float, ms: float | None) -> dict[str, Any]:
    return {"name": name, "start_ms": start, "ms": ms}


def test_bars_lie_by_their_times_and_in_the_part_that_measured_them() -> None:
    run = {
        "calls": [call(1, 0, 10), call(2, 20, 30, waited=10), call(3, 70, 0.001), call(4, 90, 10)],
        "spans": [span("outer", 15, 60), span("inner", 65, 9)],
    }
    drawn = lay_out(run)
    assert [(part.span and part.span["name"], [row.call["number"] for row in part.rows]) for part in drawn.parts] == [
        (None, [1]),
        ("outer", [2]),
        ("inner", [3]),
        (None, [4]),
    ]
    rows = [row for part in drawn.parts for row in part.rows]
    assert [(row.x, row.wait, row.bar_x, row.bar) for row in rows] == [
        (0, 0, 0, 100),
        (200, 100, 300, 300),
        (700, 0, 700, 3),
        (900, 0, 900, 100),
    ]
    assert drawn.ticks == [(0, "0"), (200, "20"), (400, "40"), (600, "60"), (800, "80"), (1000, "100")]
    lanes = [(lane.engine, [[row.call["number"] for row in line] for line in lane.lines]) for lane in drawn.lanes]
    assert lanes == [("redis", [[1, 3]]), ("postgres", [[2, 4]])]
    assert [(bracket.name, bracket.x, bracket.width) for bracket in drawn.brackets] == [
        ("outer", 150, 600),
        ("inner", 650, 90),
    ]
    assert (drawn.parts[1].x, drawn.parts[1].width, drawn.longest_span_ms) == (150, 600, 60)


@pytest.mark.parametrize("total", [0.4, 1, 3.3, 17, 99.9, 1_234, 10_000])
def test_ticks_are_round_and_few_and_nothing_leaves_the_figure(total: float) -> None:
    drawn = lay_out({"calls": [call(1, 0, total / 2), call(2, total, 0)], "spans": [span("open", total / 4, None)]})
    assert 2 <= len(drawn.ticks) <= 6
    assert all(0 <= at <= WIDTH for at, _ in drawn.ticks)
    assert {label.strip("0.")[:1] for _, label in drawn.ticks[1:2]} <= {"1", "2", "5"}
    assert all(row.bar_x + row.bar <= WIDTH for part in drawn.parts for row in part.rows)


def test_nothing_called_is_nothing_drawn() -> None:
    assert lay_out({"calls": [], "spans": []}).parts == []


def test_time_in_engines_counts_what_overlaps_once() -> None:
    def made(start: float, ms: float, waited: float = 0.0) -> Call:
        return Call(1, "redis", "call", "x", start, waited, ms)

    assert busy_ms([]) == 0
    assert busy_ms([made(0, 10), made(5, 10), made(20, 1)]) == 16
    assert busy_ms([made(0, 10), made(2, 3), made(4, 2, waited=10)]) == 16


def test_output_is_cut_at_its_bounds_and_says_how_much() -> None:
    output = Output()
    assert output.add("print", "x" * 150_000, 1.0)
    assert output.add("print", "y" * 100_000, 2.0)
    assert not output.add("print", "z", 3.0)
    assert ([len(line["text"]) for line in output.lines], output.lost) == ([150_000, 50_000], 2)
