"""The documents after each stage of a pipeline: how many, and the first few."""

import json
import time
from dataclasses import replace
from typing import Any

from app.core.errors import StatementRefused
from app.core.limits import Limits
from app.core.results import Result, Stage, Statement, Truncated
from app.engines.mongodb import values
from app.engines.mongodb.commands import Order
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
    for number in range(len(given) + 1):
        name, body = _named(given[number - 1]) if number else ("", None)
        if number == 0 and not isinstance(order.command.get("aggregate"), str):
            continue
        if name in WRITING:
            found.append(Stage(name, body, note="writes, so it was not run here"))
            continue
        began = time.perf_counter()
        stage = Stage(name or "input", body if number else str(order.command["aggregate"]))
        try:
            stage = await _after(work, order, given[:number], session, stage)
        except HostFailure as exc:
            found.append(replace(stage, note=str(exc.fields["message"])))
            break
        stage = replace(stage, ms=(time.perf_counter() - began) * 1000)
        size += len(json.dumps(stage.documents))
        if size > limits.max_reply_bytes:
            stage = replace(stage, documents=[], note="its documents are too large to show")
            value = limits.max_reply_bytes
            result.truncated = Truncated(
                "max_reply_bytes", value, number, f"Documents of {number:,} stages; a run may have {value:,} bytes."
            )
            found.append(stage)
            break
        found.append(stage)
    result.stages, result.reply_bytes = found, size
    return result


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
