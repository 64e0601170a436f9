"""What a command cost. Redis has no EXPLAIN: its documented complexity, the real sizes, and the time from the slow log."""

import re
from dataclasses import dataclass
from typing import Any

from app.core.errors import StatementRefused
from app.core.plans import Access, Fact, Plan, PlanNode
from app.core.results import Statement
from app.engines.redis.catalog import key_facts
from app.engines.redis.commands import command_name
from app.engines.redis.complexity import Bound, Sizes, bind
from app.engines.redis.manual import Entry, Manual
from app.engines.redis.replies import as_words
from app.engines.redis.server import SandboxServer

LARGE = 1_000
MAX_KEYS = 20
NOTE = (
    "Redis has no EXPLAIN. The complexity is what its manual says, with the sizes of the keys put in; lengths, encodings and memory are "
    "those before and after the run; the time is the server's own, from its slow log."
)
_WHOLE_DATABASE = frozenset({"KEYS", "FLUSHDB", "FLUSHALL"})
_INSTEAD = {
    "KEYS": "SCAN goes through the keys in steps, and others are served in between.",
    "SMEMBERS": "SSCAN goes in steps; SISMEMBER and SMISMEMBER ask for single members.",
    "HGETALL": "HMGET asks for the fields that are needed; HSCAN goes in steps.",
    "HKEYS": "HSCAN goes in steps; HEXISTS asks for one field.",
    "HVALS": "HMGET asks for the fields that are needed; HSCAN goes in steps.",
    "LRANGE": "LRANGE with a smaller range gives a page.",
    "ZRANGE": "A range gives a page: ZRANGE key 0 99.",
    "DEL": "UNLINK frees the memory in the background.",
    "FLUSHALL": "FLUSHALL ASYNC frees the memory in the background.",
    "FLUSHDB": "FLUSHDB ASYNC frees the memory in the background.",
    "LINDEX": "Lists are quick at their ends; a hash or a sorted set finds by name or rank.",
    "LPOS": "A set or a sorted set knows its members without a search.",
    "LREM": "A set removes a member without a search.",
    "SORT": "A sorted set keeps its order at every write.",
    "SUNION": "SUNIONSTORE keeps the answer for the next time; SINTERCARD with LIMIT stops early.",
    "SINTER": "SINTERCARD with LIMIT stops early.",
    "SDIFF": "SDIFFSTORE keeps the answer for the next time.",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a statement gave when it was run, and what its keys were before."""

    statement: Statement
    returned: int
    server_ms: float | None
    before: "Seen | None" = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The keys of a command at one moment, each with its facts; and how many keys the database has."""

    keys: list[bytes]
    facts: list[Any]
    key_count: int


class Planner:
    """Asks a server apart what commands mean, so that the visitor's own is not asked for it."""

    def __init__(self, manual: Manual) -> None:
        self._manual = manual

    async def look(self, server: SandboxServer, client_id: int, words: list[bytes]) -> Seen:
        """What the keys of a command are now."""
        keys = (await self._manual.keys(words))[:MAX_KEYS]
        clients = await server.admin().client_list(client_id=[str(client_id)])
        db = int(clients[0]["db"]) if clients else 0
        return Seen(keys, await key_facts(server, db, keys), await server.ask("DBSIZE", db=db))

    async def plan(self, server: SandboxServer, client_id: int, words: list[bytes], ran: Ran | None) -> Plan:
        """The plan of a command. Raises StatementRefused (`cannot_explain`) for one that the server doesn't know."""
        command = await self._manual.find([as_words(word) for word in words[:2]])
        if command is None:
            raise StatementRefused(
                f"{command_name(words)} has no documentation to tell its cost from.", code="cannot_explain"
            )
        now = await self.look(server, client_id, words)
        return _plan(command, words, (ran.before if ran else None) or now, now, ran)


def _plan(command: Entry, words: list[bytes], before: Seen, now: Seen, ran: Ran | None) -> Plan:
    facts = zip(now.keys, before.facts, now.facts, strict=True)
    children = tuple(_key_node(key, was, now_is) for key, was, now_is in facts)
    lengths = [_length(was) or _length(is_now) for was, is_now in zip(before.facts, now.facts, strict=True)]
    returned = ran.returned if ran else None
    sizes = Sizes(
        tuple(length for length in lengths if length), before.key_count, _asked(command, words, now), returned
    )
    bound = bind(command.complexity, sizes)
    access = _access(command)
    examined = _examined(command, access, sizes, bound)
    memory = sum(facts[4] or 0 for facts in now.facts)
    root = PlanNode(
        label=command.name,
        access=access,
        target=", ".join(as_words(key) for key in now.keys) or None,
        condition=" · ".join(filter(None, (bound.text if bound else command.complexity, _change(before, now)))) or None,
        returned_rows=returned,
        examined_rows=examined,
        total_ms=ran.server_ms if ran else None,
        warnings=_warnings(command, access, bound, examined),
        children=children,
        facts=_memory_facts(before, now) if ran and ran.before else (),
        raw={"summary": command.summary, "complexity": command.complexity},
    )
    return Plan(
        root=root,
        access=access,
        examined=examined,
        returned=returned,
        cost=memory,
        cost_unit="bytes of memory",
        server_ms=ran.server_ms if ran else None,
        server_ms_source="slow log" if ran and ran.server_ms is not None else None,
        measured=ran is not None,
        note=NOTE,
        noun="elements",
        raw={"command": command.name, "summary": command.summary, "complexity": command.complexity},
    )


def _length(facts: list[Any]) -> int | None:
    kind, _, length, *_ = facts
    return length if kind != b"none" else None


def _asked(command: Entry, words: list[bytes], seen: Seen) -> int:
    """How many fields, members or keys a command names."""
    upper = [word.upper() for word in words]
    if b"FIELDS" in upper[2:-1] and words[upper.index(b"FIELDS", 2) + 1].isdigit():
        return int(words[upper.index(b"FIELDS", 2) + 1][:9])
    if command.name in ("HSET", "HMSET", "ZADD"):
        return max(1, (len(words) - 2) // 2)
    if len(seen.keys) > 1:
        return len(seen.keys)
    return max(1, len(words) - 2)


def _examined(command: Entry, access: Access, sizes: Sizes, bound: Bound | None) -> float | None:
    if command.name in _WHOLE_DATABASE:
        return sizes.key_count
    if access == "key lookup":
        return len(sizes.lengths)
    if access == "full scan" and bound and bound.letters:
        return dict(bound.letters).get("N")
    return None


def _change(before: Seen, now: Seen) -> str | None:
    """How the memory of the keys changed, in words."""
    was, is_now = (sum(facts[4] or 0 for facts in seen.facts) for seen in (before, now))
    return f"memory of its keys {was:,} to {is_now:,} bytes ({is_now - was:+,})" if was != is_now else None


def _memory_facts(before: Seen, now: Seen) -> tuple[Fact, ...]:
    """What the keys took before and take now, where they changed."""
    totals = [sum(facts[4] or 0 for facts in seen.facts) for seen in (before, now)]
    if totals[0] == totals[1]:
        return (Fact("memory, unchanged", totals[0], "bytes"),) if now.keys else ()
    return (
        Fact("memory before", totals[0], "bytes"),
        Fact("memory after", totals[1], "bytes"),
        Fact("change", f"{totals[1] - totals[0]:+,}", "bytes"),
    )


def _key_node(key: bytes, was: list[Any], now: list[Any]) -> PlanNode:
    """A key as it is now, or as it was when the command took it away."""
    kind, encoding, length, ttl_ms, memory = now if now[0] != b"none" else was
    label = kind.decode() if not encoding else f"{kind.decode()}, {encoding.decode()}"
    if kind == b"none":
        label = "no such key"
    elif now[0] == b"none":
        label += ", gone now"
    facts = [Fact("length", length)] if length is not None else []
    if memory is not None:
        facts.append(Fact("memory", memory, "bytes"))
    if was[:2] != now[:2] and was[0] != b"none" and now[0] != b"none":
        facts.append(Fact("before", f"{was[0].decode()}, {was[1].decode()}"))
    if ttl_ms >= 0:
        facts.append(Fact("expires in", round(ttl_ms / 1000, 1), "s"))
    return PlanNode(
        label=label,
        access="other",
        target=as_words(key),
        condition=", ".join(f"{fact.name}: {_figure(fact)}" for fact in facts) or None,
        returned_rows=1 if kind == b"string" else length,
        facts=tuple(facts),
    )


def _figure(fact: Fact) -> str:
    value = f"{fact.value:,}" if isinstance(fact.value, int | float) else fact.value
    return f"{value} {fact.unit}" if fact.unit else value


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


def _warnings(command: Entry, access: Access, bound: Bound | None, examined: float | None) -> tuple[str, ...]:
    """A word on commands that take long because what they go through is large."""
    steps = max(bound.steps or 0 if bound else 0, examined or 0 if access == "full scan" else 0)
    linear = bound is not None and re.search(
        r"O\([^)]*\b[NSL]\b(?!\))|O\([NLS]\)|O\(S\+N\)", bound.formula.replace("log(N)", "")
    )
    if steps < LARGE or not (linear or command.name in _INSTEAD):
        return ()
    instead = _INSTEAD.get(command.name, "SCAN, HSCAN, SSCAN and ZSCAN go in steps.")
    return (
        f"{command.name} takes about {steps:,.0f} steps here, and the server does nothing else meanwhile. {instead}",
    )
