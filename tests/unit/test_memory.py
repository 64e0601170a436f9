"""Free memory goes back to the system."""

import subprocess
import sys

import pytest

ANSWERS = """
import psutil
resident = lambda: psutil.Process().memory_info().rss
bytes(8_000_000)  # from now on glibc takes what is smaller from its heap
before, answers, small = resident(), [], []
for _ in range(200):
    answers.append(bytes(b"x" * 500_000))
    small.append(bytes(2_000))
answers.clear()
print((resident() - before) // 1_000_000)
"""


def kept_mb(first: str) -> int:
    done = subprocess.run([sys.executable, "-c", first + ANSWERS], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_what_is_freed_between_small_things_that_stay_is_given_back() -> None:
    assert kept_mb("") > 50  # else there is nothing to mend any more
    assert kept_mb("from app.core import memory; memory.give_back()") < 10
