"""A sandbox that this process works with, and what it knows of it."""

import time
from dataclasses import dataclass, field
from datetime import datetime

from app.core.sandbox import Sandbox


@dataclass(slots=True)
class Place:
    """A session's live sandbox and what this process knows of it."""

    sandbox: Sandbox
    used_at: datetime
    seed_hash: str | None = None
    users: int = 0  # runs going on in it
    untouched: bool = True  # nothing but a seed ran in it: another client could have changed what the seed left
    touched: bool = field(default=False)  # used since the store was last told
    used_monotonic: float = field(default_factory=time.monotonic)
    host: str | None = None
    note: str = ""  # to be told once, with the next run

    def enter(self) -> None:
        """A run begins in it."""
        self.users += 1
        self.untouched = False

    def take_note(self) -> str:
        """What the visitor should know, once."""
        note, self.note = self.note, ""
        return note
