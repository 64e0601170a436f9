"""What a visitor's ACL user may do on a server of their own, and what is said where it may not."""

from dataclasses import dataclass

ADMIN_USER = "sandtable"
VISITOR_USER = "visitor"

DENIED_RULES = " ".join(
    (
        "-module -debug -pfdebug -pfselftest -script|debug",
        "-shutdown -failover -replicaof -slaveof -replconf -psync -sync -migrate -restore-asking",
        "-save -bgsave -bgrewriteaof",
        "-config|set -config|rewrite",
        "-client|kill -client|pause -client|unpause -client|no-evict -client|reply",
        "-acl|setuser -acl|deluser -acl|getuser -acl|list -acl|users -acl|load -acl|save",
    )
)
VISITOR_RULES = f"~* &* +@all {DENIED_RULES}"

SCRIPTS = frozenset({"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO", "EXEC"})
"""Commands that may not be endable once they have written; EXEC because a script may be in its queue."""

LISTENING = frozenset({"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR"})
"""Commands that only listen: the time limit ends them with a result, not with an error."""

BLOCKING = frozenset(
    {
        *("BLPOP", "BRPOP", "BLMOVE", "BLMPOP", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX", "BZMPOP"),
        *("WAIT", "WAITAOF"),
    }
)
"""Commands that wait for something; XREAD and XREADGROUP do with BLOCK."""

UNSUBSCRIBING = frozenset({"UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"})


@dataclass(frozen=True, slots=True)
class Refusal:
    why: str
    instead: str


_SNAPSHOTS = Refusal(
    "snapshots of a sandbox are taken by Sandtable, after each run that changed data and before each script",
    "There is nothing to do: LASTSAVE shows when the last one was taken.",
)
_ALONE = Refusal(
    "the server of a sandbox stands alone and takes part in no replication",
    "INFO replication shows its state; DUMP and RESTORE move a key.",
)
_SETTINGS = Refusal(
    "the settings of a sandbox's server are fixed, but for notify-keyspace-events outside MULTI",
    "CONFIG GET shows them.",
)
_CLIENTS = Refusal(
    "it would also hit the connections that Sandtable keeps into this server",
    "Stop ends a run; CLIENT UNBLOCK and CLIENT LIST work.",
)
_INSIDE = Refusal(
    "it reaches into the server process itself", "OBJECT ENCODING, MEMORY USAGE and SLOWLOG show the inside."
)
_REFUSALS = {
    "shutdown": Refusal("it would stop the server under the sandbox", "Reset gives a fresh, empty one."),
    "module": Refusal("modules are native code", "Lua with EVAL, or FUNCTION LOAD, runs code in the server."),
    "migrate": Refusal("it connects to other servers", "COPY, or DUMP and RESTORE, work inside the sandbox."),
    "acl": Refusal(
        "only the sandbox's first user may see and change users, and not inside MULTI",
        "RESET goes back to that user; ACL WHOAMI, CAT, DRYRUN and LOG work for everyone.",
    ),
    "acl|load": Refusal("there is no file of users to load", "ACL SETUSER makes users, and the sandbox keeps them."),
    "acl|save": Refusal("the sandbox keeps its users by itself", "ACL LIST shows them."),
    "client|reply": Refusal("without replies a run has no result", "A reply that isn't needed can be ignored."),
    "script|debug": Refusal("the Lua debugger holds the whole server", "redis.log and return show values."),
    "debug": _INSIDE,
    "pfdebug": _INSIDE,
    "pfselftest": _INSIDE,
    "save": _SNAPSHOTS,
    "bgsave": _SNAPSHOTS,
    "bgrewriteaof": _SNAPSHOTS,
    "config": _SETTINGS,
    "client": _CLIENTS,
}


def refusal(command: str) -> Refusal:
    """Why a command is refused; `command` as the server names it: `shutdown`, `config|set`."""
    return _REFUSALS.get(command) or _REFUSALS.get(command.partition("|")[0]) or _ALONE


def waits(words: list[bytes]) -> bool:
    """Whether a command listens or waits until something happens."""
    name = words[0].upper().decode(errors="replace") if words else ""
    if name in ("XREAD", "XREADGROUP"):
        options = [word.upper() for word in words[1:12]]
        return b"BLOCK" in options[: options.index(b"STREAMS")] if b"STREAMS" in options else False
    return name in LISTENING or name in BLOCKING


READING = frozenset(
    b"""BITCOUNT BITFIELD_RO BITPOS DBSIZE EXISTS GEODIST GEOHASH GEOPOS GEOSEARCH GET GETBIT GETRANGE HEXISTS HGET HGETALL HKEYS HLEN HMGET
    HRANDFIELD HSCAN HSTRLEN HVALS KEYS LCS LINDEX LLEN LPOS LRANGE MGET SCAN SCARD SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SORT_RO
    SRANDMEMBER SSCAN STRLEN SUNION TTL TYPE XINFO XLEN XPENDING XRANGE XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE
    ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNION""".split()
)
"""Commands that only read: an export may run them again."""
