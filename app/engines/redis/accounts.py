"""A visitor's own ACL users: ACL SETUSER and its like go through the app, which cuts their rules to what a visitor may do.

A user keeps living with the sandbox: the server starts with the lines in `users.acl`, written as ACL LIST says them.
"""

import re

from redis.exceptions import ResponseError

from app.core.errors import StatementFailed, StatementRefused
from app.core.results import Statement
from app.engines.redis.policy import ADMIN_USER, DENIED_RULES, VISITOR_USER
from app.engines.redis.replies import Reply, as_words
from app.engines.redis.server import SandboxServer

MAX_USERS = 16
MAX_RULES = 200
HIDDEN = frozenset({ADMIN_USER, "default"})
_NAME = re.compile(rb"[A-Za-z0-9_.:-]{1,64}")
_NEVER_IN_RULE = re.compile(rb"[\s\0]")
_NEVER_IN_SELECTOR = re.compile(rb"[\0\"']")
"""The server splits a selector anew as a line of C: it ends at a NUL, and quotes hide spaces."""
_THROUGH_US = frozenset({"SETUSER", "DELUSER", "GETUSER", "LIST", "USERS"})
NOTE = "What a sandbox refuses to all its users is refused to {} too, whatever the rules say."


def goes_through_us(words: list[bytes]) -> bool:
    return len(words) > 1 and words[0].upper() == b"ACL" and words[1].decode(errors="replace").upper() in _THROUGH_US


async def acl_reply(server: SandboxServer, words: list[bytes], statement: Statement) -> Reply:
    """The reply to an ACL command about users, asked as the administrator and without the app's own users."""
    try:
        match words[1].upper(), words[2:]:
            case b"SETUSER", [name, *rules]:
                return await _set_user(server, name, rules, statement)
            case b"DELUSER", [_, *_] as names:
                return await _delete(server, names, statement)
            case b"GETUSER", [name]:
                if as_words(name) in HIDDEN:
                    return Reply("nil", None)
                return _shown(await server.ask_typed(*words))
            case b"LIST", []:
                lines = await _lines(server)
                return Reply(
                    "array",
                    [Reply("string", _without_denied(line)) for name, line in lines.items() if name not in HIDDEN],
                )
            case b"USERS", []:
                return Reply("array", [Reply("string", n.encode()) for n in await _lines(server) if n not in HIDDEN])
    except ResponseError as exc:
        code, _, rest = str(exc).partition(" ")
        raise StatementFailed(rest or code, code=code if rest else "ERR", offset=statement.start) from exc
    said = f"wrong number of arguments for 'acl|{as_words(words[1]).lower()}' command"
    raise StatementFailed(said, code="ERR", offset=statement.start)


async def _set_user(server: SandboxServer, name: bytes, rules: list[bytes], statement: Statement) -> Reply:
    known = await _lines(server)
    user = as_words(name)
    if user in HIDDEN or user == VISITOR_USER:
        raise _refused(f"ACL SETUSER {user} is refused here: that user is Sandtable's.", statement)
    if not _NAME.fullmatch(name):
        raise _refused("A user's name has 1 to 64 letters, digits and . : _ - here.", statement)
    if user not in known and len(known) >= MAX_USERS + 3:
        raise _refused(f"A sandbox may have {MAX_USERS} users of its own.", statement)
    if len(rules) > MAX_RULES:
        raise _refused(f"A user may have {MAX_RULES} rules here.", statement)
    rules = _merged(rules)
    for rule in rules:
        if rule.startswith(b"(") and _NEVER_IN_SELECTOR.search(rule):
            raise _refused("A selector has no quotes and no NUL in it.", statement)
        if not rule.startswith((b"(", b">", b"<")) and _NEVER_IN_RULE.search(rule):
            raise _refused("A rule has no space and no NUL in it.", statement)
    cut = [_selector_cut(rule) for rule in rules]
    await server.ask("ACL SETUSER", name, *cut, *DENIED_RULES.split())
    if not _is_cut((await _lines(server))[user]):
        await server.ask("ACL DELUSER", name)
        raise _refused(f"These rules would give {user} more than a sandbox allows; the user is gone.", statement)
    await _keep(server)
    return Reply("status", b"OK")


def _merged(rules: list[bytes]) -> list[bytes]:
    """The rules with each selector in one piece, however it was split into words, as the server puts them together."""
    merged: list[bytes] = []
    for rule in rules:
        if merged and merged[-1].startswith(b"(") and not merged[-1].endswith(b")"):
            merged[-1] += b" " + rule
        else:
            merged.append(rule)
    return merged


def _selector_cut(rule: bytes) -> bytes:
    """A selector grants on its own, so it is cut on its own."""
    return rule[:-1] + b" " + DENIED_RULES.encode() + b")" if rule.startswith(b"(") and rule.endswith(b")") else rule


def _is_cut(line: bytes) -> bool:
    """Whether the rules of a user and of each selector, as the server understood them, end with what is denied to all."""
    return all(part.rstrip(b")").endswith(DENIED_RULES.encode()) for part in line.split(b" ("))


def _shown(user: Reply) -> Reply:
    """ACL GETUSER without the rules that every user of a sandbox has."""
    if user.type != "map":
        return user
    pairs = [(k, Reply("string", _without_denied(v.value)) if k.value == b"commands" else v) for k, v in user.value]
    return Reply("map", pairs)


def _without_denied(line: bytes) -> bytes:
    denied = set(DENIED_RULES.encode().split())
    return b" ".join(word for word in line.split(b" ") if word not in denied)


async def _delete(server: SandboxServer, names: list[bytes], statement: Statement) -> Reply:
    if any(as_words(name) in HIDDEN or as_words(name) == VISITOR_USER for name in names):
        raise _refused("ACL DELUSER is refused here: that user is Sandtable's.", statement)
    count = await server.ask("ACL DELUSER", *names)
    await _keep(server)
    return Reply("integer", int(count))


async def _lines(server: SandboxServer) -> dict[str, bytes]:
    """The users, each with its line of ACL LIST."""
    lines = await server.ask("ACL LIST")
    return {line.split()[1].decode(): line for line in lines}


async def _keep(server: SandboxServer) -> None:
    lines = await _lines(server)
    server.keep_users([line for name, line in lines.items() if name not in HIDDEN and name != VISITOR_USER])


def _refused(said: str, statement: Statement) -> StatementRefused:
    return StatementRefused(
        said,
        code="NOPERM",
        hint="ACL SETUSER ada on >secret ~cached:* +@read makes a user of your own; AUTH ada secret becomes it.",
        offset=statement.start,
    )
