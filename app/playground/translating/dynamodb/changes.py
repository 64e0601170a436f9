"""INSERT, UPDATE and DELETE as PartiQL: one item each, by its whole key."""

from typing import Any

from app.playground.translating.changes import Change, Setting
from app.playground.translating.dynamodb.keys import key_value
from app.playground.translating.dynamodb.requests import literal, name
from app.playground.translating.errors import NotCarriedError
from app.playground.translating.literals import text_of
from app.playground.translating.shapes import Pattern
from app.playground.translating.sql import says


def statements(change: Change) -> list[str]:
    """A statement for each item. Raises NotCarriedError, which names what can't be said."""
    section = change.table.engines["dynamodb"]
    change.refuse_what_is_kept("dynamodb", "DynamoDB")
    table = name(section["table"])
    if change.verb == "insert":
        return [f"INSERT INTO {table} VALUE {literal(_item(change, row))};" for row in change.rows]
    where = [_where(change, row) for row in change.keys("DynamoDB")]
    if change.verb == "delete":
        return [f"DELETE FROM {table} WHERE {one};" for one in where]  # noqa: S608 - likewise
    sets = " ".join(_set(change, one) for one in change.settings)
    return [f"UPDATE {table} {sets} WHERE {one};" for one in where]


def _item(change: Change, row: dict[str, Any]) -> dict[str, Any]:
    section, fields = change.table.engines["dynamodb"], change.table.fields("dynamodb")
    partition, sort = section.get("names", ["pk", "sk"])
    patterns = {partition: section["partition"], sort: section["sort"], **section.get("written", {})}
    item: dict[str, Any] = {}
    held: set[str] = set(fields)
    for key, text in patterns.items():
        pattern = Pattern(text)
        held |= set(pattern.columns)
        item[key] = key_value(pattern, {column: row[column] for column in pattern.columns}, change.table)
    missing = [column for column in row if column not in held]
    if missing:
        raise NotCarriedError(f"{change.table.name}.{missing[0]} is not kept in DynamoDB")
    for column, attribute in fields.items():
        item[attribute] = _kept(row[column], change.table.columns[column])
    return item


def _kept(value: Any, kind: str) -> Any:
    return text_of(value, kind) if kind in ("date", "timestamp") else value


def _where(change: Change, row: dict[str, Any]) -> str:
    section = change.table.engines["dynamodb"]
    partition, sort = section.get("names", ["pk", "sk"])
    parts = []
    for key, text in ((partition, section["partition"]), (sort, section["sort"])):
        pattern = Pattern(text)
        missing = [column for column in pattern.columns if column not in row]
        if missing or text.endswith("#"):
            raise NotCarriedError(
                f"{change.table.name} by {', '.join(row)}: one item is named by its whole key, {section['partition']} and {section['sort']}"
            )
        value = key_value(pattern, {column: row[column] for column in pattern.columns}, change.table)
        parts.append(f"{name(key)} = {literal(value)}")
    extra = set(row) - set(Pattern(section["partition"]).columns) - set(Pattern(section["sort"]).columns)
    if extra:
        raise NotCarriedError(
            f"a condition on {', '.join(sorted(extra))}: where it doesn't hold, DynamoDB fails and SQL changes nothing"
        )
    return " AND ".join(parts)


def _set(change: Change, setting: Setting) -> str:
    if setting.node is not None:
        raise NotCarriedError(
            f"{setting.column} = {says(setting.node)}: DynamoDB adds and subtracts written numbers alone"
        )
    attribute = change.table.fields("dynamodb").get(setting.column)
    section = change.table.engines["dynamodb"]
    keyed = (*Pattern(section["partition"]).columns, *Pattern(section["sort"]).columns)
    if attribute is None or setting.column in keyed:
        where = "is part of a key" if setting.column in keyed else "is not kept in DynamoDB"
        raise NotCarriedError(f"{change.table.name}.{setting.column} {where}")
    value = literal(_kept(setting.value, change.table.columns[setting.column]))
    if setting.operator:
        value = f"{name(attribute)} {setting.operator} {value}"
    return f"SET {name(attribute)} = {value}"
