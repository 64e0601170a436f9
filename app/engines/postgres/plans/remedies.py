"""Statements that would change what PostgreSQL can do for a step: the index that would help, statistics, memory."""

import re
from typing import Any

from app.core.plans import MISESTIMATE_ROWS, PlanNode, Remedy
from app.engines.postgres.plans.conditions import Compared, column_of, compared, conjuncts, sides, table_of

Raw = dict[str, Any]

MAX_COLUMNS = 3
MAX_WORK_MEM_MB = 256
_PLAIN_NAME = re.compile(r"^[a-z_][a-z0-9_$]*$")
_SORT_KEY = re.compile(r"^(.+?)( DESC)?( NULLS (?:FIRST|LAST))?$")
_METHODS = {"contains": "gin"}


def remedies_of(raw: Raw, node: PlanNode, statement: str | None) -> tuple[Remedy, ...]:
    """What could be tried for a step. Which of it is worth saying is for the rules of core to judge."""
    kind = raw.get("Node Type", "")
    found: list[Remedy | None] = []
    if kind in ("Seq Scan", "Index Scan", "Bitmap Heap Scan") and "Filter" in raw:
        found.append(_index_for_filter(raw))
    if kind == "Sort" and node.method == "top":
        found.append(_index_for_order(raw))
    if kind == "Nested Loop":
        found += [_index_for_join(raw), _set("compare", "enable_nestloop = off", statement)]
    if kind == "Seq Scan":
        found.append(_set("compare", "enable_seqscan = off", statement))
    if node.space is not None and node.space.spilled:
        found.append(_more_memory(node, statement))
    if kind == "Index Only Scan" and node.heap_fetches and node.target:
        found.append(Remedy("statistics", f"VACUUM (ANALYZE) {_table(raw)};"))
    elif max(node.estimated_rows or 0, node.returned_rows or 0) >= MISESTIMATE_ROWS:
        found.append(_statistics(raw, node))
    return tuple(remedy for remedy in found if remedy is not None)


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return name if _PLAIN_NAME.match(name) or name.startswith('"') else '"' + name.replace('"', '""') + '"'


def _table(raw: Raw) -> str:
    schema = raw.get("Schema")
    name = quoted(str(raw["Relation Name"]))
    return f"{quoted(schema)}.{name}" if schema and schema != "public" else name


def _index(raw: Raw, columns: list[str], method: str = "") -> Remedy | None:
    if not columns or not raw.get("Relation Name"):
        return None
    columns = columns[:MAX_COLUMNS]
    words = [
        re.sub(r"[^a-z0-9]+", "_", column.lower().removesuffix(" text_pattern_ops")).strip("_")[:20]
        for column in columns
    ]
    name = "_".join([re.sub(r"[^a-z0-9_]+", "_", str(raw["Relation Name"]).lower())[:24], *words, "idx"])[:63]
    using = f" USING {method}" if method else ""
    source = f"CREATE INDEX {quoted(name)} ON {_table(raw)}{using} ({', '.join(columns)});"
    return Remedy("index", source, tuple(columns))


def _index_for_filter(raw: Raw) -> Remedy | None:
    """The columns tested for equality first, then one that is compared by size: what one B-tree can serve."""
    tests = [*compared(str(raw.get("Index Cond", ""))), *compared(str(raw["Filter"]))]
    if raw.get("Node Type") == "Bitmap Heap Scan":
        tests = [*compared(str(raw.get("Recheck Cond", ""))), *tests]
    contains = [test for test in tests if test.comparison == "contains"]
    columns = _columns(tests)
    if columns:
        return _index(raw, columns)
    return _index(raw, [contains[0].column], "gin") if contains else None


def _columns(tests: list[Compared]) -> list[str]:
    equal = [test.column for test in tests if test.comparison == "equal"]
    ranges = [test.column for test in tests if test.comparison == "range"]
    prefixes = [f"{test.column} text_pattern_ops" for test in tests if test.comparison == "prefix"]
    return list(dict.fromkeys([*equal, *(ranges or prefixes)[:1]]))


def _index_for_order(raw: Raw) -> Remedy | None:
    """An index in the order that is asked for, behind what the scan below tests for equality."""
    below = raw.get("Plans", [{}])[0]
    if below.get("Node Type") != "Seq Scan":
        return None
    keys = []
    for text in raw.get("Sort Key", ()):
        found = _SORT_KEY.match(str(text))
        column = column_of(found[1]) if found else None
        if found is None or column is None:
            return None
        keys.append(f"{column}{found[2] or ''}{found[3] or ''}")
    tests = compared(str(below.get("Filter", "")))
    return _index(below, [*dict.fromkeys(test.column for test in tests if test.comparison == "equal"), *keys])


def _index_for_join(raw: Raw) -> Remedy | None:
    """An index on the inner table's side of the join's condition."""
    plans = raw.get("Plans", ())
    if len(plans) < 2 or "Join Filter" not in raw:
        return None
    inner = plans[1]
    while inner.get("Node Type") in ("Materialize", "Memoize", "Hash") and inner.get("Plans"):
        inner = inner["Plans"][0]
    if inner.get("Node Type") != "Seq Scan":
        return None
    columns = []
    for part in conjuncts(str(raw["Join Filter"])):
        found = sides(part)
        if found is not None and found[1] == "=":
            columns += [column_of(side) for side in (found[0], found[2]) if table_of(side) == inner.get("Alias")]
    return _index(inner, [column for column in columns if column])


def _more_memory(node: PlanNode, statement: str | None) -> Remedy | None:
    """Twice what went to disk, in steps of 4 MB: on disk rows take less than in memory."""
    space = node.space
    assert space is not None
    needed_kb = 2.5 * (space.disk_kb or (space.memory_kb or 4_096) * (space.batches or 1))
    megabytes = max(4, 4 * -(-int(needed_kb) // 4_096))
    return _set("memory", f"work_mem = '{megabytes}MB'", statement) if megabytes <= MAX_WORK_MEM_MB else None


def _set(kind: str, setting: str, statement: str | None) -> Remedy:
    rest = f"\n{statement.rstrip().rstrip(';')};" if statement else ""
    return Remedy(kind, f"SET {setting};{rest}")  # type: ignore[arg-type]


def _statistics(raw: Raw, node: PlanNode) -> Remedy | None:
    if not raw.get("Relation Name"):
        reads = any(below.raw.get("Relation Name") for below in node.walk())
        return Remedy("statistics", "ANALYZE;") if reads else None
    columns = list(dict.fromkeys(column for c in node.conditions for column in c.columns))
    if len(columns) < 2:
        return Remedy("statistics", f"ANALYZE {_table(raw)};")
    name = quoted("_".join([str(raw["Relation Name"])[:24], *(c.strip('"')[:12] for c in columns[:4]), "stats"]))
    source = f"CREATE STATISTICS {name} ON {', '.join(columns[:8])} FROM {_table(raw)};\nANALYZE {_table(raw)};"
    return Remedy("statistics", source, tuple(columns))
