"""What a plan's figures suggest: rules as data, each with its evidence and a way to try it. No rule says more than the plan shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.core.plan_words import counted, figure
from app.core.plans import Plan, PlanNode, Remedy

MANY = 1_000
SELECTIVE = 10
"""A filter is selective where it keeps at most one in so many."""
MANY_LOOPS = 1_000
MOST = 0.5
MIN_MS = 1.0
HOT_SHARE = 0.5
MAX_INSIGHTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """Something worth trying. `step` counts the plan's steps from 0, as the tree shows them; `source` is for the editor.

    `index`: the source makes an index, which can be tried and undone.
    """

    rule: str
    title: str
    message: str
    step: int | None = None
    source: str | None = None
    index: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: the sentence with its evidence, and the remedy the engine wrote, if it wrote one."""

    message: str
    remedy: Remedy | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step with what is around it."""

    node: PlanNode
    number: int
    plan: Plan
    parent: PlanNode | None

    @property
    def kept(self) -> float:
        return self.node.returned_rows or 0

    @property
    def filtered(self) -> PlanNode:
        """The step that filters what this one reads: itself, or a filter right above it."""
        above = self.parent
        return above if above is not None and above.access == "filter" and self.node.removed_rows is None else self.node

    def counted(self, value: float) -> str:
        return counted(value, self.plan.noun)


@dataclass(frozen=True, slots=True)
class Rule:
    """`slug` names it for good; `check` looks at one step."""

    slug: str
    title: str
    check: Callable[[Step], Finding | None]


def insights(plan: Plan) -> list[Insight]:
    """What the rules find, in the order of the rules, at most one of a rule for a step."""
    steps = list(_steps(plan))
    found = []
    for rule in RULES:
        for step in steps:
            finding = rule.check(step)
            if finding is not None:
                remedy = finding.remedy
                insight = Insight(
                    rule=rule.slug,
                    title=rule.title,
                    message=finding.message,
                    step=step.number,
                    source=remedy.source if remedy else None,
                    index=remedy is not None and remedy.kind == "index",
                )
                found.append(insight)
                if len(found) == MAX_INSIGHTS:
                    return found
    return found


def _steps(plan: Plan) -> Iterator[Step]:
    stack: list[tuple[PlanNode, PlanNode | None]] = [(plan.root, None)]
    number = 0
    while stack:
        node, parent = stack.pop()
        yield Step(node, number, plan, parent)
        number += 1
        stack.extend((child, node) for child in reversed(node.children))


def _remedy(node: PlanNode, *kinds: str) -> Remedy | None:
    return next((remedy for kind in kinds for remedy in node.remedies if remedy.kind == kind), None)


def _served_by(step: Step) -> str | None:
    """The name of an index of the same table that begins with a column of the step's filter."""
    columns = {column for c in step.filtered.conditions if c.kind == "filter" for column in c.columns}
    for index in step.plan.indexes or ():
        if index.target == step.node.target and index.columns and index.columns[0] in columns and not index.partial:
            return index.name
    return None


def _throws_away(node: PlanNode) -> bool:
    removed, kept = node.removed_rows, node.returned_rows or 0
    return removed is not None and removed + kept >= MANY and removed + kept >= SELECTIVE * max(kept, 1)


def _full_scan(step: Step) -> Finding | None:
    node, kept = step.node, step.filtered.returned_rows or 0
    if node.access != "full scan" or not _throws_away(step.filtered) or _served_by(step):
        return None
    remedy = _remedy(node, "index")
    if remedy is None:
        return None
    read = step.counted(node.examined_rows or 0)
    return Finding(
        f"{read} of {node.target} were read and {figure(kept)} kept. An index on {', '.join(remedy.columns)} would let it read those alone.",
        remedy,
    )


