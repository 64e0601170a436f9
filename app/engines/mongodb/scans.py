"""A word about queries that no index serves: asked of the planner, and only where it would matter."""

import time
from typing import Any

from app.core.results import Notice
from app.engines.mongodb import values
from app.engines.mongodb.commands import Order
from app.engines.mongodb.work import Work
from app.scripting.errors import HostFailure

MIN_DOCUMENTS = 500
MAX_MS = 300
MIN_LEFT_S = 0.5
FILTERS = {"find": "filter", "count": "query", "distinct": "query", "findAndModify": "query"}


async def scan_notice(work: Work, command: dict[str, Any]) -> Notice | None:
    """Says that a query reads its collection from end to end, when its plan does and the collection is not small."""
    name = next(iter(command))
    target = command[name]
    if not isinstance(target, str) or not _filtered(name, command) or work.deadline - time.monotonic() < MIN_LEFT_S:
        return None
    deadline = work.deadline
    work.deadline = min(deadline, time.monotonic() + MAX_MS / 1000)
    try:
        count = int((await work.command(Order("count", {"count": target}, "read"), remark=True))["n"])
        if count < MIN_DOCUMENTS:
            return None
        inner = {key: value for key, value in command.items() if key not in ("maxTimeMS", "writeConcern")}
        for many in ("updates", "deletes"):
            if many in inner:
                inner[many] = inner[many][:1]
        reply = await work.command(
            Order("explain", {"explain": inner, "verbosity": "queryPlanner"}, "read"), remark=True
        )
    except HostFailure:  # a view, or a command that has no plan: nothing is known, so nothing is said
        return None
    finally:
        work.deadline = deadline
    if not scans(values.decode(reply)):
        return None
    return Notice(
        "warning",
        f"No index serves this query: it reads {target} from end to end ({count:,} documents), or until it has enough.",
    )


def scans(explained: Any) -> bool:
    """Whether the winning plan reads a whole collection."""
    stages = explained.get("stages")
    planned = stages[0].get("$cursor", {}) if stages else explained
    return _has_scan((planned.get("queryPlanner") or {}).get("winningPlan"))


def _has_scan(plan: Any) -> bool:
    if isinstance(plan, dict):
        if plan.get("stage") == "COLLSCAN":
            return plan.get("direction") is not None and "clusteredIndex" not in plan
        return any(_has_scan(value) for value in plan.values())
    return isinstance(plan, list) and any(_has_scan(item) for item in plan)


def _filtered(name: str, command: dict[str, Any]) -> bool:
    """Whether the command looks for some documents and not for all of them."""
    if name == "aggregate":
        pipeline = command.get("pipeline")
        first = pipeline[0] if isinstance(pipeline, list) and pipeline else None
        return isinstance(first, dict) and bool(first.get("$match"))
    for many in ("updates", "deletes"):
        if many in command:
            statements = command[many]
            first = statements[0] if isinstance(statements, list) and statements else None
            return isinstance(first, dict) and bool(first.get("q"))
    return bool(command.get(FILTERS.get(name, "")))
