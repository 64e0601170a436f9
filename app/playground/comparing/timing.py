"""Runs repeated to be timed fairly, and at growing sizes of a dataset. Bounded in number and time, and ended by Stop."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil
from statistics import median
from typing import Any

from app.core.errors import EngineBusy, PlaygroundError
from app.datasets import SIZES
from app.playground.comparing.comparison import figures
from app.playground.running.runner import Runner, RunRequest

ROUNDS = (5, 20, 50)
WARM_UP = 1
MAX_REPEAT_S = 20
GROWTH_SCALES = (1, 4, 16, SIZES["L"] // 2, SIZES["L"])
RUNS_AT_EACH_SIZE = 3
MAX_GROWTH_S = 60


@dataclass(slots=True)
class Series:
    """The times of one engine, one for each round. `failed`: rounds whose run did not complete; `why`: the first one's reason."""

    engine: str
    round_trips_ms: list[float] = field(default_factory=list)
    server_ms: list[float] = field(default_factory=list)
    failed: int = 0
    why: str | None = None

    def add(self, run: Mapping[str, Any]) -> None:
        found = figures(run, "", "")
        if found is None or run["stats"]["outcome"] != "ok" or "seed_error" in run:
            self.fail(_reason(run))
            return
        self.round_trips_ms.append(found.round_trip_ms)
        if found.server_ms is not None:
            self.server_ms.append(found.server_ms)

    def fail(self, why: str) -> None:
        self.failed += 1
        self.why = self.why or why

    @property
    def summary(self) -> dict[str, float | None]:
        return {
            "median": median(self.round_trips_ms) if self.round_trips_ms else None,
            "p95": p95(self.round_trips_ms),
            "server_median": median(self.server_ms) if self.server_ms else None,
            "server_p95": p95(self.server_ms),
        }


@dataclass(slots=True)
class Repeated:
    """`cut` says why there are fewer rounds than were asked for."""

    asked: int
    series: list[Series]
    done: int = 0
    cut: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One size: the records the engine held, the median time of the runs there, and what they examined. `cut`: at a limit of results."""

    scale: int
    records: int
    ms: float | None
    examined: float | None
    why: str | None = None
    cut: bool = False


@dataclass(slots=True)
class Growth:
    points: dict[str, list[Point]]
    scales: tuple[int, ...]
    cut: str | None = None


def p95(values: Sequence[float]) -> float | None:
    """The value that 95 of 100 do not exceed, by nearest rank."""
    return sorted(values)[ceil(0.95 * len(values)) - 1] if values else None


def _reason(run: Mapping[str, Any]) -> str:
    for result in (run.get("seed_error"), *reversed(run.get("results", ()))):
        if result and result.get("error"):
            return str(result["error"]["message"])
    return str(run["error"]["message"]) if "error" in run else "The run did not complete."


class Timings:
    """At most one timing per session at a time."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._stopping: dict[str, bool] = {}

    def stop(self, session_id: str) -> None:
        """End the session's timing after the run that goes on."""
        if session_id in self._stopping:
            self._stopping[session_id] = True

    async def repeat(self, session_id: str, requests: Sequence[RunRequest], rounds: int) -> Repeated:
        """Run all requests in turn, each round beginning with another engine; the first round warms up and does not count."""
        found = Repeated(rounds, [Series(request.engine) for request in requests])
        with self._going(session_id):
            began = time.monotonic()
            for number in range(WARM_UP + rounds):
                found.cut = self._cut(session_id, began, MAX_REPEAT_S)
                if found.cut:
                    break
                for turn in range(len(requests)):
                    at = (number + turn) % len(requests)
                    await self._add(session_id, requests[at], found.series[at], counts=number >= WARM_UP)
                found.done = max(0, number + 1 - WARM_UP)
        return found

    async def grow(
        self, session_id: str, requests: Sequence[RunRequest], records: Mapping[int, Mapping[str, int]]
    ) -> Growth:
        """Run all requests at each size of their dataset. `records`: how many each engine holds at each scale."""
        found = Growth({request.engine: [] for request in requests}, tuple(records))
        with self._going(session_id):
            began = time.monotonic()
            for scale, held in records.items():
                for request in requests:
                    found.cut = found.cut or self._cut(session_id, began, MAX_GROWTH_S)
                    points = found.points[request.engine]
                    if found.cut or (points and points[-1].why):
                        continue
                    sized = replace(request, dataset=f"{request.dataset.partition(':')[0]}:{scale}")
                    points.append(await self._point(session_id, sized, scale, held[request.engine]))
        return found

    async def _point(self, session_id: str, request: RunRequest, scale: int, records: int) -> Point:
        series, examined, cut = Series(request.engine), None, False
        for _ in range(RUNS_AT_EACH_SIZE):
            try:
                run = await self._runner.run(session_id, request)
            except PlaygroundError as exc:
                return Point(scale, records, None, None, exc.message)
            series.add(run)
            if series.why:
                return Point(scale, records, None, None, series.why)
            measured = figures(run, "", "")
            examined = measured.examined if measured else None
            cut = any("truncated" in result for result in run["results"])
        return Point(scale, records, median(series.round_trips_ms), examined, cut=cut)

    async def _add(self, session_id: str, request: RunRequest, series: Series, *, counts: bool) -> None:
        try:
            run = await self._runner.run(session_id, request)
        except PlaygroundError as exc:
            series.fail(exc.message)
            return
        if counts:
            series.add(run)

    def _cut(self, session_id: str, began: float, most_s: float) -> str | None:
        if self._stopping.get(session_id):
            return "Stopped by you."
        return f"Ended at the limit of {most_s:g} s." if time.monotonic() - began > most_s else None

    @contextmanager
    def _going(self, session_id: str) -> Iterator[None]:
        if session_id in self._stopping:
            raise EngineBusy(
                "A timing is already going on here; nothing was started.", hint="Wait for its end, or press Stop."
            )
        self._stopping[session_id] = False
        try:
            yield
        finally:
            del self._stopping[session_id]
