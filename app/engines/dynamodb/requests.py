"""Calls of scripts: an operation with its parameters as JSON, and the answer as the API gives it."""

import json
import re
from typing import Any

from app.core.calls import Called, too_long
from app.core.errors import StatementFailed
from app.core.limits import Limits
from app.core.results import Result, Statement
from app.engines.dynamodb.replies import Done, as_json

_OPERATION = re.compile(r"[A-Z][A-Za-z]{2,60}")
_INTERNAL = frozenset(("ResponseMetadata",))


def statement_of(request: dict[str, Any]) -> Statement:
    """`{"operation": "GetItem", "parameters": {...}}`. Raises StatementFailed for anything else."""
    operation, parameters = request.get("operation"), request.get("parameters")
    if not isinstance(operation, str) or not _OPERATION.fullmatch(operation):
        raise StatementFailed("DynamoDB has no such operation.", code="UnknownOperationException")
    if not isinstance(parameters, dict):
        raise StatementFailed(f"{operation} wants its parameters as an object.", code="SerializationException")
    text = f"{operation} {json.dumps(parameters)}"
    return Statement(text, 0, len(text), 1)


def called(done: Done, result: Result, limits: Limits) -> Called:
    """The answer in the API's own JSON. Of what was read in pages, as much as the limits let through."""
    read = done.read
    if read is None:
        answer = {name: as_json(value) for name, value in done.answer.items() if name not in _INTERNAL}
        size = len(json.dumps(answer))
        if size > limits.max_reply_bytes:
            raise too_long(limits)
        return Called(answer, done.returned, size, result.stats.total_ms)
    if result.truncated is not None and result.truncated.limit == "max_reply_bytes":
        raise too_long(limits)
    answer = {"Items": read.items.documents, "Count": done.returned, "ScannedCount": read.scanned}
    if read.last_key:
        answer["LastEvaluatedKey"] = read.last_key
    return Called(answer, done.returned, result.reply_bytes, result.stats.total_ms, result.truncated)
