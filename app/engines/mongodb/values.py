"""Extended JSON at the border to the script: bson does the real work."""

import json
from collections.abc import Mapping
from typing import Any

import bson
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

from app.core.extended_json import one_line

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
READ: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict,
    tz_aware=True,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
OPTIONS = json_util.CANONICAL_JSON_OPTIONS.with_options(datetime_conversion=DatetimeConversion.DATETIME_AUTO)

TYPED = frozenset(
    frozenset(keys.split())
    for keys in (
        "$oid",
        "$date",
        "$numberInt",
        "$numberLong",
        "$numberDouble",
        "$numberDecimal",
        "$binary",
        "$regularExpression",
        "$timestamp",
        "$minKey",
        "$maxKey",
        "$undefined",
        "$symbol",
        "$code",
        "$code $scope",
        "$dbPointer",
    )
)
"""The shapes of typed values. All other `$` keys are operators: `{$regex: "a", $nin: [...]}` must stay a query."""


def from_script(data: Any) -> Any:
    """BSON values for what the script sent. Raises ValueError or TypeError for a typed value that is none."""
    if isinstance(data, list):
        return [from_script(item) for item in data]
    if not isinstance(data, dict):
        return data
    read = {key: from_script(value) for key, value in data.items()}
    return json_util.object_hook(read, OPTIONS) if len(read) <= 2 and frozenset(read) in TYPED else read


def to_json(value: Any) -> str:
    """Canonical Extended JSON text, field order kept."""
    return json_util.dumps(value, json_options=OPTIONS, ensure_ascii=False)


def to_data(value: Any) -> Any:
    """Canonical Extended JSON as plain data."""
    return json.loads(to_json(value))


def decode(raw: RawBSONDocument) -> dict[str, Any]:
    return bson.decode(raw.raw, READ)


def decoded(value: Any) -> Any:
    return decode(value) if isinstance(value, RawBSONDocument) else value


def plain_reply(reply: Mapping[str, Any]) -> dict[str, Any]:
    """A command's reply without what speaks of the cluster and the machine."""
    return {key: value for key, value in reply.items() if key not in HIDDEN_IN_REPLIES}


HIDDEN_IN_REPLIES = frozenset(
    ("$clusterTime", "operationTime", "$configServerState", "$gleStats", "electionId", "opTime", "serverInfo")
)


def masked(value: Any, database: str, name: str) -> Any:
    """A reply in which namespaces begin with what the visitor calls the database."""
    if isinstance(value, dict):
        return {
            key: _named(item, database, name) if key in NAMES else masked(item, database, name)
            for key, item in value.items()
        }
    return [masked(item, database, name) for item in value] if isinstance(value, list) else value


def _named(value: Any, database: str, name: str) -> Any:
    if value == database:
        return name
    if isinstance(value, str) and value.startswith(f"{database}."):
        return f"{name}{value[len(database) :]}"
    return masked(value, database, name)


def recorded(entry: dict[str, Any], database: str) -> dict[str, Any] | None:
    """An entry of the profiler as the visitor caused it; None for what the playground asked for itself."""
    command = entry.get("command")
    if isinstance(command, dict):
        if REMARK in str(command.get("comment")) or not str(entry.get("user")).endswith(f"@{database}"):
            return None
        entry["command"] = {key: value for key, value in command.items() if key not in OURS}
    kept = {key: value for key, value in entry.items() if key not in ("client", "user", "allUsers", "appName")}
    shown: dict[str, Any] = masked(kept, database, "sandbox")
    return shown


REMARK = "sandtable-remark"
OURS = frozenset(("lsid", "$clusterTime", "$db", "comment", "$readPreference", "txnNumber", "maxTimeMS"))
"""What the playground and the driver add to a command."""
NAMES = frozenset(("ns", "namespace", "db", "$db", "viewOn", "dropped", "user"))


def shell_text(value: Any) -> str:
    """A value on one line, as the shell writes it."""
    return one_line(to_data(value))
