"""psql's commands: what they list, patterns, what is told of one table, and what does not work here."""

import pytest

from app.core.errors import StatementFailed, StatementRefused
from app.core.results import Notice
from tests.engines.test_postgres_support import Ran, Visitor, ada  # noqa: F401

# ruff: noqa: F811

SHOP = """
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(20) NOT NULL UNIQUE);
    CREATE TABLE posts (
        id serial PRIMARY KEY, user_id int NOT NULL REFERENCES users, title text COLLATE "C" DEFAULT 'none',
        CONSTRAINT titled CHECK (title <> '')
    );
    CREATE INDEX by_title ON posts (title) WHERE title > 'a';
    CREATE VIEW names AS SELECT name FROM users;
    CREATE FUNCTION half(n int, by int DEFAULT 2) RETURNS int LANGUAGE sql RETURN n / by;
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER quiet BEFORE DELETE ON posts FOR EACH ROW EXECUTE FUNCTION nothing();
    CREATE SCHEMA other; CREATE TABLE other."Odd.Name$" (a int);
    CREATE EXTENSION hstore
"""


def column(ran: Ran, name: str) -> list[str | None]:
    columns = [c.name for c in ran.results[-1].columns or ()]
    return [row[columns.index(name)] for row in ran.rows]


LISTS = [
    (r"\d", "Name", ["names", "posts", "posts_id_seq", "users", "users_id_seq"]),
    (r"\dt", "Name", ["posts", "users"]),
    (r"\dt;", "Name", ["posts", "users"]),
    (r"\dt+", "Name", ["posts", "users"]),
    (r"\dt POSTS", "Name", ["posts"]),
    (r"\dt po*t*", "Name", ["posts"]),
    (r"\dt ?sers", "Name", ["users"]),
    (r"\dt user|post", "Name", []),
    (r"\dt users|posts", "Name", ["posts", "users"]),
    (r"\dt other.*", "Name", ["Odd.Name$"]),
    ('\\dt *."Odd.Name$"', "Name", ["Odd.Name$"]),
    (r"\dt pg_catalog.pg_cla*", "Name", ["pg_class"]),
    (r"\dtS pg_class", "Name", ["pg_class"]),
    (r"\dtv", "Name", ["names", "posts", "users"]),
    (r"\dsm", "Name", ["posts_id_seq", "users_id_seq"]),
    (r"\dit posts", "Table", [None]),
    (r"\df+ half", "Language", ["sql"]),
    (r"\da", "Name", []),
    (r"\da every", "Result data type", ["boolean"]),
    (r"\dD", "Name", []),
    (r"\di", "Table", ["posts", "posts", "users", "users"]),
    (r"\dv", "Name", ["names"]),
    (r"\dm", "Name", []),
    (r"\ds", "Name", ["posts_id_seq", "users_id_seq"]),
    (r"\df half", "Argument data types", ["n integer, by integer DEFAULT 2"]),
    (
        r"\df pg_catalog.abs",
        "Result data type",
        ["bigint", "double precision", "integer", "numeric", "real", "smallint"],
    ),
    (r"\dn", "Name", ["other", "public"]),
    (r"\dx hst*", "Name", ["hstore"]),
    (r"\dT mood", "Elements", ["sad, ok"]),
    (r"\l", "Encoding", ["UTF8"]),
]


async def test_lists_and_patterns(ada: Visitor) -> None:
    await ada.must(SHOP)
    for source, name, values in LISTS:
        found = column(await ada.must(source), name)
        assert sorted(map(str, found)) == sorted(map(str, values)), source
    assert [c.name for c in (await ada.must(r"\dt")).results[0].columns or ()] == ["Schema", "Name", "Type", "Owner"]
    assert column(await ada.must(r"\du"), "Role name")[-3:] == [ada.role, f"{ada.role}_reader", f"{ada.role}_writer"]


async def test_one_table_is_described_with_what_hangs_on_it(ada: Visitor) -> None:
    await ada.must(SHOP)
    ran = await ada.must(r"\d posts")
    assert [c.name for c in ran.results[0].columns or ()] == ["Column", "Type", "Collation", "Nullable", "Default"]
    assert ran.rows == [
        ["id", "integer", None, "not null", "nextval('posts_id_seq'::regclass)"],
        ["user_id", "integer", None, "not null", None],
        ["title", "text", "C", None, "'none'::text"],
    ]
    assert ran.notices == [
        Notice("info", line)
        for line in (
            "Index: by_title btree (title) WHERE title > 'a'::text",
            "Index: posts_pkey PRIMARY KEY, btree (id)",
            "Check constraint: titled CHECK (title <> ''::text)",
            "Foreign-key constraint: posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)",
            "Trigger: quiet BEFORE DELETE ON posts FOR EACH ROW EXECUTE FUNCTION nothing()",
        )
    ]
    said = [n.message for n in (await ada.must(r"\d users")).notices]
    assert "Referenced by: TABLE posts CONSTRAINT posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)" in said
    assert "Index: users_name_key UNIQUE CONSTRAINT, btree (name)" in said
    assert "View definition" in (await ada.must(r"\d names")).notices[0].message
    many = await ada.must(r"\d public.*s")
    assert {row[0] for row in many.rows} == {"public.names", "public.posts", "public.users"}


