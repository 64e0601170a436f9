"""Where the emulator does otherwise than DynamoDB and the call can be mended before it is sent."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from app.core.errors import StatementFailed
from app.engines.dynamodb.sources.calling import Call

Send = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
_ELEMENT = re.compile(r"((?:#?\w+)(?:\.#?\w+|\[\d+\])*)\[(\d+)\](?=\s*=)")
_STEP = re.compile(r"#?\w+|\[\d+\]")


async def mend(call: Call, parameters: dict[str, Any], send: Send) -> dict[str, Any]:
    """The parameters as the emulator must get them. Raises StatementFailed for what DynamoDB would refuse."""
    if call.operation == "UpdateItem" and _ELEMENT.search(parameters.get("UpdateExpression", "")):
        return await _list_ends(parameters, send)
    if call.operation == "UpdateTimeToLive":
        told = (await send("DescribeTimeToLive", {"TableName": parameters["TableName"]}))["TimeToLiveDescription"]
        enabled = told.get("TimeToLiveStatus") == "ENABLED"
        if enabled == parameters["TimeToLiveSpecification"]["Enabled"]:
            state = "enabled" if enabled else "disabled"
            raise StatementFailed(f"TimeToLive is already {state}", code="ValidationException", offset=call.start)
    return parameters


async def _list_ends(parameters: dict[str, Any], send: Send) -> dict[str, Any]:
    """A place past a list's end is its end: the emulator would fill the list up to it."""
    asked = {"TableName": parameters["TableName"], "Key": parameters["Key"], "ConsistentRead": True}
    item = (await send("GetItem", asked)).get("Item", {})
    names = parameters.get("ExpressionAttributeNames", {})
    added: dict[str, int] = {}

    def placed(found: re.Match[str]) -> str:
        path, place = found.group(1), int(found.group(2))
        held = _at({"M": item}, _STEP.findall(path), names)
        length = len(held["L"]) if held and "L" in held else None
        if length is None or place < length:
            return found.group()
        added[path] = added.get(path, -1) + 1
        return f"{path}[{length + added[path]}]"

    return {**parameters, "UpdateExpression": _ELEMENT.sub(placed, parameters["UpdateExpression"])}


def _at(value: dict[str, Any], steps: list[str], names: dict[str, str]) -> dict[str, Any] | None:
    held: Any = value
    for step in steps:
        if step.startswith("["):
            place = int(step[1:-1])
            held = held["L"][place] if held and "L" in held and place < len(held["L"]) else None
        else:
            held = held["M"].get(names.get(step, step)) if held and "M" in held else None
    return held  # type: ignore[no-any-return]
