"""The slow log, which logs every command here: server times for us, and the visitor's own entries for the visitor.

The app's own commands (snapshots, sizes) stand in the same log, under the app's client name.
"""

from dataclasses import replace

from redis.exceptions import RedisError

from app.engines.redis.policy import ADMIN_USER
from app.engines.redis.replies import Reply
from app.engines.redis.server import SandboxServer

_RECENT = 4
_DEFAULT_COUNT = 10
_CLIENT_NAME = 5
_APP = ADMIN_USER.encode()


async def server_ms(server: SandboxServer, words: list[bytes]) -> float | None:
    """How long the server took for the command just run; None when it isn't in the log."""
    try:
        entries = await server.admin().slowlog_get(_RECENT)
    except (RedisError, OSError):
        return None
    name = words[0].upper()
    for entry in entries:
        if entry["client_name"] != _APP and entry["command"].split(b" ", 1)[0].upper() == name:
            return float(entry["duration"]) / 1000
    return None


def is_slowlog_get(words: list[bytes]) -> bool:
    return [word.upper() for word in words[:2]] == [b"SLOWLOG", b"GET"]


def ask_for_all(words: list[bytes]) -> list[bytes]:
    """The command with the count left to us, since entries of the app are taken out of the answer."""
    return [*words[:2], b"-1"] if _count(words) is not None else words


def visitors_part(words: list[bytes], reply: Reply) -> Reply:
    """The answer without the app's own entries, cut to the count that was asked for."""
    count = _count(words)
    if count is None or reply.type != "array":
        return reply
    theirs = [entry for entry in reply.items if [name.value for name in entry.items[_CLIENT_NAME:]] != [_APP]]
    return replace(reply, value=theirs if count < 0 else theirs[:count])


def _count(words: list[bytes]) -> int | None:
    """How many entries are asked for; None where the server should answer to what was written."""
    if len(words) == 2:
        return _DEFAULT_COUNT
    if len(words) == 3 and (words[2].isdigit() or words[2] == b"-1"):
        return int(words[2])
    return None
