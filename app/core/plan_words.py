"""A plain sentence for each step of a plan, made from its figures alone."""

from collections.abc import Callable

from app.core.plans import READS, PlanNode


def figure(value: float) -> str:
    """A count as people read it: no decimals that mean nothing."""
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if value >= 10 else f"{value:,.2f}".rstrip("0").rstrip(".")


def counted(value: float, noun: str) -> str:
    return f"{figure(value)} {noun.removesuffix('s') if value == 1 else noun}"


def sentence(node: PlanNode, noun: str = "rows") -> str:
    """What a step does, with the engine's own figures: what was, where it was measured; else what is expected."""
    if node.loops == 0:
        return "Never executed: nothing above it asked for a row." if noun == "rows" else "Never executed."
    said = _SAYS.get(node.access, _other)(node, noun)
    if node.space is not None and node.space.disk_kb:
        said += f", with {figure(node.space.disk_kb)} kB on disk since it did not fit in memory"
    processes = node.processes or 1
    if processes > 1:
        said += f", by {figure(processes)} processes"
    if node.loops is not None and node.loops > processes and node.access != "gather":
        said += f", in {figure(node.loops)} loops"
    return f"{said[0].upper()}{said[1:]}."


def _gives(node: PlanNode, noun: str) -> str:
    if node.returned_rows is not None:
        return f"gives {counted(node.returned_rows, noun)}"
    if node.estimated_rows is not None:
        return f"expects {counted(node.estimated_rows, noun)}"
    return "gives its result on"


def _input(node: PlanNode) -> float | None:
    """How many rows came from below, where all of it was counted."""
    known = [child.returned_rows for child in node.children if child.role is None]
    return sum(rows or 0 for rows in known) if known and None not in known else None


def _of(node: PlanNode) -> str:
    return f" of {node.target}" if node.target else ""


def _kept(node: PlanNode, noun: str) -> str:
    """What was read, and what of it was kept."""
    read, kept = node.examined_rows, node.returned_rows
    if read is None:
        return ""
    if kept is not None and kept < read:
        return f"{counted(read, noun)} to keep {figure(kept)}"
    return counted(read, noun)


def _full_scan(node: PlanNode, noun: str) -> str:
    if node.examined_rows is None:
        expected = f"; expects to keep {figure(node.estimated_rows)}" if node.estimated_rows is not None else ""
        return f"reads every one of the {noun}{_of(node)}{expected}"
    read, kept = node.examined_rows, node.returned_rows
    whole = "all " if node.complete and (node.loops or 1) == 1 and read > 1 else ""
    to_keep = f" to keep {figure(kept)}" if kept is not None and kept < read else ""
    return f"reads {whole}{counted(read, noun)}{_of(node)}{to_keep}"


def _index_scan(node: PlanNode, noun: str) -> str:
    by = f" by index {node.index}" if node.index else " by index"
    if node.examined_rows is None:
        return f"finds {noun}{_of(node)}{by}; {_gives(node, noun)}"
    return f"finds {_kept(node, noun if node.keys_examined is None else 'keys')}{_of(node)}{by}"


def _index_only(node: PlanNode, noun: str) -> str:
    by = f"index {node.index}" if node.index else "the index"
    said = f"answers from {by} alone; {_gives(node, noun)}"
    if node.heap_fetches:
        said += f", but went to the table {figure(node.heap_fetches)} times to see whether a row is visible"
    return said


def _bitmap(node: PlanNode, noun: str) -> str:
    if not node.children and node.index:
        return f"collects from index {node.index} where the {noun} are; {_gives(node, noun)}"
    if node.target is None:
        return f"combines {figure(len(node.children))} bitmaps"
    if node.examined_rows is None:
        return f"reads the pages{_of(node)} that the bitmap names; {_gives(node, noun)}"
    return f"reads {_kept(node, noun)}{_of(node)} from the pages that the bitmap names"


def _lookup(node: PlanNode, noun: str) -> str:
    read = node.examined_rows if node.examined_rows is not None else node.returned_rows
    if read is None:
        return f"fetches {noun}{_of(node)} by their place or key; {_gives(node, noun)}"
    kept = node.returned_rows
    to_keep = f" to keep {figure(kept)}" if kept is not None and kept < read else ""
    return f"fetches {counted(read, noun)}{_of(node)} by place or key{to_keep}"


def _range(node: PlanNode, noun: str) -> str:
    if node.examined_rows is None:
        return f"reads a range{_of(node)}; {_gives(node, noun)}"
    return f"reads a range{_of(node)}: {_kept(node, noun)}"


