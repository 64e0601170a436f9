"""What AWS refuses of a call's expressions and switches, checked here in its words: the emulator lets some of it through."""

from collections.abc import Iterator
from typing import Any

from ministack.services._dynamodb_keywords import AWS_KEYWORDS  # type: ignore[import-untyped]

from app.core.errors import StatementFailed
from app.engines.dynamodb.checking import schema_checks
from app.engines.dynamodb.checking.checks import items_put
from app.engines.dynamodb.checking.expressions import (
    Conditions,
    ExpressionProblem,
    Given,
    Operand,
    Reader,
    Updates,
    read_projection,
)
from app.engines.dynamodb.model import Path
from app.engines.dynamodb.shelf import keys_of
from app.engines.dynamodb.sources.calling import Call

Described = dict[str, Any] | None
_EXPRESSIONS = (
    "KeyConditionExpression",
    "ConditionExpression",
    "ProjectionExpression",
    "FilterExpression",
    "UpdateExpression",
)
_KEY_OPERATORS = ("=", "<", "<=", ">", ">=", "BETWEEN", "begins_with")
_MOST_KEY_CONDITIONS = 2
_RETURNED = {"PutItem": ("NONE", "ALL_OLD"), "DeleteItem": ("NONE", "ALL_OLD")}
_SEGMENTS = {
    "Segment": "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    "TotalSegments": "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
}


def validate(call: Call, table: Described) -> None:
    """Raises StatementFailed in DynamoDB's words. `table` describes the one that a single-table call names, where it is known."""
    for parameters, path in _carriers(call):
        _check_expressions(call, parameters, path, table)
    _check_switches(call, table)
    _check_items(call, table)


def _check_items(call: Call, table: Described) -> None:
    """The items that a call writes, and the table that it makes."""
    for item, path in items_put(call):
        if problem := schema_checks.number_problem(item):
            raise _failed(problem, call, path)
    values = call.parameters.get("ExpressionAttributeValues", {})
    if problem := schema_checks.number_problem(values):
        raise _failed(problem, call, ("ExpressionAttributeValues",))
    if (
        call.operation == "PutItem"
        and table
        and (problem := schema_checks.item_problem(call.parameters["Item"], table))
    ):
        raise _failed(problem, call, ("Item",))
    if call.operation == "CreateTable" and (problem := schema_checks.table_problem(call.parameters)):
        raise _failed(problem, call, ("KeySchema",))


def _carriers(call: Call) -> Iterator[tuple[dict[str, Any], Path]]:
    """Every part of a call that may carry expressions."""
    parameters = call.parameters
    if "TransactItems" in parameters:
        for number, entry in enumerate(parameters["TransactItems"]):
            if len(entry) > 1:
                raise _failed(
                    "TransactItems can only contain one of Check, Put, Update or Delete",
                    call,
                    ("TransactItems", number),
                )
            for kind, held in entry.items():
                yield held, ("TransactItems", number, kind)
    elif call.operation == "BatchGetItem":
        for name, held in parameters["RequestItems"].items():
            yield held, ("RequestItems", name)
    else:
        yield parameters, ()


def _failed(message: str, call: Call, path: Path) -> StatementFailed:
    return StatementFailed(message, code="ValidationException", offset=call.offset(path))


def _check_expressions(call: Call, parameters: dict[str, Any], path: Path, table: Described) -> None:
    present = [name for name in _EXPRESSIONS if name in parameters]
    names = parameters.get("ExpressionAttributeNames", {})
    values = parameters.get("ExpressionAttributeValues", {})
    for part, held, sign in (("ExpressionAttributeNames", names, "#"), ("ExpressionAttributeValues", values, ":")):
        if part not in parameters:
            continue
        if not present:
            raise _failed(f"{part} can only be specified when using expressions{_which(part)}", call, (*path, part))
        for name in held:
            if not name.startswith(sign) or len(name) == 1:
                raise _failed(f'{part} contains invalid key: Syntax error; key: "{name}"', call, (*path, part, name))
    for name, value in values.items():
        if any(kind in value and not value[kind] for kind in ("SS", "NS", "BS")):
            kind = {"SS": "string", "NS": "number", "BS": "binary"}[next(iter(value))]
            raise _failed(
                "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: "
                f"An {kind} set  may not be empty for key {name}",
                call,
                (*path, "ExpressionAttributeValues", name),
            )
    given = Given(names, values)
    for name in present:
        try:
            _check_one(name, parameters, given, table)
        except ExpressionProblem as exc:
            raise _failed(str(exc), call, (*path, name)) from exc
    for part, held in (("ExpressionAttributeNames", names), ("ExpressionAttributeValues", values)):
        if unused := [name for name in held if name not in given.used]:
            said = ", ".join(unused)
            raise _failed(f"Value provided in {part} unused in expressions: keys: {{{said}}}", call, (*path, part))


def _which(part: str) -> str:
    return "" if part == "ExpressionAttributeNames" else ": Expression can not be null"


