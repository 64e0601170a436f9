"""EXPLAIN's output in the words that all engines share."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

from app.core.errors import StatementRefused
from app.core.plans import READS, Access, Fact, Index, Plan, PlanNode, Remedy
from app.engines.postgres.connections.text_codec import Answer
from app.engines.postgres.plans.details import (
    buffers_of,
    conditions_of,
    facts_of,
    jit_of,
    method_of,
    space_of,
    wal_of,
    workers_of,
)
from app.engines.postgres.plans.remedies import remedies_of
from app.engines.postgres.plans.times import Times
from app.engines.postgres.sources.statements import first_words, words_of

EXPLAINABLE = frozenset(
    {"select", "insert", "update", "delete", "merge", "values", "table", "with", "execute", "declare"}
)
MAX_STEPS = 2_000
MAX_DEPTH = 200
ACCESS: dict[str, Access] = {
    "Seq Scan": "full scan",
    "Sample Scan": "full scan",
    "Index Scan": "index scan",
    "Index Only Scan": "index only",
    "Bitmap Heap Scan": "bitmap scan",
    "Bitmap Index Scan": "bitmap scan",
    "BitmapAnd": "bitmap scan",
    "BitmapOr": "bitmap scan",
    "Tid Scan": "key lookup",
    "Tid Range Scan": "range",
    "Foreign Scan": "function",
    "Custom Scan": "other",
    "Nested Loop": "join",
    "Hash Join": "join",
    "Merge Join": "join",
    "Sort": "sort",
    "Incremental Sort": "sort",
    "Aggregate": "aggregate",
    "Group": "aggregate",
    "Unique": "aggregate",
    "SetOp": "aggregate",
    "WindowAgg": "window",
    "Limit": "limit",
    "Append": "append",
    "Merge Append": "append",
    "Recursive Union": "append",
    "Gather": "gather",
    "Gather Merge": "gather",
    "LockRows": "lock",
    "ModifyTable": "modify",
    "Hash": "materialize",
    "Materialize": "materialize",
    "Memoize": "materialize",
    "CTE Scan": "materialize",
    "WorkTable Scan": "materialize",
    "Named Tuplestore Scan": "materialize",
    "Subquery Scan": "filter",
    "Function Scan": "function",
    "Table Function Scan": "function",
    "ProjectSet": "function",
    "Values Scan": "values",
    "Result": "values",
}
AGGREGATES = {"Hashed": "HashAggregate", "Sorted": "GroupAggregate", "Mixed": "MixedAggregate"}
REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
DEFINING = (("create",), ("drop",), ("alter",))
QUERIES = frozenset(("select", "with", "values", "table", "execute"))
ENDS_BELOW = frozenset(("Sort", "Hash", "Aggregate", "SetOp", "ModifyTable"))
"""Steps that take all of their input before they give anything, so that what stops them early doesn't stop what is below."""


def prefix(*, measure: bool) -> str:
    """What stands before a statement to ask for its plan."""
    return "EXPLAIN (FORMAT JSON, ANALYZE, BUFFERS, WAL) " if measure else "EXPLAIN (FORMAT JSON) "


def require_explainable(text: str) -> None:
    """Raises StatementRefused for a statement that PostgreSQL has no plan of."""
    words = first_words(text, 6)
    if not words and text.startswith("("):
        return
    if words[:1] == ("create",) and ("table" in words or "materialized" in words) and _is_filled(text):
        return
    if not words or words[0] not in EXPLAINABLE:
        named = words[: 2 if words[:1] in DEFINING else 1]
        raise StatementRefused(
            f"{' '.join(named).upper() or 'This'} has no plan.",
            code="cannot_explain",
            hint="Plans exist for SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE, EXECUTE and CREATE TABLE AS.",
        )


def _is_filled(text: str) -> bool:
    """Whether a CREATE TABLE says AS before a query, and not in a column's GENERATED ... AS."""
    words = list(words_of(text))
    return any(one == "as" and following in QUERIES for one, following in pairwise(words))


def read(answer: Answer, *, measured: bool, statement: str | None = None) -> Plan:
    """The plan in what EXPLAIN answered."""
    text = answer.rows[0][0] if answer.rows and answer.rows[0] else None
    explained = json.loads(text or "[]")
    if not explained or "Plan" not in explained[0]:
        raise StatementRefused("PostgreSQL gave no plan for this statement.", code="cannot_explain")
    return plan_of(explained[0], measured=measured, statement=statement)


