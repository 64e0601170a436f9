"""Item collections for the sidebar: the partition keys of a table, then the items under one, a page at a time."""

import json
from itertools import groupby
from typing import Any

from app.core.engine import Listing, SchemaObject
from app.core.errors import EngineUnavailable, NotFound
from app.engines.dynamodb.shelf import keys_of
from app.engines.dynamodb.tables import Ask
from app.engines.dynamodb.values import plain, typed_map

PAGE = 100
EXAMINED = 1_000
"""Items looked at for one page of partition keys."""
MAX_PATH_CHARS = 10_000
MAX_NAME_CHARS = 80
MAX_SHOWN_ATTRIBUTES = 6


def path_of(*parts: Any) -> str:
    return json.dumps(parts, ensure_ascii=False)


async def browse(ask: Ask, path: str, cursor: str | None) -> Listing:
    """What lies at a path: `["table"]` has partition keys, `["table", key]` has items. Raises NotFound."""
    nothing = NotFound(f"There is nothing at {path[:100]!r}.")
    if len(path) + len(cursor or "") > MAX_PATH_CHARS:
        raise nothing
    try:
        parts, start = json.loads(path), json.loads(cursor) if cursor else None
    except (ValueError, RecursionError) as exc:
        raise nothing from exc
    match parts:
        case [str(name)]:
            value = None
        case [str(name), {"S": str()} | {"N": str()} | {"B": str()} as value] if len(value) == 1:
            pass
        case _:
            raise nothing
    try:
        table = (await ask("DescribeTable", {"TableName": name}))["Table"]
        keys = keys_of(table, None)
        assert keys
        if value is None:
            return await _partitions(ask, name, [key for key in keys if key], start)
        return await _items(ask, name, keys, value, start)
    except (EngineUnavailable, TypeError, ValueError, KeyError, AttributeError) as exc:
        raise nothing from exc


async def _partitions(ask: Ask, table: str, keys: list[str], start: Any) -> Listing:
    """Items of a partition lie together, so a key met again is the last one of the page before."""
    names = {f"#k{number}": key for number, key in enumerate(keys)}
    parameters: dict[str, Any] = {
        "TableName": table,
        "Limit": EXAMINED,
        "ProjectionExpression": ", ".join(names),
        "ExpressionAttributeNames": names,
    }
    seen = None
    if start:
        parameters["ExclusiveStartKey"], seen = typed_map(start["from"]), start["seen"]
    answer = await ask("Scan", parameters)
    last = answer.get("LastEvaluatedKey")
    groups = [list(items) for _, items in groupby(answer["Items"], key=lambda item: item[keys[0]])]
    unfinished = groups[-1][0][keys[0]] if last and groups else None
    shown = [group for group in groups if group[0][keys[0]] != seen]
    if len(shown) > PAGE:
        shown = shown[:PAGE]
        last = {key: shown[-1][-1][key] for key in keys}
        unfinished = None
    objects = []
    for group in shown:
        value = group[0][keys[0]]
        detail = _count(len(group), whole=value != unfinished)
        objects.append(
            SchemaObject("partition", _name(value), detail, reference=_reference(value), path=path_of(table, value))
        )
    cursor = json.dumps({"from": last, "seen": unfinished or seen}) if last else None
    return Listing(objects, cursor)


async def _items(ask: Ask, table: str, keys: tuple[str, str | None], value: Any, start: Any) -> Listing:
    parameters: dict[str, Any] = {
        "TableName": table,
        "Limit": PAGE,
        "KeyConditionExpression": "#k = :k",
        "ExpressionAttributeNames": {"#k": keys[0]},
        "ExpressionAttributeValues": typed_map({":k": value}),
    }
    if start:
        parameters["ExclusiveStartKey"] = typed_map(start)
    answer = await ask("Query", parameters)
    objects = [_item(item, keys) for item in answer["Items"]]
    last = answer.get("LastEvaluatedKey")
    return Listing(objects, json.dumps(last) if last else None)


def _item(item: dict[str, Any], keys: tuple[str, str | None]) -> SchemaObject:
    named = item.get(keys[1] or keys[0], {"S": ""})
    rest = [name for name in item if name not in keys]
    shown = ", ".join(rest[:MAX_SHOWN_ATTRIBUTES]) + (", ..." if len(rest) > MAX_SHOWN_ATTRIBUTES else "")
    return SchemaObject("item", _name(named), shown or None, reference=_reference(named))


def _name(value: dict[str, Any]) -> str:
    text = str(plain(value))
    return text if len(text) <= MAX_NAME_CHARS else f"{text[:MAX_NAME_CHARS]}..."


def _reference(value: dict[str, Any]) -> str:
    """The value as PartiQL writes it."""
    ((kind, held),) = value.items()
    return str(held) if kind == "N" else "'" + str(held).replace("'", "''") + "'"


def _count(count: int, *, whole: bool) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}{'' if whole else ' or more'}"