def _join(node: PlanNode, noun: str) -> str:
    sides = [child.returned_rows for child in node.children if child.role is None]
    gives = _gives(node, noun)
    if node.method == "lookup":
        of = f" in {node.target}" if node.target else ""
        return f"looks up matches{of} for each one that comes in; {gives}"
    if len(sides) != 2 or None in sides:
        return f"joins its {figure(len(sides))} inputs; {gives}" if len(sides) > 1 else f"joins; {gives}"
    outer, inner = (rows or 0 for rows in sides)
    match node.method:
        case "nested loop":
            return f"for each of {counted(outer, noun)} looks through the other side ({figure(inner)} in all); {gives}"
        case "hash":
            return f"looks up {counted(outer, noun)} in a hash table of {figure(inner)}; {gives}"
        case "merge":
            return f"walks two sorted inputs of {figure(outer)} and {figure(inner)} {noun} side by side; {gives}"
        case _:
            return f"joins {figure(outer)} with {figure(inner)} {noun}; {gives}"


def _sort(node: PlanNode, noun: str) -> str:
    came = _input(node)
    if came is None:
        return f"sorts what comes from below; {_gives(node, noun)}"
    if node.method == "top":
        return f"keeps the first {figure(node.returned_rows or 0)} of {counted(came, noun)} while they come"
    if node.method == "merge":
        return f"merges sorted inputs; {_gives(node, noun)}"
    return f"sorts {counted(came, noun)}"


def _aggregate(node: PlanNode, noun: str) -> str:
    came, gave = _input(node), node.returned_rows
    if came is None or gave is None:
        return f"aggregates; {_gives(node, noun)}"
    if came and not gave:
        return f"counts {counted(came, noun)}"
    return f"makes {counted(gave, noun)} out of {figure(came)}"


def _limit(node: PlanNode, noun: str) -> str:
    if node.returned_rows is None:
        return f"stops when it has enough; {_gives(node, noun)}"
    return f"stops after {counted(node.returned_rows, noun)}"


def _append(node: PlanNode, noun: str) -> str:
    if len(node.children) == 1 and node.target:
        return f"adds the {noun} of {node.target}; {_gives(node, noun)}"
    return f"puts the {noun} of {figure(len(node.children))} inputs together; {_gives(node, noun)}"


def _modify(node: PlanNode, noun: str) -> str:
    changed = node.returned_rows or _input(node)
    if node.returned_rows is None or changed is None:
        return f"changes {noun}{_of(node)}"
    return f"changes {counted(changed, noun)}{_of(node)}"


def _materialize(node: PlanNode, noun: str) -> str:
    known = {fact.name: fact.value for fact in node.facts}
    if node.method == "memo" and "cache hits" in known and "cache misses" in known:
        return f"remembers what was looked up: found {figure(float(known['cache hits']))} times, looked up {figure(float(known['cache misses']))} times"
    if not node.children and node.target:
        return f"reads what {node.target} gave; {_gives(node, noun)}"
    if node.method == "hash":
        return f"builds a hash table; {_gives(node, noun)}"
    return f"keeps {noun}{_of(node)} at hand to be read again; {_gives(node, noun)}"


def _window(node: PlanNode, noun: str) -> str:
    return f"computes over a window of neighbours; {_gives(node, noun)}"


def _function(node: PlanNode, noun: str) -> str:
    came = _input(node)
    if node.target is None and came is not None and node.returned_rows is not None:
        return f"makes {counted(node.returned_rows, noun)} out of {figure(came)}"
    return f"calls {node.target or 'a function'}; {_gives(node, noun)}"


def _values(node: PlanNode, noun: str) -> str:
    return f"needs no stored data; {_gives(node, noun)}"


def _filter(node: PlanNode, noun: str) -> str:
    came = node.examined_rows if node.examined_rows is not None else _input(node)
    if came is not None and node.returned_rows is not None:
        return f"lets {figure(node.returned_rows)} of {counted(came, noun)} through"
    return f"lets through what matches; {_gives(node, noun)}"


def _gather(node: PlanNode, noun: str) -> str:
    launched = node.workers.launched if node.workers else None
    planned = node.workers.planned if node.workers else None
    of = (
        f" of {figure(planned)} planned" if planned is not None and launched is not None and planned != launched else ""
    )
    helpers = f" from {counted(launched, 'helpers')}{of}" if launched is not None else ""
    return f"collects {noun}{helpers}; {_gives(node, noun)}"


def _lock(node: PlanNode, noun: str) -> str:
    return f"locks the {noun} that pass; {_gives(node, noun)}"


def _project(node: PlanNode, noun: str) -> str:
    return f"shapes the {noun} that pass; {_gives(node, noun)}"


def _other(node: PlanNode, noun: str) -> str:
    return _gives(node, noun)


_SAYS: dict[str, Callable[[PlanNode, str], str]] = {
    "full scan": _full_scan,
    "index scan": _index_scan,
    "index only": _index_only,
    "bitmap scan": _bitmap,
    "key lookup": _lookup,
    "range": _range,
    "join": _join,
    "sort": _sort,
    "aggregate": _aggregate,
    "limit": _limit,
    "append": _append,
    "modify": _modify,
    "materialize": _materialize,
    "window": _window,
    "function": _function,
    "values": _values,
    "filter": _filter,
    "gather": _gather,
    "lock": _lock,
    "project": _project,
}
assert set(_SAYS) >= READS
