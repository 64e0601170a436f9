"""The last runs of a session, kept small in this process, so that two of them can be compared."""

import hashlib
import json
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.errors import NotFound
from app.core.plan_difference import Difference, difference
from app.core.plan_encoding import without_raw

KEPT_SESSIONS = 200
KEPT_RUNS = 10
MAX_PLAN_CHARS = 200_000
MAX_SOURCE_CHARS = 20_000
ANSWER = ("kind", "columns", "rows", "documents", "reply", "status", "error")
"""What a result answers, without times, notices and plans."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What is kept of one result: how long it took, how much it gave, a fingerprint of the answer, and its plan without raw parts."""

    statement: str
    kind: str
    count: int | None
    total_ms: float | None
    server_ms: float | None
    fingerprint: str
    plan: dict[str, Any] | None
    plan_note: str | None = None


@dataclass(frozen=True, slots=True)
class RecentRun:
    """A run as it is kept. `number` counts the session's runs of the engine from 1."""

    number: int
    at: datetime
    source: str
    outcome: str
    total_ms: float | None
    results: tuple[Outline, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One statement of both runs: the same place in both. `same_answer` is None where one of them has no such statement."""

    first: Outline | None
    second: Outline | None
    same_answer: bool | None
    same_text: bool
    plans: Difference | None


class RecentRuns:
    """Bounded in sessions, in runs of each, and in what is kept of a run."""

    def __init__(self) -> None:
        self._runs: OrderedDict[tuple[str, str], deque[RecentRun]] = OrderedDict()

    def add(self, session_id: str, slug: str, source: str, at: datetime, run: dict[str, Any]) -> None:
        kept = self._runs.setdefault((session_id, slug), deque(maxlen=KEPT_RUNS))
        number = kept[-1].number + 1 if kept else 1
        results = tuple(_outline(result) for result in run["results"])
        stats = run["stats"]
        kept.append(
            RecentRun(number, at, source[:MAX_SOURCE_CHARS], stats.get("outcome", "ok"), stats.get("total_ms"), results)
        )
        self._runs.move_to_end((session_id, slug))
        while len(self._runs) > KEPT_SESSIONS:
            self._runs.popitem(last=False)

    def forget(self, session_id: str, slug: str) -> None:
        self._runs.pop((session_id, slug), None)

    def of(self, session_id: str, slug: str) -> list[RecentRun]:
        """The newest first."""
        return list(reversed(self._runs.get((session_id, slug), ())))

    def find(self, session_id: str, slug: str, number: int) -> RecentRun:
        for run in self._runs.get((session_id, slug), ()):
            if run.number == number:
                return run
        raise NotFound(f"Run {number} is not kept any more; the last {KEPT_RUNS} are.")


def compared(first: RecentRun, second: RecentRun) -> list[Pair]:
    """Statement by statement, in their order."""
    pairs = []
    for place in range(max(len(first.results), len(second.results))):
        one = first.results[place] if place < len(first.results) else None
        two = second.results[place] if place < len(second.results) else None
        both = one is not None and two is not None
        plans = difference(one.plan, two.plan) if one and two and one.plan and two.plan else None
        pairs.append(
            Pair(
                one,
                two,
                one.fingerprint == two.fingerprint if one and two else None,
                both and one.statement == two.statement,  # type: ignore[union-attr]
                plans,
            )
        )
    return pairs


def _outline(result: dict[str, Any]) -> Outline:
    answer = [result.get(name) for name in ANSWER]
    digest = hashlib.sha256(json.dumps(answer, default=str).encode()).hexdigest()
    plan, note = result.get("plan"), result.get("plan_note")
    if plan is not None:
        plan = without_raw(plan)
        if len(json.dumps(plan)) > MAX_PLAN_CHARS:
            plan, note = None, f"Its plan has more than {MAX_PLAN_CHARS:,} characters and is not kept."
    stats = result["stats"]
    return Outline(
        result["statement"]["text"][:MAX_SOURCE_CHARS],
        result["kind"],
        stats.get("row_count"),
        stats.get("total_ms"),
        stats.get("server_ms"),
        digest,
        plan,
        note,
    )
