"""The elements of one key, a page at a time."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from redis.exceptions import ResponseError

from app.core.engine import Listing, SchemaObject
from app.core.errors import NotFound
from app.engines.redis.replies import as_words
from app.engines.redis.writing import quoted

PAGE = 100
SCAN_COUNT = 40
MAX_SHOWN = 160
STRING_PAGE = 1_000
MAX_DIGITS = 19

Ask = Callable[..., Awaitable[Any]]
Step = Callable[[int], Awaitable[tuple[int, Sequence[Any]]]]


async def elements(ask: Ask, key: bytes, cursor: str | None) -> Listing:
    """A page of what a key holds. Raises NotFound when it is gone."""
    kind = as_words(await ask("TYPE", key))
    at = _number(cursor or "")
    if kind == "string":
        return await _string(ask, key, at)
    match kind:
        case "list":
            items = await ask("LRANGE", key, at, at + PAGE)
            found = [SchemaObject("item", str(at + n), shown(item)) for n, item in enumerate(items)]
        case "zset":
            members = await ask("ZRANGE", key, at, at + PAGE, "WITHSCORES")
            found = [_named("member", member, f"{score:.17g}") for member, score in members]
        case "hash":
            return await _hash(ask, key, cursor)
        case "set":
            return await _set(ask, key, cursor)
        case "stream":
            return await _stream(ask, key, cursor)
        case "vectorset":
            members = await ask("VRANDMEMBER", key, PAGE)
            found = [_named("element", member, None) for member in members[:PAGE]]
        case _:
            raise NotFound(f"The key {as_words(key)[:100]} is gone.")
    return _page(found, at)


def shown(data: bytes) -> str:
    """The beginning of a value."""
    text = as_words(data[: 4 * MAX_SHOWN])
    return (
        text if len(text) <= MAX_SHOWN and len(data) <= 4 * MAX_SHOWN else f"{text[:MAX_SHOWN]}… ({len(data):,} bytes)"
    )


def _named(kind: str, name: bytes, detail: str | None, ttl_ms: int | None = None) -> SchemaObject:
    return SchemaObject(kind, shown(name), detail, reference=quoted(name[:10_000]), ttl_ms=ttl_ms)


def _number(text: str) -> int:
    """A place in what is paged; what is none is the beginning."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < MAX_DIGITS else 0


def _page(found: list[SchemaObject], at: int) -> Listing:
    return Listing(found[:PAGE], str(at + PAGE) if len(found) > PAGE else None)


async def _string(ask: Ask, key: bytes, at: int) -> Listing:
    """A string by its bytes; no character of UTF-8 is cut through."""
    data: bytes = await ask("GETRANGE", key, at, at + STRING_PAGE + 3)
    page, more = data[:STRING_PAGE], len(data) > STRING_PAGE
    while more and len(page) > STRING_PAGE - 4 and (data[len(page)] & 0xC0) == 0x80:
        page = page[:-1]
    last = at + len(page)
    where = f"bytes {at:,} to {last:,}" if more or at else None
    return Listing([SchemaObject("value", as_words(page), where, reference=quoted(page))], str(last) if more else None)


async def _hash(ask: Ask, key: bytes, cursor: str | None) -> Listing:
    async def step(position: int) -> tuple[int, Sequence[Any]]:
        following, pairs = await ask("HSCAN", key, position, "COUNT", SCAN_COUNT)
        return int(following), list(pairs.items())

    pairs, following = await _scanned(cursor, step)
    left_ms: list[int] = []
    if pairs:
        with suppress(ResponseError):  # servers before 7.4 have no such thing
            left_ms = await ask("HPTTL", key, "FIELDS", len(pairs), *(name for name, _ in pairs))
    left_ms = left_ms or [-1] * len(pairs)
    found = zip(pairs, left_ms, strict=True)
    return Listing([_named("field", n, shown(v), left if left >= 0 else None) for (n, v), left in found], following)


async def _set(ask: Ask, key: bytes, cursor: str | None) -> Listing:
    async def step(position: int) -> tuple[int, Sequence[Any]]:
        following, members = await ask("SSCAN", key, position, "COUNT", SCAN_COUNT)
        return int(following), sorted(members)

    members, following = await _scanned(cursor, step)
    return Listing([_named("member", member, None) for member in members], following)


async def _scanned(cursor: str | None, step: Step) -> tuple[Sequence[Any], str | None]:
    """One page of a scan. A small structure comes whole at its first step, so a page is also a place in a step: `position.offset`."""
    position, _, offset = (cursor or "0.0").partition(".")
    at, skip = _number(position), _number(offset)
    following, found = await step(at)
    if len(found) > skip + PAGE:
        return found[skip : skip + PAGE], f"{at}.{skip + PAGE}"
    return found[skip:], f"{following}.0" if following else None


async def _stream(ask: Ask, key: bytes, cursor: str | None) -> Listing:
    start = f"({cursor}" if cursor else "-"
    try:
        entries = await ask("XRANGE", key, start, "+", "COUNT", PAGE + 1)
    except ResponseError as exc:
        raise NotFound("There is no such place in the stream.") from exc
    found = []
    for entry_id, pairs in entries[:PAGE]:
        words = pairs.items() if isinstance(pairs, dict) else zip(pairs[::2], pairs[1::2], strict=True)
        fields = " ".join(f"{shown(name)}={shown(value)}" for name, value in words)
        found.append(SchemaObject("entry", as_words(entry_id), fields[: 2 * MAX_SHOWN]))
    return Listing(found, found[-1].name if len(entries) > PAGE else None)
