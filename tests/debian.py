"""Programs from Debian that some tests want beside what Python's packages bring."""

import os
import subprocess
from pathlib import Path


def install(package: str, otherwise: str) -> int:
    """Install the package when we may, else say `otherwise`. The exit code of the command that asked: 0 or 1."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists():
        print(otherwise)
        return 1
    print(f"installing {package} for the tests")
    subprocess.run(["apt-get", "update", "-qq"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
        check=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdout=subprocess.DEVNULL,
    )
    return 0
