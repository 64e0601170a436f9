"""Make sure that there is a redis-cli to compare with: install Debian's redis-tools when we may, else say how."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def redis_cli() -> str | None:
    """The redis-cli to compare with, or None."""
    return os.environ.get("REDIS_CLI") or shutil.which("redis-cli")


def main() -> int:
    if redis_cli():
        return 0
    if os.geteuid() == 0 and Path("/etc/debian_version").exists():
        print("installing redis-tools for the tests that compare with redis-cli")
        quiet = {"stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "redis-tools"]
        subprocess.run(command, check=True, env=environment, **quiet)
        return 0
    print("The tests of Redis replies need redis-cli 6 or newer. Install it (Debian: sudo apt-get install redis-tools;")
    print("macOS: brew install redis), or name one in the environment variable REDIS_CLI.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
