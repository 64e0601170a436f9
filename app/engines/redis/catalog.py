"""What a sandbox holds: its keys by database, read by one script in the server so that the visitor's slow log stays theirs."""

from functools import cache
from pathlib import Path
from typing import Any

from app.core.engine import SchemaObject
from app.engines.redis.replies import as_words
from app.engines.redis.server import SandboxServer

MAX_KEYS = 200
_COUNTED = {
    "list": "items",
    "set": "members",
    "zset": "members",
    "hash": "fields",
    "stream": "entries",
    "string": "bytes",
}


@cache
def script(name: str) -> str:
    return (Path(__file__).parent / "scripts" / f"{name}.lua").read_text()


async def key_objects(server: SandboxServer) -> list[SchemaObject]:
    """The keys of database 0, and the other databases that are not empty, each with its keys."""
    objects: list[SchemaObject] = []
    for database in await server.admin().info("keyspace"):
        db = int(database.removeprefix("db"))
        keys = await _keys(server, db)
        objects += keys if db == 0 else [SchemaObject("database", database, f"SELECT {db}", keys)]
    return objects


async def _keys(server: SandboxServer, db: int) -> list[SchemaObject]:
    count, found = await server.admin(db).eval_ro(script("keys"), 0, str(MAX_KEYS))
    keys = [SchemaObject("key", as_words(name), _detail(*facts)) for name, *facts in found]
    keys.sort(key=lambda key: key.name)
    if count > len(keys):
        keys.append(SchemaObject("note", f"{count - len(keys):,} more keys", "SCAN walks through all of them"))
    return keys


def _detail(kind: bytes, length: int | None, ttl_ms: int, memory: int | None) -> str:
    facts = [kind.decode()]
    if length is not None:
        facts.append(_counted(length, _COUNTED.get(facts[0], "elements")))
    if ttl_ms >= 0:
        facts.append(f"expires in {ttl_ms / 1000:,.0f} s")
    if memory is not None:
        facts.append(f"{memory:,} bytes of memory")
    return ", ".join(facts)


def _counted(count: int, words: str) -> str:
    singular = "entry" if words == "entries" else words.removesuffix("s")
    return f"{count:,} {singular if count == 1 else words}"


async def key_sizes(server: SandboxServer, db: int, keys: list[bytes]) -> tuple[int, list[Any]]:
    """How many keys the database has; and type, encoding, length and memory of each of `keys`."""
    count, sizes = await server.admin(db).eval_ro(script("sizes"), len(keys), *keys)
    return count, sizes
