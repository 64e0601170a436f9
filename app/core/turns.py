"""How long a thread may run before another one gets its turn: Linux' slice, which Python can't set.

A thread that wakes goes before one that runs if its slice is the shorter (from Linux 6.12: sched_setattr(2), `sched_runtime` of SCHED_OTHER; before, and
elsewhere, nothing changes). A short one costs no share of the processor, only more changes between those that compute for long.
"""

import ctypes
import os
import platform
import sys

SHORT_NS = 100_000
"""The least that Linux takes."""
USUAL_NS = 0
"""Whatever the system is set to, about 3 ms."""
_CALLS = {"x86_64": 314, "aarch64": 274}
_NUMBER = _CALLS.get(platform.machine()) if sys.platform == "linux" else None
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Attributes(ctypes.Structure):
    """struct sched_attr of linux/sched/types.h, in its first version."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def set_turn(thread: int, nanoseconds: int, nice: int) -> None:
    """Set the slice of a thread (a process id is its first thread's) and its niceness. Threads and processes that it begins have them too. Raises OSError."""
    if _NUMBER is None:
        os.setpriority(os.PRIO_PROCESS, thread, nice)
        return
    told = _Attributes(size=ctypes.sizeof(_Attributes), policy=os.SCHED_OTHER, nice=nice, runtime=nanoseconds)
    if _LIBC.syscall(_NUMBER, thread, ctypes.byref(told), 0):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
