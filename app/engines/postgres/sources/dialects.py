"""A source that another database would read: recognised by its marks, and said in PostgreSQL's words by sqlglot and a few rules of ours."""

import logging
import re
import time

import sqlglot
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import ErrorLevel, SqlglotError

from app.core.errors import StatementFailed
from app.core.translation import Translation
from app.engines.postgres.sources import formatting, statements
from app.engines.postgres.sources.dialect_mending import mended

log = logging.getLogger(__name__)

LABELS = {"mysql": "MySQL", "tsql": "SQL Server", "oracle": "Oracle", "sqlite": "SQLite"}
UNREADABLE = frozenset({"42601", "42704", "42883", "42P01"})
"""syntax_error; undefined object, function and table, which is how an unknown type, IFNULL() and DUAL are told."""
MAX_CHARACTERS = 20_000
MAX_STATEMENT = 4_000
MAX_LOSSES = 8
MAX_S = 0.5  # after which nothing is offered; sqlglot takes about 30 ms for 1,000 characters of short statements

_APART = re.compile(r"'(?:[^'\\]|\\.|'')*+(?:'|\Z)|--[^\n]*+|/\*.*?(?:\*/|\Z)", re.DOTALL)
_MARKS = {
    "mysql": (
        r"`\w",
        r"\bAUTO_INCREMENT\b",
        r"\bENGINE\s*=",
        r"\bLIMIT\s+\d+\s*,\s*\d",
        r"\bIFNULL\s*\(",
        r"\bGROUP_CONCAT\s*\(",
        r"\bON\s+DUPLICATE\s+KEY\b",
        r"\bUNSIGNED\b",
        r"\b(?:TINYINT|MEDIUMINT|MEDIUMTEXT|LONGTEXT|DATETIME)\b",
        r"\bINSERT\s+IGNORE\b",
        r"\bENUM\s*\(",
        r"\bDATE_(?:ADD|SUB|FORMAT)\s*\(",
        r"(?:^[ \t]*+|;\s*+)(?:SHOW\s+(?:TABLES|DATABASES)|DESCRIBE\b|USE\s+\w)",
    ),
    "tsql": (
        r"(?<![\w\]\)\"])\[[A-Za-z_][\w ]*\]",
        r"\bSELECT\s+(?:DISTINCT\s+)?TOP\s*\(?\s*\d",
        r"^[ \t]*+GO[ \t]*+$",
        r"\bIDENTITY\s*\(",
        r"\bNVARCHAR\b|\bDATETIME2\b|\bUNIQUEIDENTIFIER\b",
        r"\b(?:GETDATE|ISNULL|DATEADD|DATEDIFF|LEN|CHARINDEX)\s*\(",
        r"\bWITH\s*\(\s*NOLOCK\s*\)",
        r"\b(?:CROSS|OUTER)\s+APPLY\b",
    ),
    "oracle": (
        r"\bN?VARCHAR2\b",
        r"\bNUMBER\s*\(",
        r"\bROWNUM\b",
        r"\bSYSDATE\b",
        r"\b(?:NVL2?|DECODE)\s*\(",
        r"\(\+\)",
        r"\bFROM\s+DUAL\b",
        r"\bCONNECT\s+BY\b",
        r"\)?\s\bMINUS\s+SELECT\b",
    ),
    "sqlite": (
        r"\bAUTOINCREMENT\b",
        r"\bINSERT\s+OR\s+(?:REPLACE|IGNORE)\b",
        r"(?:^[ \t]*+|;\s*+)PRAGMA\b",
        r"\bWITHOUT\s+ROWID\b",
        r"\b(?:STRFTIME|JULIANDAY)\s*\(",
        r"^\.(?:tables|schema)\b",
    ),
}
_COMPILED = {
    dialect: [re.compile(mark, re.IGNORECASE | re.MULTILINE) for mark in marks] for dialect, marks in _MARKS.items()
}
_GO = re.compile(r"^[ \t]*GO[ \t]*$", re.IGNORECASE | re.MULTILINE)
_AS_PSQL = (
    (re.compile(r"(?:SHOW\s+TABLES|\.tables)\s*;?", re.IGNORECASE), r"\\dt"),
    (re.compile(r"SHOW\s+DATABASES\s*;?", re.IGNORECASE), r"\\l"),
    (re.compile(r"(?:DESCRIBE|DESC|\.schema|EXEC\s+sp_help)\s+[`'\"\[]?(\w+)[`'\"\]]?\s*;?", re.IGNORECASE), r"\\d \1"),
    (re.compile(r"PRAGMA\s+table_info\s*\(\s*['\"]?(\w+)['\"]?\s*\)\s*;?", re.IGNORECASE), r"\\d \1"),
)
_FOREIGN = re.compile(r'""|\$[A-Za-z_]|\bCONNECT BY\b|\bROWNUM\b', re.IGNORECASE)
_DROPPED = (exp.Use, exp.Pragma, exp.Set)


