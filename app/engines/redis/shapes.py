"""What a reply means, where its type alone does not tell: which command gave it says whether pairs are scores, fields or places."""

import re
from dataclasses import dataclass
from typing import Any

from app.engines.redis.replies import Reply

_ENTRY_ID = re.compile(rb"[0-9]+-[0-9]+")
_SCORED = frozenset(
    {
        *("ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZUNION", "ZINTER", "ZDIFF", "ZRANDMEMBER"),
        *("ZPOPMIN", "ZPOPMAX", "ZSCAN"),
    }
)
_FIELDS = frozenset({"HGETALL", "HSCAN", "HRANDFIELD", "CONFIG", "XINFO", "PUBSUB", "MEMORY", "CLIENT"})
_SEARCHES = frozenset({"GEOSEARCH", "GEORADIUS", "GEORADIUSBYMEMBER", "GEORADIUS_RO", "GEORADIUSBYMEMBER_RO"})
_FOUND = (("WITHDIST", ("distance",)), ("WITHHASH", ("hash",)), ("WITHCOORD", ("longitude", "latitude")))


@dataclass(frozen=True, slots=True)
class Shape:
    """`pairs`: two and two, flat or as a map; `rows`: arrays of the same length; `entries`: of a stream; `streams`: entries by stream."""

    name: str
    columns: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "columns": list(self.columns)} if self.columns else {"name": self.name}


def shape_of(words: list[bytes], reply: Reply) -> Shape | None:
    """The shape of a reply; None where its type says all."""
    name = words[0].decode(errors="replace").upper() if words else ""
    options = {word.upper() for word in words[1:]}
    if reply.type == "map":
        if name in ("XREAD", "XREADGROUP") and all(_are_entries(entries) for _, entries in reply.value):
            return Shape("streams")
        return Shape("pairs", ("element", "score") if name == "VSIM" else ("field", "value"))
    return _of_items(name, options, reply.items) if reply.items else None


def _of_items(name: str, options: set[bytes], items: list[Reply]) -> Shape | None:
    if all(_is_entry(item) for item in items):
        return Shape("entries")
    if name in ("XREAD", "XREADGROUP") and all(len(i.items) == 2 and _are_entries(i.items[1]) for i in items):
        return Shape("streams")
    if name in _SCORED and (b"WITHSCORES" in options or name in ("ZPOPMIN", "ZPOPMAX")):
        return Shape("rows" if items[0].items else "pairs", ("member", "score"))
    if name in _FIELDS and len(items) % 2 == 0 and _names_first(items):
        withvalues = name != "HRANDFIELD" or b"WITHVALUES" in options
        return Shape("pairs", ("field", "value")) if withvalues else None
    return _places(name, options, items)


def _places(name: str, options: set[bytes], items: list[Reply]) -> Shape | None:
    if name == "GEOPOS" and any(item.items for item in items):
        return Shape("rows", ("longitude", "latitude"))
    if name in _SEARCHES and items[0].items:
        found = [column for option, columns in _FOUND if option.encode() in options for column in columns]
        return Shape("rows", ("member", *found))
    return None


def _are_entries(reply: Reply) -> bool:
    return reply.type == "array" and all(_is_entry(item) for item in reply.items)


def _is_entry(reply: Reply) -> bool:
    match reply.items:
        case [Reply(type="string", value=entry_id), Reply(type="array" | "nil")]:
            return bool(_ENTRY_ID.fullmatch(entry_id))
        case _:
            return False


def _names_first(items: list[Reply]) -> bool:
    return all(item.type in ("string", "status") for item in items[::2])
