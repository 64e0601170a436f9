"""One account for all sandboxes: each sees its own tables only, whose names carry a prefix that it never sees.

Requests get the prefix; replies, ARNs and errors lose it, and the account's own number with it. PartiQL is always translated in this mode,
so that no table is named inside a text. Tried with emulators that share one account; AWS itself is untried.
"""

import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from app.engines.dynamodb import arns, model

_PREFIX = "st-{}."
_OWNER = re.compile(r"st-(\d{12})\.")
_ARN = re.compile(r"arn:aws[\w-]*:dynamodb:[\w-]*:\d*:table/([A-Za-z0-9_.-]+)")
_BY_TABLE = frozenset(("RequestItems", "UnprocessedItems", "UnprocessedKeys", "ItemCollectionMetrics", "Responses"))
_ITEMS = frozenset(
    ("Item", "Items", "Attributes", "Key", "Keys", "LastEvaluatedKey", "NewImage", "OldImage", "Records")
)
MAX_LISTS = 100
MAX_LISTED = 100

Send = Callable[[str, dict[str, Any]], dict[str, Any]]


def owner(table: str) -> str | None:
    """The namespace that a table of the account belongs to; None for one that is not ours."""
    found = _OWNER.match(table)
    return found.group(1) if found else None


class Shared:
    """The view of one sandbox. `send` makes a call of the account itself."""

    def __init__(self, namespace: str, send: Send) -> None:
        self._namespace = namespace
        self._prefix = _PREFIX.format(namespace)
        self._send = send

    def call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation in model.PARTIQL:
            raise RuntimeError("PartiQL is translated where an account is shared")
        try:
            if operation == "ListTables":
                return self._list_tables(parameters)
            if operation == "ListStreams":
                return self._list_streams(parameters)
            answer = self._send(operation, self.request(parameters))
            if operation == "GetRecords":
                self._check_records(answer)
        except ClientError as exc:
            exc.response = self.reply(exc.response)
            raise
        shown: dict[str, Any] = self.reply(answer)
        return shown

    def request(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The call with the account's own names."""
        made = dict(parameters)
        if "TableName" in made:
            made["TableName"] = self._prefix + made["TableName"]
        if "RequestItems" in made:
            made["RequestItems"] = {self._prefix + name: held for name, held in made["RequestItems"].items()}
        if "TransactItems" in made:
            made["TransactItems"] = [
                {kind: {**held, "TableName": self._prefix + held["TableName"]} for kind, held in entry.items()}
                for entry in made["TransactItems"]
            ]
        for name in ("ResourceArn", "StreamArn"):
            if name in made:
                made[name] = self._real_arn(made[name])
        if "ShardIterator" in made:  # AWS begins it with the stream's ARN
            made["ShardIterator"] = _ARN.sub(lambda found: self._real_arn(found.group()), made["ShardIterator"])
        return made

    def _real_arn(self, arn: str) -> str:
        table = arns.table_of(arn) or ""
        described = self._send("DescribeTable", {"TableName": self._prefix + table})["Table"]
        rest = arn.partition(f":table/{table}")[2]
        return str(described["TableArn"]) + rest

    def reply(self, value: Any) -> Any:
        """What the account answers, as the sandbox may see it. Items are passed as they are."""
        if isinstance(value, list):
            return [self.reply(one) for one in value]
        if isinstance(value, str):
            return self._said(value)
        if not isinstance(value, dict):
            return value
        found = {}
        for name, held in value.items():
            if name in _ITEMS:
                found[name] = held
            elif name in _BY_TABLE and isinstance(held, dict):
                found[name] = {table.removeprefix(self._prefix): inner for table, inner in held.items()}
            else:
                found[name] = self.reply(held)
        return found

    def _said(self, text: str) -> str:
        """A name, an ARN or a message without the prefix and the account."""
        own = _ARN.sub(lambda found: arns.of_table(found.group(1), self._namespace), text)
        return own.replace(self._prefix, "")

    def _list_tables(self, parameters: dict[str, Any]) -> dict[str, Any]:
        names = sorted(
            name.removeprefix(self._prefix) for name in every_table(self._send) if name.startswith(self._prefix)
        )
        shown, last = _page(names, "ExclusiveStartTableName", parameters)
        return {"TableNames": shown, **({"LastEvaluatedTableName": last} if last else {})}

    def _list_streams(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Read to the end and cut anew: the account's own pages end at streams of other sandboxes."""
        asked = {name: value for name, value in self.request(parameters).items() if name == "TableName"}
        found = _every(self._send, "ListStreams", "Streams", "StreamArn", asked)
        shown = [self.reply(one) for one in found if one["TableName"].startswith(self._prefix)]
        by_arn = {one["StreamArn"]: one for one in shown}
        page, last = _page(sorted(by_arn), "ExclusiveStartStreamArn", parameters)
        return {"Streams": [by_arn[arn] for arn in page], **({"LastEvaluatedStreamArn": last} if last else {})}

    def _check_records(self, answer: dict[str, Any]) -> None:
        """The emulator's iterator holds no ARN that could be read, so what it leads to is looked at.

        ARNs are shown as the sandbox's own. AWS's records name no stream; there the iterator itself does, see `request`.
        """
        for record in answer.get("Records", ()):
            arn = record.get("eventSourceARN", "")
            table = _ARN.match(arn)
            if arn and (table is None or not table.group(1).startswith(self._prefix)):
                answer["Records"] = []
                return
            if arn:
                record["eventSourceARN"] = self._said(arn)


def _page(names: list[str], start: str, parameters: dict[str, Any]) -> tuple[list[str], str | None]:
    """Those after the one that `start` gives, as many as asked for, and the last of them when there are more."""
    left = [name for name in names if name > parameters.get(start, "")]
    shown = left[: parameters.get("Limit", MAX_LISTED)]
    return shown, shown[-1] if len(shown) < len(left) else None


def every_table(send: Send) -> list[str]:
    """All tables of the account, ours or not."""
    return _every(send, "ListTables", "TableNames", "TableName", {})


def _every(send: Send, operation: str, listed: str, marker: str, asked: dict[str, Any]) -> list[Any]:
    """What an operation lists on all its pages."""
    found: list[Any] = []
    start: dict[str, Any] = {}
    for _ in range(MAX_LISTS):
        answer = send(operation, {**asked, **start})
        found += answer.get(listed, ())
        if f"LastEvaluated{marker}" not in answer:
            break
        start = {f"ExclusiveStart{marker}": answer[f"LastEvaluated{marker}"]}
    return found