def _unused_index(step: Step) -> Finding | None:
    node = step.node
    if node.access != "full scan" or node.examined_rows is None or node.examined_rows < MANY:
        return None
    index = _served_by(step)
    if index is None:
        return None
    share = 100 * step.kept / node.examined_rows
    return Finding(
        f"The index {index} begins with a column that this filter names, and {node.target} was read whole all the same. "
        f"The filter kept {share:.3g} % of {step.counted(node.examined_rows)}. The plan does not say why; when most rows are kept, a scan is cheaper.",
        _remedy(node, "compare"),
    )


def _filter_after_key(step: Step) -> Finding | None:
    node = step.node
    below = node.children[0].access if node.children else None
    if node.access == "full scan" or below == "full scan" or not node.removed_rows:
        return None
    if not any(c.kind == "filter" for c in node.conditions):
        return None
    removed, kept = node.removed_rows, step.kept
    if removed + kept < MANY / 10 or removed < (SELECTIVE - 1) * max(kept, 1):
        return None
    index = node.index or next((below.index for below in node.walk() if below.index), None)
    where = f"The index {index}" if index else "The key"
    return Finding(
        f"{where} found {step.counted(removed + kept)}, and a filter then threw {figure(removed)} of them away. "
        "What the filter names is not in the key, so each had to be read first.",
        _remedy(node, "index"),
    )


def _spilled(step: Step) -> Finding | None:
    node = step.node
    if node.space is None or not node.space.spilled:
        return None
    batches = node.space.batches or 1
    how = (
        f"{figure(node.space.disk_kb)} kB went to disk"
        if node.space.disk_kb
        else f"it was split into {figure(batches)} parts"
    )
    what = "The sort" if node.access == "sort" else f"The {node.label}"
    return Finding(f"{what} did not fit in the memory it may use: {how}.", _remedy(node, "memory"))


def _misestimate(step: Step) -> Finding | None:
    node = step.node
    reads_again = node.access == "materialize" and not node.children
    if node.misestimate is None or reads_again or any(child.misestimate for child in node.children):
        return None
    expected, came = figure(node.estimated_rows or 0), step.counted(node.returned_rows or 0)
    return Finding(
        f"{node.label} expected {expected} and got {came}: {figure(round(node.misestimate))} times off, and the steps above were planned on it.",
        _remedy(node, "statistics"),
    )


def _nested_loop(step: Step) -> Finding | None:
    node = step.node
    if node.method != "nested loop" or len(node.children) < 2:
        return None
    inner = node.children[1]
    loops, all_ms = inner.loops or 0, step.plan.root.total_ms or 0
    if loops < MANY_LOOPS or not inner.total_ms or inner.total_ms < max(MIN_MS, MOST * all_ms):
        return None
    return Finding(
        f"The inner side was run {figure(loops)} times and took {inner.total_ms:,.1f} of {all_ms:,.1f} ms.",
        _remedy(node, "index", "compare"),
    )


def _scan_and_sort(step: Step) -> Finding | None:
    node = step.node
    remedy = _remedy(node, "index")
    if node.access != "sort" or remedy is None:
        return None
    below = node.children[0] if node.children else None
    while below is not None and below.access in ("project", "filter") and below.children:
        below = below.children[0]
    if below is None or below.access != "full scan" or (below.examined_rows or 0) < MANY:
        return None
    return Finding(
        f"{step.counted(below.examined_rows or 0)} were read and sorted in memory to give {figure(step.kept)}. "
        f"An index in the order of {', '.join(remedy.columns)} gives them sorted.",
        remedy,
    )


def _lookup_scan(step: Step) -> Finding | None:
    node = step.node
    remedy = _remedy(node, "index")
    if node.method != "lookup" or remedy is None or (node.examined_rows or 0) < max(MANY, SELECTIVE * step.kept):
        return None
    return Finding(
        f"{step.counted(node.examined_rows or 0)} of {node.target} were read to find what belongs to {step.counted(step.kept)}: "
        f"there is no index on {', '.join(remedy.columns)} to look them up by.",
        remedy,
    )


