"""Make sure that there is a redis-cli to compare with: install Debian's redis-tools when we may, else say how."""

import os
import shutil
import sys

from tests import debian

OTHERWISE = """\
The tests of Redis replies need redis-cli 6 or newer. Install it (Debian: sudo apt-get install redis-tools;
macOS: brew install redis), or name one in the environment variable REDIS_CLI."""


def redis_cli() -> str | None:
    """The redis-cli to compare with, or None."""
    return os.environ.get("REDIS_CLI") or shutil.which("redis-cli")


if __name__ == "__main__":
    sys.exit(0 if redis_cli() else debian.install("redis-tools", OTHERWISE))
