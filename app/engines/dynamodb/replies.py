"""Answers of DynamoDB as results: items as documents, everything else as a short status."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.core.limits import Limits
from app.core.results import More, Notice, Result, Statement, Stats
from app.engines.dynamodb import model
from app.engines.dynamodb.costs.capacity import Units
from app.engines.dynamodb.pages import Items, Read, picked
from app.engines.dynamodb.sources import commands
from app.engines.dynamodb.sources.calling import Call
from app.engines.dynamodb.values import wire

_TABLE_ANSWERS = {
    "CreateTable": "TableDescription",
    "DeleteTable": "TableDescription",
    "UpdateTable": "TableDescription",
    "DescribeTable": "Table",
    "DescribeTimeToLive": "TimeToLiveDescription",
    "UpdateTimeToLive": "TimeToLiveSpecification",
    "DescribeContinuousBackups": "ContinuousBackupsDescription",
    "UpdateContinuousBackups": "ContinuousBackupsDescription",
    "DescribeStream": "StreamDescription",
}
_SAID_AS_STATUS = frozenset(
    (
        *("CreateTable", "DeleteTable", "UpdateTable", "UpdateTimeToLive"),
        *("TagResource", "UntagResource", "UpdateContinuousBackups"),
    )
)
_SAID_BESIDE = {
    "UpdateTimeToLive": "Items whose time is over are taken out about once a minute here; at AWS within a few days.",
    "UpdateContinuousBackups": "This is kept as a setting only: nothing is backed up here.",
}
_WRITING = frozenset(("INSERT", "UPDATE", "DELETE", *model.WRITES))


@dataclass(slots=True)
class Done:
    """A call that was made, and the figures DynamoDB gave with it."""

    call: Call
    verb: str
    """The operation, or the PartiQL verb it was made from."""
    returned: int = 0
    scanned: int | None = None
    pages: int = 1
    capacity: list[Any] = field(default_factory=list)
    own: Units | None = None
    """The units by our own count, where the server's are flat ones."""
    read: Read | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    """Of a call that is not read in pages."""

    @property
    def writes(self) -> bool:
        return self.verb in _WRITING

    @property
    def unit(self) -> str:
        if self.verb in ("BatchExecuteStatement", "ExecuteTransaction"):
            return "capacity units"
        return "WCU" if self.writes else "RCU"

    @property
    def units(self) -> float | None:
        return self.own.total if self.own else self.told_units

    @property
    def told_units(self) -> float | None:
        """What the server said."""
        figures = [one["CapacityUnits"] for one in self.capacity if "CapacityUnits" in one]
        return sum(figures) if figures else None

    def said(self, *facts: str) -> str:
        """`PutItem: ok, 1 WCU`."""
        parts = [*facts] if facts else ["ok"]
        if self.units is not None:
            least = "at least " if self.own and not self.own.exact else ""
            parts.append(f"{least}{self.units:g} {self.unit}")
        return f"{self.verb}: {', '.join(parts)}"


def counted(number: int) -> str:
    return f"{number:,} item{'' if number == 1 else 's'}"


def of_pages(statement: Statement, done: Done, read: Read) -> Result:
    """The result of a query or scan."""
    cut = read.items.truncated or read.items.full
    done.returned = len(read.items.documents) if cut else read.count
    done.read = read
    done.scanned, done.pages, done.capacity = read.scanned, read.pages, read.capacity
    facts = [counted(done.returned)]
    if read.scanned is not None:
        facts.append(f"{read.scanned:,} examined")
    if read.pages > 1:
        facts.append(f"{read.pages} pages")
    if done.writes and not read.items.documents:
        return Result(kind="status", statement=statement, status=done.said())
    if done.call.parameters.get("Select") == "COUNT":
        stats = Stats(row_count=done.returned)
        return Result(kind="status", statement=statement, status=done.said(*facts), stats=stats)
    result = _documents(statement, done, read.items, *facts)
    if read.last_key:
        result.more = More("Next page", _continued(statement, done.call, read.last_key))
        key = json.dumps(read.last_key, ensure_ascii=False)
        result.notices.append(Notice("info", f"There is more. LastEvaluatedKey: {key}"))
    elif read.items.truncated:
        result.notices.append(
            Notice("info", "There is no next page: the items shown lack their keys, from which it would go on.")
        )
    return result


