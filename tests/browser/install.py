"""Make sure that there is a Chromium for the browser tests: install Debian's when we may, else say how."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def chromium() -> str | None:
    """The Chromium to test with, or None."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def main() -> int:
    if chromium():
        return 0
    if os.geteuid() == 0 and Path("/etc/debian_version").exists():
        print("installing chromium for the browser tests")
        quiet = {"stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        subprocess.run(command, check=True, env=environment, **quiet)
        return 0
    print("The browser tests need Chromium. Install it (Debian: sudo apt-get install chromium; macOS: brew install")
    print("--cask chromium), or name a Chrome or Chromium binary in the environment variable CHROMIUM.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
