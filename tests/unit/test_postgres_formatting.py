"""Laying SQL out: what it looks like, and what is left as it was."""

import time

import pytest

from app.core.errors import StatementFailed
from app.engines.postgres.sources.formatting import formatted

QUERY = """\
-- Who wrote most
WITH most AS (
    SELECT user_id, count(*) AS n
    FROM posts
    WHERE title IS NOT NULL AND title <> 'none' AND title NOT LIKE 'draft%'
    GROUP BY user_id
)
SELECT
    u.name, -- as they write it
    coalesce(m.n, 0) AS posts_with_a_title,
    (SELECT max(p.id) FROM posts p WHERE p.user_id = u.id) AS last
FROM users u
LEFT JOIN most m ON m.user_id = u.id
WHERE u.active
    AND u.id BETWEEN 1 AND 100
    AND NOT EXISTS (SELECT 1 FROM banned b WHERE b.user_id = u.id)
ORDER BY posts_with_a_title DESC
LIMIT 10;

/* what it stands on */
CREATE TABLE users (
    id serial PRIMARY KEY,
    name text NOT NULL,
    active boolean DEFAULT TRUE
);
"""


def test_the_layout_is_this_and_stays_it() -> None:
    assert formatted(QUERY) == QUERY
    flattened = QUERY.replace(" -- as they write it\n", " /* as they write it */ ").replace("-- Who wrote most\n", "")
    lines = " ".join(flattened.split())
    expected = QUERY.replace(" -- as they write it", "").replace("-- Who wrote most\n", "")
    again = formatted(lines).replace("/* as they write it */ ", "")
    assert " ".join(again.split()) == " ".join(expected.split())
    assert again.count("\n") > 15


LEFT_ALONE = [
    "do $$ begin   null; end $$",
    "create function f() returns int begin atomic select 1;  select 2; end",
    "create rule r as on insert to t do also (select 1;  select 2)",
    "copy t from stdin;\n1    2\n\\.",
    "\\d   users",
    "select 'a'\n   'b'",
    "select (1   ",
    "vacuum   t",
    "grant select on   t to x",
    "prepare p as   select 1",
    "create function f() returns int language sql as $$ select   1 $$",
]


@pytest.mark.parametrize("source", LEFT_ALONE)
def test_left_as_it_was(source: str) -> None:
    assert formatted(source) == source


KEPT = [
    "select 1 -- a\n, 2 -- b",
    "-- before\nselect 1; -- after\n-- last",
    "select /* a */ /* b -- c */ 1 /* d */ -- e\n -- f\n from t",
    "select a -- x\n\n -- y\n from /* z */ t where -- w\n a = 1 and -- v\n b = 2",
    "insert into t -- rows\n values -- first\n (1 -- one\n ), (2)",
    "select f( -- open\n 1, /* two */ 2) -- close\n",
    "create table t ( -- columns\n a int, -- first\n b int -- second\n) -- done",
]


@pytest.mark.parametrize("source", KEPT)
def test_no_comment_is_lost_or_moved_past_a_token(source: str) -> None:
    def tokens(text: str) -> list[str]:
        return text.lower().replace(",", " , ").replace("(", " ( ").replace(")", " ) ").split()

    assert tokens(formatted(source)) == tokens(source)


def test_statements_on_one_line_are_parted_and_gaps_stay() -> None:
    assert formatted("select 1;select 2 ; select 3\n;\n\n\n select 4") == (
        "SELECT 1;\nSELECT 2 ;\nSELECT 3\n;\n\n\n SELECT 4"
    )
    assert formatted("") == ""
    assert formatted("-- nothing\n") == "-- nothing\n"


def test_a_source_that_cannot_be_read_is_told_where() -> None:
    with pytest.raises(StatementFailed) as caught:
        formatted("select 'a")
    assert caught.value.offset == 7


@pytest.mark.parametrize("unit", ["insert into t values (1, 'hello', 3.5);\n", "(", "a,", "select 1 from t where "])
def test_the_longest_source_takes_a_few_seconds_at_most(unit: str) -> None:
    source = "select " + (unit * 60_000)[:60_000]
    began = time.perf_counter()
    formatted(source)
    assert time.perf_counter() - began < 5
