"""An index made, used and dropped again, with the plan of a read before and after."""

import json
import re
import time
from typing import Any

from bson import json_util

from app.core.errors import StatementRefused
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.trials import Trial
from app.engines.mongodb import plan as plans
from app.engines.mongodb import values
from app.engines.mongodb.commands import Order
from app.engines.mongodb.work import Work
from app.scripting.errors import HostFailure, ScriptStopped

READS = ("find", "aggregate", "count", "distinct")
DROP_WITHIN_S = 2
TRIED = "The index was made, used and dropped again. Each side was run twice and the second time counts, so that both found the data in memory."
_INDEX = re.compile(r'^db\.(?:(\w+)|getCollection\(("(?:[^"\\]|\\.)*")\))\.createIndex\(\{ (.*) \}\)$')
_FIELD = re.compile(r'(?:([A-Za-z_$][\w$]*)|("(?:[^"\\]|\\.)*")): (-?1)(?:, |$)')


async def try_index(work: Work, explained: Any, index: str, limits: Limits) -> Trial:
    """Raises StatementRefused for a command that writes, or an index that is there already."""
    command = _read_of(explained)
    collection, keys = _index_of(index)
    deadline = time.monotonic() + limits.left_ms / 1000
    before = await _warm(work, command, limits, deadline)
    work.deadline = deadline
    made = False
    name = "_".join(f"{field}_{way}" for field, way in keys.items())
    try:
        order = {"createIndexes": collection, "indexes": [{"key": keys, "name": name}]}
        told = values.decode(await work.command(Order("createIndexes", order, "grow", collection)))
        made = told.get("numIndexesAfter", 0) > told.get("numIndexesBefore", 0)
        if not made:
            raise StatementRefused(f"The index {name} is there already.", code="cannot_try")
        after = await _warm(work, command, limits, deadline)
    except HostFailure as exc:
        raise StatementRefused(f"MongoDB made no index: {exc.fields['message']}", code="cannot_try") from exc
    finally:
        if made:
            await _drop(work, collection, name)
    of = index[: index.index(".createIndex(")]
    return Trial(index, f"{of}.dropIndex({json.dumps(name)})", before, after, TRIED)


async def _warm(work: Work, command: dict[str, Any], limits: Limits, deadline: float) -> Plan:
    for last in (False, True):
        if time.monotonic() >= deadline:
            raise ScriptStopped("time")
        plan = await plans.explain(work, command, limits, measure=True)
        if last:
            return plan
    raise AssertionError


async def _drop(work: Work, collection: str, name: str) -> None:
    """Also after a Stop, and when time is over."""
    work.stopped = False
    work.deadline = time.monotonic() + DROP_WITHIN_S
    await work.command(Order("dropIndexes", {"dropIndexes": collection, "index": name}, "other"))


def _read_of(explained: Any) -> dict[str, Any]:
    """The command that was explained, as it can be explained again."""
    told = explained.get("command") if isinstance(explained, dict) else None
    if not isinstance(told, dict) or next(iter(told), "") not in READS:
        raise StatementRefused("Only reads can be tried with an index: a write would be done again.", code="cannot_try")
    command: dict[str, Any] = json_util.loads(json.dumps(told), json_options=values.OPTIONS)
    pipeline = command.get("pipeline") or []
    if any(stage.keys() & {"$out", "$merge"} for stage in pipeline if isinstance(stage, dict)):
        raise StatementRefused("This pipeline writes, so it is not run again.", code="cannot_try")
    if "pipeline" in command:
        command.setdefault("cursor", {})
    return {name: value for name, value in command.items() if name not in ("$db", "maxTimeMS", "comment", "lsid")}


def _index_of(source: str) -> tuple[str, dict[str, int]]:
    """Collection and keys of an index as our own remedies write it."""
    found = _INDEX.match(source)
    keys = {}
    if found:
        for field in _FIELD.finditer(found[3]):
            keys[json.loads(field[2]) if field[2] else field[1]] = int(field[3])
    if not found or not keys:
        raise StatementRefused("This makes no index that could be undone.", code="cannot_try")
    return found[1] or json.loads(found[2]), keys
