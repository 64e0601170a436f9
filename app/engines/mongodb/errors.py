"""MongoDB's errors in the words of the contract, translated in one place."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from app.core.errors import EngineUnavailable, SandboxExpired, StatementError, StatementFailed, StatementRefused
from app.engines.mongodb.validation import reasons
from app.engines.mongodb.values import to_data
from app.scripting.errors import HostFailure, ScriptFailed

AUTHENTICATION_FAILED = 18
MAX_TIME_EXPIRED = 50
SHUTTING_DOWN = frozenset((91, 11600, 189, 10107, 13435, 13436, 11602))
MAX_MESSAGE_CHARS = 2_000
LABELS = ("TransientTransactionError", "UnknownTransactionCommitResult", "ResumableChangeStreamError")

HINTS = {
    "DuplicateKey": "A document with this key exists already, and the index allows one.",
    "Unauthorized": "A sandbox has rights on its own database alone; a ready user (db.auth) has fewer.",
    "DocumentValidationFailure": "The collection's validator refused the document; the detail says why.",
    "WriteConflict": "Another transaction changed the same document first: begin this one again, or use withTransaction().",
    "NoSuchTransaction": "The transaction is over: it was aborted, or lasted longer than 10 s.",
    "AuthenticationFailed": "The ready users are reader and writer; each one's password is its name.",
    "IndexNotFound": "getIndexes() lists what there is.",
    "NamespaceNotFound": "`show collections` lists what there is.",
    "QueryExceededMemoryLimitNoDiskUseAllowed": "Match or limit earlier in the pipeline: a stage may hold 32 MB.",
}
SCRIPTING_OFF = StatementRefused(
    "Server-side JavaScript is switched off: $where, $function, $accumulator and mapReduce do not run here.",
    code="scripting_off",
    hint="Use $expr with aggregation operators, or do it in this script, which is JavaScript too.",
)


@contextmanager
def translated(database: str) -> Iterator[None]:
    """Driver errors become HostFailure (the script may catch it), SandboxExpired or EngineUnavailable."""
    try:
        yield
    except OperationFailure as exc:
        if exc.code == AUTHENTICATION_FAILED:
            raise SandboxExpired("This sandbox is gone.") from exc
        if exc.code in SHUTTING_DOWN:
            raise _unavailable() from exc
        raise server_error(exc, database) from exc
    except ServerSelectionTimeoutError as exc:
        if "Authentication failed" in str(exc):
            raise SandboxExpired("This sandbox is gone.") from exc
        raise _unavailable() from exc
    except (AutoReconnect, ConnectionFailure, ConfigurationError) as exc:
        raise _unavailable() from exc
    except PyMongoError as exc:
        raise driver_error(exc) from exc


def _unavailable() -> EngineUnavailable:
    return EngineUnavailable(
        "MongoDB is not reachable right now; it is being started again.", hint="Try again in a few seconds."
    )


def server_error(exc: OperationFailure, database: str) -> HostFailure:
    """The server's no, as a JavaScript error."""
    details: dict[str, Any] = dict(exc.details or {})
    message = str(details.get("errmsg") or exc)
    if is_scripting_off(message):
        return refusal(SCRIPTING_OFF)
    fields = {
        "name": "MongoServerError",
        "message": readable(message, database),
        "code": exc.code,
        "codeName": details.get("codeName"),
    }
    fields["errorLabels"] = [label for label in LABELS if exc.has_error_label(label)] or None
    fields |= {key: to_data(details[key]) for key in ("errInfo", "keyPattern", "keyValue") if key in details}
    return HostFailure({key: value for key, value in fields.items() if value is not None})


def driver_error(exc: Exception) -> HostFailure:
    """What the driver could not put into BSON."""
    return HostFailure({"name": "BSONError", "message": str(exc)[:MAX_MESSAGE_CHARS]})


def refusal(refused: StatementError) -> HostFailure:
    """Our own no, as a JavaScript error; uncaught, it is the refusal again."""
    return HostFailure({"name": "Refused", "message": refused.message, "code": refused.code}, refused)


def is_scripting_off(message: str) -> bool:
    return "globalScriptEngine" in message or "without the javascript engine" in message


def readable(message: str, database: str) -> str:
    """A server's message without the database's name on the server and the echo of the command as we sent it."""
    message = re.sub(r" to execute command \{ (\w+):.*", r" to execute \1", message, flags=re.DOTALL)
    message = message.replace(f"{database}.", "").replace(database, "the sandbox")
    return message[:MAX_MESSAGE_CHARS]


def statement_error(failed: ScriptFailed, failure: HostFailure | None, offset: int | None) -> StatementError:
    """The result of a script's uncaught error; `failure` is the host's, when it came from there."""
    if failure is None:
        code = failed.name or "Error"
        return StatementFailed(failed.message[:MAX_MESSAGE_CHARS] or code, code=code, offset=offset)
    cause = failure.cause
    if isinstance(cause, StatementError):
        return type(cause)(
            cause.message, code=cause.code, hint=cause.hint, detail=cause.detail, offset=offset, limit=cause.limit
        )
    fields = failure.fields
    code = str(fields.get("codeName") or fields.get("code") or fields["name"])
    info = fields.get("errInfo")
    account = ("\n".join(reasons(info)) or to_text(info)) if info else None
    detail = "\n".join(part for part in (_where_in_bulk(fields), account) if part) or None
    return StatementFailed(str(fields["message"]), code=code, hint=HINTS.get(code), detail=detail, offset=offset)


def _where_in_bulk(fields: dict[str, Any]) -> str | None:
    """Which of several writes failed, and what was done by the others."""
    index, result = fields.get("index"), fields.get("result")
    if fields["name"] != "MongoBulkWriteError" or not isinstance(index, int) or not isinstance(result, dict):
        return None
    done = [
        f"{result[key]} {key.removesuffix('Count')}"
        for key in ("insertedCount", "modifiedCount", "upsertedCount", "deletedCount")
        if isinstance(result.get(key), int) and result[key]
    ]
    return f"It was number {index + 1} of the writes; the others: {', '.join(done) or 'nothing done'}."


def to_text(info: Any) -> str:
    """Why a document failed its validator, as indented lines."""
    lines: list[str] = []
    _lines(info, 0, lines)
    return "\n".join(lines)[:MAX_MESSAGE_CHARS]


def _lines(value: Any, depth: int, lines: list[str]) -> None:
    pad = "  " * depth
    if isinstance(value, dict) and not any(key.startswith("$number") or key == "$oid" for key in value):
        for key, item in value.items():
            if isinstance(item, dict | list) and item and not any(str(k).startswith("$number") for k in item):
                lines.append(f"{pad}{key}:")
                _lines(item, depth + 1, lines)
            else:
                lines.append(f"{pad}{key}: {_scalar(item)}")
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list):
                _lines(item, depth, lines)
            else:
                lines.append(f"{pad}- {item}")
    else:
        lines.append(f"{pad}{_scalar(value)}")


def _scalar(value: Any) -> Any:
    return next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value