def _continued(statement: Statement, call: Call, key: dict[str, Any]) -> str:
    """A source that goes on after a key: the same call with ExclusiveStartKey, or the same line with a token."""
    line = statement.text.rstrip()
    if (
        commands.starts(line, 0)
        and "--starting-token" not in line
        and not any("no shell" in note for note in call.notes)
    ):
        return f"{line} --starting-token {commands.next_token(key)}"
    left = {name: value for name, value in call.parameters.items() if name != "ReturnConsumedCapacity"}
    return f"{call.operation} {json.dumps(wire(left) | {'ExclusiveStartKey': key}, ensure_ascii=False)}"


def of_answer(
    statement: Statement, done: Done, answer: dict[str, Any], limits: Limits, keys: Sequence[str] = ()
) -> Result:
    """The result of any other call. `keys` are shown first."""
    done.answer = answer
    capacity = answer.get("ConsumedCapacity")
    done.capacity = capacity if isinstance(capacity, list) else [capacity] if capacity else []
    operation = done.call.operation
    if operation in (*model.TABLES, *model.STREAMS):
        return _metadata(statement, done, answer)
    for response, columns in zip(answer.get("Responses", ()), done.call.columns_of_each, strict=False):
        if columns and response.get("Item"):
            response["Item"] = picked(response["Item"], columns)
    items, notices = _items(operation, answer)
    found = Items(limits.max_rows, limits.max_reply_bytes, keys=keys)
    found.add(items)
    done.returned = len(items)
    if items or operation in model.READS:
        result = _documents(statement, done, found, counted(len(items)))
    else:
        result = Result(kind="status", statement=statement, status=done.said())
    result.notices += notices
    return result


def _documents(statement: Statement, done: Done, items: Items, *facts: str) -> Result:
    return Result(
        kind="documents",
        statement=statement,
        documents=items.documents,
        plain=items.plain,
        status=done.said(*facts),
        truncated=items.truncated,
        reply_bytes=items.bytes,
    )


def _metadata(statement: Statement, done: Done, answer: dict[str, Any]) -> Result:
    operation = done.call.operation
    held = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    told = held.get(_TABLE_ANSWERS[operation], held) if operation in _TABLE_ANSWERS else held
    document = as_json(told)
    result = Result(
        kind="status" if operation in _SAID_AS_STATUS else "documents",
        statement=statement,
        documents=[document],
        plain=[document],
        reply_bytes=len(json.dumps(document)),
    )
    if operation in _SAID_AS_STATUS:
        name = done.call.parameters.get("TableName", "")
        state = told.get("TableStatus")
        facts = ["ok", *([f"{name}{f' is {state}' if state else ''}"] if name else [])]
        result.status = f"{operation}: {', '.join(facts)}"
        if operation in _SAID_BESIDE:
            result.notices.append(Notice("info", _SAID_BESIDE[operation]))
    for marker in ("TableName", "StreamArn"):
        if last := held.get(f"LastEvaluated{marker}"):
            asked = {**done.call.parameters, f"ExclusiveStart{marker}": last}
            result.more = More("Next page", f"{operation} {json.dumps(asked)}")
    return result


def _items(operation: str, answer: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Notice]]:
    """The items an answer carries, and what is to be said beside them."""
    notices: list[Notice] = []
    items: list[dict[str, Any]] = [answer[name] for name in ("Item", "Attributes") if answer.get(name)]
    items += answer.get("Items", [])
    responses = answer.get("Responses", [])
    if isinstance(responses, dict):
        for table, found in responses.items():
            notices.append(Notice("info", f"{table}: {counted(len(found))}"))
            items += found
    else:
        for number, response in enumerate(responses, 1):
            if response.get("Item"):
                items.append(response["Item"])
            if error := response.get("Error"):
                told = f"Statement {number}: {error.get('Code', 'Error')}: {error.get('Message', '')}"
                notices.append(Notice("warning", told))
    for name in ("UnprocessedItems", "UnprocessedKeys"):
        if left := answer.get(name):
            told = json.dumps(left, ensure_ascii=False)
            notices.append(Notice("warning", f"{name}: {told}"))
    return items, notices


def as_json(value: Any) -> Any:
    """An answer as plain data: moments as ISO text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value
