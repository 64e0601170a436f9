"""What a sandbox holds: for the sidebar, and as a diagram."""

import asyncio
import time

from app.core.diagrams import Attribute, Diagram, Relation
from app.core.errors import EngineBusy
from app.core.limits import Usage
from tests.engines.test_postgres_support import Visitor, ada  # noqa: F401

# ruff: noqa: F811

SHOP = """
    CREATE EXTENSION hstore; CREATE EXTENSION vector;
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE users (id int PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, now mood, tags hstore);
    CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, tags text[]);
    CREATE TABLE profiles (user_id int PRIMARY KEY REFERENCES users, text text CONSTRAINT short CHECK (length(text) < 9));
    CREATE TABLE likes (
        user_id int REFERENCES users, post_id int, at int,
        FOREIGN KEY (post_id) REFERENCES posts, UNIQUE (user_id, post_id)
    );
    CREATE VIEW names AS SELECT name FROM users;
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM posts;
    CREATE FUNCTION half(n int) RETURNS int LANGUAGE sql RETURN n / 2;
    CREATE PROCEDURE rest() LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER quiet BEFORE DELETE ON posts FOR EACH ROW EXECUTE FUNCTION nothing();
    CREATE INDEX by_tags ON posts USING gin (tags);
    CREATE SEQUENCE numbers;
    CREATE SCHEMA "Other";
    CREATE TABLE "Other".parts (a int, b int, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
    CREATE TABLE "Other".part1 PARTITION OF "Other".parts FOR VALUES FROM (1) TO (9);
    CREATE TABLE "Other".notes (a int, b int, parent int, FOREIGN KEY (b, a) REFERENCES "Other".parts (b, a))
"""


async def test_inspect(ada: Visitor) -> None:
    await ada.must(SHOP)
    await ada.must("INSERT INTO users SELECT g, 'x' || g FROM generate_series(1, 1500) g; ANALYZE users")
    found = await ada.engine.inspect(ada.sandbox)
    assert [(o.kind, o.name) for o in found] == [
        ("materialized view", "counted"),
        ("table", "likes"),
        ("view", "names"),
        ("table", "posts"),
        ("table", "profiles"),
        ("table", "users"),
        ("table", "Other.notes"),
        ("table", "Other.parts"),
        ("sequence", "numbers"),
        ("function", "half"),
        ("function", "nothing"),
        ("procedure", "rest"),
        ("type", "mood"),
        ("schema", "Other"),
    ]
    objects = {o.name: o for o in found}
    assert (objects["users"].detail or "").startswith("about 1,500 rows, ")
    assert [(p.kind, p.name, p.detail) for p in objects["users"].parts[:3]] == [
        ("column", "id", "integer, primary key"),
        ("column", "name", "character varying(20), not null, unique"),
        ("column", "now", "mood"),
    ]
    assert [(p.kind, p.name) for p in objects["posts"].parts] == [
        ("column", "id"),
        ("column", "user_id"),
        ("column", "tags"),
        ("index", "by_tags"),
        ("index", "posts_pkey"),
        ("constraint", "posts_pkey"),
        ("constraint", "posts_user_id_fkey"),
        ("trigger", "quiet"),
    ]
    assert objects["posts"].parts[1].detail == "integer, not null, refers to users"
    assert objects["posts"].parts[6].detail == "FOREIGN KEY (user_id) REFERENCES users(id)"
    assert objects["half"].detail == "(n integer) returns integer"
    assert objects["mood"].detail == "sad, ok"
    usage = await ada.engine.usage(ada.sandbox)
    assert usage.bytes > 0
    assert usage.objects == 9


async def test_diagram(ada: Visitor) -> None:
    await ada.must(SHOP)
    drawn = await ada.engine.diagram(ada.sandbox)
    entities = {entity.name: entity.attributes for entity in drawn.entities}
    assert list(entities) == ["likes", "posts", "profiles", "users", "Other.notes", "Other.parts"]
    assert entities["users"][:3] == (
        Attribute("id", "integer", ("primary key",)),
        Attribute("name", "character varying(20)", ("unique", "not null")),
        Attribute("now", "mood"),
    )
    assert entities["profiles"][0].marks == ("primary key", "foreign key")
    assert set(drawn.relations) == {
        Relation("likes", "posts", (("post_id", "id"),)),
        Relation("likes", "users", (("user_id", "id"),)),
        Relation("posts", "users", (("user_id", "id"),), required=True),
        Relation("profiles", "users", (("user_id", "id"),), required=True, one=True),
        Relation("Other.notes", "Other.parts", (("b", "b"), ("a", "a"))),
    }


async def test_nothing_is_there_before_and_after(ada: Visitor) -> None:
    never = ada.engine.new_sandbox()
    assert await ada.engine.inspect(never) == []
    assert await ada.engine.diagram(never) == Diagram((), ())
    assert await ada.engine.usage(never) == Usage(bytes=0, objects=0)
    assert await ada.engine.inspect(ada.sandbox) == []
    assert await ada.engine.diagram(ada.sandbox) == Diagram((), ())
    assert ada.engine.draws


async def test_names_come_as_a_source_writes_them(ada: Visitor) -> None:
    await ada.must(
        'CREATE TABLE "Odd ""Name" ("select" int, plain int); CREATE SCHEMA "My S"; CREATE TABLE "My S".t (a int)'
    )
    objects = {thing.name: thing for thing in await ada.engine.inspect(ada.sandbox)}
    odd = objects['Odd "Name']
    assert odd.reference == '"Odd ""Name"'
    assert [(part.name, part.reference) for part in odd.parts if part.kind == "column"] == [
        ("select", '"select"'),
        ("plain", "plain"),
    ]
    assert objects["My S.t"].reference == '"My S".t'
    for thing in (odd, objects["My S.t"]):
        await ada.must(ada.engine.preview.replace("{name}", thing.reference or thing.name))


async def test_words_are_the_servers_own(ada: Visitor) -> None:
    words = await ada.engine.words()
    known = {(word.name, word.kind): word for word in words}
    assert known["lower", "function"].detail == "(text) → text, 2 more"
    assert known["string_agg", "aggregate"].info == "Concatenate aggregate input into a string"
    assert known["row_number", "window function"].detail == "() → bigint"
    assert known["work_mem", "setting"].within == "SET"
    assert {("SELECT", "keyword"), ("jsonb", "type"), ("\\dt", "command")} <= known.keys()
    assert not {word.name for word in words} & {"int4in", "textcat", "pg_read_file", "lo_import"}
    assert max(len(word.detail or "") for word in words) <= 72


async def test_a_lock_of_the_visitors_own_keeps_no_connection_waiting(ada: Visitor) -> None:
    await ada.must(
        "CREATE TABLE t (a int DEFAULT 7, b text DEFAULT 'x', PRIMARY KEY (a)); INSERT INTO t VALUES (1, 'y')"
    )
    free = {o.name: o for o in await ada.engine.inspect(ada.sandbox)}
    await ada.must("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
    began = time.monotonic()
    looked = await asyncio.gather(*(ada.engine.inspect(ada.sandbox) for _ in range(10)), return_exceptions=True)
    assert time.monotonic() - began < 8
    for found in looked:
        assert isinstance(found, EngineBusy) or {o.name: o for o in found} == free  # type: ignore[union-attr]
    await ada.must("ROLLBACK")
    assert {o.name: o for o in await ada.engine.inspect(ada.sandbox)} == free
    assert free["t"].detail == (await ada.must("SELECT pg_size_pretty(pg_total_relation_size('t'))")).value
