"""How many plans of others are read, and how our own times of steps differ from pev2's arithmetic.

`python -m bench.plans PATH...` takes files and folders: psql's output with any number of plans (`*.out`, as in PostgreSQL's regression
tests), sources with plans in template strings (`*.ts`, as pev2's examples), and files with one plan each.
"""

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.core.errors import PlaygroundError, StatementError
from app.core.plans import Plan
from app.engines.postgres.plans.explained import read

MANY_MS = 0.01
_HEADING = re.compile(r"^ *QUERY PLAN *$", re.MULTILINE)
_STRING = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL)
_LOOKS = re.compile(r"cost=|actual time=|\"Node Type\"|Node-Type|Node Type:|\bactual rows=")


def plans_of(file: Path) -> Iterator[tuple[str, str]]:
    """Where a plan stands, and its text."""
    text = file.read_text(errors="replace")
    if file.suffix == ".out":
        for found in _HEADING.finditer(text):
            block = text[found.end() :].split("\n", 2)[2]
            end = re.search(r"^\(\d+ rows?\)$", block, re.MULTILINE)
            line = text.count("\n", 0, found.start()) + 1
            yield f"{file.name}:{line}", block[: end.start()] if end else block
    elif file.suffix in (".ts", ".js"):
        for number, found in enumerate(_STRING.finditer(text), 1):
            if _LOOKS.search(found[1]) and "${" not in found[1]:
                yield f"{file.name} {number}", found[1].replace("\\`", "`").replace("\\\\", "\\")
    elif file.name == "plans.json":  # as recorded for the tests
        for name, plan in json.loads(text).items():
            yield f"{file.parent.name} {name}", json.dumps(plan)
    elif _LOOKS.search(text):
        yield file.name, text


class Pev2:
    """Total and exclusive milliseconds of each step as pev2 reckons them, by identity of its raw form."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.total: dict[int, float] = {}
        self.own: dict[int, float] = {}
        self._steps: list[dict[str, Any]] = []
        self._walk(root, 0)
        for raw in self._steps:
            if is_cte(raw):
                self._without_cte(raw)
        for raw in self._steps:
            if raw.get("Parent Relationship") == "InitPlan":
                self._without_init_plan(raw)

    def _walk(self, raw: dict[str, Any], workers: int) -> None:
        self._steps.append(raw)
        below = raw.get("Workers Launched") or workers
        for child in raw.get("Plans", ()):
            self._walk(child, 0 if child.get("Parent Relationship") in ("InitPlan", "SubPlan") else below)
        if "Actual Total Time" not in raw:
            return
        self.total[id(raw)] = raw["Actual Total Time"] * raw.get("Actual Loops", 1) / (workers + 1)
        inside = sum(
            self.total.get(id(child), 0)
            for child in raw.get("Plans", ())
            if not is_cte(child)
            and (child.get("Parent Relationship") != "InitPlan" or raw.get("Node Type") == "Result")
        )
        self.own[id(raw)] = max(0.0, self.total[id(raw)] - inside)

    def _without_cte(self, cte: dict[str, Any]) -> None:
        name = cte.get("Subplan Name")
        scans = [
            raw for raw in self._steps if "CTE Name" in raw and f"CTE {raw['CTE Name']}" == name and id(raw) in self.own
        ]
        whole = sum(self.own[id(raw)] for raw in scans)
        for raw in scans if whole else ():
            taken = self.total.get(id(cte), 0) * self.total[id(raw)] / whole
            self.own[id(raw)] = max(0.0, self.own[id(raw)] - taken)

    def _without_init_plan(self, plan: dict[str, Any]) -> None:
        found = re.search(r"(InitPlan\s+[1-9]+)(?:\s+\(returns (\$[0-9]+)\))*", str(plan.get("Subplan Name", "")))
        if found is None:
            return
        mention = re.compile(re.escape(found[2] or found[1]) + "[0-9]?")
        for raw in self._steps:
            names_it = any(isinstance(value, str) and mention.search(value) for value in raw.values())
            if raw.get("Parent Relationship") != "InitPlan" and names_it and self.own.get(id(raw)):
                self.own[id(raw)] -= self.total.get(id(plan), 0)


def is_cte(raw: dict[str, Any]) -> bool:
    return raw.get("Parent Relationship") == "InitPlan" and str(raw.get("Subplan Name", "")).startswith("CTE")


def compare(plan: Plan, differences: Counter[str], where: str) -> None:
    """Our times beside pev2's, step by step in the same order."""
    theirs = Pev2(plan.raw["Plan"])
    raws = []
    stack = [plan.raw["Plan"]]
    while stack:
        raw = stack.pop()
        raws.append(raw)
        stack.extend(reversed(raw.get("Plans", ())))
    for node, raw in zip(plan.root.walk(), raws, strict=True):
        if id(raw) not in theirs.total or node.own_ms is None:
            continue
        their_total, their_own = theirs.total[id(raw)], theirs.own[id(raw)]
        differences["steps with times"] += 1
        if abs((node.total_ms or 0) - their_total) > MANY_MS:
            differences["total differs"] += 1
            print(f"  {where} {node.label}: total {node.total_ms:.3f}, pev2 {their_total:.3f}")
        if abs(node.own_ms - their_own) > MANY_MS:
            differences["exclusive differs"] += 1
            print(f"  {where} {node.label}: exclusive {node.own_ms:.3f}, pev2 {their_own:.3f}")
        differences["pev2 below 0"] += their_own < -MANY_MS


def _kind(label: str, role: str | None) -> str:
    """What makes the arithmetic of a plan more than a subtraction."""
    if role:
        return "a CTE" if role.startswith("CTE") else "an init plan" if role.startswith("InitPlan") else "a subplan"
    return "parallel workers" if label.startswith("Gather") else ""


def main(paths: list[Path]) -> None:
    files = [
        file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()
    ]
    count: Counter[str] = Counter()
    differences: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    began = time.perf_counter()
    for file in files:
        for where, text in plans_of(file):
            count["plans"] += 1
            try:
                plan = read(text)
            except (PlaygroundError, StatementError) as exc:
                count["refused"] += 1
                print(f"  {where}: {exc.message}")
                continue
            count["read"] += 1
            kinds = {_kind(node.label, node.role) for node in plan.root.walk()}
            count.update(f"with {kind}" for kind in kinds - {""})
            labels.update(node.label for node in plan.root.walk() if node.access == "other")
            compare(plan, differences, where)
    took = time.perf_counter() - began
    print(f"{count['read']:,} of {count['plans']:,} plans read in {took:.1f} s, {count['refused']:,} refused")
    print(", ".join(f"{n} {name}" for name, n in sorted(count.items()) if name.startswith("with ")))
    print("labels that are not known:", ", ".join(f"{label} {n}" for label, n in labels.most_common(20)) or "none")
    print(", ".join(f"{name} {n:,}" for name, n in differences.items()) or "no step has times")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
