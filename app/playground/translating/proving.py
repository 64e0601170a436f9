"""Running a translation beside the SQL it was made of: no translation is right before its answer was the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.playground.comparing import comparison
from app.playground.comparing.answers import Difference
from app.playground.running.runner import Runner, RunRequest
from app.playground.translating.carried import Carried
from app.playground.translating.translation import REFERENCE, Translated, judge

State = Literal["reference", "refused", "waiting", "edited", "same", "differs", "unproven"]


@dataclass(frozen=True, slots=True)
class Proof:
    """How a translation stands. `waiting`: it was not run, or PostgreSQL was not; `edited`: another source stands in its place;
    `unproven`: it was run, but PostgreSQL gave no answer to compare it with.
    """

    engine: str
    state: State
    carried: Carried | None = None
    difference: Difference | None = None


def source_of(translated: Translated, engine: str) -> str:
    """What an engine runs; nothing where it can't."""
    return translated.source if engine == REFERENCE else translated.carried[engine].source


async def run(
    runner: Runner, session_id: str, translated: Translated, requests: Sequence[RunRequest]
) -> dict[str, dict[str, Any]]:
    """Run side by side. A change begins on fresh data, so that what it leaves can be compared."""
    asked = [request for request in requests if request.source.strip()]
    if translated.changes:
        for request in asked:
            await runner.reset(session_id, request.engine)
    return await comparison.run_all(runner, session_id, asked)


def proofs(
    translated: Translated, sources: Mapping[str, str], runs: Mapping[str, Mapping[str, Any] | None]
) -> list[Proof]:
    """One for each engine of `sources`; `runs` are the runs of exactly those sources."""
    same = {engine for engine, text in sources.items() if text.strip() == source_of(translated, engine).strip()}
    there = {engine: run for engine, run in runs.items() if run is not None and engine in same}
    judgement = judge(translated, there) if REFERENCE in there else None
    found = []
    for engine in sources:
        carried = translated.carried.get(engine)
        state, difference = _state(engine, carried, engine in same), None
        if state in ("reference", "waiting") and judgement is not None and engine in judgement.differences:
            difference = judgement.differences[engine]
            state = _judged(engine, state, difference, failed=judgement.differences[REFERENCE] is not None)
            difference = None if state == "unproven" else difference
        found.append(Proof(engine, state, carried, difference))
    return found


def _state(engine: str, carried: Carried | None, same: bool) -> State:
    if not same:
        return "edited"
    if engine == REFERENCE:
        return "reference"
    return "waiting" if carried is not None and carried.source else "refused"


def _judged(engine: str, state: State, difference: Difference | None, *, failed: bool) -> State:
    if engine == REFERENCE:
        return "differs" if difference else state
    return "unproven" if failed else "differs" if difference else "same"
