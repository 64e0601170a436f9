"""How an engine executed, or would execute, a statement: one vocabulary for all engines."""

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
    "other",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """One step of a plan. `label` is the engine's own word; times are ms; a None figure is one the engine did not give."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan and the summary every engine fills.

    `measured` tells whether the statement was executed for it; `server_ms` is None when it was not, or the server doesn't tell.
    `note` says in a sentence what the figures rest on where the engine has no EXPLAIN of its own.
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

    @property
    def examined_per_returned(self) -> float | None:
        """How many rows, documents, keys or items were looked at for each one returned."""
        if self.examined is None or not self.returned:
            return None
        return self.examined / self.returned
