"""The documents after each stage of a pipeline: how many, and the first few."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from app.core.errors import StatementRefused
from app.core.limits import Limits
from app.core.results import Result, Stage, Statement, Truncated
from app.engines.mongodb import values
from app.engines.mongodb.commands import HIDES_HOST, Order
from app.engines.mongodb.errors import refusal
from app.engines.mongodb.work import Work
from app.scripting.errors import HostFailure

MAX_STAGES = 30
MAX_COUNTED = 10_000
SHOWN = 3
WRITING = ("$out", "$merge")


async def stages(work: Work, order: Order, session: str | None, statement: Statement, limits: Limits) -> Result:
    """Run the pipeline as far as each of its stages, within the run's limits. Nothing is written."""
    pipeline = order.command.get("pipeline")
    given: list[Any] = pipeline if isinstance(pipeline, list) else []
    if len(given) > MAX_STAGES or order.waits:
        reason = "A change stream has no end to count." if order.waits else f"It shows {MAX_STAGES} stages at the most."
        raise refusal(StatementRefused("stages() cannot show this pipeline.", code="stages", hint=reason))
    result = Result(kind="documents", statement=statement, documents=[], stages=[])
    found: list[Stage] = []
    size = 0
    for stage, prefix in _steps(order.command.get("aggregate"), given):
        if prefix is None:
            found.append(replace(stage, note="writes, so it was not run here"))
            continue
        began = time.perf_counter()
        try:
            done = await _after(work, order, prefix, session, stage)
        except HostFailure as exc:
            found.append(replace(stage, note=str(exc.fields["message"])))
            break
        size += len(json.dumps(done.documents))
        if size > limits.max_reply_bytes:
            value, shown = limits.max_reply_bytes, len(found)
            found.append(replace(done, documents=[], note="its documents are too large to show"))
            message = f"The documents of the first {shown:,} stages; a run may have {value:,} bytes."
            result.truncated = Truncated("max_reply_bytes", value, shown, message)
            break
        found.append(replace(done, ms=(time.perf_counter() - began) * 1000))
    result.stages, result.reply_bytes = found, size
    return result


def _steps(target: Any, pipeline: list[Any]) -> Iterator[tuple[Stage, list[Any] | None]]:
    """What stands before the pipeline, then each stage, with the pipeline up to there; None for what would write."""
    if isinstance(target, str):
        yield Stage("input", target), []
    for at, item in enumerate(pipeline):
        if item == HIDES_HOST:
            continue
        name, body = _named(item)
        end = at + 2 if pipeline[at + 1 : at + 2] == [HIDES_HOST] else at + 1
        yield Stage(name, body), None if name in WRITING else pipeline[:end]


async def _after(work: Work, order: Order, prefix: list[Any], session: str | None, stage: Stage) -> Stage:
    facets = {"n": [{"$count": "n"}], "first": [{"$limit": SHOWN}]}
    pipeline = [*prefix, {"$limit": MAX_COUNTED}, {"$facet": facets}]
    command = {**order.command, "pipeline": pipeline, "cursor": {}}
    reply = await work.command(Order("aggregate", command, "read"), seat=work.seats.of(session))
    answer = [values.decode(raw) for raw in reply["cursor"]["firstBatch"]]
    counted = answer[0]["n"][0]["n"] if answer and answer[0].get("n") else 0
    first = [values.to_data(document) for document in (answer[0].get("first", []) if answer else [])]
    return replace(stage, count=counted, more=counted >= MAX_COUNTED, documents=first)


def _named(stage: Any) -> tuple[str, Any]:
    name = next(iter(stage), "?") if isinstance(stage, dict) else "?"
    return str(name), values.shell_text(stage.get(name) if isinstance(stage, dict) else stage)
