"""PartiQL in batches and transactions, as the calls that DynamoDB would make of it."""

from collections.abc import Awaitable, Callable
from typing import Any

from app.core.errors import StatementFailed
from app.engines.dynamodb.pages import picked
from app.engines.dynamodb.sources.calling import Call

_ACTIONS = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}
_ERRORS = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ResourceNotFoundException": "ResourceNotFound",
    "ValidationException": "ValidationError",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "DuplicateItemException": "DuplicateItem",
}
DUPLICATE = "Duplicate primary key exists in table"
One = Callable[[Call, str], Awaitable[dict[str, Any]]]


def transaction(parts: list[tuple[Call, str]], token: str | None, start: int) -> Call:
    """One transactional call of single-item calls with their verbs. Raises StatementFailed when reads and writes are mixed."""
    reads = [verb == "SELECT" for _, verb in parts]
    if any(reads) and not all(reads):
        raise StatementFailed(
            "Transaction statements must be all reads or all writes.",
            code="ValidationException",
            hint="EXISTS(SELECT ...) checks an item beside writes.",
            offset=start,
        )
    if all(reads):
        return Call("TransactGetItems", {"TransactItems": [{"Get": _get(call)} for call, _ in parts]}, start)
    items = [_action(call, verb) for call, verb in parts]
    parameters: dict[str, Any] = {"TransactItems": items}
    if token:
        parameters["ClientRequestToken"] = token
    return Call("TransactWriteItems", parameters, start)


def key_of(call: Call) -> dict[str, Any]:
    """The key that a Query of one item is for, read off the placeholders that translating made."""
    names, values = call.parameters["ExpressionAttributeNames"], call.parameters["ExpressionAttributeValues"]
    conditions = (one.split(" = ") for one in call.parameters["KeyConditionExpression"].split(" AND "))
    return {names[name]: values[value] for name, value in conditions}


def _get(call: Call) -> dict[str, Any]:
    found = {"TableName": call.parameters["TableName"], "Key": key_of(call)}
    if projection := call.parameters.get("ProjectionExpression"):
        used = {name: held for name, held in call.parameters["ExpressionAttributeNames"].items() if name in projection}
        found |= {"ProjectionExpression": projection, "ExpressionAttributeNames": used}
    return found


def _action(call: Call, verb: str) -> dict[str, Any]:
    if verb != "EXISTS":
        left = {
            name: value
            for name, value in call.parameters.items()
            if name not in ("ReturnValues", "ReturnConsumedCapacity")
        }
        return {_ACTIONS[call.operation]: left}
    names = call.parameters["ExpressionAttributeNames"]
    key = key_of(call)
    condition = f"attribute_exists({next(name for name, held in names.items() if held in key)})"
    if rest := call.parameters.get("FilterExpression"):
        condition += f" AND ({rest})"
    found = {
        "TableName": call.parameters["TableName"],
        "Key": key,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": {name: held for name, held in names.items() if name in condition},
    }
    used = {name: held for name, held in call.parameters["ExpressionAttributeValues"].items() if name in condition}
    return {"ConditionCheck": found | ({"ExpressionAttributeValues": used} if used else {})}


async def one_by_one(parts: list[tuple[Call, str]], send: One) -> dict[str, Any]:
    """The answer of BatchExecuteStatement: each statement on its own, an error beside the others' items."""
    responses = []
    for call, verb in parts:
        table = call.parameters["TableName"]
        try:
            answer = await send(call, verb)
        except StatementFailed as exc:
            code, message = _ERRORS.get(exc.code, exc.code), exc.message
            if verb == "INSERT" and code == "ConditionalCheckFailed":
                code, message = "DuplicateItem", DUPLICATE
            responses.append({"Error": {"Code": code, "Message": message}, "TableName": table})
            continue
        items = [picked(one, call.columns) if call.columns else one for one in answer.get("Items", ())] or (
            [answer["Attributes"]] if answer.get("Attributes") else []
        )
        responses.append({"TableName": table, **({"Item": items[0]} if items else {})})
    return {"Responses": responses}
