"""What is checked before a call leaves: DynamoDB's own limits, which the emulator does not all hold, and ours."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from app.core.errors import StatementFailed, StatementRefused
from app.engines.dynamodb import arns, model
from app.engines.dynamodb.model import Path
from app.engines.dynamodb.sources.calling import Call
from app.engines.dynamodb.values import item_size

MAX_ITEM_BYTES = 400 * 1024
MAX_EXPRESSION_BYTES = 4_096
MAX_STATEMENT_BYTES = 8_192
MAX_LIST_CALLS = 10
"""Ours: on a list of 400 kB each takes the emulator up to 70 ms, or its size in memory, and nothing can end it there."""
_COUNTS = {
    "BatchWriteItem": ("RequestItems", 25),
    "BatchGetItem": ("RequestItems", 100),
    "TransactWriteItems": ("TransactItems", 100),
    "TransactGetItems": ("TransactItems", 100),
    "BatchExecuteStatement": ("Statements", 25),
    "ExecuteTransaction": ("TransactStatements", 100),
}
MAX_LIST_INDEX = 9_999
_FAR_INDEX = re.compile(r"\[\s*0*\d{5,}\s*\]")
_LIST_CALLS = re.compile(r"(?:contains|list_append)\s*\(", re.IGNORECASE)
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_NOT_OFFERED = {
    "GlobalTableSourceArn": "Global tables are not offered here.",
    "GlobalTableSettingsReplicationMode": "Global tables are not offered here.",
    "ReplicaUpdates": "Global tables are not offered here.",
    "GlobalTableWitnessUpdates": "Global tables are not offered here.",
    "MultiRegionConsistency": "Global tables are not offered here.",
    "ResourcePolicy": "Resource policies are not offered here.",
    "VectorIndexes": "Vector indexes are not offered here.",
    "SSESpecification": "Encryption keys are not offered here.",
}


def check(call: Call, namespace: str, *, own_arns: bool = True) -> Call:
    """The call as it may be sent. Raises StatementFailed in DynamoDB's words, StatementRefused for what is not offered.

    `own_arns`: the server's ARNs have the sandbox's namespace as their account, so that others become those.
    """
    for name, why in _NOT_OFFERED.items():
        if name in call.parameters:
            raise StatementRefused(why, code="not_offered", hint=f"Leave {name} out.", offset=call.offset((name,)))
    notes: list[str] = []
    try:
        given, notes = arns.own(call.parameters, namespace) if own_arns else (call.parameters, [])
        parameters = model.parameters(call.operation, given)
    except model.ParameterProblem as exc:
        raise StatementFailed(exc.message, code=exc.code, hint=exc.hint, offset=call.offset(exc.path)) from exc
    except arns.ArnProblem as exc:
        raise _invalid(exc.message, call.offset((exc.name,))) from exc
    checked = replace(call, parameters=parameters, notes=[*call.notes, *notes])
    _check_counts(checked)
    for name, path in table_names(checked):
        _check_table_name(name, checked.offset(path))
    _check_texts(checked)
    for item, path in items_put(checked):
        if item_size(item) > MAX_ITEM_BYTES:
            raise _invalid("Item size has exceeded the maximum allowed size", checked.offset(path))
    return _prepared(checked, namespace)


def _prepared(call: Call, namespace: str) -> Call:
    if model.has_member(call.operation, "ReturnConsumedCapacity"):
        call.parameters["ReturnConsumedCapacity"] = "INDEXES"
    token = call.parameters.get("ClientRequestToken")
    if token:  # the emulator remembers answers by token for all accounts together
        call.parameters["ClientRequestToken"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{namespace}/{token}"))
    return call


def _invalid(message: str, offset: int) -> StatementFailed:
    return StatementFailed(message, code="ValidationException", offset=offset)


def _check_counts(call: Call) -> None:
    if call.operation not in _COUNTS:
        return
    name, most = _COUNTS[call.operation]
    given = call.parameters[name]
    if isinstance(given, dict):
        count = sum(len(part["Keys"]) if isinstance(part, dict) else len(part) for part in given.values())
        message = f"Too many items requested for the {call.operation} call"
    else:
        count = len(given)
        message = (
            f"1 validation error detected: Value at '{name[:1].lower()}{name[1:]}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {most}"
        )
    if count > most:
        raise StatementFailed(
            message, code="ValidationException", hint=f"At most {most}; here are {count}.", offset=call.offset((name,))
        )


def table_names(call: Call) -> Iterator[tuple[str, Path]]:
    """Every table that the parameters name, and where."""
    parameters = call.parameters
    if "TableName" in parameters:
        yield parameters["TableName"], ("TableName",)
    if "RequestItems" in parameters:
        for name in parameters["RequestItems"]:
            yield name, ("RequestItems", name)
    for number, entry in enumerate(parameters.get("TransactItems", ())):
        for kind, action in entry.items():
            yield action["TableName"], ("TransactItems", number, kind, "TableName")


def _check_table_name(name: str, offset: int) -> None:
    if name.startswith("arn:"):
        raise StatementRefused("A table is named by its name here, not by an ARN.", code="table_name", offset=offset)
    if _TABLE_NAME.fullmatch(name):
        return
    if 3 <= len(name) <= 255:
        rule = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    elif len(name) < 3:
        rule = "Member must have length greater than or equal to 3"
    else:
        rule = "Member must have length less than or equal to 255"
    shown = name if len(name) <= 300 else f"{name[:300]}..."
    raise _invalid(
        f"1 validation error detected: Value '{shown}' at 'tableName' failed to satisfy constraint: {rule}", offset
    )


def _check_texts(call: Call) -> None:
    """Lengths of expressions and PartiQL statements, wherever they stand in the parameters."""
    for key, text, path in _texts(call.parameters, ()):
        length = len(text.encode())
        if key.endswith("Expression") and length > MAX_EXPRESSION_BYTES:
            raise _invalid(
                f"Invalid {key}: Expression size has exceeded the maximum allowed size; expression size: {length}",
                call.offset(path),
            )
        if key.endswith("Expression") and len(_LIST_CALLS.findall(text)) > MAX_LIST_CALLS:
            raise StatementRefused(
                f"An expression has at most {MAX_LIST_CALLS} contains() and list_append() here: each reads whole lists.",
                code="max_list_calls",
                hint="Split it into several statements.",
                offset=call.offset(path),
            )
        if key == "UpdateExpression" and _FAR_INDEX.search(text):
            raise StatementRefused(
                f"A position in a list is at most {MAX_LIST_INDEX} here: the emulator fills the list up to it.",
                code="list_index",
                hint="Use list_append to add at the end.",
                offset=call.offset(path),
            )
        if key == "Statement":
            check_statement_length(text, call.offset(path))


def check_statement_length(text: str, offset: int) -> None:
    length = len(text.encode())
    if length > MAX_STATEMENT_BYTES:
        raise StatementFailed(
            "1 validation error detected: Value at 'statement' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_STATEMENT_BYTES}",
            code="ValidationException",
            hint=f"This one has {length} bytes; PutItem takes items of up to 400 kB.",
            offset=offset,
        )


def _texts(value: Any, path: Path) -> Iterator[tuple[str, str, Path]]:
    """Texts under the keys that the service model names; items and keys hold none of them."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, (*path, number))
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = (*path, key)
            if isinstance(item, str):
                yield key, item, inner
            elif key not in ("Item", "Key", "ExpressionAttributeValues", "Parameters"):
                yield from _texts(item, inner)


def items_put(call: Call) -> Iterator[tuple[dict[str, Any], Path]]:
    """Every whole item that the call writes, and where it stands."""
    parameters = call.parameters
    if call.operation == "PutItem":
        yield parameters["Item"], ("Item",)
    elif call.operation == "BatchWriteItem":
        for table, requests in parameters["RequestItems"].items():
            for number, request in enumerate(requests):
                if "PutRequest" in request:
                    yield request["PutRequest"]["Item"], ("RequestItems", table, number)
    elif call.operation == "TransactWriteItems":
        for number, entry in enumerate(parameters["TransactItems"]):
            if "Put" in entry:
                yield entry["Put"]["Item"], ("TransactItems", number, "Put", "Item")
