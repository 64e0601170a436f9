"""EXPLAIN's JSON in the words that all engines share."""

import json
from typing import Any

from app.core.errors import StatementRefused
from app.core.plans import Access, Plan, PlanNode
from app.engines.postgres.statements import first_words, words_of
from app.engines.postgres.text_codec import Answer

EXPLAINABLE = frozenset(
    {"select", "insert", "update", "delete", "merge", "values", "table", "with", "execute", "declare"}
)
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
CONDITIONS = (
    *("Index Cond", "Recheck Cond", "TID Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter"),
    *("One-Time Filter", "Order By", "Cache Key"),
)
KEYS = ("Sort Key", "Presorted Key", "Group Key")
AGGREGATES = {"Hashed": "HashAggregate", "Sorted": "GroupAggregate", "Mixed": "MixedAggregate"}
REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
SCANS = frozenset({"full scan", "index scan", "index only", "bitmap scan", "key lookup", "range"})
MISESTIMATE = 10
MISESTIMATE_ROWS = 100


def prefix(*, measure: bool) -> str:
    """What stands before a statement to ask for its plan."""
    return "EXPLAIN (FORMAT JSON, ANALYZE, BUFFERS) " if measure else "EXPLAIN (FORMAT JSON) "


def require_explainable(text: str) -> None:
    """Raises StatementRefused for a statement that PostgreSQL has no plan of."""
    words = first_words(text, 6)
    if not words and text.startswith("("):
        return
    if words[:1] == ("create",) and ("table" in words or "materialized" in words) and "as" in words_of(text):
        return
    if not words or words[0] not in EXPLAINABLE:
        raise StatementRefused(
            f"{' '.join(words[:2]).upper() or 'This'} has no plan.",
            code="cannot_explain",
            hint="Plans exist for SELECT, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE, EXECUTE and CREATE TABLE AS.",
        )


def read(answer: Answer, *, measured: bool) -> Plan:
    """The plan in what EXPLAIN answered."""
    text = answer.rows[0][0] if answer.rows and answer.rows[0] else None
    explained = json.loads(text or "[]")
    if not explained or "Plan" not in explained[0]:
        raise StatementRefused("PostgreSQL gave no plan for this statement.", code="cannot_explain")
    return plan_of(explained[0], measured=measured)


def plan_of(explained: dict[str, Any], *, measured: bool) -> Plan:
    """The plan in one entry of EXPLAIN (FORMAT JSON)."""
    root = _node(explained["Plan"])
    scans = [node for node in _walk(root) if node.access in SCANS and node.label != "Bitmap Index Scan"]
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
        raw=explained,
    )


def _node(raw: dict[str, Any]) -> PlanNode:
    children = tuple(_node(child) for child in raw.get("Plans", ()))
    kind = raw.get("Node Type", "")
    loops = raw.get("Actual Loops")
    ran = loops is not None
    times = loops or 1
    total_ms = raw["Actual Total Time"] * loops if ran and "Actual Total Time" in raw else None
    access = ACCESS.get(kind, "other")
    returned = raw["Actual Rows"] * loops if ran and "Actual Rows" in raw else None
    estimated = raw["Plan Rows"] * times if "Plan Rows" in raw else None
    removed = sum(raw.get(name, 0) for name in REMOVED) * times
    own_ms = None
    if total_ms is not None:
        own_ms = max(0.0, total_ms - sum(child.total_ms or 0 for child in children))
    return PlanNode(
        label=_label(raw),
        access=access,
        target=raw.get("Relation Name") or raw.get("CTE Name") or raw.get("Function Name") or raw.get("Alias"),
        index=raw.get("Index Name"),
        condition=_condition(raw),
        estimated_rows=estimated,
        returned_rows=returned,
        examined_rows=returned + removed if returned is not None and access in SCANS else None,
        loops=loops,
        own_ms=own_ms,
        total_ms=total_ms,
        cost=raw.get("Total Cost"),
        cost_unit="planner cost" if "Total Cost" in raw else None,
        warnings=tuple(_warnings(raw, estimated, returned)),
        children=children,
        raw={name: value for name, value in raw.items() if name != "Plans"},
    )


def _label(raw: dict[str, Any]) -> str:
    """The node's name as EXPLAIN's text form has it."""
    kind: str = raw.get("Node Type", "unknown")
    if kind == "ModifyTable":
        return str(raw.get("Operation", kind))
    if kind == "Aggregate":
        return AGGREGATES.get(raw.get("Strategy", ""), kind)
    join = raw.get("Join Type", "Inner")
    if ACCESS.get(kind) == "join" and join != "Inner":
        return f"{kind.removesuffix(' Join')} {join} Join"
    if raw.get("Scan Direction") == "Backward":
        return f"{kind} Backward"
    return kind


def _condition(raw: dict[str, Any]) -> str | None:
    parts = [f"{name}: {raw[name]}" for name in CONDITIONS if name in raw]
    parts += [f"{name}: {', '.join(raw[name])}" for name in KEYS if name in raw]
    return "; ".join(parts) or None


def _warnings(raw: dict[str, Any], estimated: float | None, returned: float | None) -> list[str]:
    found = []
    if raw.get("Sort Space Type") == "Disk":
        found.append(f"The sort did not fit in memory and wrote {raw['Sort Space Used']:,} kB to disk.")
    if raw.get("Hash Batches", 1) > 1 or raw.get("HashAgg Batches", 1) > 1:
        found.append("The hash table did not fit in memory and was written to disk in parts.")
    if raw.get("Lossy Heap Blocks"):
        found.append("The bitmap did not fit in memory, so whole pages were checked again.")
    if estimated is not None and returned is not None and max(estimated, returned) >= MISESTIMATE_ROWS:
        factor = max(estimated, 1) / max(returned, 1)
        if max(factor, 1 / factor) >= MISESTIMATE:
            found.append(f"The planner expected {estimated:,.0f} rows and got {returned:,.0f}.")
    return found


def _walk(node: PlanNode) -> list[PlanNode]:
    return [node, *(inner for child in node.children for inner in _walk(child))]
