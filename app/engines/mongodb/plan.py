"""Explain documents as plans in the common vocabulary."""

import json
import time
from typing import Any

from app.core.errors import StatementRefused
from app.core.limits import Limits
from app.core.plans import Access, Plan, PlanNode
from app.engines.mongodb import values
from app.engines.mongodb.commands import EXPLAINABLE, Order
from app.engines.mongodb.host import without_machine
from app.engines.mongodb.work import Work
from app.scripting.errors import HostFailure

MIN_EXPLAIN_MS = 250
MAX_CONDITION_CHARS = 300

ACCESS: dict[str, Access] = {
    "COLLSCAN": "full scan",
    "CLUSTERED_IXSCAN": "range",
    "IXSCAN": "index scan",
    "DISTINCT_SCAN": "index only",
    "COUNT_SCAN": "index only",
    "IDHACK": "key lookup",
    "FETCH": "key lookup",
    "TEXT_MATCH": "filter",
    "GEO_NEAR_2DSPHERE": "index scan",
    "SORT": "sort",
    "SORT_MERGE": "sort",
    "LIMIT": "limit",
    "SKIP": "limit",
    "COUNT": "aggregate",
    "RECORD_STORE_FAST_COUNT": "aggregate",
    "OR": "append",
    "AND_SORTED": "join",
    "AND_HASH": "join",
    "UPDATE": "modify",
    "DELETE": "modify",
    "BATCHED_DELETE": "modify",
    "EOF": "values",
    "VIRTUAL_SCAN": "values",
    "GROUP": "aggregate",
    "$GROUP": "aggregate",
    "$BUCKETAUTO": "aggregate",
    "$LOOKUP": "join",
    "EQ_LOOKUP": "join",
    "$GRAPHLOOKUP": "join",
    "$UNIONWITH": "append",
    "$MATCH": "filter",
    "$SORT": "sort",
    "$LIMIT": "limit",
    "$SKIP": "limit",
    "$SETWINDOWFIELDS": "window",
    "$_INTERNALSETWINDOWFIELDS": "window",
    "$OUT": "modify",
    "$MERGE": "modify",
    "$FACET": "materialize",
    "$QUEUE": "values",
}
READING = frozenset(("full scan", "index scan", "index only", "range", "key lookup", "values"))


async def explain(work: Work, command: dict[str, Any], limits: Limits, *, measure: bool) -> Plan:
    """Ask the server for the plan of a command that was sent before. Writes are planned, not executed."""
    name = next(iter(command))
    if name not in EXPLAINABLE:
        raise StatementRefused(f"MongoDB has no plan for {name}.", code="cannot_explain")
    inner = {key: value for key, value in command.items() if key not in ("maxTimeMS", "writeConcern")}
    for many in ("updates", "deletes"):
        if many in inner:
            inner[many] = inner[many][:1]
    verbosity = "executionStats" if measure else "queryPlanner"
    work.deadline = time.monotonic() + max(limits.left_ms, MIN_EXPLAIN_MS) / 1000
    try:
        reply = await work.command(Order("explain", {"explain": inner, "verbosity": verbosity}, "read"))
    except HostFailure as exc:
        raise StatementRefused(
            f"MongoDB gives no plan for this: {exc.fields['message']}", code="cannot_explain"
        ) from exc
    found = values.decode(reply)
    without_machine(found)
    return read(values.plain_reply(found))


def read(found: dict[str, Any]) -> Plan:
    """A plan from an explain reply."""
    stages = found.get("stages")
    planned = stages[0].get("$cursor", stages[0]) if stages else found
    planner = planned.get("queryPlanner") or {}
    stats = planned.get("executionStats") or {}
    winning = planner.get("winningPlan") or {}
    tree = stats.get("executionStages") or winning.get("queryPlan") or winning
    if "slotBasedPlan" in winning:  # the newer engine: its stages have other names, so the logical plan is shown
        tree = winning.get("queryPlan", winning)
    target = str(planner.get("namespace", "")).partition(".")[2] or None
    root = _node(tree, target) if tree else PlanNode(label="EOF", access="values")
    for stage in (stages or [])[1:]:
        root = _pipeline_node(stage, root)
    measured = bool(stats)
    took = _number(stats.get("executionTimeMillis"))
    return Plan(
        root=root,
        access=_path(root),
        examined=_examined(stats),
        returned=root.returned_rows if root.returned_rows is not None else _number(stats.get("nReturned")),
        server_ms=took,
        server_ms_source="explain" if took is not None else None,
        measured=measured,
        note=None if measured else "Planned, not executed: MongoDB gives no figures with it.",
        raw=json.loads(values.to_json(found)),
    )


