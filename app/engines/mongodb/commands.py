"""Which commands a script may send, and what is changed in them on the way."""

from dataclasses import dataclass
from typing import Any, Literal

from app.core.errors import StatementRefused

Effect = Literal["read", "grow", "other"]

EFFECTS: dict[str, Effect] = {
    "find": "read",
    "aggregate": "read",
    "count": "read",
    "distinct": "read",
    "listCollections": "read",
    "listIndexes": "read",
    "explain": "read",
    "collStats": "read",
    "dbStats": "read",
    "validate": "read",
    "ping": "read",
    "buildInfo": "read",
    "insert": "grow",
    "update": "grow",
    "findAndModify": "grow",
    "create": "grow",
    "createIndexes": "grow",
    "delete": "other",
    "drop": "other",
    "dropIndexes": "other",
    "collMod": "grow",
    "renameCollection": "other",
    "profile": "other",
    "planCacheClear": "other",
    "convertToCapped": "grow",
}
SPELLINGS = {name.lower(): name for name in EFFECTS}
EXPLAINABLE = frozenset(("find", "aggregate", "count", "distinct", "update", "delete", "findAndModify"))
CURSOR_COMMANDS = frozenset(("find", "aggregate", "listCollections", "listIndexes"))

INSTEAD = {
    "hello": "It would show the address of this machine; db.version() tells the version.",
    "isMaster": "It would show the address of this machine; db.version() tells the version.",
    "getMore": "Cursors fetch what follows by themselves.",
    "killCursors": "Use close() on the cursor.",
    "listDatabases": "A sandbox is one database; `show dbs` shows it.",
    "dropDatabase": "Use db.dropDatabase(): it drops all collections.",
    "currentOp": "The server is shared; Stop ends what runs in your sandbox.",
    "killOp": "The server is shared; Stop ends what runs in your sandbox.",
    "eval": "The server runs no JavaScript; this script does.",
    "mapReduce": "The server runs no JavaScript; use an aggregation with $group.",
    "createUser": "A sandbox has two ready users beside you: db.auth('reader', 'reader').",
    "serverStatus": "The server is shared; this is its operator's.",
    "reIndex": "Drop the index and create it again.",
}
SESSION_FIELDS = frozenset(
    [
        "$db",
        "lsid",
        "txnNumber",
        "startTransaction",
        "autocommit",
        "stmtId",
        "stmtIds",
        "$clusterTime",
        "$readPreference",
        "$audit",
        "$client",
        "apiVersion",
        "apiStrict",
        "apiDeprecationErrors",
        "comment",
        "allowDiskUse",
        "noCursorTimeout",
        "tailable",
        "awaitData",
        "oplogReplay",
        "exhaust",
        "isMapReduceCommand",
        "fromMongos",
        "needsMerge",
        "runtimeConstants",
        "mayBypassWriteBlocking",
        "$_requestReshardingResumeToken",
        "collectionUUID",
        "databaseVersion",
        "shardVersion",
    ]
)
"""Ours to set, or without meaning in a sandbox: dropped silently."""
FORBIDDEN_OPTIONS = {
    "storageEngine": "it would reach into the storage of all sandboxes",
    "indexOptionDefaults": "it would reach into the storage of all sandboxes",
    "changeStreamPreAndPostImages": "its images are kept outside of the sandbox",
    "encryptedFields": "it needs collections of its own beside each collection",
    "slowms": "it holds for the whole server",
    "sampleRate": "it holds for the whole server",
    "repair": "it would reach into the storage of all sandboxes",
}
HIDES_HOST = {"$unset": "host"}
HOST_STAGES = frozenset(("$collStats", "$indexStats", "$planCacheStats"))


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it may be sent. `target` is the collection it may bring into being."""

    name: str
    command: dict[str, Any]
    effect: Effect
    target: str | None = None
    waits: bool = False
    """A change stream: its cursor gives what is still to come."""


def accept(typed: Any) -> Order:
    """The order for a command as the script typed it. Raises StatementRefused for what is not on the list."""
    if not isinstance(typed, dict) or not typed:
        raise StatementRefused("A command is a document such as {ping: 1}.", code="command")
    first = next(iter(typed))
    name = SPELLINGS.get(first.lower())
    if name is None:
        instead = INSTEAD.get(first) or f"On offer are {', '.join(sorted(EFFECTS))}."
        raise StatementRefused(f"The command {first} is not offered here.", code="command", hint=instead)
    command = {name: typed[first]}
    command |= {key: value for key, value in typed.items() if key != first and key not in SESSION_FIELDS}
    _check_options(name, command)
    if name == "explain":
        inner = accept(command["explain"])
        if inner.name not in EXPLAINABLE:
            raise StatementRefused(f"A plan of {inner.name} cannot be had.", code="command")
        command["explain"] = {key: value for key, value in inner.command.items() if key != "maxTimeMS"}
    if "pipeline" in command:
        command["pipeline"] = without_hosts(command["pipeline"])
    written = _written_by_pipeline(command.get("pipeline")) if name == "aggregate" else None
    effect = "grow" if written else EFFECTS[name]
    target = written or (str(command[name]) if effect == "grow" else None)
    return Order(name, command, effect, target, _is_change_stream(command.get("pipeline")))


def stamped(order: Order, *, comment: str, left_ms: int) -> dict[str, Any]:
    """The command with our mark, by which it can be found and ended, and the time it may take."""
    own = order.command.get("maxTimeMS")
    left = max(1, left_ms)
    limit = min(int(own), left) if isinstance(own, int | float) and own > 0 else left
    return {**order.command, "maxTimeMS": limit, "comment": comment}


def without_hosts(value: Any) -> Any:
    """A pipeline whose stages that tell the server's name are followed by one that drops it, at any depth."""
    if isinstance(value, dict):
        return {key: without_hosts(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    stages: list[Any] = []
    for item in value:
        stages.append(without_hosts(item))
        if isinstance(item, dict) and HOST_STAGES & item.keys():
            stages.append(HIDES_HOST)
    return stages


def _check_options(name: str, command: dict[str, Any]) -> None:
    if name in ("create", "collMod", "createIndexes", "profile", "validate"):
        indexes = command.get("indexes")
        places = [command, *(indexes if isinstance(indexes, list) else [])]
        for option, reason in FORBIDDEN_OPTIONS.items():
            if any(isinstance(place, dict) and option in place for place in places):
                raise StatementRefused(f"The option {option} is not offered here: {reason}.", code="option")
    pipeline = command.get("pipeline")
    if isinstance(pipeline, list) and _is_change_stream(pipeline):
        _check_change_stream(pipeline[0]["$changeStream"])


def _is_change_stream(pipeline: Any) -> bool:
    first = pipeline[0] if isinstance(pipeline, list) and pipeline else None
    return isinstance(first, dict) and "$changeStream" in first


def _check_change_stream(options: Any) -> None:
    given = options if isinstance(options, dict) else {}
    if given.get("allChangesForCluster"):
        raise StatementRefused(
            "Only the changes of your own database can be watched.", code="option", hint="Use db.watch()."
        )
    if given.get("fullDocumentBeforeChange", "off") != "off":
        reason = FORBIDDEN_OPTIONS["changeStreamPreAndPostImages"]
        raise StatementRefused(f"The option fullDocumentBeforeChange is not offered here: {reason}.", code="option")


def _written_by_pipeline(pipeline: Any) -> str | None:
    """The collection that `$out` or `$merge`, as the last stage, writes to."""
    last = pipeline[-1] if isinstance(pipeline, list) and pipeline else None
    if not isinstance(last, dict):
        return None
    into = last.get("$out") or last.get("$merge")
    if isinstance(into, dict):
        into = into.get("into", into.get("coll"))
    if isinstance(into, dict):
        into = into.get("coll")
    return str(into) if into else None
