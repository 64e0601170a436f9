"""Make sure that there is a Chromium for the browser tests: install Debian's when we may, else say how."""

import os
import shutil
import sys

from tests import debian

OTHERWISE = """\
The browser tests need Chromium. Install it (Debian: sudo apt-get install chromium; macOS: brew install
--cask chromium), or name a Chrome or Chromium binary in the environment variable CHROMIUM."""


def chromium() -> str | None:
    """The Chromium to test with, or None."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


if __name__ == "__main__":
    sys.exit(0 if chromium() else debian.install("chromium", OTHERWISE))
