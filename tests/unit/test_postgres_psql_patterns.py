"""psql's name patterns as regular expressions."""

import pytest

from app.core.errors import StatementFailed
from app.engines.postgres.sources.psql_patterns import regexes

CASES = [
    ("users", "^(users)$", ""),
    ("USERS", "^(users)$", ""),
    ('"Users"', "^(Users)$", ""),
    ("u*", "^(u.*)$", ""),
    ("u?ers", "^(u.ers)$", ""),
    ("public.*", "^(.*)$", "^(public)$"),
    ('"a.b".c', "^(c)$", "^(a\\.b)$"),
    ('"a*b?""c"', '^(a\\*b\\?"c)$', ""),
    ("a$1", "^(a\\$1)$", ""),
    ("a|b[0-9]+", "^(a|b[0-9]+)$", ""),
    ('"', "^()$", ""),
]


@pytest.mark.parametrize(("pattern", "name", "schema"), CASES)
def test_regexes(pattern: str, name: str, schema: str) -> None:
    assert regexes(pattern) == (name, schema)


def test_too_many_dots_are_told() -> None:
    with pytest.raises(StatementFailed, match="too many dots"):
        regexes("a.b.c")
