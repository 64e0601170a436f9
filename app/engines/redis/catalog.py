"""What a sandbox holds: its keys as a tree by `:`, walked by scripts in the server, so that the visitor's slow log stays theirs."""

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

from app.core.engine import Listing, SchemaObject
from app.core.errors import NotFound
from app.engines.redis.preview import elements
from app.engines.redis.replies import as_words
from app.engines.redis.server import SandboxServer
from app.engines.redis.writing import quoted

PAGE = 100
STEP_KEYS = 20_000
MAX_SCANNED = 200_000
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies: a database, and in it the keys that begin with something (`tree`), or one key (`key`)."""

    db: int
    kind: str
    name: bytes

    def __str__(self) -> str:
        return f"{self.db}/{self.kind}/{quote_from_bytes(self.name, safe=':')}"

    @classmethod
    def read(cls, path: str) -> "Place":
        """Raises NotFound for what is no path."""
        db, _, rest = path.partition("/")
        kind, _, name = rest.partition("/")
        if not (db.isascii() and db.isdigit() and len(db) < 3 and kind in ("tree", "key", "after")):
            raise NotFound(f"There is nothing at {path[:200]!r}.")
        return cls(int(db), kind, unquote_to_bytes(name))


async def root_objects(server: SandboxServer) -> list[SchemaObject]:
    """The first names of database 0, what comes after them, and the other databases that are not empty."""
    keyspace = await server.admin().info("keyspace")
    objects: list[SchemaObject] = []
    if "db0" in keyspace:
        page = await _tree(server, Place(0, "tree", b""), b"")
        objects = [*page.objects]
        if page.cursor is not None:
            last = unquote_to_bytes(page.cursor)
            objects.append(SchemaObject("more", f"after {as_words(last)}", path=str(Place(0, "after", last))))
    for name, facts in keyspace.items():
        if (db := int(name.removeprefix("db"))) > 0:
            count = _counted(facts["keys"], "keys")
            objects.append(SchemaObject("database", name, count, reference=f"SELECT {db}", path=f"{db}/tree/"))
    return objects


async def browse(server: SandboxServer, path: str, cursor: str | None) -> Listing:
    """What lies at a path: the next names of the tree, or the elements of a key."""
    at = Place.read(path)
    if at.kind == "key":
        return await elements(partial(server.ask, db=at.db), at.name, cursor)
    after = unquote_to_bytes(cursor or "")
    if at.kind == "after":
        return await _tree(server, Place(at.db, "tree", b""), max(after, at.name))
    return await _tree(server, at, after)


async def _tree(server: SandboxServer, at: Place, after: bytes) -> Listing:
    found, complete = await _names(server, at, after)
    more = len(found) > PAGE
    names = sorted(found)[:PAGE]
    leaves = [name for name, count in names if not count]
    facts = dict(zip(leaves, await key_facts(server, at.db, leaves), strict=True))
    objects = []
    for name, count in names:
        if count:
            objects.append(_prefix(at.db, name, found[name, count]))
        elif facts[name][0] != b"none":
            objects.append(_key(at.db, name, *facts[name]))
    if not complete:
        objects.append(SchemaObject("note", f"the first {MAX_SCANNED:,} keys were looked at", "SCAN walks through all"))
    return Listing(objects, quote_from_bytes(names[-1][0]) if more else None, as_words(at.name))


async def _names(server: SandboxServer, at: Place, after: bytes) -> tuple[dict[tuple[bytes, bool], int], bool]:
    """The first names after `after`, each with whether it is a prefix, and how many keys are under it; and whether all keys were seen."""
    found: dict[tuple[bytes, bool], int] = {}
    position: bytes = b"0"
    for _ in range(MAX_SCANNED // STEP_KEYS):
        position, step = await server.admin(at.db).eval_ro(
            script("tree"), 0, position, at.name, STEP_KEYS, after, PAGE + 1
        )
        for name, count in step:
            found[name, count > 0] = found.get((name, count > 0), 0) + count
        if position == b"0":
            return found, True
    return found, False


def _prefix(db: int, name: bytes, count: int) -> SchemaObject:
    path = str(Place(db, "tree", name))
    return SchemaObject("prefix", as_words(name), _counted(count, "keys"), reference=quoted(name), path=path)


def _key(
    db: int, name: bytes, kind: bytes, encoding: bytes | None, length: int | None, ttl_ms: int, memory: int | None
) -> SchemaObject:
    facts = [kind.decode()]
    if length is not None:
        facts.append(_counted(length, _COUNTED.get(facts[0], "elements")))
    parts = []
    if encoding is not None:
        parts.append(SchemaObject("encoding", encoding.decode()))
    if memory is not None:
        parts.append(SchemaObject("of memory", f"{memory:,} bytes"))
    return SchemaObject(
        "key",
        as_words(name),
        ", ".join(facts),
        parts,
        reference=quoted(name),
        path=str(Place(db, "key", name)),
        ttl_ms=ttl_ms if ttl_ms >= 0 else None,
    )


def _counted(count: int, words: str) -> str:
    singular = "entry" if words == "entries" else words.removesuffix("s")
    return f"{count:,} {singular if count == 1 else words}"


async def key_facts(server: SandboxServer, db: int, keys: list[bytes]) -> list[Any]:
    """Type, encoding, length, milliseconds to live and memory of each key."""
    facts: list[Any] = await server.admin(db).eval_ro(script("facts"), len(keys), *keys) if keys else []
    return facts
