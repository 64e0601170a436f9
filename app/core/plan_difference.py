"""Two plans of one statement, as they were encoded: which figures changed and by how much, and which steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

Encoded = dict[str, Any]
MAX_COMPARED = 400


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after. `factor` is how many times less it became (over 1) or more (under 1); None where that says nothing.

    `at_least`: the second time is under what the engine's clock tells, so that the factor is a lower bound.
    """

    name: str
    before: float | None
    after: float | None
    factor: float | None
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step that is in one plan only, or in both with other figures. Steps are counted from 0, as the tree shows them."""

    kind: Literal["gone", "new", "same"]
    label: str
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    changes: tuple[Change, ...]
    steps: tuple[StepChange, ...]

    @property
    def same_shape(self) -> bool:
        return all(step.kind == "same" for step in self.steps)

    def change(self, name: str) -> Change:
        return next(change for change in self.changes if change.name == name)


def difference(before: Encoded, after: Encoded) -> Difference:
    """What is different in the second plan."""
    clock_ms = after.get("resolution_ms") or 0.0
    changes = tuple(
        _change(name, before.get(field), after.get(field), clock_ms if field == "server_ms" else 0.0)
        for name, field in (("time", "server_ms"), ("examined", "examined"), ("returned", "returned"), ("cost", "cost"))
        if before.get(field) is not None or after.get(field) is not None
    )
    return Difference(changes, tuple(_steps(before["root"], after["root"])))


def _change(name: str, before: float | None, after: float | None, least: float) -> Change:
    if before is None or after is None:
        return Change(name, before, after, None)
    if least and after < least and before >= least:
        return Change(name, before, after, before / least, at_least=True)
    return Change(name, before, after, before / after if after else None)


def _steps(before: Encoded, after: Encoded) -> Iterator[StepChange]:
    """Steps in order, those that both plans have at the same place of the order as one."""
    old, new = [_signature(node) for node in _walk(before)], [_signature(node) for node in _walk(after)]
    if max(len(old), len(new)) > MAX_COMPARED:
        return
    for kind, i, end_i, j, end_j in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (StepChange("same", _label(old[n]), n, j + n - i) for n in range(i, end_i))
        else:
            yield from (StepChange("gone", _label(old[n]), n, None) for n in range(i, end_i))
            yield from (StepChange("new", _label(new[n]), None, n) for n in range(j, end_j))


def _walk(root: Encoded) -> Iterator[Encoded]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node["children"]))


def _signature(node: Encoded) -> tuple[str, str, str]:
    return node["label"], node["target"] or "", node["index"] or ""


def _label(signature: tuple[str, str, str]) -> str:
    label, target, index = signature
    return " ".join([label, *([target] if target else []), *([f"by {index}"] if index else [])])
