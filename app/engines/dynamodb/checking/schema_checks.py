"""Keys of items and of tables, checked as AWS checks them and in its words."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from app.engines.dynamodb.shelf import keys_of

MAX_DIGITS = 38
_MOST, _LEAST = 125, -130
_KEY_KINDS = ("HASH", "RANGE")
_INVALID = "One or more parameter values were invalid: "


def item_problem(item: dict[str, Any], table: dict[str, Any]) -> str | None:
    """Why an item can't be put into a table, or None."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table.get("AttributeDefinitions", ())}
    for name in keys_of(table, None) or ():
        if name is None:
            continue
        if name not in item:
            return f"{_INVALID}Missing the key {name} in the item"
        kind = next(iter(item[name]))
        if kind != types.get(name, kind):
            return f"{_INVALID}Type mismatch for key {name} expected: {types[name]} actual: {kind}"
    for index in (*table.get("GlobalSecondaryIndexes", ()), *table.get("LocalSecondaryIndexes", ())):
        for part in index["KeySchema"]:
            name = part["AttributeName"]
            if item.get(name) in ({"S": ""}, {"B": b""}):
                return (
                    "One or more parameter values are not valid. A value specified for a secondary index key is not "
                    "supported. The AttributeValue for a key attribute cannot contain an empty string value. "
                    f"IndexName: {index['IndexName']}, IndexKey: {name}"
                )
    return None


def number_problem(values: dict[str, Any]) -> str | None:
    """Why a number of an item can't be stored, or None."""
    for text in _numbers({"M": values}):
        try:
            number = Decimal(text)
        except InvalidOperation:
            return f"The parameter cannot be converted to a numeric value: {text[:100]}"
        if not number.is_finite():
            return f"The parameter cannot be converted to a numeric value: {text[:100]}"
        digits = "".join(map(str, number.as_tuple().digits)).strip("0")
        if not digits:
            continue
        if number.adjusted() > _MOST:
            return "Number overflow. Attempting to store a number with magnitude larger than supported range"
        if number.adjusted() < _LEAST:
            return "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        if len(digits) > MAX_DIGITS:
            return "Attempting to store more than 38 significant digits in a Number"
    return None


def _numbers(value: dict[str, Any]) -> Iterator[str]:
    ((kind, held),) = value.items()
    if kind == "N":
        yield held
    elif kind == "NS":
        yield from held
    elif kind in ("L", "M"):
        for inner in held.values() if kind == "M" else held:
            yield from _numbers(inner)


def table_problem(given: dict[str, Any]) -> str | None:
    """Why a table can't be made, or None."""
    for position, (part, kind) in enumerate(zip(given["KeySchema"], _KEY_KINDS, strict=False)):
        if part["KeyType"] != kind:
            return f"Invalid KeySchema: The {('first', 'second')[position]} KeySchemaElement is not a {kind} key type"
    defined = [one["AttributeName"] for one in given["AttributeDefinitions"]]
    keys = [part["AttributeName"] for part in given["KeySchema"]]
    indexes = (*given.get("GlobalSecondaryIndexes", ()), *given.get("LocalSecondaryIndexes", ()))
    used = {*keys, *(part["AttributeName"] for index in indexes for part in index["KeySchema"])}
    if missing := [name for name in keys if name not in defined]:
        return (
            f"{_INVALID}Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(missing)}], AttributeDefinitions: [{', '.join(defined)}]"
        )
    if not indexes and len(defined) != len(keys):
        return (
            f"{_INVALID}Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    if unused := [name for name in defined if name not in used]:
        return (
            f"{_INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(unused)}], "
            f"keys used: [{', '.join(sorted(used))}]"
        )
    return _billing_problem(given)


def _billing_problem(given: dict[str, Any]) -> str | None:
    on_demand = given.get("BillingMode") == "PAY_PER_REQUEST"
    if on_demand and "ProvisionedThroughput" in given:
        return (
            f"{_INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is "
            "PAY_PER_REQUEST"
        )
    if not on_demand and "ProvisionedThroughput" not in given:
        return (
            f"{_INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    return None
