"""Who used how much in the last ten minutes, for the admin view."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.playground.running.watching import RunEnd

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


@dataclass(frozen=True, slots=True)
class _Run:
    """What is remembered of a run: no source, since thousands are."""

    at: float
    engine: str
    total_ms: float
    reply_bytes: int
    stopped: bool


class Consumption:
    """A watcher of runs."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._runs: OrderedDict[str, deque[_Run]] = OrderedDict()

    def __call__(self, end: RunEnd) -> None:
        record, now = end.record, self._now()
        runs = self._runs.setdefault(record.session_id, deque(maxlen=MAX_RUNS))
        runs.append(_Run(now, record.engine, record.total_ms, end.reply_bytes, record.outcome == "stopped"))
        self._runs.move_to_end(record.session_id)
        self._forget(now - WINDOW_S)

    def _forget(self, before: float) -> None:
        """The first session is the one that ran longest ago."""
        while len(self._runs) > MAX_SESSIONS or (self._runs and next(iter(self._runs.values()))[-1].at < before):
            self._runs.popitem(last=False)

    def of(self, session_id: str) -> Use:
        """What the session used. Empty when it did nothing within the window."""
        use, since = Use(), self._now() - WINDOW_S
        for run in self._runs.get(session_id, ()):
            if run.at >= since:
                use.runs += 1
                use.total_ms += run.total_ms
                use.reply_bytes += run.reply_bytes
                use.stopped += run.stopped
                use.engines.add(run.engine)
        return use

    def sessions(self) -> set[str]:
        """Those that ran something within the window."""
        self._forget(self._now() - WINDOW_S)
        return set(self._runs)
