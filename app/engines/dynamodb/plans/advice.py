"""What would spare a scan: the index that is there, or the one to make, as a source to try."""

import json
import re
from typing import Any

from app.core.plans import Remedy
from app.engines.dynamodb.partiql.translate import Keys
from app.engines.dynamodb.replies import Done
from app.engines.dynamodb.values import plain, wire

MAX_SHOWN_CHARS = 80
_PLACEHOLDER = re.compile(r"[#:]\w+")
_EQUALITY = re.compile(r"(?<![\w.\])])(#?\w+)\s*=\s*(:\w+)")
_NOT_EACH = re.compile(r"\b(?:OR|NOT)\b", re.IGNORECASE)


def readable(parameters: dict[str, Any], name: str) -> str | None:
    """An expression with the names and values that its placeholders stand for."""
    text = parameters.get(name)
    if not text:
        return None
    names = parameters.get("ExpressionAttributeNames", {})
    values = parameters.get("ExpressionAttributeValues", {})

    def meant(found: re.Match[str]) -> str:
        placeholder = found.group()
        if placeholder in values:
            return json.dumps(plain(wire(values[placeholder])), ensure_ascii=False)[:MAX_SHOWN_CHARS]
        return str(names.get(placeholder, placeholder))

    return _PLACEHOLDER.sub(meant, str(text))


def equalities(parameters: dict[str, Any], expression: str = "FilterExpression") -> dict[str, Any]:
    """Attributes that an expression compares with one value each, all of which must hold."""
    text = str(parameters.get(expression, ""))
    if _NOT_EACH.search(text):
        return {}
    names = parameters.get("ExpressionAttributeNames", {})
    values = parameters.get("ExpressionAttributeValues", {})
    return {names.get(name, name): values[value] for name, value in _EQUALITY.findall(text) if value in values}


def advice(done: Done, table: dict[str, Any], keys: Keys | None) -> tuple[tuple[str, ...], tuple[Remedy, ...]]:
    """Warnings and remedies for a scan."""
    parameters = done.call.parameters
    wanted = {name: value for name, value in equalities(parameters).items() if set(value) <= {"S", "N", "B"}}
    read = f"Every item of {parameters['TableName']} was read"
    if keys and keys[0] in wanted:
        remedy = Remedy("instead", _query(parameters, None, keys[0]), (keys[0],))
        return (f"{read}, though a Query on its partition key {keys[0]!r} would do.",), (remedy,)
    for index in (*table.get("GlobalSecondaryIndexes", ()), *table.get("LocalSecondaryIndexes", ())):
        first = index["KeySchema"][0]["AttributeName"]
        if first in wanted:
            remedy = Remedy("instead", _query(parameters, index["IndexName"], first), (first,))
            return (f"{read}, though the index {index['IndexName']} has {first!r} as its partition key.",), (remedy,)
    if wanted:
        name, value = next(iter(wanted.items()))
        said = f"{read}: an index with {name!r} as its partition key would let a Query read what matches alone."
        return (said,), (Remedy("index", _create(table, name, next(iter(value))), (name,)),)
    key = f" on {keys[0]!r}, the partition key" if keys else " on the partition key"
    return (f"{read}: a Query needs an equality{key}, or an index with such a key.",), ()


def _query(parameters: dict[str, Any], index: str | None, key: str) -> str:
    """The same question as a Query, in PartiQL."""
    table = parameters["TableName"]
    source = f'"{table}"' + (f'."{index}"' if index else "")
    value = plain(wire(equalities(parameters)[key]))
    shown = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else json.dumps(value)
    return f'SELECT * FROM {source} WHERE "{key}" = {shown}'  # noqa: S608 (shown in the editor, as PartiQL)


def _create(table: dict[str, Any], attribute: str, kind: str) -> str:
    index = re.sub(r"[^\w.-]", "_", f"by_{attribute}")
    create: dict[str, Any] = {
        "IndexName": index if len(index) > 2 else f"{index}_index",
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    if table.get("BillingModeSummary", {}).get("BillingMode") != "PAY_PER_REQUEST":
        create["ProvisionedThroughput"] = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    call = {
        "TableName": table["TableName"],
        "AttributeDefinitions": [{"AttributeName": attribute, "AttributeType": kind}],
        "GlobalSecondaryIndexUpdates": [{"Create": create}],
    }
    return f"UpdateTable {json.dumps(call, indent=2, ensure_ascii=False)}"
