"""How long each step of a plan took by itself: EXPLAIN's averages turned into times that add up. The arithmetic is in docs/plans.md."""

import re
from collections.abc import Iterator
from typing import Any

Raw = dict[str, Any]

_RETURNS = re.compile(r"^InitPlan (\d+)(?: \(returns (.+)\))?$")


class Times:
    """Total and own milliseconds of every step, by identity of its raw form. Nothing is known of steps that weren't timed."""

    def __init__(self, root: Raw) -> None:
        self.total: dict[int, float] = {}
        self.own: dict[int, float] = {}
        self._participants: dict[int, float] = {id(root): 1.0}
        self._steps: list[tuple[Raw, Raw | None]] = []
        self._measure(root)
        self._charge_ctes()
        self._charge_init_plans()

    def processes(self, raw: Raw) -> int | None:
        """How many processes ran the step side by side, where it was more than one."""
        count = round(self._participants[id(raw)])
        return count if count > 1 else None

    def _measure(self, root: Raw) -> None:
        stack: list[tuple[Raw, Raw | None]] = [(root, None)]
        while stack:
            raw, parent = stack.pop()
            self._steps.append((raw, parent))
            for child in raw.get("Plans", ()):
                self._participants[id(child)] = self._processes_of(raw, child)
                stack.append((child, raw))
        for raw, _ in self._steps:
            if "Actual Total Time" in raw:
                loops = raw.get("Actual Loops", 1)
                self.total[id(raw)] = raw["Actual Total Time"] * loops / self._participants[id(raw)]
        for raw, _ in self._steps:
            if id(raw) in self.total:
                inside = sum(self.total.get(id(child), 0) for child in raw.get("Plans", ()) if not is_init_plan(child))
                self.own[id(raw)] = max(0.0, self.total[id(raw)] - inside)

    def _processes_of(self, raw: Raw, child: Raw) -> float:
        """How many processes ran the child side by side: its loops against those of the Gather that collects from it."""
        if is_init_plan(child):
            return 1.0
        if raw.get("Node Type") not in ("Gather", "Gather Merge"):
            return self._participants[id(raw)]
        loops = raw.get("Actual Loops") or 1
        if child.get("Actual Loops"):
            return max(1.0, float(child["Actual Loops"]) / loops)
        return float(raw.get("Workers Launched", 0)) + (0 if raw.get("Single Copy") else 1) or 1.0

    def _charge_ctes(self) -> None:
        """A CTE runs while it is scanned: what it took is taken off its scans, in proportion to their own times."""
        scans: dict[str, list[Raw]] = {}
        for raw, _ in self._steps:
            if raw.get("Node Type") == "CTE Scan":
                scans.setdefault(str(raw.get("CTE Name")), []).append(raw)
        for raw, _ in self._steps:
            name = cte_name(raw)
            if name is not None:
                self._take(self.total.get(id(raw), 0), scans.get(name, []))

    def _charge_init_plans(self) -> None:
        """An init plan runs when its value is first asked for: what it took is taken off the steps that name it.

        Where none does (EXPLAIN without VERBOSE leaves out what a step only puts out), off the step that carries it.
        """
        for raw, parent in self._steps:
            if parent is None or not is_init_plan(raw) or cte_name(raw) is not None:
                continue
            users = _users_of(raw, parent)
            evaluated = [user for user in users if user.get("Params Evaluated")]
            left = self._take(self.total.get(id(raw), 0), evaluated or users)
            self._take(left, [parent])

    def _take(self, ms: float, steps: list[Raw]) -> float:
        """Take so much off the own times of these steps. Returns what they did not have."""
        have = sum(self.own.get(id(raw), 0) for raw in steps)
        if have <= 0:
            return ms
        part = min(1.0, ms / have)
        for raw in steps:
            if id(raw) in self.own:
                self.own[id(raw)] *= 1 - part
        return max(0.0, ms - have)


def is_init_plan(raw: Raw) -> bool:
    return raw.get("Parent Relationship") == "InitPlan"


def cte_name(raw: Raw) -> str | None:
    """The name of the CTE that this step is the top of."""
    name = str(raw.get("Subplan Name", ""))
    return name.removeprefix("CTE ") if name.startswith("CTE ") else None


def _users_of(init_plan: Raw, parent: Raw) -> list[Raw]:
    """The steps at and below `parent` that name the value of one of its init plans."""
    found = _RETURNS.match(str(init_plan.get("Subplan Name", "")))
    if found is None:
        return []
    parameters = [rf"\${number}(?!\d)" for number in re.findall(r"\$(\d+)", found[2] or "")]
    mention = re.compile("|".join([rf"InitPlan {found[1]}(?!\d)", *parameters]))
    users = []
    stack = [parent]
    while stack:
        raw = stack.pop()
        if any(mention.search(text) for text in _texts(raw)):
            users.append(raw)
        stack.extend(child for child in raw.get("Plans", ()) if child is not init_plan)
    return users


def _texts(raw: Raw) -> Iterator[str]:
    for name, value in raw.items():
        if name == "Subplan Name":
            continue
        if isinstance(value, str):
            yield value
        elif isinstance(value, list) and name != "Plans":
            yield from (item for item in value if isinstance(item, str))
