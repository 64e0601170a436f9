"""A SELECT by the keys that answer it: hashes, sets, sorted sets, lists and streams, each in its own way."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlglot import exp

from app.playground.translating.carried import Carried, Part
from app.playground.translating.errors import NotCarriedError
from app.playground.translating.redis import ranges
from app.playground.translating.redis.plans import Taking, filled, limits, parts, pattern_columns, said
from app.playground.translating.redis.words import command, held_text
from app.playground.translating.shapes import Table, named
from app.playground.translating.simple import Simple, simple

LABEL = "Redis"
MAX_KEYS = 25
Way = Callable[[Simple], Carried | None]
_COMBINED = {exp.Union: "SUNION", exp.Intersect: "SINTER", exp.Except: "SDIFF"}


def select(node: exp.Expr, tables: Mapping[str, Table]) -> Carried:
    """Raises NotCarriedError, which names what no key answers."""
    if isinstance(node, exp.SetOperation):
        return _combined(node, tables)
    wanted = simple(node, tables, LABEL)
    for way in (_counted, _by_key, _entry, _members, ranges.by_score, _sorted, ranges.listed, ranges.streamed):
        found = way(wanted)
        if found is not None:
            return found
    raise NotCarriedError(_why(wanted))


def _why(wanted: Simple) -> str:
    section = wanted.table.engines["redis"]
    known = {*pattern_columns(_first_key(section)), *named(section.get("hash", {}).get("fields", []))}
    known |= {one["member"] for name in ("sets", "sorted") for one in section.get(name, [])}
    known |= {section.get("entries", {}).get(name, "") for name in ("name", "value")}
    known |= {section.get("list", {}).get(name, "") for name in ("value", "place")}
    known |= {section.get("stream", {}).get("time", ""), *section.get("stream", {}).get("fields", [])}
    missing = [name for name in wanted.columns if name not in known]
    if missing:
        return f"{wanted.table.name}.{missing[0]} is not kept in Redis"
    asked = ", ".join(dict.fromkeys(name for one in wanted.conditions for name in one.columns())) or "nothing"
    return f"{wanted.table.name} by {asked}: no key of the dataset answers this, and Redis looks into no values"


def _first_key(section: Mapping[str, dict[str, str]]) -> str:
    return next((section[name]["key"] for name in ("hash", "entries", "list", "stream") if name in section), "")


def _sets(wanted: Simple) -> Iterator[dict[str, str]]:
    """The sets whose members are rows; tags:{id} holds what one row has."""
    for one in wanted.table.engines["redis"].get("sets", []):
        if one["member"] in wanted.table.key:
            yield one


def _counted(wanted: Simple) -> Carried | None:
    """COUNT(*) of a whole key, or of one member."""
    if wanted.aggregate != "count" or wanted.limit is not None:
        return None
    section = wanted.table.engines["redis"]
    whole = [("SCARD", one["key"]) for one in _sets(wanted)] + [
        ("ZCARD", one["key"]) for one in section.get("sorted", [])
    ]
    whole += [(name, section[kind]["key"]) for kind, name in _SIZES.items() if kind in section]
    for name, text in whole:
        taking = Taking(wanted)
        values = taking.equal(pattern_columns(text))
        if values is not None and not taking.left:
            return said([command(name, filled(text, values, wanted))])
    for one in _sets(wanted):
        taking = Taking(wanted)
        values = taking.equal((*pattern_columns(one["key"]), one["member"]))
        if values is not None and not taking.left:
            member = held_text(values.pop(one["member"]), wanted.table.columns[one["member"]])
            return said([command("SISMEMBER", filled(one["key"], values, wanted), member)])
    return ranges.count_by_score(wanted)


_SIZES = {"entries": "HLEN", "list": "LLEN", "stream": "XLEN", "hash": "EXISTS"}


def _keys(wanted: Simple, name: str) -> list[Any]:
    """The values of a key that conditions name, in the order that is asked for; none where they name no keys alone."""
    chosen = [one for one in wanted.conditions if one.column == name and one.operator in ("=", "in")]
    if len(chosen) != 1 or len(wanted.conditions) > 1:
        return []
    values = list(dict.fromkeys(chosen[0].values))
    if len(values) == 1:
        return values if wanted.limit is None or wanted.limit > 0 else []
    if len(values) > MAX_KEYS or wanted.limit is not None or any(column != name for column, _ in wanted.order):
        return []
    return sorted(values, reverse=wanted.order[0][1]) if wanted.order else values


def _by_key(wanted: Simple) -> Carried | None:
    """HMGET of a hash for each key."""
    hash_ = wanted.table.engines["redis"].get("hash")
    if hash_ is None or wanted.aggregate or wanted.offset:
        return None
    (name,) = pattern_columns(hash_["key"])
    values = _keys(wanted, name)
    if not values:
        return None
    fields = named(hash_["fields"])
    if not {column for column in wanted.columns if column != name} <= set(fields):
        return None
    asked = [fields[column] for column in dict.fromkeys(wanted.columns) if column != name] or [
        next(iter(fields.values()))
    ]
    if len(values) > 1 and name in wanted.columns:
        raise NotCarriedError(f"{name} of several keys at once: a hash does not hold its own key")
    held = {column: _part(wanted, column, asked.index(path)) for column, path in fields.items() if path in asked}
    found = parts(wanted, held, {name: values[0]})
    lines = [command("HMGET", filled(hash_["key"], {name: value}, wanted), *asked) for value in values]
    return said(lines, found or (), width=len(asked), absent=True) if found else None


def _part(wanted: Simple, column: str, at: int) -> Part:
    return Part(at, "seconds" if wanted.table.columns[column] == "timestamp" else "value")


def _entry(wanted: Simple) -> Carried | None:
    """A hash whose fields are one column and whose values are another."""
    entries = wanted.table.engines["redis"].get("entries")
    if entries is None or wanted.aggregate or wanted.order or wanted.limit is not None or wanted.offset:
        return None
    taking = Taking(wanted)
    known = taking.equal(pattern_columns(entries["key"]))
    if known is None:
        return None
    text = filled(entries["key"], known, wanted)
    one = taking.equal((entries["name"],))
    if taking.left:
        return None
    if one is not None:
        found = parts(wanted, {entries["value"]: Part(0)}, known | one)
        field = held_text(one[entries["name"]], wanted.table.columns[entries["name"]])
        return said([command("HGET", text, field)], found, absent=True) if found else None
    found = parts(wanted, {entries["name"]: Part(0), entries["value"]: Part(1)}, known)
    return said([command("HGETALL", text)], found, width=2) if found else None


def _members(wanted: Simple) -> Carried | None:
    """The members of a set, or of several."""
    if wanted.aggregate or wanted.order or wanted.limit is not None or wanted.offset:
        return None
    for one in _sets(wanted):
        taking = Taking(wanted)
        known = taking.equal(pattern_columns(one["key"]))
        if known is None or taking.left:
            continue
        found = parts(wanted, {one["member"]: Part(0)}, known)
        if found:
            return said([command("SMEMBERS", filled(one["key"], known, wanted))], found)
    return _union(wanted)


def _union(wanted: Simple) -> Carried | None:
    """`category IN (…)`: several sets of one kind, which no row is in twice."""
    for one in _sets(wanted):
        columns = pattern_columns(one["key"])
        if len(wanted.conditions) != 1 or len(columns) != 1 or (one["member"],) != wanted.table.key:
            continue
        condition = wanted.conditions[0]
        if condition.column == columns[0] and condition.operator == "in" and wanted.columns == (one["member"],):
            names = [filled(one["key"], {columns[0]: value}, wanted) for value in condition.values]
            return said([command("SUNION", *names)])
    return None


def _sorted(wanted: Simple) -> Carried | None:
    """SORT of a set of keys, with fields of their hashes."""
    section = wanted.table.engines["redis"]
    hash_ = section.get("hash")
    if hash_ is None or wanted.aggregate or len(wanted.order) > 1:
        return None
    (name,) = wanted.table.key
    fields = {
        column: f"{hash_['key'].replace('{' + name + '}', '*')}->{path}"
        for column, path in named(hash_["fields"]).items()
    }
    if not {*wanted.columns, *(column for column, _ in wanted.order)} <= {*fields, name}:
        return None
    for one in [*section.get("sets", []), *section.get("sorted", [])]:
        taking = Taking(wanted)
        known = taking.equal(pattern_columns(one["key"]))
        if known is None or taking.left or one["member"] != name:
            continue
        words: list[object] = ["SORT", filled(one["key"], known, wanted), *_by(wanted, fields, name)]
        offset, count = limits(wanted)
        if offset or count is not None:
            words += ["LIMIT", offset, 2**31 - 1 if count is None else count]
        for column in wanted.columns:
            words += ["GET", "#" if column == name else fields[column]]
        held = tuple(_part(wanted, column, at) for at, column in enumerate(wanted.columns))
        return said([command(*words)], held, width=len(held))
    return None


def _by(wanted: Simple, fields: Mapping[str, str], name: str) -> list[object]:
    if not wanted.order:
        return ["BY", "nosort"]
    column, descending = wanted.order[0]
    words: list[object] = [] if column == name else ["BY", fields[column]]
    if wanted.table.columns[column] in ("text", "date"):
        words.append("ALPHA")
    return [*words, "DESC"] if descending else words


def _combined(node: exp.SetOperation, tables: Mapping[str, Table]) -> Carried:
    """UNION, INTERSECT and EXCEPT of the members of two sets."""
    if not node.args.get("distinct") or node.args.get("order") or node.args.get("limit"):
        raise NotCarriedError(f"{node.key.upper()} with ALL, ORDER BY or LIMIT")
    names = []
    for side in (node.left, node.right):
        if not isinstance(side, exp.Select):
            raise NotCarriedError(f"{node.key.upper()} of more than two sets")
        found = select(side, tables)
        words = found.source.split(" ", 1)
        if words[0] != "SMEMBERS" or any(part.how != "value" for part in found.answering.parts):
            raise NotCarriedError(f"{node.key.upper()} of what is no set's members: {found.source}")
        names.append(words[1])
    name = next(word for kind, word in _COMBINED.items() if isinstance(node, kind))
    return said([f"{name} {' '.join(names)}"], (Part(0),))
