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


LOCK_OUTS = [
    "ALTER ROLE CURRENT_USER SET local_preload_libraries = 'nowhere'",
    "ALTER ROLE CURRENT_USER SET idle_session_timeout = 1",
    "ALTER ROLE CURRENT_USER SET transaction_timeout = 1",
    "DO $$ BEGIN EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET role = pg_monitor', current_database()); END $$",
    "DO $$ BEGIN EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET local_preload_libraries = x', current_database()); END $$",
]


@pytest.mark.parametrize("source", LOCK_OUTS)
async def test_a_default_of_the_own_role_locks_nobody_out(ada: Visitor, source: str) -> None:
    await ada.must(f"CREATE TABLE kept AS SELECT 1 AS a; {source}")
    await ada.run("SELECT pg_terminate_backend(pg_backend_pid())")
    assert (await ada.must("SELECT pg_sleep(0.02); SELECT a FROM kept")).value == "1"


async def test_nothing_of_a_visitors_runs_when_the_admin_looks(ada: Visitor) -> None:
    """Look-alikes of what the admin's questions call, in every place a visitor may write to."""
    await ada.must(
        SPY
        + """
        CREATE FUNCTION public.format_type(oid, int) RETURNS text LANGUAGE sql AS $$ SELECT spy('hijacked'::text) $$;
        CREATE FUNCTION public.pg_database_size(oid) RETURNS bigint LANGUAGE sql AS $$ SELECT spy(0::bigint) $$;
        CREATE FUNCTION public.is_equal(oid, oid) RETURNS boolean LANGUAGE sql AS $$ SELECT spy(true) $$;
        CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.is_equal);
        CREATE FUNCTION public.is_same(name, name) RETURNS boolean LANGUAGE sql AS $$ SELECT spy(true) $$;
        CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = name, FUNCTION = public.is_same);
        CREATE VIEW public.pg_class AS SELECT spy(1) AS oid, 'x' AS relname, 'r' AS relkind;
        CREATE VIEW public.pg_attribute AS SELECT spy(1) AS attrelid;
        CREATE VIEW public.pg_database AS SELECT spy(1) AS oid;
        CREATE TABLE t (a int);
        CREATE FUNCTION fails_for_others(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
            $$ BEGIN PERFORM public.spy(1); RETURN $1; END $$;
        CREATE INDEX ON t (fails_for_others(a));
        INSERT INTO t SELECT generate_series(1, 100);
        CREATE RULE noted AS ON UPDATE TO t DO ALSO INSERT INTO seen VALUES (current_user);
        ALTER ROLE CURRENT_USER SET search_path = public, pg_catalog;
        """
    )
    inspected = {found.name for found in await ada.engine.inspect(ada.sandbox)}
    assert {"pg_class", "pg_attribute", "seen", "t"} <= inspected
    assert (await ada.engine.usage(ada.sandbox)).bytes > 0
    inside = await ada.engine.admin.enter(ada.role)
    try:
        await inside.execute("ANALYZE public.t; REINDEX TABLE public.t")
    finally:
        await inside.close()
    await ada.engine.create(ada.sandbox)
    assert await seen(ada) == {ada.role}


async def test_the_own_types_are_named_by_the_servers_catalog(ada: Visitor) -> None:
    """The client asks for the name of a new type on the visitor's connection, whatever is in its search path."""
    ran = await ada.must(
        SPY
        + """
        SET search_path = public, pg_catalog;
        CREATE FUNCTION public.format_type(oid, int) RETURNS text LANGUAGE sql AS $$ SELECT 'hijacked' $$;
        CREATE FUNCTION public.is_equal(oid, oid) RETURNS boolean LANGUAGE sql AS $$ SELECT spy(true) $$;
        CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = public.is_equal);
        CREATE TYPE mood AS ENUM ('glad');
        SELECT 'glad'::mood AS a;
        """
    )
    assert ran.results[-1].columns
    assert (ran.value, ran.results[-1].columns[0].type) == ("glad", "mood")
    assert await seen(ada) == set()
