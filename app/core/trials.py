"""An index tried out: made, used and gone again, with the plan of a statement before and after."""

from dataclasses import dataclass

from app.core.plans import Plan


@dataclass(frozen=True, slots=True)
class Trial:
    """`source` makes the index for good, `drop` is what would remove it then. `note` says how it was tried."""

    source: str
    drop: str
    before: Plan
    after: Plan
    note: str
