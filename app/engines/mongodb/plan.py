"""Explain documents as plans in the common vocabulary."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.errors import StatementRefused
from app.core.limits import Limits
from app.core.plans import READS, Access, Fact, Index, Plan, PlanNode
from app.engines.mongodb import values
from app.engines.mongodb.commands import EXPLAINABLE, Order
from app.engines.mongodb.host import without_machine
from app.engines.mongodb.plan_remedies import remedies_of
from app.engines.mongodb.plan_stages import (
    BELOW,
    access_of,
    conditions_of,
    facts_of,
    method_of,
    number,
    space_of,
    text,
    took_ms,
)
from app.engines.mongodb.work import Work
from app.scripting.errors import HostFailure

MIN_EXPLAIN_MS = 250
MAX_STEPS = 2_000
MAX_DEPTH = 100
TARGETED = READS | {"values"}


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
    plan = read(values.plain_reply(found))
    return replace(plan, indexes=await _indexes(work, plan))


async def _indexes(work: Work, plan: Plan) -> tuple[Index, ...] | None:
    """The indexes of the collections that were read whole, which may have had one that would do."""
    scanned = {node.target for node in plan.root.walk() if node.access == "full scan" and node.target}
    found: list[Index] = []
    for collection in sorted(scanned):
        try:
            _, cursor = await work.open(Order("listIndexes", {"listIndexes": collection}, "read"))
            listed = await work.take(cursor, 64)
        except HostFailure:
            return None
        for raw in listed:
            told = values.decode(raw)
            found.append(
                Index(
                    name=str(told["name"]),
                    target=collection,
                    columns=tuple(told["key"]),
                    unique=bool(told.get("unique")),
                    partial="partialFilterExpression" in told or bool(told.get("sparse")),
                )
            )
    return tuple(found)


def read(found: dict[str, Any]) -> Plan:
    """A plan from an explain reply. Raises StatementRefused for one that is none, or too large to be shown."""
    _bound(found)
    whole = _whole(found)
    if whole is None:
        raise StatementRefused("There is no plan in this explain document.", code="cannot_explain")
    root, stats = whole.root, whole.stats
    took = number(stats.get("executionTimeMillis"))
    rejected = (
        (whole.planner.get("rejectedPlans") or []) if isinstance(whole.planner.get("rejectedPlans"), list) else []
    )
    return Plan(
        root=root,
        access=_path(root),
        examined=whole.examined,
        returned=root.returned_rows if root.returned_rows is not None else number(stats.get("nReturned")),
        server_ms=took,
        server_ms_source="explain" if took is not None else None,
        measured=bool(stats),
        note=None if stats else "Planned, not executed: MongoDB gives no figures with it.",
        noun="documents",
        resolution_ms=1.0,
        facts=(Fact("plans considered and rejected", len(rejected)),) if rejected else (),
        raw=json.loads(values.to_json(found)),
    )


@dataclass(slots=True)
class _Part:
    """What one server says of its part: all of it, or a shard's."""

    root: PlanNode
    planner: dict[str, Any] = field(default_factory=dict)
    stats: dict[str, Any] = field(default_factory=dict)
    examined: float | None = None


def _whole(found: dict[str, Any]) -> _Part | None:
    """The plan of an explain reply, joined from the parts of shards where there are any."""
    shards = found.get("shards")
    if not isinstance(shards, dict):
        return _part(found)
    parts = {str(name): part for name, reply in shards.items() if isinstance(reply, dict) and (part := _part(reply))}
    if not parts:
        return None
    root = PlanNode(
        label="SHARD_MERGE",
        access="gather",
        returned_rows=_sum(part.root.returned_rows for part in parts.values()),
        children=tuple(replace(part.root, role=name) for name, part in parts.items()),
    )
    split = found.get("splitPipeline")
    for stage in _list(split.get("mergerPart")) if isinstance(split, dict) else []:
        root = _pipeline_node(_dict(stage), root)
    first = next(iter(parts.values()))
    times = [number(part.stats.get("executionTimeMillis")) for part in parts.values()]
    slowest = max((ms for ms in times if ms is not None), default=None)
    stats = {"executionTimeMillis": slowest} if slowest is not None else {}
    return _Part(root, first.planner, stats, _sum(part.examined for part in parts.values()))


def _part(found: dict[str, Any]) -> _Part | None:
    stages = found.get("stages") if isinstance(found.get("stages"), list) else None
    planned = _dict(stages[0]) if stages else found
    planned = _dict(planned.get("$cursor", planned))
    planner, stats = _dict(planned.get("queryPlanner")), _dict(planned.get("executionStats"))
    winning = _dict(planner.get("winningPlan"))
    target = str(planner.get("namespace", "")).partition(".")[2] or None
    executed = _dict(stats.get("executionStages"))
    if "queryPlan" in winning:
        root = _node(_dict(winning["queryPlan"]), target, _Slots(executed))
    elif winning or executed:
        root = _node(executed or winning, target, None)
    elif stages:
        root = _pipeline_node(_dict(stages[0]), None)
    elif "queryPlanner" in found:
        root = PlanNode(label="EOF", access="values")
    else:
        return None
    for stage in (stages or [])[1:]:
        root = _pipeline_node(_dict(stage), root)
    documents, keys = number(stats.get("totalDocsExamined")), number(stats.get("totalKeysExamined"))
    return _Part(root, planner, stats, documents or (keys or documents))


