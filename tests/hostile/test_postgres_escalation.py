"""What runs as the admin inside a sandbox's database, and what a visitor puts in its way."""

import pytest

from tests.engines.test_postgres_support import Visitor, ada, bob  # noqa: F401

# ruff: noqa: F811

SPY = """
    CREATE TABLE seen (who name);
    CREATE FUNCTION spy(anyelement) RETURNS anyelement LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO public.seen VALUES (current_user); RETURN $1; END $$;
    GRANT ALL ON seen TO PUBLIC;
"""


async def seen(visitor: Visitor) -> set[str | None]:
    """Who ran the spy."""
    return {row[0] for row in (await visitor.must("SELECT DISTINCT who FROM seen")).rows}


@pytest.mark.parametrize("catalog", ["pg_authid", "pg_database"])
@pytest.mark.parametrize("view", ["pg_stat_activity", "pg_locks", "pg_stat_statements"])
async def test_a_temporary_view_named_like_a_catalog_is_not_read_by_the_admins_functions(
    ada: Visitor, bob: Visitor, catalog: str, view: str
) -> None:
    await bob.must("BEGIN; CREATE TABLE t (a int); SELECT 'of bob'")
    column = "rolname" if catalog == "pg_authid" else "datname"
    await ada.must(
        SPY + f"CREATE TEMP VIEW {catalog} AS SELECT spy(current_database()) AS {column}, g::oid AS oid"
        " FROM generate_series(1, 30000) g;"
    )
    rows = (await ada.must(f"SELECT t::text FROM {view} AS t")).rows
    assert [row for row in rows if bob.role in str(row) or "of bob" in str(row)] == []
    assert await seen(ada) == set()