async def test_a_name_that_nothing_has_fails_where_it_stands(ada: Visitor) -> None:
    for source, code in (
        (r"SELECT 1; \d nowhere", "42P01"),
        (r"SELECT 1; \dt a.b.c.d", "42601"),
        (r"SELECT 1; \dt a(", "2201B"),
    ):
        ran = await ada.run(source)
        assert isinstance(ran.error, StatementFailed), source
        assert (ran.code, ran.error.offset) == (code, 10)


async def test_expanded_display_lasts_and_gx_is_for_one(ada: Visitor) -> None:
    ran = await ada.must("SELECT 1 AS a, NULL AS b \\gx\nSELECT 2 AS c")
    assert ran.results[0].rows == [["1", "a", "1"], ["1", "b", None]]
    assert ran.rows == [["2"]]
    assert (await ada.must("\\x")).results[0].status == "Expanded display is on."
    assert (await ada.must("VALUES (1), (2)")).rows == [["1", "column1", "1"], ["2", "column1", "2"]]
    assert (await ada.must("\\x off\nSELECT 3")).rows == [["3"]]


async def test_commands_that_only_say_something(ada: Visitor) -> None:
    ran = await ada.must("\\timing on\n\\q\n\\c\n\\conninfo\n\\restrict abc\n\\echo hello; you\n\\?")
    assert all(r.status for r in ran.results[:-1])
    assert ran.notices == [Notice("print", "hello; you")]
    assert ["\\dt", "tables"] in ran.rows


@pytest.mark.parametrize(
    ("source", "near"), [("\\ddt", "\\dt"), ("\\tming", "\\timing"), ("\\c other", ""), ("\\", ""), ("\\!ls", "")]
)
async def test_others_are_refused_with_the_near_ones(ada: Visitor, source: str, near: str) -> None:
    ran = await ada.run(f"SELECT 1; {source}")
    assert isinstance(ran.error, StatementRefused)
    assert (ran.code, ran.error.offset) == ("psql_command", 10)
    assert near in ran.error.message
    assert ran.error.hint


async def test_a_command_has_the_visitors_rights_and_sees_its_transaction(ada: Visitor) -> None:
    await ada.must("BEGIN; CREATE TABLE here (a int)")
    assert column(await ada.must(r"\dt"), "Name") == ["here"]
    await ada.run("SELECT 1/0")
    assert (await ada.run(r"\dt")).code == "25P02"
    await ada.must("ROLLBACK")
    assert column(await ada.must(r"\dt"), "Name") == []
    await ada.must("CREATE TABLE pg_class (a int); SET search_path = public, pg_catalog")
    assert column(await ada.must(r"\dt"), "Name") == ["pg_class"]


async def test_privileges_and_policies_are_told(ada: Visitor) -> None:
    await ada.must(
        f"""
        CREATE TABLE t (a int, b int); GRANT SELECT ON t TO {ada.role}_reader; GRANT UPDATE (b) ON t TO {ada.role}_writer;
        CREATE POLICY own ON t FOR SELECT USING (a > 0)
        """
    )
    for command in (r"\dp t", r"\z t"):
        ran = await ada.must(command)
        assert f"{ada.role}_reader=r/{ada.role}" in (column(ran, "Access privileges")[0] or "")
        assert column(ran, "Column privileges") == [f"b:\n  {ada.role}_writer=w/{ada.role}"]
        assert column(ran, "Policies") == ["own (r):\n  (u): (a > 0)"]


async def test_sources_of_functions_and_views(ada: Visitor) -> None:
    await ada.must("CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1; CREATE VIEW v AS SELECT one() AS a")
    assert "RETURN 1" in ((await ada.must(r"\sf one")).results[-1].text or "")
    assert ((await ada.must(r"\sv v")).results[-1].text or "").startswith(
        "CREATE OR REPLACE VIEW public.v AS\n SELECT one()"
    )
    assert (await ada.run(r"\sf none")).code == "42883"
    assert (await ada.run(r"\sf")).code == "psql_command"


async def test_what_a_plus_adds(ada: Visitor) -> None:
    await ada.must("CREATE TABLE t (a text); COMMENT ON COLUMN t.a IS 'a note'")
    assert column(await ada.must(r"\d+ t"), "Description") == ["a note"]
    assert column(await ada.must(r"\d+ t"), "Storage") == ["extended"]
    assert "Storage" not in [c.name for c in (await ada.must(r"\d t")).results[-1].columns or ()]
