"""Who used how much in the last ten minutes, for the admin view."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.playground.watching import RunEnd

WINDOW_S = 600.0
MAX_SESSIONS = 5_000
"""How many sessions are watched; the one that ran longest ago is forgotten first."""
MAX_RUNS = 2_000
"""How many runs of one session are kept."""


@dataclass(slots=True)
class Use:
    """What one session used within the window."""

    runs: int = 0
    total_ms: float = 0.0
    reply_bytes: int = 0
    stopped: int = 0
    engines: set[str] = field(default_factory=set)


class Consumption:
    """A watcher of runs."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._runs: OrderedDict[str, deque[tuple[float, RunEnd]]] = OrderedDict()

    def __call__(self, end: RunEnd) -> None:
        session_id = end.record.session_id
        self._runs.setdefault(session_id, deque(maxlen=MAX_RUNS)).append((self._now(), end))
        self._runs.move_to_end(session_id)
        if len(self._runs) > MAX_SESSIONS:
            self._runs.popitem(last=False)

    def of(self, session_id: str) -> Use:
        """What the session used. Empty when it did nothing within the window."""
        use, since = Use(), self._now() - WINDOW_S
        for at, end in self._runs.get(session_id, ()):
            if at >= since:
                use.runs += 1
                use.total_ms += end.record.total_ms
                use.reply_bytes += end.reply_bytes
                use.stopped += end.record.outcome == "stopped"
                use.engines.add(end.record.engine)
        return use

    def sessions(self) -> set[str]:
        """Those that ran something within the window."""
        since = self._now() - WINDOW_S
        return {session_id for session_id, runs in self._runs.items() if runs[-1][0] >= since}
