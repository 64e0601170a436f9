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

PATIENCE_S = 0.02
NICE = 15
LAST = 19
FIRST = -10
USUAL = 0
_WRITTEN = re.compile(r"^wchar: (\d+)$", re.MULTILINE)


def may_change() -> bool:
    """Whether this process may make another nice and, what only root may, take that back."""
    return os.geteuid() == 0


def go_first() -> None:
    """This process, from now on, and the threads that it begins."""
    if may_change():
        set_nice(os.getpid(), FIRST)


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
    """Set it for the process and for its group: Linux weighs sessions before processes, and each of them has one of its own."""
    with contextlib.suppress(OSError):  # it may have ended meanwhile, and a kernel may have no groups
        os.setpriority(os.PRIO_PROCESS, pid, value)
        Path(f"/proc/{pid}/autogroup").write_text(str(value))


def written_bytes(pid: int) -> int:
    """How much a process on this machine has written since it began; 0 where that is not told."""
    try:
        told = Path(f"/proc/{pid}/io").read_text()
    except OSError:
        return 0
    found = _WRITTEN.search(told)
    return int(found[1]) if found else 0