def _check_one(name: str, parameters: dict[str, Any], given: Given, table: Described) -> None:
    text = str(parameters[name])
    if name == "ProjectionExpression":
        read_projection(Reader(name, text, given, AWS_KEYWORDS))
    elif name == "UpdateExpression":
        Updates(name, text, given, AWS_KEYWORDS).read()
    else:
        found = Conditions(name, text, given, AWS_KEYWORDS).read()
        if name == "KeyConditionExpression":
            _check_key_condition(found, given, table, parameters.get("IndexName"))
        elif name == "FilterExpression" and "KeyConditionExpression" in parameters:
            _check_filter(found, table, parameters.get("IndexName"))


def _check_key_condition(found: Operand, given: Given, table: Described, index: str | None) -> None:
    parts = found.args if found.kind == "condition" and found.name == "AND" else [found]
    named = _named_keys(found, parts)
    keys = keys_of(table, index) if table else None
    if table is None or keys is None:
        return
    if keys[0] not in named:
        raise ExpressionProblem(f"Query condition missed key schema element: {keys[0]}")
    if len(parts) > 1 and keys[1] not in named:
        raise ExpressionProblem(f"Query condition missed key schema element: {keys[1] or keys[0]}")
    if parts[named.index(keys[0])].name != "=":
        raise ExpressionProblem("Query key condition not supported")
    types = {one["AttributeName"]: one["AttributeType"] for one in table.get("AttributeDefinitions", ())}
    for name, part in zip(named, parts, strict=True):
        for arg in part.args:
            kind = next(iter(given.values[arg.name])) if arg.kind == "value" else None
            if kind and types.get(str(name), kind) != kind:
                raise ExpressionProblem(
                    "One or more parameter values were invalid: Condition parameter type does not match schema type"
                )


def _named_keys(found: Operand, parts: list[Operand]) -> list[str | int | None]:
    """The attribute of each condition on a key. Raises ExpressionProblem for what no key condition may be."""
    for part in _conditions(found):
        if part.name not in (*_KEY_OPERATORS, "AND"):
            raise ExpressionProblem(f"Invalid operator used in KeyConditionExpression: {part.name}")
    if any(arg.kind == "function" for part in parts for arg in part.args):
        raise ExpressionProblem("KeyConditionExpressions cannot contain nested operations")
    if len(parts) > _MOST_KEY_CONDITIONS:
        raise ExpressionProblem("Conditions can be of length 1 or 2 only")
    named = [next((arg.path[0] for arg in part.args if arg.kind == "path"), None) for part in parts]
    if len(set(named)) < len(named):
        raise ExpressionProblem("KeyConditionExpressions must only contain one condition per key")
    return named


def _conditions(found: Operand) -> Iterator[Operand]:
    """The conditions of an expression and those in them, not their operands."""
    yield found
    if found.kind == "condition" and found.name in ("AND", "OR", "NOT"):
        for arg in found.args:
            yield from _conditions(arg)


def _check_filter(found: Operand, table: Described, index: str | None) -> None:
    keys = keys_of(table, index) if table else None
    waiting = [found]
    while waiting and keys:
        part = waiting.pop()
        if part.kind == "path" and part.path[0] in keys:
            raise ExpressionProblem(
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {part.path[0]}"
            )
        waiting += part.args


def _check_switches(call: Call, table: Described) -> None:
    parameters = call.parameters
    returned = parameters.get("ReturnValues")
    if call.operation in _RETURNED and returned and returned not in _RETURNED[call.operation]:
        raise _failed("Return values set to invalid value", call, ("ReturnValues",))
    if call.operation == "Query" and not any(
        name in parameters for name in ("KeyConditionExpression", "KeyConditions")
    ):
        raise _failed(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.", call, ()
        )
    if call.operation in ("Query", "Scan"):
        _check_select(call, table)
    if call.operation == "Scan" and len(both := [name for name in _SEGMENTS if name in parameters]) == 1:
        raise _failed(_SEGMENTS[both[0]], call, (both[0],))
    if call.operation == "BatchWriteItem":
        for name, requests in parameters["RequestItems"].items():
            if any(len(request) != 1 for request in requests):
                raise _failed(
                    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
                    call,
                    ("RequestItems", name),
                )
    if call.operation == "CreateTable":
        for part in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            _check_indexes(call, part)


def _check_select(call: Call, table: Described) -> None:
    parameters = call.parameters
    name = parameters.get("IndexName")
    index = next((one for one in (table or {}).get("GlobalSecondaryIndexes", ()) if one["IndexName"] == name), None)
    if index is None:
        return
    if parameters.get("ConsistentRead"):
        raise _failed("Consistent reads are not supported on global secondary indexes", call, ("ConsistentRead",))
    projected = index.get("Projection", {}).get("ProjectionType", "ALL")
    if parameters.get("Select") == "ALL_ATTRIBUTES" and projected != "ALL":
        raise _failed(
            "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary "
            f"index {name} because its projection type is not ALL",
            call,
            ("Select",),
        )


def _check_indexes(call: Call, part: str) -> None:
    given = call.parameters.get(part)
    if given is None:
        return
    if not given:
        raise _failed(f"One or more parameter values were invalid: List of {part} is empty", call, (part,))
    for number, index in enumerate(given):
        if "ProjectionType" not in index.get("Projection", {}):
            raise _failed(
                "One or more parameter values were invalid: Unknown ProjectionType: null",
                call,
                (part, number, "Projection"),
            )
