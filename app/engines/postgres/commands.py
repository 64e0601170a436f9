"""The commands of psql that people type by reflex, as questions to the catalog asked with the visitor's own rights."""

import difflib
import re
from collections.abc import Set

from app.core.errors import StatementFailed, StatementRefused
from app.core.limits import Limits
from app.core.results import Column, Notice, Result, Statement
from app.engines.postgres.catalog import question
from app.engines.postgres.connections.session import Session
from app.engines.postgres.connections.text_codec import execute
from app.engines.postgres.presenting import result_of
from app.engines.postgres.sources.psql_patterns import regexes

_NAME = re.compile(r"\\(?P<name>[A-Za-z?!]*)(?P<plus>\+?)")
_KINDS = re.compile(r"d(?:[tivmsE]+)?")
EVERYTHING = ".*"

RELATIONS = {"d": "rpvmSf", "dt": "rp", "di": "iI", "dv": "v", "dm": "m", "ds": "S", "dE": "f"}
"""Kinds of relations, as pg_class has them."""
LISTS = {
    "df": "psql_functions",
    "dT": "psql_types",
    "dn": "psql_schemas",
    "dx": "psql_extensions",
    "du": "psql_roles",
    "dg": "psql_roles",
    "l": "psql_databases",
    "dp": "psql_privileges",
    "z": "psql_privileges",
    "da": "psql_aggregates",
    "dD": "psql_domains",
}
SOURCES = {"sf": "psql_function_source", "sv": "psql_view_source"}
ONLY_WITH_PLUS = {
    "psql_functions": frozenset({"Volatility", "Security", "Language", "Description"}),
    "psql_columns": frozenset({"Storage", "Description"}),
}
HELP = {
    "d": "tables, views and sequences; with a name, its columns, indexes, constraints and triggers",
    "dt": "tables",
    "di": "indexes",
    "dv": "views",
    "dm": "materialized views",
    "ds": "sequences",
    "df": "functions",
    "dT": "types",
    "dn": "schemas",
    "dx": "extensions",
    "du": "roles",
    "dp": "who may do what with tables and columns, and the policies of row security; \\z is the same",
    "da": "aggregates",
    "dD": "domains",
    "sf": "how a function is made",
    "sv": "how a view is made",
    "l": "the database that this sandbox is",
    "x": "turn expanded display on or off: one row for each column",
    "timing": "times are always shown",
    "listen": "Sandtable's own: LISTEN to channels, and show notifications as they come until Stop",
    "echo": "say a text",
    "conninfo": "who is connected to what",
    "g": "run the statement before it, like a semicolon; \\gx with expanded display",
    "?": "this list",
}
HANDLED = frozenset({*RELATIONS, *LISTS, *SOURCES, *HELP, "gx", "c", "connect", "q", "quit", "restrict", "unrestrict"})


async def run(statement: Statement, session: Session, limits: Limits) -> Result:
    """Raises StatementRefused for a command that has no meaning here, StatementFailed where nothing has the name."""
    match = _NAME.match(statement.text)
    assert match
    name, rest = match["name"], statement.text[match.end() :].strip()
    wants_system = name.startswith("d") and name.endswith("S") and name[:-1] in {*RELATIONS, *LISTS}
    name = name[:-1] if wants_system else name
    pattern = rest.rstrip("; ")
    if not _KINDS.fullmatch(name) and name not in (*LISTS, *SOURCES):
        return _said(name, rest, pattern, statement, session)
    try:
        wanted, schema = regexes(pattern) if pattern else (f"^({EVERYTHING})$", "")
        arguments = (wanted, schema, "t" if pattern or wants_system else "f")
        if name == "d" and pattern:
            result = await _describe(pattern, arguments, statement, session, limits)
            return result if match["plus"] else _without(result, ONLY_WITH_PLUS["psql_columns"])
        if name in SOURCES:
            return await _source(SOURCES[name], pattern, arguments, statement, session, limits)
        if name in LISTS:
            result = await _ask(LISTS[name], arguments, statement, session, limits)
            return result if match["plus"] else _without(result, ONLY_WITH_PLUS.get(LISTS[name], frozenset()))
        return await _relations(name, arguments, statement, session, limits, plus=bool(match["plus"]))
    except StatementFailed as exc:
        exc.offset = statement.start
        raise


async def _ask(name: str, arguments: tuple[str, ...], statement: Statement, session: Session, limits: Limits) -> Result:
    answer = await session.do(
        lambda connection: execute(connection, question(name), limits.max_rows + 1, arguments),
        statement.start,
        limits,
        max_bytes=limits.max_reply_bytes,
    )
    return result_of(statement, answer, session.wire, limits)


