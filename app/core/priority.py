"""Who computes for long lets others go first: server processes are made nice while a statement lasts longer than most do.

The app itself goes before them all: every visitor's answer passes through its one loop, and beside eight hostile statements that loop waited for
a core, not for the server, in most of the slowest answers (docs/performance.md).
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.core.turns import SHORT_NS, USUAL_NS, set_turn

PATIENCE_S = 0.004
NICE = 15
LAST = 19
FIRST = -10
USUAL = 0
_WRITTEN = re.compile(r"^wchar: (\d+)$", re.MULTILINE)


def may_change() -> bool:
    """Whether this process may make another nice and, what only root may, take that back."""
    return os.geteuid() == 0


def go_first() -> None:
    """This process, from now on, and the threads that it begins. It and all that it starts take short turns."""
    set_nice(os.getpid(), FIRST if may_change() else os.getpriority(os.PRIO_PROCESS, 0))


def usual(argv: Sequence[str]) -> list[str]:
    """The command so that what it starts does not go first; as a session of its own it must be started too."""
    ahead = USUAL - os.getpriority(os.PRIO_PROCESS, 0)
    return ["nice", "-n", str(ahead), *argv] if ahead > 0 else list(argv)


@contextlib.contextmanager
def giving_way(pid: int, nice: int = NICE) -> Iterator[None]:
    """While this lasts, a server process of this machine that has worked for a while computes only when others do not want to."""
    lowered = False

    def lower() -> None:
        nonlocal lowered
        lowered = True
        set_nice(pid, nice)

    timer = asyncio.get_running_loop().call_later(PATIENCE_S, lower)
    try:
        yield
    finally:
        timer.cancel()
        if lowered:
            set_nice(pid, USUAL)


def set_nice(pid: int, value: int) -> None:
    """Set it for the process and for its group: Linux weighs sessions before processes, and each of them has one of its own.

    Who is nice has usual turns, everybody else short ones.
    """
    with contextlib.suppress(OSError):  # it may have ended meanwhile, and a kernel may have no groups
        set_turn(pid, SHORT_NS if value <= USUAL else USUAL_NS, value)
        Path(f"/proc/{pid}/autogroup").write_text(str(value))


def written_bytes(pid: int) -> int:
    """How much a process on this machine has written since it began; 0 where that is not told."""
    try:
        told = Path(f"/proc/{pid}/io").read_text()
    except OSError:
        return 0
    found = _WRITTEN.search(told)
    return int(found[1]) if found else 0
