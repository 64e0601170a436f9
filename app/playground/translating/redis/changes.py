"""INSERT, UPDATE and DELETE as commands on every key that a row stands in."""

from collections.abc import Iterator
from typing import Any

from app.playground.translating.changes import Change, Setting
from app.playground.translating.errors import NotCarriedError
from app.playground.translating.redis.plans import pattern_columns
from app.playground.translating.redis.words import command, held_text, key, seconds
from app.playground.translating.shapes import named
from app.playground.translating.sql import says

_IF_THERE = (
    "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2]) end return 0"
)
"""HINCRBY makes a hash where there is none, and an UPDATE makes no row."""


def statements(change: Change) -> list[str]:
    """Raises NotCarriedError, which names what can't be said."""
    change.refuse_what_is_kept("redis", "Redis")
    if "list" in change.table.engines["redis"]:
        raise NotCarriedError(f"a change of {change.table.name}: an element of a list has no key")
    if change.verb == "insert":
        return [line for row in change.rows for line in _inserted(change, row)]
    rows = change.keys("Redis")
    if any(set(row) != set(change.table.key) for row in rows):
        raise NotCarriedError(
            f"{change.table.name} by {', '.join(rows[0])}: one row is named by {', '.join(change.table.key)}"
        )
    if change.verb == "delete":
        return [line for row in rows for line in _deleted(change, row)]
    return [line for row in rows for line in _updated(change, row)]


def _inserted(change: Change, row: dict[str, Any]) -> Iterator[str]:
    section, kept = change.table.engines["redis"], set(_kept(change))
    missing = [name for name in row if name not in kept]
    if missing:
        raise NotCarriedError(f"{change.table.name}.{missing[0]} is not kept in Redis")
    texts = {
        name: held_text(value, change.table.columns[name]) for name, value in row.items() if not isinstance(value, list)
    }
    if "hash" in section:
        fields = [word for name, field in named(section["hash"]["fields"]).items() for word in (field, texts[name])]
        yield command("HSET", key(section["hash"]["key"], row, change.table), *fields)
    if "entries" in section:
        entries = section["entries"]
        yield command("HSET", _key(change, entries["key"], row), texts[entries["name"]], texts[entries["value"]])
    if "stream" in section:
        stream = section["stream"]
        words = [word for name in stream["fields"] for word in (name, texts[name])]
        at = f"{seconds(row[stream['time']])}000-0"
        yield command("XADD", _key(change, stream["key"], row), at, *words)
    for one in section.get("sets", []):
        yield command("SADD", _key(change, one["key"], row), texts[one["member"]])
    for one in section.get("sorted", []):
        yield command("ZADD", _key(change, one["key"], row), texts[one["score"]], texts[one["member"]])


def _key(change: Change, text: str, row: dict[str, Any]) -> str:
    return key(text, {name: row[name] for name in pattern_columns(text)}, change.table)


def _kept(change: Change) -> Iterator[str]:
    """The columns that some key keeps."""
    section = change.table.engines["redis"]
    singles = [section[name] for name in ("hash", "entries", "stream") if name in section]
    for one in [*singles, *section.get("sets", [])]:
        yield from pattern_columns(one["key"])
        yield from named(one.get("fields", []))
        yield from (one[name] for name in ("name", "value", "time", "member") if name in one)


def _deleted(change: Change, row: dict[str, Any]) -> Iterator[str]:
    section = change.table.engines["redis"]
    if "entries" in section:
        entries = section["entries"]
        yield command("HDEL", _key(change, entries["key"], row), row[entries["name"]])
        return
    indexed = [one["key"] for name in ("sets", "sorted") for one in section.get(name, [])]
    if "hash" in section:
        if indexed:
            raise NotCarriedError(
                f"the row also stands in {indexed[0]}, which goes by a value that the statement doesn't say"
            )
        yield command("DEL", _key(change, section["hash"]["key"], row))
        return
    if "sets" not in section:
        raise NotCarriedError(f"a row of {change.table.name} is deleted by no key")
    for one in section["sets"]:
        yield command("SREM", _key(change, one["key"], row), row[one["member"]])


def _updated(change: Change, row: dict[str, Any]) -> Iterator[str]:
    section = change.table.engines["redis"]
    if "entries" in section:
        yield _entry(change, row)
        return
    if "hash" not in section:
        raise NotCarriedError(f"a row of {change.table.name} stands in a key that takes no change")
    fields = named(section["hash"]["fields"])
    text = _key(change, section["hash"]["key"], row)
    written: list[str] = []
    for one in change.settings:
        _refuse(change, one, fields)
        if one.operator:
            amount = one.value if one.operator == "+" else -one.value
            yield command("EVAL", _IF_THERE, 1, text, fields[one.column], amount)
        else:
            written += [fields[one.column], held_text(one.value, change.table.columns[one.column])]
    if written:
        yield command("HSETEX", text, "FXX", "FIELDS", len(written) // 2, *written)
    for one in change.settings:
        for index in section.get("sorted", []):
            if index["score"] == one.column:
                score = held_text(one.value, change.table.columns[one.column])
                yield command("ZADD", _key(change, index["key"], row), "XX", score, row[index["member"]])


def _entry(change: Change, row: dict[str, Any]) -> str:
    entries = change.table.engines["redis"]["entries"]
    setting = change.settings[0]
    if len(change.settings) > 1 or setting.column != entries["value"] or setting.operator or setting.node is not None:
        raise NotCarriedError(
            f"a change of {', '.join(one.column for one in change.settings)}: a field of a hash is set to one value"
        )
    return command("HSETEX", _key(change, entries["key"], row), "FXX", "FIELDS", 1, row[entries["name"]], setting.value)


def _refuse(change: Change, setting: Setting, fields: dict[str, str]) -> None:
    section = change.table.engines["redis"]
    if setting.node is not None:
        raise NotCarriedError(f"{setting.column} = {says(setting.node)}: Redis computes nothing from fields")
    if setting.column not in fields:
        raise NotCarriedError(f"{change.table.name}.{setting.column} is not kept in Redis")
    by_key = [
        one["key"]
        for name in ("sets", "sorted")
        for one in section.get(name, [])
        if setting.column in pattern_columns(one["key"])
    ]
    if by_key:
        raise NotCarriedError(
            f"{setting.column} decides which {by_key[0]} the row is in, and the statement doesn't say which it was"
        )
    scored = any(one["score"] == setting.column for one in section.get("sorted", []))
    if setting.operator and (scored or change.table.columns[setting.column] == "decimal"):
        raise NotCarriedError(
            f"{setting.column} {setting.operator} {setting.value}: Redis adds to fractions and indexed values inexactly"
        )