def plan_of(explained: dict[str, Any], *, measured: bool, statement: str | None = None) -> Plan:
    """The plan in one entry of EXPLAIN (FORMAT JSON). Raises StatementRefused for one that is too large to be shown."""
    _bound(explained["Plan"])
    root = _node(explained["Plan"], Times(explained["Plan"]), statement, complete=True)
    jit = jit_of(explained)
    if jit is not None:
        root = replace(root, remedies=(*root.remedies, *_without_jit(statement)))
    scans = [node for node in root.walk() if node.access in READS and _reads(node)]
    widest = max(scans, key=lambda node: (node.examined_rows or 0, node.estimated_rows or 0), default=root)
    examined = [node.examined_rows for node in scans if node.examined_rows is not None]
    returned = root.returned_rows
    if root.access == "modify" and not returned and root.children:
        returned = root.children[0].returned_rows
    return Plan(
        root=root,
        access=widest.access,
        examined=sum(examined) if examined else None,
        returned=returned,
        cost=root.cost,
        cost_unit=root.cost_unit,
        server_ms=explained.get("Execution Time"),
        server_ms_source="explain" if "Execution Time" in explained else None,
        measured=measured,
        planning_ms=explained.get("Planning Time"),
        jit=jit,
        facts=tuple(_facts(explained)),
        raw=explained,
    )


def tables_of(plan: Plan) -> list[str]:
    """The tables that a plan reads, once each."""
    raws = (node.raw.get("Relation Name") for node in plan.root.walk())
    return list(dict.fromkeys(str(name) for name in raws if name))


def with_indexes(plan: Plan, rows: list[list[str | None]]) -> Plan:
    """The plan with the indexes of its tables: rows of name, table, columns joined by a tab, unique, partial."""
    indexes = tuple(
        Index(
            name=row[0] or "",
            target=row[1] or "",
            columns=tuple((row[2] or "").split("\t")),
            unique=row[3] == "t",
            partial=row[4] == "t",
        )
        for row in rows
    )
    return replace(plan, indexes=indexes)


def _reads(node: PlanNode) -> bool:
    """Whether a step reads a table: the steps that make a bitmap only read an index for another one."""
    return node.label not in ("Bitmap Index Scan", "BitmapAnd", "BitmapOr")


def _without_jit(statement: str | None) -> list[Remedy]:
    return [Remedy("instead", f"SET jit = off;\n{statement}" if statement else "SET jit = off;")]


def _facts(explained: dict[str, Any]) -> list[Fact]:
    facts = [Fact(f"setting {name}", str(value)) for name, value in (explained.get("Settings") or {}).items()]
    for trigger in explained.get("Triggers") or ():
        name = trigger.get("Constraint Name") or trigger.get("Trigger Name") or "trigger"
        facts.append(Fact(f"trigger {name}, {trigger.get('Calls', 0):,.0f} calls", trigger.get("Time", 0), "ms"))
    if isinstance(serialized := explained.get("Serialization"), dict) and "Time" in serialized:
        facts.append(Fact("serialization", serialized["Time"], "ms"))
    return facts


def _bound(root: dict[str, Any]) -> None:
    """Raises StatementRefused for a plan that is too deep or too long, before anything goes through it by recursion."""
    count, level = 0, [root]
    for depth in range(MAX_DEPTH + 1):
        count += len(level)
        if not level:
            return
        if count > MAX_STEPS or depth == MAX_DEPTH:
            break
        level = [child for raw in level for child in raw.get("Plans", ())]
    raise StatementRefused(
        f"The plan is too large to be shown: the limits are {MAX_STEPS:,} steps and a depth of {MAX_DEPTH}.",
        code="plan_too_large",
    )


