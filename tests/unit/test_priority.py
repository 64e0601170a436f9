"""Who goes first: niceness and slices as the kernel has them, read back."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core import priority, turns

ASKS = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"
NEW_ENOUGH = sys.platform == "linux" and tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (6, 12)


def slice_of(pid: int) -> int:
    """Nanoseconds, as sched_getattr(2) tells: its number follows that of sched_setattr."""
    found = turns._Attributes()
    assert turns._NUMBER
    number = turns._NUMBER + 1
    assert turns._LIBC.syscall(number, pid, ctypes.byref(found), ctypes.sizeof(found), 0) == 0
    runtime: int = found.runtime
    return runtime


def test_a_process_that_does_not_go_first_starts_as_it_is() -> None:
    assert os.getpriority(os.PRIO_PROCESS, 0) == priority.USUAL
    assert priority.usual(["true"]) == ["true"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may go first")
def test_what_a_process_that_goes_first_starts_does_not() -> None:
    first = f"from app.core import priority; import subprocess; priority.go_first(); {ASKS}; "
    code = first + f"subprocess.run(priority.usual(['{sys.executable}', '-c', '{ASKS}']))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, start_new_session=True
    )
    assert told.stdout.split() == [str(priority.FIRST), str(priority.USUAL)]


@pytest.mark.skipif(not NEW_ENOUGH, reason="slices are set from Linux 6.12 on")
@pytest.mark.parametrize(("nice", "is_short"), [(0, True), (priority.NICE, False)])
def test_who_is_nice_has_usual_turns(nice: int, *, is_short: bool) -> None:
    with subprocess.Popen(["sleep", "20"], start_new_session=True) as process:
        try:
            priority.set_nice(process.pid, nice)
            assert os.getpriority(os.PRIO_PROCESS, process.pid) == nice
            assert Path(f"/proc/{process.pid}/autogroup").read_text().split()[-1] == str(nice)
            assert (slice_of(process.pid) == turns.SHORT_NS) is is_short
        finally:
            process.kill()


def test_a_process_that_is_gone_is_no_error() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    priority.set_nice(process.pid, 5)
    with pytest.raises(OSError, match="No such process"):
        turns.set_turn(process.pid, turns.SHORT_NS, 0)
