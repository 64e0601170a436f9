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
    is_new: bool = False  # made by this process, and not seeded yet
    entries: int = 0  # how often work began in it
    touched: bool = field(default=False)  # used since the store was last told
    used_monotonic: float = field(default_factory=time.monotonic)
    host: str | None = None
    note: str = ""  # to be told once, with the next run

    def enter(self) -> None:
        """A run begins in it."""
        self.users += 1
        self.entries += 1

    def take_note(self) -> str:
        """What the visitor should know, once."""
        note, self.note = self.note, ""
        return note
