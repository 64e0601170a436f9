"""Ranges of what Redis keeps in order: sorted sets by score, lists by place, streams by time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from app.playground.translating.carried import Carried, Part
from app.playground.translating.redis.plans import Taking, filled, limits, parts, pattern_columns, said
from app.playground.translating.redis.words import command, seconds
from app.playground.translating.simple import Condition, Simple

TIES = "Members with the same score come in the order of their text."


def _scored(wanted: Simple) -> Iterator[tuple[dict[str, str], dict[str, Any], list[Condition]]]:
    """Sorted sets that answer all conditions: with the values in their key, and the conditions on the score."""
    for one in wanted.table.engines["redis"].get("sorted", []):
        taking = Taking(wanted)
        known = taking.equal(pattern_columns(one["key"]))
        ranged = taking.ranged(one["score"])
        if known is not None and not taking.left:
            yield one, known, ranged


def _bounds(ranged: list[Condition]) -> tuple[str, str]:
    """The lowest and highest score, as ZRANGE BYSCORE writes them; several conditions are not merged."""
    low, high = "-inf", "+inf"
    for one in ranged:
        first, last = (_score(value) for value in (one.values * 2)[:2])
        if one.operator in ("=", ">=", "between"):
            low = first
        elif one.operator == ">":
            low = f"({first}"
        if one.operator in ("=", "<=", "between"):
            high = last
        elif one.operator == "<":
            high = f"({last}"
    return low, high


def _score(value: Any) -> str:
    return str(seconds(value)) if isinstance(value, datetime) else str(value)


def _mergeable(ranged: list[Condition]) -> bool:
    """At most one condition for each end."""
    lows = [one for one in ranged if one.operator in ("=", ">", ">=", "between")]
    highs = [one for one in ranged if one.operator in ("=", "<", "<=", "between")]
    return len(lows) <= 1 and len(highs) <= 1


def count_by_score(wanted: Simple) -> Carried | None:
    for one, known, ranged in _scored(wanted):
        if ranged and _mergeable(ranged):
            return said([command("ZCOUNT", filled(one["key"], known, wanted), *_bounds(ranged))])
    return None


def by_score(wanted: Simple) -> Carried | None:
    """Members of a sorted set with their scores; the lowest or highest score alone."""
    for one, known, ranged in _scored(wanted):
        if not _mergeable(ranged):
            continue
        text = filled(one["key"], known, wanted)
        score = Part(1, "seconds" if wanted.table.columns[one["score"]] == "timestamp" else "value")
        if wanted.aggregate in ("min", "max"):
            # One row with null would be the answer of an empty set; only a set of all rows is never empty.
            if wanted.columns != (one["score"],) or ranged or known:
                continue
            reverse = ["REV"] if wanted.aggregate == "max" else []
            return said([command("ZRANGE", text, 0, 0, *reverse, "WITHSCORES")], (score,), width=2)
        found = parts(wanted, {one["member"]: Part(0), one["score"]: score}, known)
        if wanted.aggregate or found is None or not _ordered(wanted, one["score"]):
            continue
        with_scores = ["WITHSCORES"] if any(name == one["score"] for name in wanted.columns) else []
        line = command("ZRANGE", text, *_range(wanted, ranged), *with_scores)
        notes = (TIES,) if wanted.order else ()
        return said([line], found, width=2 if with_scores else 1, notes=notes)
    return None


def _ordered(wanted: Simple, score: str) -> bool:
    return not wanted.order or (len(wanted.order) == 1 and wanted.order[0][0] == score)


def _range(wanted: Simple, ranged: list[Condition]) -> list[Any]:
    offset, count = limits(wanted)
    reverse = ["REV"] if wanted.order and wanted.order[0][1] else []
    if not ranged:
        return [offset, -1 if count is None else offset + count - 1, *reverse]
    low, high = _bounds(ranged)
    words: list[Any] = [high, low] if reverse else [low, high]
    words += ["BYSCORE", *reverse]
    if offset or count is not None:
        words += ["LIMIT", offset, -1 if count is None else count]
    return words


def listed(wanted: Simple) -> Carried | None:
    """The elements of a list, whose order is a column."""
    list_ = wanted.table.engines["redis"].get("list")
    if list_ is None or wanted.aggregate or any(order != (list_["place"], False) for order in wanted.order):
        return None
    taking = Taking(wanted)
    known = taking.equal(pattern_columns(list_["key"]))
    if known is None:
        return None
    text = filled(list_["key"], known, wanted)
    at = taking.equal((list_["place"],))
    if taking.left:
        return None
    if at is not None:
        found = parts(wanted, {list_["value"]: Part(0)}, known | at)
        place = at[list_["place"]]
        if not found or not isinstance(place, int) or place < 1 or wanted.limit is not None or wanted.offset:
            return None
        return said([command("LINDEX", text, place - 1)], found, absent=True)
    offset, count = limits(wanted)
    held = {list_["value"]: Part(0)} | ({} if offset else {list_["place"]: Part(how="place")})
    found = parts(wanted, held, known)
    last = -1 if count is None else offset + count - 1
    return said([command("LRANGE", text, offset, last)], found) if found else None


def streamed(wanted: Simple) -> Carried | None:
    """The entries of a stream, whose ids are times in milliseconds."""
    stream = wanted.table.engines["redis"].get("stream")
    if stream is None or wanted.aggregate or any(name != stream["time"] for name, _ in wanted.order) or wanted.offset:
        return None
    taking = Taking(wanted)
    known = taking.equal(pattern_columns(stream["key"]))
    ranged = taking.ranged(stream["time"])
    if known is None or taking.left or not _mergeable(ranged):
        return None
    names = [*stream["fields"], *stream.get("others", [])]
    held = {stream["time"]: Part(0, "milliseconds")}
    held |= {name: Part(2 + 2 * at) for at, name in enumerate(names) if name in stream["fields"]}
    found = parts(wanted, held, known)
    if not found:
        return None
    _, count = limits(wanted)
    low, high = _ids(ranged)
    text = filled(stream["key"], known, wanted)
    turned = bool(wanted.order and wanted.order[0][1])
    words = ["XREVRANGE", text, high, low] if turned else ["XRANGE", text, low, high]
    if count is not None:
        words += ["COUNT", str(count)]
    return said([command(*words)], found, width=1 + 2 * len(names))


def _ids(ranged: list[Condition]) -> tuple[str, str]:
    low, high = "-", "+"
    for one in ranged:
        first, last = (seconds(value) * 1000 for value in (one.values * 2)[:2])
        if one.operator in ("=", ">", ">=", "between"):
            low = str(first + (one.operator == ">"))
        if one.operator in ("=", "<", "<=", "between"):
            high = str(last - (one.operator == "<"))
    return low, high