def _heap_fetches(step: Step) -> Finding | None:
    node = step.node
    fetches = node.heap_fetches or 0
    if fetches < MANY / 10 or fetches < 0.1 * max(step.kept, 1):
        return None
    return Finding(
        f"An index-only scan went to the table {figure(fetches)} times for {step.counted(step.kept)}, since the pages are not marked all-visible.",
        _remedy(node, "statistics"),
    )


def _compiled(step: Step) -> Finding | None:
    jit, all_ms = step.plan.jit, step.plan.server_ms
    if step.number or jit is None or not jit.total_ms or not all_ms or jit.total_ms < max(MIN_MS, MOST * all_ms):
        return None
    return Finding(
        f"Compiling {figure(jit.functions)} functions took {jit.total_ms:,.1f} of {all_ms:,.1f} ms.",
        _remedy(step.node, "compare"),
    )


def _triggers(step: Step) -> Finding | None:
    times = [(fact.value, fact.name) for fact in step.plan.facts if fact.name.startswith(TRIGGER) and fact.unit == "ms"]
    known = [(value, name) for value, name in times if isinstance(value, float | int)]
    took, all_ms = sum(value for value, _ in known), step.plan.server_ms
    if step.number or not all_ms or took < max(MIN_MS, MOST * all_ms):
        return None
    slowest, name = max(known)
    return Finding(
        f"Triggers took {took:,.1f} of {all_ms:,.1f} ms, {slowest:,.1f} of it {name.removeprefix(TRIGGER)}. "
        "The trigger of a foreign key looks for rows that refer to a changed one: it needs an index on the column that refers."
    )


def _fewer_workers(step: Step) -> Finding | None:
    workers = step.node.workers
    if workers is None or workers.planned is None or workers.launched is None or workers.launched >= workers.planned:
        return None
    return Finding(
        f"{workers.planned} parallel workers were planned and {workers.launched} started: the server had no more to give."
    )


def _key_space(step: Step) -> Finding | None:
    node = step.node
    if step.number or node.label.upper() != "KEYS" or (node.examined_rows or 0) < MANY / 10:
        return None
    return Finding(
        f"KEYS looked at all {figure(node.examined_rows or 0)} keys in one go, and a Redis server does nothing else meanwhile.",
        _remedy(node, "instead"),
    )


def _hot_partition(step: Step) -> Finding | None:
    share = next((f.value for f in step.node.facts if f.name == HOTTEST_PARTITION), None)
    if not isinstance(share, float) or share < HOT_SHARE:
        return None
    return Finding(
        f"{share:.0%} of the items touched lie under one partition key, and a partition has its own limit of throughput.",
        _remedy(step.node, "instead"),
    )


TRIGGER = "trigger "
"""What the names of a plan's facts about triggers begin with; their values are ms."""
HOTTEST_PARTITION = "hottest partition"
"""The name of the fact that says which share (0 to 1) of the items touched lie under one partition key; given where many are."""

RULES: tuple[Rule, ...] = (
    Rule("full-scan", "A full scan for a few", _full_scan),
    Rule("filter-after-key", "The filter comes after the key", _filter_after_key),
    Rule("scan-and-sort", "Everything is read and sorted", _scan_and_sort),
    Rule("lookup-scan", "A lookup without an index", _lookup_scan),
    Rule("nested-loop", "A nested loop over many rows", _nested_loop),
    Rule("spilled", "It did not fit in memory", _spilled),
    Rule("misestimate", "The planner expected something else", _misestimate),
    Rule("unused-index", "An index was not used", _unused_index),
    Rule("heap-fetches", "An index-only scan that isn't", _heap_fetches),
    Rule("triggers", "Triggers took most of the time", _triggers),
    Rule("jit", "Compiling took most of the time", _compiled),
    Rule("workers", "Fewer workers than planned", _fewer_workers),
    Rule("keys", "KEYS walks the whole key space", _key_space),
    Rule("hot-partition", "A hot partition", _hot_partition),
)
