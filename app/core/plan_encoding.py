"""Plans as the JSON that the API answers with, the pages render and a snapshot freezes."""

from dataclasses import fields, is_dataclass
from typing import Any

from app.core.insights import insights
from app.core.plan_words import sentence
from app.core.plans import Plan, PlanNode

_ALWAYS = (
    *("label", "access", "target", "index", "condition", "estimated_rows", "returned_rows", "examined_rows", "loops"),
    *("own_ms", "total_ms", "cost", "cost_unit"),
)
_UNSHOWN = {"children", "complete", "warnings", "remedies", "raw"}
_SELDOM = tuple(f.name for f in fields(PlanNode) if f.name not in {*_ALWAYS, *_UNSHOWN})
_OF_PLAN = tuple(f.name for f in fields(Plan) if f.name != "root")
_PLAN_SELDOM = frozenset(("planning_ms", "jit", "indexes", "resolution_ms", "facts"))


def encode_plan(plan: Plan) -> dict[str, Any]:
    """A plan as data, with a sentence for each step and what its figures suggest."""
    data = {}
    for name in _OF_PLAN:
        value = getattr(plan, name)
        if name not in _PLAN_SELDOM or value:
            data[name] = value if name == "raw" else plain(value)
    data["examined_per_returned"] = plan.examined_per_returned
    data["root"] = _tree(plan.root, plan.noun)
    data["insights"] = [plain(found) for found in insights(plan)]
    return data


def _tree(root: PlanNode, noun: str) -> dict[str, Any]:
    """The steps as nested data. Without recursion: a plan may be deep."""
    top: list[dict[str, Any]] = []
    stack = [(root, top)]
    while stack:
        node, place = stack.pop()
        data = _node(node)
        data["sentence"] = sentence(node, noun)
        data["children"] = []
        place.append(data)
        stack.extend((child, data["children"]) for child in reversed(node.children))
    return top[0]


def _node(node: PlanNode) -> dict[str, Any]:
    """A step's own fields; the seldom ones only where they say something."""
    data: dict[str, Any] = {name: getattr(node, name) for name in _ALWAYS}
    data["warnings"] = list(node.warnings)
    data["raw"] = node.raw
    for name in _SELDOM:
        value = getattr(node, name)
        if value is not None and value != ():
            data[name] = plain(value)
    for name in ("estimate_factor", "misestimate"):
        if (value := getattr(node, name)) is not None:
            data[name] = value
    if not node.complete:
        data["complete"] = False
    return data


def without_raw(plan: dict[str, Any]) -> dict[str, Any]:
    """An encoded plan without the engine's own form of it and of its steps."""
    slim = plan | {"raw": None}
    top: list[dict[str, Any]] = []
    stack = [(plan["root"], top)]
    while stack:
        node, place = stack.pop()
        copy: dict[str, Any] = node | {"raw": {}, "children": []}
        place.append(copy)
        stack.extend((child, copy["children"]) for child in reversed(node["children"]))
    return slim | {"root": top[0]}


def plain(value: Any) -> Any:
    """Dataclasses and tuples as JSON's kinds; fields that are None are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        items = ((f.name, getattr(value, f.name)) for f in fields(value))
        return {name: plain(item) for name, item in items if item is not None}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
