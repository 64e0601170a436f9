"""A read of one DynamoDB table: its keys, a filter, and how PartiQL and the API write it."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.playground.translating.errors import NotCarriedError

Test = tuple[Any, ...]
"""(operator, attribute, values…) with = <> < <= > >= in between begins_with contains, or (and|or|not, tests…)."""


@dataclass(slots=True)
class Request:
    """`partition` and `sort` are what the keys answer, `filters` what is looked at in every item read."""

    table: str
    index: str = ""
    partition: Test | None = None
    sort: Test | None = None
    filters: list[Test] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    order: tuple[str, bool] | None = None

    @property
    def queries(self) -> bool:
        return self.partition is not None and self.partition[0] == "="

    def tests(self) -> list[Test]:
        return [test for test in (self.partition, self.sort, *self.filters) if test is not None]


def literal(value: Any) -> str:
    """A value as PartiQL writes it."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(name)}: {literal(held)}" for name, held in value.items()) + "}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def partiql(request: Request) -> str:
    """A SELECT."""
    source = name(request.table) + (f".{name(request.index)}" if request.index else "")
    text = f"SELECT {', '.join(map(name, request.attributes))} FROM {source}"  # noqa: S608 - every part is written by `name`
    tests = [said(test) for test in request.tests()]
    if tests:
        text += f"\nWHERE {' AND '.join(tests)}"
    if request.order:
        text += f"\nORDER BY {name(request.order[0])}{' DESC' if request.order[1] else ''}"
    return text + ";"


def said(test: Test) -> str:
    """A test in PartiQL."""
    operator, *rest = test
    if operator in ("and", "or"):
        return "(" + f" {operator.upper()} ".join(map(said, rest)) + ")"
    if operator == "not":
        return f"NOT ({said(rest[0])})"
    attribute, *values = rest
    if operator in ("begins_with", "contains"):
        return f"{operator}({name(attribute)}, {literal(values[0])})"
    if operator == "in":
        return f"{name(attribute)} IN {literal(list(values))}"
    if operator == "between":
        return f"{name(attribute)} BETWEEN {literal(values[0])} AND {literal(values[1])}"
    return f"{name(attribute)} {operator} {literal(values[0])}"


def call(request: Request, *, count: bool = False, limit: int | None = None) -> str:
    """A Query where the partition is known, else a Scan, in the API's words."""
    making = _Call()
    body: dict[str, Any] = {"TableName": request.table}
    if request.index:
        body["IndexName"] = request.index
    keys = [request.partition, request.sort] if request.queries else []
    others = request.filters if request.queries else request.tests()
    if keys:
        body["KeyConditionExpression"] = " AND ".join(making.said(test) for test in keys if test is not None)
    if others:
        body["FilterExpression"] = " AND ".join(making.said(test) for test in others)
    if count:
        body["Select"] = "COUNT"
    else:
        body["ProjectionExpression"] = ", ".join(making.name(attribute) for attribute in request.attributes)
    if request.order and request.order[1]:
        body["ScanIndexForward"] = False
    if limit is not None:
        if others:
            raise NotCarriedError("LIMIT: DynamoDB counts the items it reads, before the filter")
        body["Limit"] = limit
    body |= making.parameters()
    parts = ",\n".join(f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in body.items())
    return f"{'Query' if request.queries else 'Scan'} {{\n{parts}\n}}"


class _Call:
    """Names and values behind placeholders."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: list[Any] = []

    def parameters(self) -> dict[str, Any]:
        found: dict[str, Any] = {"ExpressionAttributeNames": self._names} if self._names else {}
        if self._values:
            held = [float(value) if isinstance(value, Decimal) else value for value in self._values]
            found["ExpressionAttributeValues"] = {f":v{number}": value for number, value in enumerate(held)}
        return found

    def name(self, attribute: str) -> str:
        placeholder = f"#{''.join(letter for letter in attribute if letter.isalnum())}"
        self._names[placeholder] = attribute
        return placeholder

    def _value(self, value: Any) -> str:
        self._values.append(value)
        return f":v{len(self._values) - 1}"

    def said(self, test: Test) -> str:
        operator, *rest = test
        if operator in ("and", "or"):
            return "(" + f" {operator.upper()} ".join(map(self.said, rest)) + ")"
        if operator == "not":
            return f"NOT ({self.said(rest[0])})"
        attribute, values = self.name(rest[0]), [self._value(value) for value in rest[1:]]
        if operator in ("begins_with", "contains"):
            return f"{operator}({attribute}, {values[0]})"
        if operator == "in":
            return f"{attribute} IN ({', '.join(values)})"
        return (
            f"{attribute} BETWEEN {values[0]} AND {values[1]}"
            if operator == "between"
            else f"{attribute} {operator} {values[0]}"
        )
