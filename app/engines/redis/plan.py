"""What a command cost. Redis has no EXPLAIN: its documented complexity, the real sizes, and the time from the slow log."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from app.core.errors import StatementRefused
from app.core.plans import Access, Plan, PlanNode
from app.core.results import Statement
from app.engines.redis.catalog import key_sizes
from app.engines.redis.commands import command_name
from app.engines.redis.replies import as_words
from app.engines.redis.server import SandboxServer

LARGE = 1_000
MAX_KEYS = 20
NOTE = (
    "Redis has no EXPLAIN. The complexity is what COMMAND DOCS says, sizes and memory are those of the keys after the run, "
    "and the time is the server's own, from its slow log."
)
_WHOLE_DATABASE = frozenset({"KEYS", "SCAN", "RANDOMKEY", "FLUSHDB", "FLUSHALL", "DBSIZE"})


@dataclass(frozen=True, slots=True)
class Ran:
    """What a statement gave when it was run."""

    statement: Statement
    returned: int
    server_ms: float | None


@dataclass(frozen=True, slots=True)
class Command:
    """What the server documents of a command."""

    name: str
    summary: str
    complexity: str
    writes: bool


class Planner:
    """Asks a server apart what commands mean, so that the visitor's own is not asked for it.

    `ready` makes sure that server answers.
    """

    def __init__(self, probe: SandboxServer, ready: Callable[[], Awaitable[None]]) -> None:
        self._probe = probe
        self._ready = ready
        self._known: dict[str, Command | None] = {}

    async def plan(self, server: SandboxServer, client_id: int, words: list[bytes], ran: Ran | None) -> Plan:
        """The plan of a command. Raises StatementRefused (`cannot_explain`) for one that the server doesn't know."""
        await self._ready()
        command = await self._command(words)
        if command is None:
            raise StatementRefused(
                f"{command_name(words)} has no documentation to tell its cost from.", code="cannot_explain"
            )
        keys = (await self._keys(words))[:MAX_KEYS]
        clients = await server.admin().client_list(client_id=[str(client_id)])
        db = int(clients[0]["db"]) if clients else 0
        key_count, sizes = await key_sizes(server, db, keys)
        return _plan(command, keys, sizes, key_count, ran)

    async def _command(self, words: list[bytes]) -> Command | None:
        name = command_name(words)
        if len(words) > 1 and (known := await self._documented(f"{name}|{words[1].decode(errors='replace').upper()}")):
            return known
        return await self._documented(name)

    async def _documented(self, name: str) -> Command | None:
        if name not in self._known:
            docs = _texts(await self._probe.ask("COMMAND DOCS", name))
            infos = await self._probe.ask("COMMAND INFO", name)
            if not docs:
                self._known[name] = None
            else:
                facts = next(iter(docs.values()))
                writes = "write" in repr(infos)
                self._known[name] = Command(
                    name.replace("|", " "), facts.get("summary", ""), facts.get("complexity", ""), writes
                )
        return self._known[name]

    async def _keys(self, words: list[bytes]) -> list[bytes]:
        try:
            keys: list[bytes] = await self._probe.ask("COMMAND GETKEYS", *words)
        except ResponseError:
            return []
        return keys


def _plan(command: Command, keys: list[bytes], sizes: list[Any], key_count: int, ran: Ran | None) -> Plan:
    children = tuple(_key_node(key, *facts) for key, facts in zip(keys, sizes, strict=True))
    access = _access(command)
    lengths = [child.examined_rows for child in children if child.examined_rows is not None]
    examined: float | None = None
    if command.name in _WHOLE_DATABASE:
        examined = key_count
    elif access == "key lookup":
        examined = len(keys)
    elif access == "full scan":
        examined = sum(lengths)
    memory = sum(child.cost or 0 for child in children)
    root = PlanNode(
        label=command.name,
        access=access,
        target=", ".join(as_words(key) for key in keys) or None,
        condition=command.complexity or None,
        returned_rows=ran.returned if ran else None,
        examined_rows=examined,
        total_ms=ran.server_ms if ran else None,
        cost=memory,
        cost_unit="bytes of memory",
        warnings=_warnings(command, access, examined),
        children=children,
        raw={"summary": command.summary, "complexity": command.complexity},
    )
    return Plan(
        root=root,
        access=access,
        examined=examined,
        returned=ran.returned if ran else None,
        cost=memory,
        cost_unit="bytes of memory",
        server_ms=ran.server_ms if ran else None,
        server_ms_source="slow log" if ran and ran.server_ms is not None else None,
        measured=ran is not None,
        note=NOTE,
        raw={"command": command.name, "summary": command.summary, "complexity": command.complexity},
    )


def _key_node(key: bytes, kind: bytes, encoding: bytes | None, length: int | None, memory: int | None) -> PlanNode:
    label = kind.decode() if encoding is None else f"{kind.decode()}, {encoding.decode()}"
    return PlanNode(
        label="no such key now" if kind == b"none" else label,
        access="key lookup",
        target=as_words(key),
        examined_rows=1 if kind == b"string" else length,
        cost=memory,
        cost_unit="bytes of memory",
    )


def _access(command: Command) -> Access:
    if command.writes:
        return "modify"
    if command.complexity.startswith("O(1)"):
        return "key lookup"
    if "log" in command.complexity:
        return "range"
    if command.complexity.startswith("O(N)") and "RANGE" not in command.name:
        return "full scan"
    return "range" if "O(" in command.complexity else "other"


def _warnings(command: Command, access: Access, examined: float | None) -> tuple[str, ...]:
    if access != "full scan" or examined is None or examined < LARGE:
        return ()
    return (
        f"{command.name} looks at all {examined:,.0f} and the server does nothing else meanwhile; "
        "SCAN, HSCAN, SSCAN and ZSCAN go in steps.",
    )


def _texts(value: Any) -> Any:
    """A reply with its bytes as text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict):
        return {_texts(key): _texts(item) for key, item in value.items()}
    return value