def _node(stage: dict[str, Any], target: str | None) -> PlanNode:
    label = str(stage.get("stage", "?"))
    below = [stage[key] for key in ("inputStage", "outerStage", "innerStage", "thenStage", "elseStage") if key in stage]
    below += stage.get("inputStages", [])
    children = tuple(_node(child, target) for child in below)
    access = _access(label)
    reads_index = "indexName" in stage
    examined = _number(stage.get("docsExamined"))
    if examined is None:
        examined = _number(stage.get("keysExamined"))
    return PlanNode(
        label=label,
        access=access,
        target=target if access in READING else None,
        index=str(stage["indexName"]) if reads_index else None,
        condition=_condition(stage),
        returned_rows=_number(stage.get("nReturned")),
        examined_rows=examined,
        total_ms=_number(stage.get("executionTimeMillisEstimate")),
        warnings=_warnings(label, stage, examined),
        children=children,
        raw={key: values.to_data(value) for key, value in stage.items() if key not in ("inputStage", "inputStages")},
    )


def _pipeline_node(stage: dict[str, Any], below: PlanNode) -> PlanNode:
    """A stage of an aggregate, over what comes before it."""
    name = next((key for key in stage if key.startswith("$")), "?")
    body = stage.get(name)
    target = body.get("from") if isinstance(body, dict) else None
    return PlanNode(
        label=name,
        access=_access(name.upper()),
        target=str(target) if target else None,
        condition=_text(body),
        returned_rows=_number(stage.get("nReturned")),
        total_ms=_number(stage.get("executionTimeMillisEstimate")),
        children=(below,),
        raw={key: values.to_data(value) for key, value in stage.items()},
    )


def _access(label: str) -> Access:
    if label.startswith("PROJECTION") or label in ("$PROJECT", "$ADDFIELDS", "$SET", "$UNSET", "$UNWIND"):
        return "other"
    return ACCESS.get(label, "other")


def _path(root: PlanNode) -> Access:
    """How the data itself is reached: the deepest reading step on the left, a key lookup behind an index being that index."""
    node = root
    while node.children:
        node = node.children[0]
    if node.label == "IXSCAN" and not _fetches(root):
        return "index only"
    return node.access


def _fetches(node: PlanNode) -> bool:
    return node.label == "FETCH" or any(_fetches(child) for child in node.children)


def _examined(stats: dict[str, Any]) -> float | None:
    documents, keys = _number(stats.get("totalDocsExamined")), _number(stats.get("totalKeysExamined"))
    return documents or (keys or documents)


def _condition(stage: dict[str, Any]) -> str | None:
    for key in ("indexBounds", "filter", "sortPattern", "limitAmount", "skipAmount", "transformBy", "parsedTextQuery"):
        if stage.get(key):
            return _text(stage[key])
    return None


def _warnings(label: str, stage: dict[str, Any], examined: float | None) -> tuple[str, ...]:
    returned = _number(stage.get("nReturned"))
    warnings = []
    if (
        label == "COLLSCAN"
        and stage.get("filter")
        and examined
        and returned is not None
        and examined >= 10 * max(returned, 1)
    ):
        warnings.append(
            f"Every document was read ({examined:,.0f}) to find {returned:,.0f}; an index would read those alone."
        )
    if label == "SORT" and stage.get("usedDisk"):
        warnings.append("The sort did not fit into memory.")
    return tuple(warnings)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = json.dumps(json.loads(values.to_json(value)), ensure_ascii=False) if not isinstance(value, str) else value
    return text if len(text) <= MAX_CONDITION_CHARS else f"{text[:MAX_CONDITION_CHARS]}…"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
