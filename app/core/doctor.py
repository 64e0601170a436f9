"""What is wrong with an engine's binary on this machine, and the exact command that mends it."""

import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.core.places import PlaceError

TIMEOUT_S = 20

DEBIAN_PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "libgomp.so.1": "libgomp1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libldap-2.5.so.0": "libldap-2.5-0",
    "liblzma.so.5": "liblzma5",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
}
"""Shared libraries that the engines' binaries link to and Debian 12 may lack, and their packages."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`fix` is None when all is well; else a command, or a sentence where no command will do."""

    binary: str | None = None
    version: str | None = None
    missing_libraries: list[str] = field(default_factory=list)
    fix: str | None = None


def diagnose(find: Callable[[], Path], version_arguments: Sequence[str] = ("--version",)) -> Diagnosis:
    """Find a binary, ask its version, and list the shared libraries it misses. Blocks up to 20 s."""
    try:
        binary = find()
    except PlaceError as exc:
        return Diagnosis(fix=str(exc))
    missing = missing_libraries(binary)
    if missing:
        return Diagnosis(str(binary), None, missing, _install_command(missing))
    try:
        done = subprocess.run(
            [str(binary), *version_arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return Diagnosis(str(binary), fix=f"The binary cannot be run: {exc}")
    if done.returncode != 0:
        return Diagnosis(str(binary), fix=f"The binary ends with code {done.returncode}: {done.stderr.strip()[:300]}")
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout)
    return Diagnosis(str(binary), found.group() if found else done.stdout.strip()[:40])


def missing_libraries(binary: Path) -> list[str]:
    """The shared libraries that the dynamic linker does not find for a binary (Linux; elsewhere none are reported)."""
    ldd = shutil.which("ldd")
    if platform.system() != "Linux" or ldd is None:
        return []
    done = subprocess.run([ldd, str(binary)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    return re.findall(r"^\s*(\S+) => not found", done.stdout, re.MULTILINE)


def _install_command(libraries: list[str]) -> str:
    packages = sorted({DEBIAN_PACKAGES[name] for name in libraries if name in DEBIAN_PACKAGES})
    unknown = [name for name in libraries if name not in DEBIAN_PACKAGES]
    if unknown:
        return f"Install the packages that provide {', '.join(unknown)}" + (
            f", and: apt-get install {' '.join(packages)}" if packages else "."
        )
    return f"apt-get install {' '.join(packages)}"
