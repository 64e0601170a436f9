"""How an engine executed, or would execute, a statement: one vocabulary for all engines."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Access = Literal[
    "full scan",
    "index scan",
    "index only",
    "bitmap scan",
    "key lookup",
    "range",
    "join",
    "sort",
    "aggregate",
    "filter",
    "limit",
    "append",
    "modify",
    "materialize",
    "window",
    "function",
    "values",
    "gather",
    "lock",
    "project",
    "other",
]
ConditionKind = Literal[
    "key", "filter", "recheck", "join", "hash", "merge", "once", "order", "sort", "group", "cache", "window", "other"
]
"""`key` narrows what is read at all (an index or a partition key); `filter` throws away what was read."""
Method = Literal["nested loop", "hash", "merge", "lookup", "sorted", "plain", "mixed", "top", "memo", "incremental"]

READS: frozenset[Access] = frozenset(("full scan", "index scan", "index only", "bitmap scan", "key lookup", "range"))
"""The access paths that read stored data."""
MISESTIMATE = 10
MISESTIMATE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition or a key of a step. `label` is the engine's own word for it; `removed` is what it threw away, all loops together.

    `columns`: those that it compares with something known before the step begins, so that an index on them could serve it.
    """

    kind: ConditionKind
    label: str
    text: str
    removed: float | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """Anything else that an engine tells of a step: a name, a value, and its unit."""

    name: str
    value: float | str
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffers:
    """Pages that a step and what is below it touched. `own_*`: without what is below."""

    hit: int = 0
    read: int = 0
    dirtied: int = 0
    written: int = 0
    local: int = 0
    temp_read: int = 0
    temp_written: int = 0
    read_ms: float | None = None
    write_ms: float | None = None
    own_hit: int | None = None
    own_read: int | None = None
    own_temp: int | None = None
    page_bytes: int = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Wal:
    """Write-ahead log that a step and what is below it wrote."""

    records: int = 0
    full_pages: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Jit:
    """What compiling the plan took."""

    functions: int
    total_ms: float | None = None
    parts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Parallel helpers of a step."""

    planned: int | None = None
    launched: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What a sort, a hash table or a cache needed. `method` is the engine's word; `disk_kb` is None where all fitted in memory."""

    method: str | None = None
    memory_kb: float | None = None
    disk_kb: float | None = None
    batches: int | None = None

    @property
    def spilled(self) -> bool:
        return self.disk_kb is not None or (self.batches or 1) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index of a table that a plan reads: what is there, used or not. `columns` in its order, as the engine writes them."""

    name: str
    target: str
    columns: tuple[str, ...]
    unique: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Remedy:
    """A source that changes what the engine can do for a step, written by the engine for the rules of `insights`.

    `index` makes an index that the step could use, on `columns`; `statistics` has the engine look at the data anew; `memory` gives
    the step more room; `instead` is another way to ask; `compare` takes a way away from the planner, to see what the other one costs.
    """

    kind: Literal["index", "statistics", "memory", "instead", "compare"]
    source: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """One step of a plan. `label` is the engine's own word; times are ms; a None figure is one the engine did not give.

    Rows count all loops together. `total_ms` has what is below the step in it, `own_ms` has not; neither is ever below 0.
    `loops` counts how often it was started, by all of its parallel `processes` together. `condition` is all conditions as one text, for engines that fill no `conditions`. `role`: what the step is to the one above it where
    that isn't plain (`CTE recent`, `SubPlan 1`, a shard's name). `complete` is False where the step may have been stopped before its end.
    """

    label: str
    access: Access
    target: str | None = None
    index: str | None = None
    condition: str | None = None
    estimated_rows: float | None = None
    returned_rows: float | None = None
    examined_rows: float | None = None
    loops: int | None = None
    own_ms: float | None = None
    total_ms: float | None = None
    cost: float | None = None
    cost_unit: str | None = None
    warnings: tuple[str, ...] = ()
    children: tuple["PlanNode", ...] = ()
    raw: dict[str, Any] = field(default_factory=dict)
    method: Method | None = None
    role: str | None = None
    conditions: tuple[Condition, ...] = ()
    removed_rows: float | None = None
    keys_examined: float | None = None
    heap_fetches: float | None = None
    index_searches: float | None = None
    space: Space | None = None
    workers: Workers | None = None
    buffers: Buffers | None = None
    wal: Wal | None = None
    facts: tuple[Fact, ...] = ()
    processes: int | None = None
    complete: bool = True
    remedies: tuple[Remedy, ...] = ()

    @property
    def estimate_factor(self) -> float | None:
        """How many times more (over 1) or fewer (under 1) rows came than were expected; None when either is unknown."""
        if self.estimated_rows is None or self.returned_rows is None or self.loops == 0:
            return None
        return max(self.returned_rows, 1) / max(self.estimated_rows, 1)

    @property
    def misestimate(self) -> float | None:
        """The estimate's error as a factor of at least 10, over 100 rows or more; None where it was good enough or can't be judged.

        Fewer rows than expected are no error where the step may have been stopped early.
        """
        factor = self.estimate_factor
        if factor is None or max(self.estimated_rows or 0, self.returned_rows or 0) < MISESTIMATE_ROWS:
            return None
        if factor < 1 and not self.complete:
            return None
        error = max(factor, 1 / factor)
        return error if error >= MISESTIMATE else None

    def walk(self) -> Iterator["PlanNode"]:
        """This step and all below it, a step before its children. Without recursion: a plan may be deep."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan and the summary every engine fills.

    `measured` tells whether the statement was executed for it; `server_ms` is None when it was not, or the server doesn't tell.
    `note` says in a sentence what the figures rest on where the engine has no EXPLAIN of its own. `noun` is what is counted (`rows`,
    `documents`). `indexes`: those of the tables it reads, where the engine was asked; None where it was not.
    `resolution_ms`: the steps of the engine's clock, where they are so coarse that a time of 0 says only that it was less.
    """

    root: PlanNode
    access: Access
    examined: float | None = None
    returned: float | None = None
    cost: float | None = None
    cost_unit: str | None = None
    server_ms: float | None = None
    server_ms_source: str | None = None
    measured: bool = False
    note: str | None = None
    raw: Any = None
    noun: str = "rows"
    planning_ms: float | None = None
    jit: Jit | None = None
    indexes: tuple[Index, ...] | None = None
    resolution_ms: float | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def examined_per_returned(self) -> float | None:
        """How many rows, documents, keys or items were looked at for each one returned."""
        if self.examined is None or not self.returned:
            return None
        return self.examined / self.returned
