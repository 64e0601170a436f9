"""Trying a suggested index in the visitor's sandbox: both plans, and nothing left behind."""

from dataclasses import dataclass
from typing import Any

from app.core.errors import InvalidRequest, StatementError
from app.core.plan_difference import Difference, difference
from app.core.plan_encoding import encode_plan
from app.core.results import Statement
from app.playground.running.runner import Runner


@dataclass(frozen=True, slots=True)
class TriedIndex:
    """What a trial showed. Plans are encoded."""

    statement: str
    source: str
    drop: str
    note: str
    before: dict[str, Any]
    after: dict[str, Any]
    difference: Difference


class Trials:
    """Tries only what the session's last run suggested for one of its own statements."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def try_index(self, session_id: str, slug: str, number: int, source: str) -> TriedIndex:
        """Raises InvalidRequest when the last run has no such suggestion, and what trying it raises."""
        result = self._suggested(session_id, slug, number, source)
        told = result["statement"]
        statement = Statement(told["text"], told["start"], told["end"], told["line"])
        async with self._runner.borrow(session_id, slug) as client:
            try:
                trial = await client.try_index(statement, result["plan"]["raw"], source, self._runner.limits)
            except StatementError as exc:
                raise InvalidRequest(f"The index could not be tried: {exc.message}", hint=exc.hint) from exc
        before, after = encode_plan(trial.before), encode_plan(trial.after)
        return TriedIndex(
            statement.text, trial.source, trial.drop, trial.note, before, after, difference(before, after)
        )

    def _suggested(self, session_id: str, slug: str, number: int, source: str) -> dict[str, Any]:
        last = self._runner.last(session_id, slug)
        results = last["results"] if last and "results" in last else []
        if 1 <= number <= len(results):
            result: dict[str, Any] = results[number - 1]
            insights = result.get("plan", {}).get("insights", [])
            if any(found.get("index") and found.get("source") == source for found in insights):
                return result
        raise InvalidRequest(
            "The last run here suggests no such index any more.",
            hint="Explain the statement again, then try the index.",
        )