class _Slots:
    """The slot-based engine's figures, gathered for each node of the plan that its stages were made from."""

    def __init__(self, executed: dict[str, Any]) -> None:
        self.figures: dict[Any, dict[str, Any]] = {}
        stack = [executed]
        while stack:
            stage = stack.pop()
            place = stage.get("planNodeId")
            if place is not None:
                first = place not in self.figures
                figures = self.figures.setdefault(place, {})
                if first:  # the topmost stage of a node gives what the node gives
                    names = (
                        "nReturned",
                        "executionTimeMillisEstimate",
                        "executionTimeMicros",
                        "executionTimeNanos",
                        "opens",
                    )
                    figures |= {name: stage[name] for name in names if name in stage}
                if "keysExamined" in stage:
                    figures["keysExamined"] = figures.get("keysExamined", 0) + (number(stage["keysExamined"]) or 0)
                if stage.get("stage") in ("scan", "seek", "fetch") and "numReads" in stage:
                    figures["docsExamined"] = figures.get("docsExamined", 0) + (number(stage["numReads"]) or 0)
                for name in ("usedDisk", "spills", "totalDataSizeSorted"):
                    if stage.get(name):
                        figures[name] = stage[name]
            stack.extend(reversed(_below(stage)))

    def of(self, stage: dict[str, Any]) -> dict[str, Any]:
        return self.figures.get(stage.get("planNodeId"), {})


def _node(stage: dict[str, Any], target: str | None, slots: _Slots | None) -> PlanNode:
    if slots is not None:
        stage = stage | slots.of(stage)
    label = str(stage.get("stage", "?"))
    children = tuple(_node(child, target, slots) for child in _below(stage))
    shards = stage.get("shards")
    for shard in shards if isinstance(shards, list) else ():
        told = _dict(shard)
        tree = _dict(told.get("executionStages") or told.get("winningPlan"))
        inner = str(told.get("namespace", "")).partition(".")[2] or target
        child = _node(_dict(tree.get("queryPlan", tree)), inner, None)
        children += (replace(child, role=str(told.get("shardName", "shard"))),)
    access = access_of(label)
    documents, keys, returned = (number(stage.get(name)) for name in ("docsExamined", "keysExamined", "nReturned"))
    examined = documents if documents is not None else keys
    removed = examined - returned if stage.get("filter") and examined is not None and returned is not None else None
    total = took_ms(stage)
    other = stage.get("foreignCollection")
    at = str(other).partition(".")[2] if other else target if access in TARGETED else None
    conditions = conditions_of(stage, removed)
    loops = number(stage.get("opens"))
    return PlanNode(
        label=label,
        access=access,
        target=at,
        index=str(stage["indexName"]) if "indexName" in stage else None,
        condition=next((c.text for c in conditions), None),
        conditions=conditions,
        method=method_of(label, stage),
        returned_rows=returned,
        removed_rows=max(0.0, removed) if removed is not None else None,
        examined_rows=examined,
        keys_examined=keys,
        loops=int(loops) if loops is not None else None,
        total_ms=total,
        own_ms=_own(total, children),
        space=space_of(stage),
        warnings=_warnings(label, stage),
        facts=facts_of(stage),
        remedies=remedies_of(label, stage, target),
        children=children,
        raw={
            key: values.to_data(value) for key, value in stage.items() if key not in (*BELOW, "inputStages", "shards")
        },
    )


def _pipeline_node(stage: dict[str, Any], below: PlanNode | None) -> PlanNode:
    """A stage of an aggregate, over what comes before it."""
    name = next((key for key in stage if key.startswith("$")), "?")
    body = stage.get(name)
    source = body.get("from") or body.get("coll") if isinstance(body, dict) else body if name == "$unionWith" else None
    total = took_ms(stage)
    children = (below,) if below is not None else ()
    return PlanNode(
        label=name,
        access=access_of(name),
        target=str(source) if source else None,
        condition=text(body),
        method=method_of(name, stage),
        returned_rows=number(stage.get("nReturned")),
        examined_rows=number(stage.get("totalDocsExamined")),
        keys_examined=number(stage.get("totalKeysExamined")),
        total_ms=total,
        own_ms=_own(total, children),
        space=space_of(stage),
        warnings=_warnings(name, stage),
        facts=facts_of(stage),
        remedies=remedies_of(name, stage, None),
        children=children,
        raw={key: values.to_data(value) for key, value in stage.items()},
    )


def _own(total_ms: float | None, children: Iterable[PlanNode]) -> float | None:
    """Times are told with all below in them."""
    return None if total_ms is None else max(0.0, total_ms - sum(child.total_ms or 0 for child in children))


def _path(root: PlanNode) -> Access:
    """How the data itself is reached: the deepest reading step on the left, a key lookup behind an index being that index."""
    node = root
    while node.children:
        node = node.children[0]
    if node.label == "IXSCAN" and not any(below.label == "FETCH" for below in root.walk()):
        return "index only"
    return node.access


def _below(stage: dict[str, Any]) -> list[dict[str, Any]]:
    many = stage.get("inputStages")
    below = [stage.get(name) for name in BELOW] + (many if isinstance(many, list) else [])
    return [child for child in below if isinstance(child, dict)]


def _warnings(label: str, stage: dict[str, Any]) -> tuple[str, ...]:
    return (f"The {label} did not fit into memory and used the disk.",) if stage.get("usedDisk") else ()


def _bound(found: Any) -> None:
    """Raises StatementRefused for a document that is nested too deep, or too long, for a plan."""
    count, level = 0, [found]
    for _ in range(4 * MAX_DEPTH):
        count += len(level)
        level = [item for value in level for item in _items(value)]
        if not level:
            return
        if count > 100 * MAX_STEPS:
            break
    raise StatementRefused(
        f"The plan is too large to be shown: the limits are {MAX_STEPS:,} steps and a depth of {MAX_DEPTH}.",
        code="plan_too_large",
    )


def _items(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _sum(counts: Iterable[float | None]) -> float | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
