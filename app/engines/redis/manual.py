"""The server's own manual (COMMAND DOCS): what commands do, their arguments and complexity; for HELP, completion and costs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import ResponseError

from app.core.vocabulary import Word
from app.engines.redis.server import SandboxServer
from app.engines.redis.vectors import VECTOR_SETS

_NOT_FOR_VISITORS = frozenset(
    {"DEBUG", "PFDEBUG", "PFSELFTEST", "SHUTDOWN", "MODULE", "MIGRATE", "REPLICAOF", "SLAVEOF", "CLUSTER"}
)
_NOT_FOR_VISITORS |= {
    "PSYNC",
    "SYNC",
    "REPLCONF",
    "FAILOVER",
    "SAVE",
    "BGSAVE",
    "BGREWRITEAOF",
    "RESTORE-ASKING",
    "ASKING",
}


@dataclass(frozen=True, slots=True)
class Option:
    """A word that an argument begins with: `EX`, and how it goes on: `EX seconds`."""

    token: str
    syntax: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manual says of a command; `name` as it is written, with its subcommand: `XGROUP CREATE`."""

    name: str
    summary: str
    syntax: str
    complexity: str
    since: str
    group: str
    options: tuple[Option, ...] = ()
    flags: frozenset[str] = frozenset()

    @property
    def writes(self) -> bool:
        return "write" in self.flags

    def text(self) -> str:
        """The entry as HELP prints it."""
        lines = [f"{self.name} {self.syntax}".rstrip(), f"summary: {self.summary}"]
        lines += [f"complexity: {self.complexity}"] if self.complexity else []
        lines += [f"since: {self.since}"] if self.since else []
        return "\n".join([*lines, f"group: {self.group}"])


@dataclass(slots=True)
class Manual:
    """Read once from a server beside the sandboxes', which `ready` makes sure of."""

    probe: SandboxServer
    ready: Callable[[], Awaitable[None]]
    _entries: dict[str, Entry] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def entries(self) -> dict[str, Entry]:
        """By name. A version of Redis has one manual, so it is kept."""
        async with self._lock:
            if not self._entries:
                await self.ready()
                docs = _texts(await self.probe.ask("COMMAND DOCS"))
                infos = await self.probe.ask("COMMAND")
                self._entries = {e.name: e for e in _read(docs, _flags(_texts(infos)))}
        return self._entries

    async def find(self, words: list[str]) -> Entry | None:
        """The entry of a command, with its subcommand where it has one."""
        entries = await self.entries()
        names = [word.upper() for word in words[:2]]
        return entries.get(" ".join(names)) or entries.get(names[0]) if names else None

    async def keys(self, words: list[bytes]) -> list[bytes]:
        """The keys among the words of a command."""
        await self.ready()
        try:
            keys: list[bytes] = await self.probe.ask("COMMAND GETKEYS", *words)
        except ResponseError:
            return []
        return keys

    async def help(self, words: list[str]) -> str | None:
        """What HELP says; None for what the manual doesn't know."""
        entries = await self.entries()
        if not words:
            groups = " ".join(f"@{group}" for group in sorted({entry.group for entry in entries.values()}))
            return f"HELP <command>    what a command does: HELP SET, HELP XGROUP CREATE\nHELP @<group>     its group's commands\n\ngroups: {groups}"
        if words[0].startswith("@"):
            found = [entry for entry in entries.values() if entry.group == words[0][1:].lower()]
            width = max((len(entry.name) for entry in found), default=0)
            return "\n".join(f"{entry.name:<{width}}  {entry.summary}" for entry in found) or None
        name = " ".join(word.upper() for word in words)
        found = [entry for entry in entries.values() if entry.name == name or entry.name.startswith(f"{name} ")]
        return "\n\n".join(entry.text() for entry in found) or None

    async def words(self) -> list[Word]:
        """The manual as a vocabulary: commands, subcommands, and the words that their arguments begin with."""
        words = [Word("HELP", "command", "[command | @group]", "What a command does, from the server's own manual.")]
        for entry in (await self.entries()).values():
            command, _, sub = entry.name.partition(" ")
            if command in _NOT_FOR_VISITORS or sub == "HELP":
                continue
            facts = [entry.summary, entry.complexity, f"Since {entry.since}." if entry.since else "", f"@{entry.group}"]
            info = " · ".join(fact for fact in facts if fact)
            if sub:
                words.append(Word(sub, "subcommand", entry.syntax, info, command))
            else:
                words.append(Word(command, "command", entry.syntax, info))
            words += [Word(option.token, "option", option.syntax, within=entry.name) for option in entry.options]
        return words


