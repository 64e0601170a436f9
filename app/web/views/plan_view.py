"""A plan as the page shows it: steps in order with their bars and badges, a flame of nested times, and plain text to take along."""

from dataclasses import dataclass, field
from typing import Any

from app.core.plan_difference import Change
from app.core.plan_words import figure

Encoded = dict[str, Any]

HOT = 0.25
"""From this share of the time or the cost on, a step is marked as hot, unless the plan has one step alone or took no time to speak of."""
HOT_MIN_MS = 0.5
WASTEFUL = 10
SURE = 1.5
"""A time that differs by less may differ by chance, so it is called neither better nor worse."""
LEVEL = 16
MAX_GUIDES = 16
FLAME_ROW = 26
MIN_FLAME_PERCENT = 0.05

COLUMNS = (
    ("own", "own time"),
    ("total", "with children"),
    ("loops", "loops"),
    ("rows", "rows"),
    ("expected", "expected"),
    ("factor", "off by"),
    ("examined", "examined"),
    ("ratio", "examined ÷ returned"),
    ("keys", "keys"),
    ("buffers", "pages"),
    ("memory", "memory"),
    ("cost", "cost"),
)


@dataclass(slots=True)
class Step:
    """One row of the tree. `guide`: the path of the lines beside it, `indent` wide; `bar` is its share in percent."""

    number: int
    depth: int
    label: str
    target: str
    access: str
    index: str
    role: str
    sentence: str
    indent: int
    guide: str
    share: float
    bar: str
    hot: bool
    time: str
    rows: str
    expected: str
    factor: str
    ratio: str
    conditions: list[tuple[str, str, str]]
    warnings: list[str]
    details: list[tuple[str, str]]
    cells: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Block:
    """A rectangle of the flame, in percent of its width."""

    x: float
    width: float
    row: int
    name: str
    title: str
    hot: bool
    number: int


@dataclass(slots=True)
class View:
    """All that the templates of a plan need. `by` says what the bars are shares of: `time`, `cost`, or nothing."""

    steps: list[Step]
    columns: list[tuple[str, str]]
    by: str
    blocks: list[Block]
    flame_height: int
    insights: list[Encoded]
    figures: list[tuple[str, str, str, bool]]
    more: list[tuple[str, str]]
    noun: str

    @property
    def one(self) -> str:
        return self.noun.removesuffix("s")


def plan_view(plan: Encoded) -> View:
    """The view of an encoded plan, also of one that was encoded by an earlier version."""
    noun = plan.get("noun", "rows")
    nodes = list(_walk(plan["root"]))
    own_ms = [node.get("own_ms") or 0.0 for node, *_ in nodes]
    own_costs = [_own_cost(node) for node, *_ in nodes]
    by, weights = "", [0.0] * len(nodes)
    if sum(own_ms) > 0:
        by, weights = "time", own_ms
    elif sum(own_costs) > 0:
        by, weights = "cost", own_costs
    whole = sum(weights) or 1.0
    can_be_hot = len(nodes) > 1 and (by == "cost" or sum(own_ms) >= HOT_MIN_MS)
    steps = [
        _step(node, number, depth, guides, is_last, weights[number] / whole, can_be_hot)
        for number, (node, depth, guides, is_last) in enumerate(nodes)
    ]
    used = {name for step in steps for name, text in step.cells.items() if text}
    blocks = _flame(plan["root"], steps, by)
    return View(
        steps=steps,
        columns=[(name, title) for name, title in COLUMNS if name in used],
        by=by,
        blocks=blocks,
        flame_height=FLAME_ROW * (1 + max((block.row for block in blocks), default=0)),
        insights=plan.get("insights", []),
        figures=_figures(plan),
        more=_more(plan),
        noun=noun,
    )


def _walk(root: Encoded) -> list[tuple[Encoded, int, list[bool], bool]]:
    """Steps with their depth, the lines beside them, and whether they are the last of their parent's."""
    found = []
    stack: list[tuple[Encoded, int, list[bool], bool]] = [(root, 0, [], True)]
    while stack:
        node, depth, guides, is_last = stack.pop()
        found.append((node, depth, guides, is_last))
        children = node["children"]
        below = [*guides, not is_last] if depth else []
        stack.extend((child, depth + 1, below, child is children[-1]) for child in reversed(children))
    return found


def _guide(depth: int, guides: list[bool], is_last: bool) -> str:
    """A line for each level that goes on below, and an elbow. They are longer than any step is high: the drawing cuts them."""
    if not depth:
        return ""
    levels = min(depth, MAX_GUIDES)
    lines = [f"M{level * LEVEL + 7} 0V9999" for level, goes_on in enumerate(guides[: levels - 1]) if goes_on]
    x = (levels - 1) * LEVEL + 7
    return "".join([*lines, f"M{x} 0V{17 if is_last else 9999}M{x} 17h9"])


def _own_cost(node: Encoded) -> float:
    if node.get("cost") is None:
        return 0.0
    below = sum(child.get("cost") or 0.0 for child in node["children"] if not child.get("role"))
    return max(0.0, float(node["cost"]) - below)


