"""Where servers live on this machine: data, logs, sockets, binaries, and the account they run under."""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

log = logging.getLogger(__name__)

ACCOUNT = "sandtable"
SYSTEM_ROOT = Path("/var/lib/sandtable")
LAUNCHER = "sandtable-python"


class PlaceError(RuntimeError):
    """A folder, account or binary that servers need is not to be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged user that servers run as when the app is root."""

    name: str
    uid: int
    gid: int


class Places:
    """The folders of one data directory. Held by one process at a time: `with Places(...)` takes the lock.

    With `shared`, a worker of the process that holds the lock uses them beside it.

    As root, binaries that the unprivileged account cannot reach are copied to a root-owned folder it can read.
    Folders outside the data, runtime and binary folders are never created, chowned or chmodded.
    """

    def __init__(self, data_dir: Path | None = None, *, shared: bool = False) -> None:
        self.shared = shared
        self.account = _account() if os.geteuid() == 0 else None
        self.data = (data_dir or _default_data_dir(self.account)).resolve()
        digest = hashlib.sha256(str(self.data).encode()).hexdigest()[:8]
        runtime_root = Path("/run") if self.account else Path(tempfile.gettempdir())
        owner = "" if self.account else f"{os.getuid()}-"
        self.runtime = runtime_root / f"sandtable-{owner}{digest}"
        self.logs = self.data / "logs"
        self.restarts: Counter[str] = Counter()  # of servers that died on their own, by name
        self._lock_fd: int | None = None

    def __enter__(self) -> Self:
        self.folder(self.data, shared=True)
        if not self.shared:
            self._lock()
        self.folder(self.logs, shared=True)
        self.folder(self.data / "pids", shared=True)
        self.folder(self.runtime, shared=True)
        return self

    def _lock(self) -> None:
        fd = os.open(self.data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise PlaceError(
                f"Another Sandtable (process {holder}) uses the data directory {self.data}. "
                "Stop it, or give this one another with --data-dir."
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        self._lock_fd = fd

    def __exit__(self, *_: object) -> None:
        if self._lock_fd is not None:
            shutil.rmtree(self.runtime, ignore_errors=True)  # sockets only, made again at the next start
            os.close(self._lock_fd)
            self._lock_fd = None

    def host_id(self) -> str:
        """A name for this data directory, made once: sandboxes kept in it are known by it in the store."""
        file = self.data / "host_id"
        with contextlib.suppress(FileExistsError), open(file, "x") as made:  # noqa: PTH123
            made.write(secrets.token_hex(8))
        return file.read_text()

    def folder(self, path: Path, *, shared: bool = False) -> Path:
        """Make a folder of ours: 0700 and the account's; `shared` ones stay the app's, 0755, with private parts inside."""
        path.mkdir(parents=True, exist_ok=True)
        if self.account:
            path.chmod(0o755 if shared else 0o700)
            if not shared:
                os.chown(path, self.account.uid, self.account.gid)
        else:
            path.chmod(0o700)
        if shared and self.account and not _reachable(path, self.account):
            raise PlaceError(
                f"The account {self.account.name!r} that servers run as cannot reach {path}: "
                "a folder above it is closed to others. Choose another with --data-dir."
            )
        return path

    def engine_data(self, slug: str) -> Path:
        """The engine's own folder for data."""
        return self.folder(self.data / slug)

    def engine_runtime(self, slug: str) -> Path:
        """The engine's own folder for sockets: short, since a socket path may have 107 bytes."""
        return self.folder(self.runtime / slug)

    def executable(self, package: str, distribution: str, program: str, *beside: str) -> Path:
        """The path of `program` in an installed package, copied to where the account can run it if need be.

        `program` is relative to the package's folder; `beside` names sibling folders in site-packages that it needs.
        Raises PlaceError when the package is not installed or lacks the program.
        """
        root = package_folder(package)
        source = root / program
        if not source.exists():
            raise PlaceError(f"{distribution} is installed but has no {program}.")
        if self.account is None or _reachable(source, self.account):
            return source
        version = importlib.metadata.version(distribution)
        target = SYSTEM_ROOT / "bin" / f"{distribution}-{version}"
        if not target.exists():
            _copy_tree(root, [root.parent / name for name in beside], target)
        return target / root.name / program

    def python(self) -> Path:
        """A Python of this minor version that the account can run."""
        current = Path(sys.executable)
        if self.account is None or all(_reachable(path, self.account) for path in (current, current.resolve())):
            return current
        name = f"python{sys.version_info.major}.{sys.version_info.minor}"
        for folder in ("/usr/local/bin", "/usr/bin"):
            candidate = Path(folder) / name
            if candidate.exists() and _reachable(candidate.resolve(), self.account):
                return candidate
        version = f"{sys.implementation.name}-{sys.version.split()[0]}"
        target = SYSTEM_ROOT / "bin" / version
        if not target.exists():
            base = Path(sys.base_prefix)
            staging = target.with_name(f"{target.name}.{os.getpid()}.new")
            shutil.copytree(base / "bin", staging / "bin", symlinks=True)
            library = Path("lib") / name
            shutil.copytree(
                base / library,
                staging / library,
                symlinks=True,
                ignore=shutil.ignore_patterns("site-packages", "test", "__pycache__"),
            )
            for shared in (base / "lib").glob(f"lib{name}*.so*"):
                shutil.copy2(shared, staging / "lib" / shared.name, follow_symlinks=False)
            # the interpreter would look for its library where it was built, or take another one of the system
            launcher = staging / "bin" / LAUNCHER
            launcher.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={target}/lib exec {target}/bin/{name} "$@"\n')
            launcher.chmod(0o755)
            _publish(staging, target)
        return target / "bin" / LAUNCHER


def package_folder(package: str) -> Path:
    """Where an installed package lies. Raises PlaceError when it is not installed."""
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise PlaceError(f"The Python package {package!r} is not installed. Run `make setup`, or pip install it.")
    return Path(next(iter(spec.submodule_search_locations)))


def _default_data_dir(account: Account | None) -> Path:
    if account:
        return SYSTEM_ROOT / "data"
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "sandtable"


def _account() -> Account:
    """The system account, made once and announced."""
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        useradd = shutil.which("useradd") or "/usr/sbin/useradd"
        if not Path(useradd).exists():
            raise PlaceError(
                f"Servers must not run as root and there is no account {ACCOUNT!r}. "
                f"Create it, for example with: adduser -S -D -H {ACCOUNT}"
            ) from None
        shell = [
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
        ]
        done = subprocess.run([useradd, *shell, ACCOUNT], capture_output=True, text=True, check=False)
        try:
            entry = pwd.getpwnam(ACCOUNT)
        except KeyError:
            raise PlaceError(f"useradd could not create the account {ACCOUNT!r}: {done.stderr.strip()}") from None
        log.warning("created the system account %r (uid %d): servers never run as root", ACCOUNT, entry.pw_uid)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _reachable(path: Path, account: Account) -> bool:
    """Whether the account may enter every folder above `path` and read it (execute it, for a program)."""
    for folder in path.parents:
        if not _allowed(folder, account, 0o1):
            return False
    return _allowed(path, account, 0o5 if path.is_dir() or os.access(path, os.X_OK) else 0o4)


def _allowed(path: Path, account: Account, bits: int) -> bool:
    status = path.stat()
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    return (status.st_mode >> shift) & bits == bits


def _copy_tree(root: Path, beside: list[Path], target: Path) -> None:
    staging = target.with_name(f"{target.name}.{os.getpid()}.new")
    for source in (root, *beside):
        if source.exists():
            shutil.copytree(source, staging / source.name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    _publish(staging, target)


def _publish(staging: Path, target: Path) -> None:
    """Move a finished copy into place, so that two processes copying at once both end well."""
    for path in (*target.parents[:2], staging, *staging.rglob("*")):
        if path.is_symlink() or not path.is_relative_to(SYSTEM_ROOT) or not path.exists():
            continue
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    try:
        staging.rename(target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(staging)