def _node(raw: dict[str, Any], times: Times, statement: str | None, *, complete: bool) -> PlanNode:
    kind = raw.get("Node Type", "")
    children = tuple(
        _node(child, times, statement, complete=_runs_to_its_end(raw, child, place, complete))
        for place, child in enumerate(raw.get("Plans", ()))
    )
    loops = raw.get("Actual Loops")
    count = loops or 1
    access = ACCESS.get(kind, "other")
    returned = _rows(raw, count) if loops is not None and "Actual Rows" in raw else None
    removed = [raw[name] * count for name in REMOVED if name in raw]
    conditions = conditions_of(raw, count)
    space = space_of(raw)
    node = PlanNode(
        label=_label(raw),
        access=access,
        target=_target(raw),
        index=raw.get("Index Name"),
        condition="; ".join(f"{c.label}: {c.text}" for c in conditions) or None,
        conditions=conditions,
        method=method_of(raw),
        role=raw.get("Subplan Name"),
        estimated_rows=raw["Plan Rows"] * count if "Plan Rows" in raw else None,
        returned_rows=returned,
        removed_rows=sum(removed) if removed else None,
        examined_rows=returned + sum(removed) if returned is not None and access in READS else None,
        loops=loops,
        own_ms=times.own.get(id(raw)),
        total_ms=times.total.get(id(raw)),
        cost=raw.get("Total Cost"),
        cost_unit="planner cost" if "Total Cost" in raw else None,
        warnings=tuple(_warnings(raw)),
        heap_fetches=raw.get("Heap Fetches"),
        index_searches=raw.get("Index Searches"),
        space=space,
        workers=workers_of(raw),
        buffers=buffers_of(raw),
        wal=wal_of(raw),
        facts=facts_of(raw),
        processes=times.processes(raw),
        complete=complete,
        children=children,
        raw={name: value for name, value in raw.items() if name != "Plans"},
    )
    return replace(node, remedies=remedies_of(raw, node, statement))


def _rows(raw: dict[str, Any], loops: int) -> float:
    """Rows of all loops: EXPLAIN tells their average, rounded, so that the product of many may be a little off."""
    return float(round(raw["Actual Rows"] * loops)) if raw.get("Actual Loops") else 0.0


def _runs_to_its_end(raw: dict[str, Any], child: dict[str, Any], place: int, complete: bool) -> bool:
    """Whether a child was certainly asked until it had no more."""
    kind = raw.get("Node Type", "")
    if child.get("Parent Relationship") in ("InitPlan", "SubPlan"):
        return False
    if kind in ENDS_BELOW and not (kind == "Aggregate" and raw.get("Strategy") == "Sorted"):
        return True
    if kind in ("Limit", "Merge Join", "Merge Append"):
        return False
    is_inner = place > 0 and kind in ("Nested Loop", "Hash Join")
    if is_inner and kind == "Nested Loop" and (raw.get("Inner Unique") or raw.get("Join Type") in ("Semi", "Anti")):
        return False
    return complete


def _target(raw: dict[str, Any]) -> str | None:
    for name in ("Relation Name", "CTE Name", "Function Name", "Table Function Name", "Tuplestore Name", "Alias"):
        if raw.get(name):
            return str(raw[name])
    return None


def _label(raw: dict[str, Any]) -> str:
    """The step's name as EXPLAIN's text form has it."""
    kind: str = raw.get("Node Type", "unknown")
    strategy = raw.get("Strategy", "")
    if kind == "ModifyTable":
        kind = str(raw.get("Operation", kind))
    elif kind == "Foreign Scan" and raw.get("Operation", "Select") != "Select":
        kind = f"Foreign {raw['Operation']}"
    elif kind == "Aggregate":
        kind = AGGREGATES.get(strategy, kind)
        if raw.get("Partial Mode") in ("Partial", "Finalize"):
            kind = f"{raw['Partial Mode']} {kind}"
    elif kind == "SetOp":
        kind = f"{'HashSetOp' if strategy == 'Hashed' else 'SetOp'} {raw.get('Command', '')}".rstrip()
    elif ACCESS.get(kind) == "join" and raw.get("Join Type", "Inner") != "Inner":
        kind = f"{kind.removesuffix(' Join')} {raw['Join Type']} Join"
    if raw.get("Scan Direction") == "Backward":
        kind = f"{kind} Backward"
    return f"Parallel {kind}" if raw.get("Parallel Aware") else kind


def _warnings(raw: dict[str, Any]) -> list[str]:
    found = []
    if raw.get("Sort Space Type") == "Disk":
        found.append(f"The sort did not fit in memory and wrote {raw['Sort Space Used']:,} kB to disk.")
    if raw.get("Hash Batches", 1) > 1 or raw.get("HashAgg Batches", 1) > 1:
        found.append("The hash table did not fit in memory and was written to disk in parts.")
    if raw.get("Lossy Heap Blocks"):
        found.append("The bitmap did not fit in memory, so whole pages were checked again.")
    if raw.get("Disabled"):
        found.append("This kind of step is switched off by a setting, and there was no other way.")
    return found