def _step(
    node: Encoded, number: int, depth: int, guides: list[bool], is_last: bool, share: float, can_be_hot: bool
) -> Step:
    returned, expected, examined = node["returned_rows"], node["estimated_rows"], node["examined_rows"]
    off = node.get("misestimate")
    factor = ""
    if off:
        factor = f"{figure(round(off))}× {'more' if (node.get('estimate_factor') or 1) > 1 else 'fewer'}"
    ratio = examined / returned if examined and returned else None
    step = Step(
        number=number,
        depth=depth,
        label=node["label"],
        target=node["target"] or "",
        access=node["access"],
        index=node["index"] or "",
        role=node.get("role", ""),
        sentence=node.get("sentence", ""),
        indent=LEVEL * min(depth, MAX_GUIDES),
        guide=_guide(depth, guides, is_last),
        share=share,
        bar=f"{100 * share:.1f}",
        hot=can_be_hot and share >= HOT,
        time=ms(node["own_ms"]) if node["own_ms"] is not None else "",
        rows=figure(returned) if returned is not None else "",
        expected=figure(expected) if expected is not None else "",
        factor=factor,
        ratio=f"{figure(round(ratio, 1))}" if ratio and ratio >= WASTEFUL else "",
        conditions=_conditions(node),
        warnings=list(node["warnings"]),
        details=_details(node),
    )
    step.cells = _cells(node, step, ratio)
    return step


def _conditions(node: Encoded) -> list[tuple[str, str, str]]:
    """Label, text, and what it threw away."""
    if not node.get("conditions"):
        return [("", node["condition"], "")] if node["condition"] else []
    return [
        (c["label"], c["text"], f"removed {figure(c['removed'])}" if c.get("removed") else "")
        for c in node["conditions"]
    ]


def _cells(node: Encoded, step: Step, ratio: float | None) -> dict[str, str]:
    def of(name: str) -> str:
        return figure(node[name]) if node.get(name) is not None else ""

    buffers, space = node.get("buffers", {}), node.get("space", {})
    pages = buffers.get("hit", 0) + buffers.get("read", 0)
    return {
        "own": step.time,
        "total": ms(node["total_ms"]) if node["total_ms"] is not None else "",
        "loops": of("loops"),
        "rows": step.rows,
        "expected": step.expected,
        "factor": step.factor,
        "examined": of("examined_rows"),
        "ratio": figure(round(ratio, 1)) if ratio and ratio > 1 else "",
        "keys": of("keys_examined"),
        "buffers": figure(pages) if pages else "",
        "memory": _space(space),
        "cost": of("cost"),
    }


def _details(node: Encoded) -> list[tuple[str, str]]:
    """Name and value of all that is told of a step."""
    found: list[tuple[str, str]] = []

    def add(name: str, value: float | None, unit: str = "") -> None:
        if value is not None:
            found.append((name, f"{figure(value)}{f' {unit}' if unit else ''}"))

    if node["total_ms"] is not None:
        found.append(("time with what is below", ms(node["total_ms"])))
    if node["own_ms"] is not None:
        found.append(("time by itself", ms(node["own_ms"])))
    add("loops", node["loops"])
    add("processes", node.get("processes"))
    add("returned", node["returned_rows"])
    add("expected", node["estimated_rows"])
    add("examined", node["examined_rows"])
    add("removed by filters", node.get("removed_rows"))
    add("keys examined", node.get("keys_examined"))
    add("index searches", node.get("index_searches"))
    add("visits to the table", node.get("heap_fetches"))
    add("cost", node["cost"], node["cost_unit"] or "")
    if space := node.get("space"):
        text = ", ".join(part for part in (space.get("method"), _space(space), _batches(space)) if part)
        found.append(("memory", text))
    if workers := node.get("workers"):
        found.append(
            ("parallel workers", f"{workers.get('launched', '?')} started of {workers.get('planned', '?')} planned")
        )
    found += _buffer_lines(node.get("buffers"))
    if wal := node.get("wal"):
        text = f"{figure(wal['records'])} records, {figure(wal['full_pages'])} full pages, {figure(wal['bytes'])} bytes"
        found.append(("write-ahead log", text))
    for fact in node.get("facts", ()):
        value = fact["value"] if isinstance(fact["value"], str) else figure(fact["value"])
        found.append((fact["name"], f"{value} {fact['unit']}" if fact.get("unit") else value))
    return found


def _space(space: Encoded) -> str:
    parts = [f"{figure(space['memory_kb'])} kB"] if space.get("memory_kb") else []
    parts += [f"{figure(space['disk_kb'])} kB on disk"] if space.get("disk_kb") else []
    return ", ".join(parts)


def _batches(space: Encoded) -> str:
    return f"{figure(space['batches'])} parts" if (space.get("batches") or 1) > 1 else ""


