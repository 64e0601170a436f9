"""Formatting changes nothing that PostgreSQL sees: the same answers before and after."""

from app.engines.postgres.engine import PostgresEngine
from tests.engines.test_postgres_support import Visitor, ada  # noqa: F401

# ruff: noqa: F811

SEED = """
    CREATE TABLE users (id serial PRIMARY KEY, name varchar(50) NOT NULL, score int DEFAULT 0);
    CREATE TABLE posts (id serial PRIMARY KEY, user_id int REFERENCES users, title text, tags text[]);
    INSERT INTO users (name, score) VALUES ('ada', 3), ('bob', 1), ('cy', NULL);
    INSERT INTO posts (user_id, title, tags) VALUES (1, 'a''b', '{x,y}'), (1, NULL, NULL), (2, 'c', '{}');
"""
LONG = "this_is_a_name_that_takes_a_lot_of_room_on_its_line"
STATEMENTS = [
    "select 1",
    "select now() is not null, 1::int, cast('2' as int), 2 ^ 3, 5 % 3, - -1, 1.50, 1e3",
    "select u.name, p.title from users u left join posts p on u.id = p.user_id and p.title is not null order by 1, 2 nulls first",
    "select u.name, count(*) filter (where p.title is not null) as n from users u join posts p on p.user_id=u.id group by u.name having count(*)>0 order by n desc,u.name limit 2 offset 0",
    "select 'a'\n'b', 'it''s', E'tab\\t', $$dollar ' $$, $x$ $$ $x$, U&'\\0041', B'101', X'ff', n'n'",
    "select name, -- the name\n score /* of them */ , /* one\n two */ id from users -- end\n order by id",
    f"select 1 as {LONG}1, 2 as {LONG}2, 3 as {LONG}3",
    "select * from users where (score > 0 or name like 'c%') and id between 1 and 3 and not (name = 'bob' or name = 'zed') order by id",
    "select case when score > 2 then 'many' when score is null then null else 'few' end as x, name from users order by name",
    "with a as (select * from users where score > 0), b as materialized (select count(*) as n from a) select a.name, b.n from a, b order by 1",
    "with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select sum(n) from r",
    "select name from users union all select title from posts where title is not null except select 'c' order by 1",
    "select distinct on (user_id) user_id, id from posts order by user_id, id desc",
    "select row_number() over (partition by user_id order by id rows between unbounded preceding and current row) as n, id from posts order by id",
    "select sum(id) over w, id from posts window w as (order by id) order by id",
    "select string_agg(name, ', ' order by name desc), array_agg(id order by id) from users",
    "select tags[1], tags[1:2], array[1,-2], (array[[1,2],[3,4]])[2][1] from posts order by id",
    "select '{\"a\": {\"b\": [1,2]}}'::jsonb->'a'->>'b', '{\"a\":1}'::jsonb @> '{}', '{\"a\":1}'::jsonb ? 'a'",
    "select extract(year from date '2024-01-01'), substring('hello' from 2 for 3), trim(both 'x' from 'xax'), position('b' in 'abc')",
    "select exists (select 1 from posts where user_id = 1), (select max(id) from users), 1 in (1, 2), 3 = any (array[1,3])",
    "select a.x, b.y from (values (1, 'one'), (2, 'two')) as a(x, z) cross join lateral (select a.x * 2 as y) b order by 1",
    "select * from generate_series(1, 3) with ordinality as g(v, n) order by n",
    "values (1, 'a'), (2, null), (3, 'it''s a rather long text to break the line with'), (4, 'and another long one')",
    "insert into users (name, score) values ('dee', 4), ('eve', 5) on conflict (id) do update set score = excluded.score returning name, score",
    "insert into users (name) select title from posts where title is not null returning name",
    "update users set score = coalesce(score, 0) + 1, name = upper(name) where id in (select user_id from posts) returning name, score",
    "delete from posts using users u where u.id = posts.user_id and u.name = 'BOB' returning posts.title",
    "with gone as (delete from posts where id = 2 returning *) select count(*) from gone",
    "create table logs (id bigint generated always as identity, at timestamp default now(), kind text check (kind in ('a','b')), unique (id, kind))",
    "create view names as select name, score from users where score is distinct from 3 with check option",
    "create or replace view names as select name, score from users order by name",
    "create index by_score on users (score desc nulls last, lower(name)) where score is not null",
    "create materialized view m as select score, count(*) from users group by score with no data",
    'select 1 as "Odd Name", 2 as "select", 3 as end',
    "select count(*) from users u natural join (select 1 as id) x",
    "select id from users where id = 1 for update",
    "select (1, 'a')::record, row(1, 2), (u).name from users u where u.id = 1",
    "select interval '1 day' * 2, timestamp '2024-01-01' at time zone 'UTC', 'a' collate \"C\" < 'b'",
    "select grouping(name), name, count(*) from users group by rollup (name) order by 1, 2 fetch first 2 rows only",
    "merge into users u using (values (1, 9)) v(id, s) on u.id = v.id when matched then update set score = v.s when not matched then do nothing",
    "explain (costs off) select * from users where id = 1 order by name",
    "select\n  *\nfrom pg_sequences\nwhere sequencename like 'users%' or /* (a */ sequencename = '--no'",
]


async def test_formatted_statements_answer_the_same(ada: Visitor) -> None:
    changed = 0
    for source in STATEMENTS:
        laid_out = ada.engine.format(source)
        assert ada.engine.format(laid_out) == laid_out, source
        answers = []
        for text in (source, laid_out):
            await ada.must(SEED + "BEGIN")
            ran = await ada.run(text)
            assert ran.error is None, (text, ran.error)
            (result,) = ran.results
            answers.append((result.kind, result.columns, result.rows, result.status))
            await ada.must("ROLLBACK; DROP TABLE users, posts CASCADE")
        assert answers[0] == answers[1], laid_out
        changed += laid_out != source
    assert changed >= 38


def test_the_engine_formats(postgres: PostgresEngine) -> None:
    assert postgres.formats
    assert postgres.format("select 1") == "SELECT 1"
