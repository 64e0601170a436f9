"""What EXPLAIN tells of a step beside its rows and times: conditions, memory, buffers, WAL, workers, and the rest as facts."""

from typing import Any

from app.core.plans import Buffers, Condition, ConditionKind, Fact, Jit, Method, Space, Wal, Workers
from app.engines.postgres.plans.conditions import compared_columns

Raw = dict[str, Any]

CONDITIONS: dict[str, ConditionKind] = {
    "Index Cond": "key",
    "TID Cond": "key",
    "Recheck Cond": "recheck",
    "Hash Cond": "hash",
    "Merge Cond": "merge",
    "Join Filter": "join",
    "Filter": "filter",
    "One-Time Filter": "once",
    "Order By": "order",
    "Conflict Filter": "filter",
    "Cache Key": "cache",
    "Sort Key": "sort",
    "Presorted Key": "sort",
    "Group Key": "group",
    "Run Condition": "window",
    "Window": "window",
}
REMOVED = {
    "Filter": "Rows Removed by Filter",
    "Join Filter": "Rows Removed by Join Filter",
    "Recheck Cond": "Rows Removed by Index Recheck",
    "Conflict Filter": "Rows Removed by Conflict Filter",
}
JOINS: dict[str, Method] = {"Nested Loop": "nested loop", "Hash Join": "hash", "Merge Join": "merge"}
STRATEGIES: dict[str, Method] = {"Hashed": "hash", "Sorted": "sorted", "Plain": "plain", "Mixed": "mixed"}
SHOWN_ELSEWHERE = frozenset(
    (
        *(
            "Node Type",
            "Plans",
            "Parent Relationship",
            "Subplan Name",
            "Relation Name",
            "Schema",
            "Alias",
            "Index Name",
        ),
        *("CTE Name", "Function Name", "Table Function Name", "Tuplestore Name", "Operation", "Strategy", "Join Type"),
        *("Partial Mode", "Command", "Scan Direction", "Parallel Aware", "Async Capable", "Disabled", "Startup Cost"),
        *(
            "Total Cost",
            "Plan Rows",
            "Actual Rows",
            "Actual Loops",
            "Actual Total Time",
            "Sort Method",
            "Sort Space Used",
        ),
        *("Sort Space Type", "Hash Batches", "HashAgg Batches", "Peak Memory Usage", "Disk Usage", "Heap Fetches"),
        *("Index Searches", "Workers Planned", "Workers Launched", "Workers", "Inner Unique", "Single Copy", "Storage"),
        *("Maximum Storage", "Rows Removed by Index Recheck", *CONDITIONS, *REMOVED.values()),
    )
)
UNITS = {"Actual Startup Time": "ms", "Plan Width": "bytes", "Exact Heap Blocks": "pages", "Lossy Heap Blocks": "pages"}
BLOCKS = ("Shared", "Local", "Temp")


def conditions_of(raw: Raw, loops: int) -> tuple[Condition, ...]:
    found = []
    for label, kind in CONDITIONS.items():
        if label not in raw:
            continue
        value = raw[label]
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        removed = raw.get(REMOVED.get(label, ""))
        columns = compared_columns(text) if kind in ("key", "filter") else ()
        found.append(Condition(kind, label, text, removed * loops if removed is not None else None, columns))
    for place, sets in enumerate(raw.get("Grouping Sets", ())):
        keys = sets.get("Group Keys") or sets.get("Hash Keys") or sets.get("Group Key") or sets.get("Hash Key") or []
        text = "; ".join(", ".join(key) if isinstance(key, list) else str(key) for key in keys) or "()"
        found.append(Condition("group", f"Grouping set {place + 1}", text))
    return tuple(found)


def method_of(raw: Raw) -> Method | None:
    kind = raw.get("Node Type", "")
    if kind in JOINS:
        return JOINS[kind]
    if kind == "Sort":
        return "top" if raw.get("Sort Method") == "top-N heapsort" else None
    if kind in ("Aggregate", "SetOp"):
        return STRATEGIES.get(raw.get("Strategy", ""))
    known: dict[str, Method] = {
        "Hash": "hash",
        "Memoize": "memo",
        "Incremental Sort": "incremental",
        "Merge Append": "merge",
        "Gather Merge": "merge",
    }
    return known.get(kind)