def _read(docs: dict[str, Any], flags: dict[str, frozenset[str]]) -> Iterator[Entry]:
    entries = []
    for name, facts in docs.items():
        entries.append(_entry(name, facts, flags))
        for sub, inner in facts.get("subcommands", {}).items():
            entries.append(_entry(sub, inner, flags))
    known = {entry.name for entry in entries}
    for name, (syntax, summary, complexity) in VECTOR_SETS.items():
        if name in known:
            entries = [entry for entry in entries if entry.name != name]
            tokens = tuple(
                Option(token, token)
                for token in syntax.replace("[", " ").split()
                if token.isupper() and token.isalpha()
            )
            entries.append(
                Entry(name, summary, syntax, complexity, "8.0.0", "vector-set", tokens, flags.get(name, frozenset()))
            )
    yield from sorted(entries, key=lambda entry: entry.name)


def _entry(name: str, facts: dict[str, Any], flags: dict[str, frozenset[str]]) -> Entry:
    arguments = facts.get("arguments", [])
    written = name.replace("|", " ").upper()
    return Entry(
        name=written,
        summary=facts.get("summary", ""),
        syntax=" ".join(_syntax(argument) for argument in arguments),
        complexity=facts.get("complexity", ""),
        since=facts.get("since", ""),
        group=facts.get("group", "module"),
        options=tuple(_options(arguments)),
        flags=flags.get(written, frozenset()),
    )


def _flags(infos: dict[str, Any]) -> dict[str, frozenset[str]]:
    found = {}
    for name, info in infos.items():
        found[name.upper()] = frozenset(info["flags"])
        for sub in info.get("subcommands") or []:
            found[sub[0].replace("|", " ").upper()] = frozenset(sub[2])
    return found


def _syntax(argument: dict[str, Any]) -> str:
    """One argument as the manual writes it: `[EX seconds | PX milliseconds]`, `key [key ...]`."""
    flags = argument.get("flags", [])
    token = argument.get("token", "")
    inner = _inner(argument)
    if (argument["type"] == "oneof" and "optional" not in flags) or (token and argument["type"] == "oneof"):
        inner = f"<{inner}>"
    written = f"{token} {inner}".strip()
    if "multiple" in flags:
        written += f" [{written if 'multiple_token' in flags else inner} ...]"
    return f"[{written}]" if "optional" in flags else written


def _inner(argument: dict[str, Any]) -> str:
    match argument["type"]:
        case "oneof":
            return " | ".join(_syntax(choice) for choice in argument["arguments"])
        case "block":
            return " ".join(_syntax(part) for part in argument["arguments"])
        case "pure-token":
            return ""
        case _:
            return str(argument.get("display_text", argument["name"]))


def _options(arguments: list[dict[str, Any]]) -> Iterator[Option]:
    for argument in arguments:
        token = argument.get("token", "")
        if token.isupper():
            yield Option(token, _syntax({**argument, "flags": []}))
        yield from _options(argument.get("arguments", []))


def _texts(value: Any) -> Any:
    """A reply with its bytes as text."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict):
        return {_texts(key): _texts(item) for key, item in value.items()}
    if isinstance(value, list | set | frozenset):
        return [_texts(item) for item in value]
    return value
