"""A statement that PostgreSQL cannot read, but another database could: the same in PostgreSQL's words."""

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

DIALECTS = {"mysql": "MySQL", "sqlite": "SQLite", "tsql": "SQL Server", "oracle": "Oracle"}
UNREADABLE = frozenset({"42601", "42704"})
"""syntax_error; undefined_object, which is how an unknown type is told."""
MAX_CHARACTERS = 4_000


def hint(text: str) -> str | None:
    """Whose SQL this reads like, and its translation; None when it is nobody's, or too long to try. Takes a few ms."""
    if len(text) > MAX_CHARACTERS:
        return None
    for dialect, label in DIALECTS.items():
        translated = _translate(text, dialect)
        if translated is not None:
            return f"This reads like {label}. In PostgreSQL it would be: {translated}"
    return None


def _translate(text: str, dialect: str) -> str | None:
    try:
        tree = sqlglot.parse_one(text, read=dialect, error_level=ErrorLevel.RAISE)
        if isinstance(tree, exp.Command):
            return None
        translated = tree.sql(dialect="postgres", unsupported_level=ErrorLevel.RAISE)
        same = sqlglot.parse_one(translated, read="postgres").sql(dialect="postgres")
        unchanged = tree.sql(dialect=dialect) == translated
    except (SqlglotError, RecursionError):
        return None
    return None if unchanged else same
