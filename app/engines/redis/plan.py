"""What a command cost. Redis has no EXPLAIN: its documented complexity, the real sizes, and the time from the slow log."""

from dataclasses import dataclass
from typing import Any

from app.core.errors import StatementRefused
from app.core.plans import Access, Plan, PlanNode
from app.core.results import Statement
from app.engines.redis.catalog import key_facts
from app.engines.redis.commands import command_name
from app.engines.redis.manual import Entry, Manual
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


class Planner:
    """Asks a server apart what commands mean, so that the visitor's own is not asked for it."""

    def __init__(self, manual: Manual) -> None:
        self._manual = manual

    async def plan(self, server: SandboxServer, client_id: int, words: list[bytes], ran: Ran | None) -> Plan:
        """The plan of a command. Raises StatementRefused (`cannot_explain`) for one that the server doesn't know."""
        command = await self._manual.find([as_words(word) for word in words[:2]])
        if command is None:
            raise StatementRefused(
                f"{command_name(words)} has no documentation to tell its cost from.", code="cannot_explain"
            )
        keys = (await self._manual.keys(words))[:MAX_KEYS]
        clients = await server.admin().client_list(client_id=[str(client_id)])
        db = int(clients[0]["db"]) if clients else 0
        facts = await key_facts(server, db, keys)
        return _plan(command, keys, facts, await server.ask("DBSIZE", db=db), ran)


def _plan(command: Entry, keys: list[bytes], sizes: list[Any], key_count: int, ran: Ran | None) -> Plan:
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


def _key_node(
    key: bytes, kind: bytes, encoding: bytes | None, length: int | None, ttl_ms: int, memory: int | None
) -> PlanNode:
    label = kind.decode() if encoding is None else f"{kind.decode()}, {encoding.decode()}"
    return PlanNode(
        label="no such key now" if kind == b"none" else label,
        access="key lookup",
        target=as_words(key),
        examined_rows=1 if kind == b"string" else length,
        cost=memory,
        cost_unit="bytes of memory",
    )


def _access(command: Entry) -> Access:
    if command.writes:
        return "modify"
    if command.complexity.startswith("O(1)"):
        return "key lookup"
    if "log" in command.complexity:
        return "range"
    if command.complexity.startswith("O(N)") and "RANGE" not in command.name:
        return "full scan"
    return "range" if "O(" in command.complexity else "other"


def _warnings(command: Entry, access: Access, examined: float | None) -> tuple[str, ...]:
    if access != "full scan" or examined is None or examined < LARGE:
        return ()
    return (
        f"{command.name} looks at all {examined:,.0f} and the server does nothing else meanwhile; "
        "SCAN, HSCAN, SSCAN and ZSCAN go in steps.",
    )
