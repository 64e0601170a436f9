"""What is freed goes back to the system. Linux' allocator keeps most of it, in an arena for each few threads, for sizes that never come again.

Its dynamic threshold (mallopt(3)) rises to the size of the largest answer that was ever freed: from then on answers of a megabyte lie between small
things that stay.
"""

import ctypes
import sys

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGE_BYTES = 131_072
"""glibc's own first threshold; to set it keeps it."""
ARENAS = 2


def give_back() -> None:
    """For this process, before it has threads. Where the C library is another one, nothing changes."""
    if sys.platform != "linux" or (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is None:
        return
    for parameter, value in ((M_MMAP_THRESHOLD, LARGE_BYTES), (M_TRIM_THRESHOLD, LARGE_BYTES), (M_ARENA_MAX, ARENAS)):
        mallopt(parameter, value)
