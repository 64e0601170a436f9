"""An index tried on a copy of a small table: the scan there is, and the query that the index makes possible."""

import json
import re
import secrets
from typing import TYPE_CHECKING, Any

from app.core.errors import StatementFailed, StatementRefused
from app.core.limits import Limits
from app.core.plans import Plan
from app.core.results import Result, Statement
from app.core.trials import Trial
from app.engines.dynamodb.pages import Send

if TYPE_CHECKING:
    from app.engines.dynamodb.client import DynamoClient

MAX_ITEMS = 5_000
MAX_BYTES = 4_000_000
BATCH_ITEMS = 25
TRIED = (
    "Tried on a copy of the table that is gone again. DynamoDB takes no index by itself: with it, the question is a Query on the index, "
    "and that is the second plan. Its call is in the plan's own form."
)
_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)
_EQUAL = re.compile(r"^\(?\s*(#?\w+)\s*=\s*(:\w+)\s*\)?$")


async def try_index(
    client: "DynamoClient", statement: Statement, index: str, limits: Limits, *, send: Send, clean_up: Send
) -> Trial:
    """`clean_up` sends when all that `send` began is done, even when time is over. Raises StatementRefused for anything but a scan with a filter, and for a table that is not small."""
    before, call = await _measured(client, statement, limits)
    if call is None or before is None or before.access != "full scan":
        raise StatementRefused("Only a scan can be tried with an index.", code="cannot_try")
    examined = before.examined or 0
    if examined > MAX_ITEMS or any(not node.complete for node in before.root.walk()):
        raise StatementRefused(
            f"An index is tried on a copy, and only a table of at most {MAX_ITEMS:,} items that was read to its end is copied.",
            code="cannot_try",
        )
    table, create, definitions = _index_of(index)
    described = (await send("DescribeTable", {"TableName": table}))["Table"]
    copy = f"{table[:200]}.trial-{secrets.token_hex(4)}"
    query = _query(call, copy, create)
    try:
        await send("CreateTable", _copied(described, copy, create, definitions))
        await _copy_items(send, table, copy)
        after, _ = await _measured(client, query, limits)
    except StatementFailed as exc:
        raise StatementRefused(f"The copy could not be made: {exc.message}", code="cannot_try") from exc
    finally:
        await _drop(clean_up, copy)
    if after is None:
        raise StatementRefused("The query on the copy gave no plan.", code="cannot_try")
    drop = {"TableName": table, "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": create["IndexName"]}}]}
    return Trial(index, f"UpdateTable {json.dumps(drop)}", before, after, TRIED)


async def _drop(clean_up: Send, copy: str) -> None:
    """The copy may be there even when making it gave no answer in time."""
    try:
        await clean_up("DeleteTable", {"TableName": copy})
    except StatementFailed as exc:
        if exc.code != "ResourceNotFoundException":
            raise


async def _measured(
    client: "DynamoClient", statement: Statement, limits: Limits
) -> tuple[Plan | None, dict[str, Any] | None]:
    """The plan of a statement that reads, and the call that it was."""
    result: Result | None = None
    async for event in client.run(statement, limits):
        if isinstance(event, Result):
            result = event
    done = client.last_call
    if result is None or done is None or done.operation not in ("Scan", "Query"):
        return None, None
    return await client.explain(statement, limits, measure=True), done.parameters


def _index_of(source: str) -> tuple[str, dict[str, Any], list[dict[str, str]]]:
    """Table, index and attributes of a remedy of ours."""
    try:
        call = json.loads(source.removeprefix("UpdateTable "))
        return call["TableName"], call["GlobalSecondaryIndexUpdates"][0]["Create"], call["AttributeDefinitions"]
    except (ValueError, LookupError, TypeError) as exc:
        raise StatementRefused("This makes no index that could be undone.", code="cannot_try") from exc


def _copied(
    described: dict[str, Any], copy: str, create: dict[str, Any], definitions: list[dict[str, str]]
) -> dict[str, Any]:
    keys = {part["AttributeName"] for part in described["KeySchema"]}
    own = [one for one in described["AttributeDefinitions"] if one["AttributeName"] in keys]
    more = [one for one in definitions if one["AttributeName"] not in keys]
    return {
        "TableName": copy,
        "KeySchema": described["KeySchema"],
        "AttributeDefinitions": [*own, *more],
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [{name: value for name, value in create.items() if name != "ProvisionedThroughput"}],
    }


async def _copy_items(send: Send, table: str, copy: str) -> None:
    start: dict[str, Any] = {}
    copied = 0
    while True:
        page = await send("Scan", {"TableName": table} | start)
        items = page.get("Items", [])
        copied += len(json.dumps(items, default=str))
        if copied > MAX_BYTES:
            raise StatementRefused(
                f"An index is tried on a copy, and no more than {MAX_BYTES:,} bytes are copied.", code="cannot_try"
            )
        for at in range(0, len(items), BATCH_ITEMS):
            puts = [{"PutRequest": {"Item": item}} for item in items[at : at + BATCH_ITEMS]]
            await send("BatchWriteItem", {"RequestItems": {copy: puts}})
        if not page.get("LastEvaluatedKey"):
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _query(parameters: dict[str, Any], copy: str, create: dict[str, Any]) -> Statement:
    """The scan's question as a Query: the test of the index's key becomes the key condition, other tests stay a filter."""
    names, values = parameters.get("ExpressionAttributeNames", {}), parameters.get("ExpressionAttributeValues", {})
    attribute = create["KeySchema"][0]["AttributeName"]
    parts = _AND.split(str(parameters.get("FilterExpression", "")))
    matches = [part for part in parts if (m := _EQUAL.match(part)) and names.get(m[1], m[1]) == attribute]
    if not matches or any("between" in part.lower() for part in parts):
        raise StatementRefused("This filter can't be told apart into a key and the rest.", code="cannot_try")
    rest = [part for part in parts if part is not matches[0]]
    call: dict[str, Any] = {
        "TableName": copy,
        "IndexName": create["IndexName"],
        "KeyConditionExpression": matches[0].strip("() "),
        "ExpressionAttributeValues": values,
    }
    if names:
        call["ExpressionAttributeNames"] = names
    if rest:
        call["FilterExpression"] = " AND ".join(rest)
    text = f"Query {json.dumps(call)}"
    return Statement(text, 0, len(text), 1)