def _buffer_lines(buffers: Encoded | None) -> list[tuple[str, str]]:
    if not buffers:
        return []
    words = (("hit", "found in memory"), ("read", "read"), ("dirtied", "dirtied"), ("written", "written"))
    lines = [
        ("pages with what is below", ", ".join(f"{figure(buffers[k])} {w}" for k, w in words if buffers[k]) or "none")
    ]
    if buffers.get("own_hit") is not None:
        lines.append(
            ("pages by itself", f"{figure(buffers['own_hit'])} found in memory, {figure(buffers['own_read'])} read")
        )
    if buffers["temp_read"] or buffers["temp_written"]:
        lines.append(
            ("temporary pages", f"{figure(buffers['temp_read'])} read, {figure(buffers['temp_written'])} written")
        )
    lines += [(f"time to {k}", ms(buffers[f"{k}_ms"])) for k in ("read", "write") if buffers.get(f"{k}_ms")]
    return lines


def _figures(plan: Encoded) -> list[tuple[str, str, str, bool]]:
    """The summary line: name, value, unit, and whether it is remarkable."""
    found: list[tuple[str, str, str, bool]] = [("access path", plan["access"], "", False)]
    counts = [name for name in ("examined", "returned") if plan[name] is not None]
    found += [(name, figure(plan[name]), "", False) for name in counts]
    ratio = plan.get("examined_per_returned")
    if ratio is not None:
        makes_few = any(node["access"] == "aggregate" for node, *_ in _walk(plan["root"]))
        found.append(("examined ÷ returned", figure(round(ratio, 1)), "", ratio >= 100 and not makes_few))
    if plan["cost"] is not None:
        found.append(("cost", figure(plan["cost"]), plan["cost_unit"] or "", False))
    if plan["server_ms"] is not None:
        found.append(("server", ms(plan["server_ms"]), "", False))
    if plan.get("planning_ms") is not None:
        found.append(("planning", ms(plan["planning_ms"]), "", False))
    return found


def _more(plan: Encoded) -> list[tuple[str, str]]:
    found = []
    if jit := plan.get("jit"):
        parts = ", ".join(f"{part['name']} {ms(part['value'])}" for part in jit.get("parts", ()))
        total = f" in {ms(jit['total_ms'])}" if jit.get("total_ms") is not None else ""
        found.append(("compiled", f"{figure(jit['functions'])} functions{total}{f' ({parts})' if parts else ''}"))
    for fact in plan.get("facts", ()):
        value = fact["value"] if isinstance(fact["value"], str) else figure(fact["value"])
        found.append((fact["name"], f"{value} {fact['unit']}" if fact.get("unit") else value))
    return found


def _flame(root: Encoded, steps: list[Step], by: str) -> list[Block]:
    """Nested times, or costs: a step lies under the one that asked for it, as wide as what it took with all below it."""
    if not by:
        return []

    def total(node: Encoded) -> float:
        return float(node["total_ms" if by == "time" else "cost"] or 0.0)

    blocks = []
    stack = [(root, 0.0, 100.0, 0)]
    number = 0
    while stack:
        node, x, width, row = stack.pop()
        step = steps[number]
        number += 1
        if width >= MIN_FLAME_PERCENT:
            name = f"{step.label} {step.target}".strip()
            took = ms(total(node)) if by == "time" else f"cost {figure(total(node))}"
            blocks.append(
                Block(
                    round(x, 3), round(width, 3), row, name, f"{name}: {took}. {step.sentence}", step.hot, step.number
                )
            )
        below = [total(child) for child in node["children"]]
        most = max(total(node), sum(below)) or 1.0
        at, places = x, []
        for child, took_below in zip(node["children"], below, strict=True):
            places.append((child, at, width * took_below / most, row + 1))
            at += width * took_below / most
        stack.extend(reversed(places))
    return blocks


def change_view(changes: tuple[Change, ...]) -> list[tuple[str, str, str, str, str]]:
    """Name, before, after, what became of it in words, and whether that is better, worse or neither."""
    found = []
    for change in changes:
        write = ms if change.name == "time" else figure
        before, after = ("" if value is None else write(value) for value in (change.before, change.after))
        after = "under 1 ms" if change.at_least else after
        said, tone = "", ""
        if change.factor is not None and change.name != "returned":
            times = max(change.factor, 1 / change.factor) if change.factor else 0.0
            if times >= 1.1:
                less, more = ("faster", "slower") if change.name == "time" else ("less", "more")
                said = f"{'at least ' if change.at_least else ''}{figure(round(times, 1))}× {less if change.factor > 1 else more}"
                if change.name != "time" or times >= SURE:
                    tone = "better" if change.factor > 1 else "worse"
            else:
                said = "about the same"
        found.append((change.name, before, after, said, tone))
    return found


def ms(value: float) -> str:
    """A time as the page writes it everywhere."""
    if value >= 10_000:
        return f"{value / 1000:,.1f} s"
    if value >= 100:
        return f"{value:,.0f} ms"
    if value >= 10:
        return f"{value:.1f} ms"
    if value >= 0.01:
        return f"{value:.2f} ms"
    return "under 0.01 ms" if value else "under 1 ms"
