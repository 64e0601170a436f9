"""Keys written as the commands that make them again."""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from redis.exceptions import ResponseError

from app.core.errors import NotFound
from app.engines.redis.catalog import Place
from app.engines.redis.preview import Ask
from app.engines.redis.replies import as_words
from app.engines.redis.server import SandboxServer
from app.engines.redis.writing import as_line

PER_COMMAND = 50
MAX_KEYS = 10_000


async def as_source(server: SandboxServer, path: str, max_bytes: int) -> str:
    """The key at a path, or all keys under it, as a source of at most `max_bytes`; what was left out is said in a comment."""
    at = Place.read(path)
    ask = partial(server.ask, db=at.db)
    lines = [f"SELECT {at.db}"] if at.db else []
    size, written, left_out = sum(map(len, lines)), 0, 0
    keys = [at.name] if at.kind == "key" else await _keys(ask, at.name)
    for key in keys:
        made = [line async for line in _key(ask, key)]
        length = sum(len(line.encode()) + 1 for line in made)
        if size + length > max_bytes - 200:
            left_out += 1
            continue
        size += length
        written += bool(made)
        lines += made
    if not written and not left_out:
        raise NotFound("There is no such key any more.")
    if left_out:
        lines.append(f"# {left_out:,} of {len(keys):,} keys are left out: a source may have {max_bytes:,} bytes.")
    return "\n".join(lines) + "\n"


async def _keys(ask: Ask, prefix: bytes) -> list[bytes]:
    pattern = b"".join(b"\\" + bytes([byte]) if byte in b"*?[]\\" else bytes([byte]) for byte in prefix) + b"*"
    found: set[bytes] = set()
    cursor = None
    while cursor != 0 and len(found) < MAX_KEYS:
        cursor, keys = await ask("SCAN", cursor or 0, "MATCH", pattern, "COUNT", 1_000)
        found.update(keys)
    return sorted(found)


async def _key(ask: Ask, key: bytes) -> AsyncIterator[str]:
    kind = as_words(await ask("TYPE", key))
    if kind == "none":
        return
    commands = [command async for command in _commands(ask, key, kind)]
    if kind != "string":
        yield as_line([b"DEL", key])
    for command in commands:
        yield as_line(command)
    expires = await ask("PEXPIRETIME", key)
    if expires >= 0:
        yield as_line([b"PEXPIREAT", key, b"%d" % expires])


async def _commands(ask: Ask, key: bytes, kind: str) -> AsyncIterator[list[bytes]]:
    match kind:
        case "string":
            yield [b"SET", key, await ask("GET", key)]
        case "list":
            for part in _parts(await ask("LRANGE", key, 0, -1)):
                yield [b"RPUSH", key, *part]
        case "set":
            for part in _parts(sorted(await ask("SMEMBERS", key))):
                yield [b"SADD", key, *part]
        case "zset":
            members = await ask("ZRANGE", key, 0, -1, "WITHSCORES")
            for part in _parts(members):
                yield [b"ZADD", key, *_flat((f"{score:.17g}".encode(), member) for member, score in part)]
        case "hash":
            async for command in _hash(ask, key):
                yield command
        case "stream":
            async for command in _stream(ask, key):
                yield command
        case _:
            yield [b"RESTORE", key, b"0", await ask("DUMP", key), b"REPLACE"]


async def _hash(ask: Ask, key: bytes) -> AsyncIterator[list[bytes]]:
    pairs = list((await ask("HGETALL", key)).items())
    for part in _parts(pairs):
        yield [b"HSET", key, *_flat(part)]
        names = [name for name, _ in part]
        moments: list[int] = []
        with suppress(ResponseError):  # servers before 7.4 have no such thing
            moments = await ask("HPEXPIRETIME", key, "FIELDS", len(names), *names)
        for name, moment in zip(names, moments, strict=False):
            if moment >= 0:
                yield [b"HPEXPIREAT", key, b"%d" % moment, b"FIELDS", b"1", name]


async def _stream(ask: Ask, key: bytes) -> AsyncIterator[list[bytes]]:
    """Its entries and groups; what is pending in a group is not written."""
    for entry_id, pairs in await ask("XRANGE", key, "-", "+"):
        fields = pairs.items() if isinstance(pairs, dict) else zip(pairs[::2], pairs[1::2], strict=True)
        yield [b"XADD", key, entry_id, *_flat(fields)]
    for group in await ask("XINFO GROUPS", key):
        facts = {as_words(k) if isinstance(k, bytes) else k: v for k, v in group.items()}
        yield [b"XGROUP", b"CREATE", key, facts["name"], facts["last-delivered-id"], b"MKSTREAM"]


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), PER_COMMAND):
        yield items[start : start + PER_COMMAND]


def _flat(pairs: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    return [word for pair in pairs for word in pair]
