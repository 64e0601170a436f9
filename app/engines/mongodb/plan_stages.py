"""One stage of an explain document in the words that all engines share; classic stages, pipeline stages, and the slot-based engine's."""

from typing import Any

from bson import json_util
from bson.codec_options import DatetimeConversion

from app.core.plans import Access, Condition, ConditionKind, Fact, Method, Space

Stage = dict[str, Any]

MAX_CONDITION_CHARS = 300
MAX_NUMBER = 1e19
RELAXED = json_util.RELAXED_JSON_OPTIONS.with_options(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
ACCESS: dict[str, Access] = {
    "COLLSCAN": "full scan",
    "CLUSTERED_IXSCAN": "range",
    "IXSCAN": "index scan",
    "EXPRESS_IXSCAN": "index scan",
    "EXPRESS_CLUSTERED_IXSCAN": "key lookup",
    "DISTINCT_SCAN": "index only",
    "COUNT_SCAN": "index only",
    "IDHACK": "key lookup",
    "FETCH": "key lookup",
    "TEXT_MATCH": "filter",
    "TEXT": "filter",
    "TEXT_OR": "append",
    "GEO_NEAR_2D": "index scan",
    "GEO_NEAR_2DSPHERE": "index scan",
    "SHARDING_FILTER": "filter",
    "MATCH": "filter",
    "SORT": "sort",
    "SORT_SIMPLE": "sort",
    "SORT_DEFAULT": "sort",
    "SORT_MERGE": "sort",
    "SORT_KEY_GENERATOR": "project",
    "LIMIT": "limit",
    "SKIP": "limit",
    "SAMPLE": "limit",
    "COUNT": "aggregate",
    "RECORD_STORE_FAST_COUNT": "aggregate",
    "OR": "append",
    "UNION": "append",
    "AND_SORTED": "join",
    "AND_HASH": "join",
    "UPDATE": "modify",
    "DELETE": "modify",
    "BATCHED_DELETE": "modify",
    "EXPRESS_UPDATE": "modify",
    "EXPRESS_DELETE": "modify",
    "UPSERT": "modify",
    "EOF": "values",
    "VIRTUAL_SCAN": "values",
    "QUEUED_DATA": "values",
    "GROUP": "aggregate",
    "BUCKETAUTO": "aggregate",
    "COUNT_STAGE": "aggregate",
    "SORTBYCOUNT": "aggregate",
    "LOOKUP": "join",
    "EQ_LOOKUP": "join",
    "EQ_LOOKUP_UNWIND": "join",
    "GRAPHLOOKUP": "join",
    "HASH_JOIN_EMBEDDING": "join",
    "NESTED_LOOP_JOIN_EMBEDDING": "join",
    "INDEXED_NESTED_LOOP_JOIN_EMBEDDING": "join",
    "UNIONWITH": "append",
    "UNWIND": "function",
    "WINDOW": "window",
    "SETWINDOWFIELDS": "window",
    "_INTERNALSETWINDOWFIELDS": "window",
    "OUT": "modify",
    "MERGE": "modify",
    "FACET": "materialize",
    "SPOOL": "materialize",
    "CACHED_PLAN": "other",
    "MULTI_PLAN": "other",
    "SUBPLAN": "other",
    "UNPACK_TS_BUCKET": "function",
    "SHARD_MERGE": "gather",
    "SHARD_MERGE_SORT": "gather",
    "SINGLE_SHARD": "gather",
    "SHARD_WRITE": "modify",
    "CURSOR": "other",
    "QUEUE": "values",
    "DOCUMENTS": "values",
    "PROJECT": "project",
    "ADDFIELDS": "project",
    "SET": "project",
    "UNSET": "project",
    "REPLACEROOT": "project",
    "REPLACE_ROOT": "project",
    "REPLACEWITH": "project",
    "REDACT": "filter",
    "GEONEAR": "index scan",
    "DENSIFY": "function",
    "FILL": "function",
    "SEARCH": "index scan",
}
METHODS: dict[str, Method] = {
    "LOOKUP": "lookup",
    "EQ_LOOKUP": "lookup",
    "EQ_LOOKUP_UNWIND": "lookup",
    "GRAPHLOOKUP": "lookup",
    "SORT_MERGE": "merge",
    "GROUP": "hash",
}
CONDITIONS: dict[str, ConditionKind] = {
    "indexBounds": "key",
    "parsedTextQuery": "key",
    "filter": "filter",
    "sortPattern": "sort",
    "sortBy": "sort",
    "limitAmount": "other",
    "skipAmount": "other",
    "transformBy": "other",
}
BELOW = ("inputStage", "outerStage", "innerStage", "thenStage", "elseStage")
SHOWN_ELSEWHERE = frozenset(
    (
        *("stage", "planNodeId", "inputStages", "shards", "nReturned", "executionTimeMillisEstimate", "keysExamined"),
        *("executionTimeMicros", "executionTimeNanos", "docsExamined", "indexName", "works", "advanced", "needTime"),
        *("needYield", "saveState", "restoreState", "isEOF", "usedDisk", "spills", "namespace", "foreignCollection"),
        *("opens", "closes", "failed", "invalidates", "asField", "localField", "foreignField", "sortKey"),
        *("totalDataSizeSorted", "totalDataSizeSortedBytesEstimate", *CONDITIONS, *BELOW),
    )
)
UNITS = {"memLimit": "bytes", "totalOutputDataSizeBytes": "bytes"}


def access_of(label: str) -> Access:
    name = label.upper().removeprefix("$")
    return "project" if name.startswith("PROJECTION") else ACCESS.get(name, "other")


def method_of(label: str, stage: Stage) -> Method | None:
    name = label.upper().removeprefix("$")
    if name == "SORT" and ("limitAmount" in stage or "limit" in _dict(stage.get("$sort"))):
        return "top"
    return METHODS.get(name)


def took_ms(stage: Stage) -> float | None:
    """A stage's time with all below it, from the finest clock it was measured with."""
    for name, per_ms in (("executionTimeNanos", 1e6), ("executionTimeMicros", 1e3), ("executionTimeMillisEstimate", 1)):
        value = number(stage.get(name))
        if value is not None:
            return value / per_ms
    return None


def conditions_of(stage: Stage, removed: float | None) -> tuple[Condition, ...]:
    found = []
    for name, kind in CONDITIONS.items():
        value = stage.get(name)
        if not value or (name == "transformBy" and not isinstance(value, dict)):
            continue
        if kind == "filter":
            fields = tuple(dict.fromkeys(field for field, _ in tests_of(value)))
            found.append(Condition(kind, name, text(value) or "", removed, fields))
        else:
            found.append(Condition(kind, name, text(value) or ""))
    if stage.get("localField") and stage.get("foreignField"):
        found.append(Condition("join", "fields", f"{stage['localField']} = {stage['foreignField']}"))
    return tuple(found)


def space_of(stage: Stage) -> Space | None:
    sorted_bytes = number(stage.get("totalDataSizeSorted")) or number(stage.get("totalDataSizeSortedBytesEstimate"))
    used_disk, spills = bool(stage.get("usedDisk")), int(number(stage.get("spills")) or 0)
    if sorted_bytes is None and not used_disk:
        return None
    return Space(
        memory_kb=round(sorted_bytes / 1024, 1) if sorted_bytes is not None else None,
        batches=max(2, spills + 1) if used_disk else None,
    )


def facts_of(stage: Stage) -> tuple[Fact, ...]:
    """Whatever else is told of a stage."""
    facts = []
    for name, value in stage.items():
        if name in SHOWN_ELSEWHERE or name.startswith("$") or value in (None, "", [], {}):
            continue
        if isinstance(value, bool):
            facts.append(Fact(name, "yes" if value else "no"))
        elif (figure := number(value)) is not None:
            facts.append(Fact(name, figure, UNITS.get(name)))
        else:
            facts.append(Fact(name, text(value) or ""))
    return tuple(facts)


def tests_of(filter_document: Any) -> list[tuple[str, str]]:
    """Fields that a filter tests, with `equal`, `range` or `other`; nothing where any of several tests may do."""
    found: list[tuple[str, str]] = []
    for name, test in _dict(filter_document).items():
        if name == "$and" and isinstance(test, list):
            found += [inner for part in test for inner in tests_of(part)]
        elif not name.startswith("$"):
            operators = set(test) if isinstance(test, dict) else {"$eq"}
            if operators <= {"$eq", "$in"}:
                found.append((name, "equal"))
            elif operators <= {"$gt", "$gte", "$lt", "$lte"}:
                found.append((name, "range"))
            else:
                found.append((name, "other"))
    return found


def text(value: Any) -> str | None:
    if value is None:
        return None
    said = value if isinstance(value, str) else json_util.dumps(value, json_options=RELAXED, ensure_ascii=False)
    return said if len(said) <= MAX_CONDITION_CHARS else f"{said[:MAX_CONDITION_CHARS]}…"


def number(value: Any) -> float | None:
    """A figure that can be reckoned with; None for what is none, NaN and infinities among it."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and -MAX_NUMBER < value < MAX_NUMBER
    return float(value) if known else None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