def space_of(raw: Raw) -> Space | None:
    """What the step kept beside its rows, its parallel workers' parts added."""
    parts = [raw, *(w for w in raw.get("Workers", ()) if isinstance(w, dict))]
    memory = disk = None
    method = raw.get("Sort Method") or next((w.get("Sort Method") for w in parts if w.get("Sort Method")), None)
    for part in parts:
        used = part.get("Sort Space Used")
        if used is not None and part.get("Sort Space Type") == "Disk":
            disk = (disk or 0) + used
        elif used is not None:
            memory = (memory or 0) + used
    for group in ("Full-sort Groups", "Pre-sorted Groups"):
        for where in ("Memory", "Disk"):
            peak = raw.get(group, {}).get(f"Sort Space {where}", {}).get("Peak Sort Space Used")
            if peak is not None:
                method = method or ", ".join(raw[group].get("Sort Methods Used", ()))
                memory, disk = (max(memory or 0, peak), disk) if where == "Memory" else (memory, max(disk or 0, peak))
    if raw.get("Peak Memory Usage") is not None:
        memory = raw["Peak Memory Usage"]
    if raw.get("Disk Usage"):
        disk = raw["Disk Usage"]
    if raw.get("Maximum Storage") is not None:
        method, used = raw.get("Storage"), raw["Maximum Storage"]
        memory, disk = (memory, used) if method == "Disk" else (used, disk)
    batches = raw.get("Hash Batches") or raw.get("HashAgg Batches")
    if method is None and memory is None and disk is None and batches is None:
        return None
    return Space(method=method, memory_kb=memory, disk_kb=disk or None, batches=batches)


def buffers_of(raw: Raw) -> Buffers | None:
    names = [name for name in raw if name.endswith(" Blocks") and name.startswith(BLOCKS)]
    if not names or not any(raw[name] for name in names):
        return None
    children = [child for child in raw.get("Plans", ()) if not child.get("Subplan Name")]

    def own(*wanted: str) -> int:
        inside = sum(child.get(name, 0) for child in children for name in wanted)
        return int(max(0, sum(raw.get(name, 0) for name in wanted) - inside))

    def timed(what: str) -> float | None:
        names = [f"{scope}I/O {what} Time" for scope in ("", "Shared ", "Local ", "Temp ")]
        known = [raw[name] for name in names if raw.get(name)]
        return sum(known) if known else None

    return Buffers(
        hit=raw.get("Shared Hit Blocks", 0),
        read=raw.get("Shared Read Blocks", 0),
        dirtied=raw.get("Shared Dirtied Blocks", 0),
        written=raw.get("Shared Written Blocks", 0),
        local=raw.get("Local Hit Blocks", 0) + raw.get("Local Read Blocks", 0),
        temp_read=raw.get("Temp Read Blocks", 0),
        temp_written=raw.get("Temp Written Blocks", 0),
        read_ms=timed("Read"),
        write_ms=timed("Write"),
        own_hit=own("Shared Hit Blocks"),
        own_read=own("Shared Read Blocks"),
        own_temp=own("Temp Read Blocks", "Temp Written Blocks"),
    )


def wal_of(raw: Raw) -> Wal | None:
    if not raw.get("WAL Records"):
        return None
    return Wal(records=raw["WAL Records"], full_pages=raw.get("WAL FPI", 0), bytes=raw.get("WAL Bytes", 0))


def workers_of(raw: Raw) -> Workers | None:
    if "Workers Planned" not in raw and "Workers Launched" not in raw:
        return None
    return Workers(planned=raw.get("Workers Planned"), launched=raw.get("Workers Launched"))


def jit_of(explained: Raw) -> Jit | None:
    jit = explained.get("JIT")
    if not isinstance(jit, dict):
        return None
    timing: Any = jit.get("Timing")
    timing = timing if isinstance(timing, dict) else {}
    flat = {name: value if not isinstance(value, dict) else value.get("Total") for name, value in timing.items()}
    parts = tuple(
        Fact(name.lower(), value, "ms") for name, value in flat.items() if name != "Total" and value is not None
    )
    return Jit(functions=jit.get("Functions", 0), total_ms=flat.get("Total"), parts=parts)


def facts_of(raw: Raw) -> tuple[Fact, ...]:
    """Whatever else is told, whether this version of ours knows it or not."""
    facts = []
    for name, value in raw.items():
        if name in SHOWN_ELSEWHERE or name.startswith(("WAL ", *BLOCKS)) or value in (None, "", []):
            continue
        if isinstance(value, bool):
            facts.append(Fact(_name(name), "yes" if value else "no"))
        elif isinstance(value, list):
            facts.append(Fact(_name(name), ", ".join(str(item) for item in value)))
        elif isinstance(value, int | float | str) and (value or not name.endswith("Heap Blocks")):
            facts.append(Fact(_name(name), value, UNITS.get(name)))
    return tuple(facts)


def _name(name: str) -> str:
    """EXPLAIN's name as a word in a sentence."""
    return name.lower() if not name.startswith("TID") else name
