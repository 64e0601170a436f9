"""A script that computes for long gives way to everything else in the process: its thread becomes nice until it ends.

Linux knows a priority for each thread, and only root may take one back; elsewhere nothing happens.
"""

import os
import sys
import threading
import time

GIVE_WAY_AFTER_S = 0.25
NICE = 15
POSSIBLE = sys.platform == "linux" and os.geteuid() == 0


class Pace:
    """The priority of one script's thread. All methods are called on that thread."""

    def __init__(self) -> None:
        self._began = 0.0
        self._nice = False

    def begin(self) -> None:
        self._began = time.thread_time()

    def check(self) -> None:
        """Become nice once the thread has computed for long; waiting does not count."""
        if POSSIBLE and not self._nice and time.thread_time() - self._began > GIVE_WAY_AFTER_S:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            self._nice = True

    def end(self) -> None:
        if self._nice:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, os.getpid()))
            self._nice = False