def likely(source: str) -> list[str]:
    """The dialects whose marks the source bears, the likeliest first."""
    bare = _APART.sub(" ", source)
    scores = {dialect: sum(bool(mark.search(bare)) for mark in marks) for dialect, marks in _COMPILED.items()}
    return sorted((dialect for dialect in scores if scores[dialect]), key=lambda dialect: -scores[dialect])


def translation(source: str) -> Translation | None:
    """The source in PostgreSQL's words; None where it bears no other's marks, is too long to try, or can't be read. Takes some ms."""
    if len(source) > MAX_CHARACTERS:
        return None
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it can't read is nobody's news
    for dialect in likely(source):
        losses: list[str] = []
        text = _by_statement(source, dialect, losses)
        if text is not None and text.strip() != source.strip():
            unique = list(dict.fromkeys(losses))
            more = [f"and {len(unique) - MAX_LOSSES} more"] if len(unique) > MAX_LOSSES else []
            return Translation(LABELS[dialect], text, (*unique[:MAX_LOSSES], *more))
    return None


def _by_statement(source: str, dialect: str, losses: list[str]) -> str | None:
    """What is PostgreSQL's already stays as it is written; what can't be read stays, and is named."""
    if dialect == "tsql":
        source = _GO.sub(";", source)
    try:
        found = statements.split(source)
    except StatementFailed:
        return _whole(source, dialect, losses)
    pieces: list[str] = []
    at, unread = 0, False
    deadline = time.monotonic() + MAX_S
    for statement in found:
        if time.monotonic() > deadline:
            return None
        told: list[str] = []
        said = _translated(statement.text, dialect, told)
        if said is None and not unread:
            whole = _whole(source, dialect, told := [])
            if whole is not None:
                losses[:] = told
                return whole
        if said is None:
            unread = True
            losses.append(f"line {statement.line} could not be read and is as it was")
            continue
        losses += told
        pieces += [source[at : statement.start], said]
        at = statement.end
    return "".join([*pieces, source[at:]]) if pieces else None


def _whole(source: str, dialect: str, losses: list[str]) -> str | None:
    """Where PostgreSQL's rules don't find the statements: strings with a backslash, for one."""
    said = _translated(source, dialect, losses)
    return None if said is None else said.rstrip().removesuffix(";") + ";\n"


def _translated(text: str, dialect: str, losses: list[str]) -> str | None:
    """One statement or several; the same text where nothing has to change. None where the dialect can't be read."""
    for pattern, command in _AS_PSQL:
        if pattern.fullmatch(text.strip()):
            return pattern.sub(command, text.strip())
    if text.startswith("\\"):
        return text
    if len(text) > MAX_STATEMENT:
        return None
    said = None
    try:
        trees = [tree for tree in sqlglot.parse(text, read=dialect, error_level=ErrorLevel.RAISE) if tree]
        if not any(isinstance(tree, exp.Command) for tree in trees):
            said = _printed(text, trees, dialect, losses)
    except (SqlglotError, RecursionError):
        pass
    except Exception:  # a parser of any SQL meets what its makers did not
        log.info("sqlglot could not read a statement", exc_info=True)
    return said


def _printed(text: str, trees: list[exp.Expr], dialect: str, losses: list[str]) -> str | None:
    said: list[str] = []
    for tree in trees:
        if isinstance(tree, _DROPPED):
            losses.append(f"left out: {tree.sql(dialect=dialect)}")
            said.append("-- " + tree.sql(dialect=dialect, comments=False).replace("\n", " "))
            continue
        for part in mended(tree, dialect, losses):
            generator = Postgres().generator(unsupported_level=ErrorLevel.IGNORE)
            said.append(generator.generate(part))
            losses += generator.unsupported_messages
    if any(_FOREIGN.search(part) for part in said):
        return None
    # Read again, since what sqlglot passes on unread may be nobody's SQL.
    after = _as_postgres(";\n".join(said))
    if after == _as_postgres(text) and dialect not in likely(text):
        return text
    return None if after is None else formatting.formatted(";\n".join(said))


def _as_postgres(text: str) -> list[str] | None:
    try:
        return [tree.sql(dialect="postgres") for tree in sqlglot.parse(text, read="postgres") if tree]
    except SqlglotError:
        return None