async def _relations(
    name: str, arguments: tuple[str, ...], statement: Statement, session: Session, limits: Limits, *, plus: bool
) -> Result:
    known = RELATIONS.get(name) or "".join(RELATIONS[f"d{letter}"] for letter in name[1:])
    kinds = "{" + ",".join(known) + "}"
    result = await _ask("psql_relations", (*arguments, kinds), statement, session, limits)
    unwanted = set() if "i" in name else {"Table"}
    return _without(result, unwanted if plus else unwanted | {"Size", "Description"})


async def _source(
    name: str, pattern: str, arguments: tuple[str, ...], statement: Statement, session: Session, limits: Limits
) -> Result:
    if not pattern:
        raise StatementFailed("A name has to follow.", code="psql_command", offset=statement.start)
    answer = await session.ask(question(name), statement.start, limits, *arguments[:2])
    if not answer.rows:
        raise StatementFailed(f'Nothing is called "{pattern}".', code="42883", offset=statement.start)
    text = "\n".join(row[0] or "" for row in answer.rows)
    reply = {"type": "text", "value": text}
    return Result(kind="reply", statement=statement, reply=reply, text=text, reply_bytes=session.wire.received_bytes)


async def _describe(
    pattern: str, arguments: tuple[str, ...], statement: Statement, session: Session, limits: Limits
) -> Result:
    """Columns as rows, and what hangs on the table as notices."""
    result = await _ask("psql_columns", arguments, statement, session, limits)
    rows = result.rows or []
    if not rows:
        raise StatementFailed(f'Did not find any relation named "{pattern}".', code="42P01", offset=statement.start)
    only_one = len({row[0] for row in rows}) == 1
    result.rows = [row for row in rows if row[1] is not None]
    footers = await session.ask(question("psql_footers"), statement.start, limits, *arguments)
    for label, section, line in footers.rows:
        session.say(Notice("info", f"{section}: {line}" if only_one else f"{label}: {section}: {line}"))
    return _without(result, {"Relation"}) if only_one else result


def _without(result: Result, names: Set[str]) -> Result:
    keep = [place for place, column in enumerate(result.columns or ()) if column.name not in names]
    result.columns = [column for place, column in enumerate(result.columns or ()) if place in keep]
    result.rows = [[row[place] for place in keep] for row in result.rows or ()]
    return result


def _said(name: str, rest: str, argument: str, statement: Statement, session: Session) -> Result:
    """The answer to a command that asks the catalog nothing."""
    if name == "?":
        columns = [Column("Command", "text"), Column("What it shows or does", "text")]
        rows: list[list[str | None]] = [[f"\\{command}", meaning] for command, meaning in HELP.items()]
        return Result(kind="rows", statement=statement, columns=columns, rows=rows)
    if name in ("conninfo", "c", "connect"):
        if name != "conninfo" and argument not in ("", "-", session.role):
            raise _refused(
                "A sandbox is one database with one role, so there is nothing else to connect to.", statement
            )
        return _status(f'You are connected to database "{session.role}" as user "{session.role}".', statement)
    if name == "x":
        session.expands = {"on": True, "off": False, "auto": False}.get(argument.lower(), not session.expands)
        return _status(f"Expanded display is {'on' if session.expands else 'off'}.", statement)
    if name == "echo":
        session.say(Notice("print", rest))
    said = {
        "timing": "Times are always shown here.",
        "echo": "ECHO",
        "q": "There is nothing to quit: the connection stays until it is idle for long.",
        "restrict": "Nothing to restrict: no command here reaches outside the sandbox.",
    }
    said.update(quit=said["q"], unrestrict=said["restrict"])
    if name not in said:
        raise _unknown(name, statement)
    return _status(said[name], statement)


def _status(text: str, statement: Statement) -> Result:
    return Result(kind="status", statement=statement, status=text)


def _unknown(name: str, statement: Statement) -> StatementRefused:
    near = difflib.get_close_matches(name, sorted(HANDLED), n=3, cutoff=0.4)
    message = f"\\{name} is a command of the psql program that does not work here."
    if near:
        message += f" Near it: {', '.join(chr(92) + other for other in near)}."
    return _refused(message, statement)


def _refused(message: str, statement: Statement) -> StatementRefused:
    return StatementRefused(
        message, code="psql_command", hint="\\? lists the ones that do work.", offset=statement.start
    )
