"""A script that computes for long gives way to everything else in the process: its thread is idle by policy until it ends.

Linux knows a policy for each thread. An idle one gives way at once to any other that wakes, where a nice one ends its slice first
(sched(7), SCHED_IDLE). Only root may take it back; elsewhere nothing happens.
"""

import os
import sys
import threading
import time

GIVE_WAY_AFTER_S = 0.1
POSSIBLE = sys.platform == "linux" and os.geteuid() == 0


def be_usual() -> None:
    """Called on a script's thread, which else goes first, as the process that made it does."""
    if POSSIBLE:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 0)


class Pace:
    """The policy of one script's thread. All methods are called on that thread."""

    def __init__(self) -> None:
        self._began = 0.0
        self._idle = False

    def begin(self) -> None:
        self._began = time.thread_time()

    def check(self) -> None:
        """Become idle once the thread has computed for long; waiting does not count."""
        if POSSIBLE and not self._idle and time.thread_time() - self._began > GIVE_WAY_AFTER_S:
            _set_policy(os.SCHED_IDLE)
            self._idle = True

    def end(self) -> None:
        if self._idle:
            _set_policy(os.SCHED_OTHER)
            self._idle = False


def _set_policy(policy: int) -> None:
    os.sched_setscheduler(threading.get_native_id(), policy, os.sched_param(0))
