"""Every kind of value as the server's own text: what psql prints. The session is as a sandbox has it: UTC, ISO dates."""

from tests.engines.test_postgres_support import Visitor, ada  # noqa: F401

# ruff: noqa: F811

SEED = r"""
    CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION vector; CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
    CREATE DOMAIN short AS text CHECK (length(value) < 5);
    CREATE TYPE pair AS (a int, b text);
    CREATE TYPE nested AS (p pair, ps pair[]);
    CREATE TYPE floats AS RANGE (subtype = float8);
    CREATE TABLE rel (a int, b mood);
    INSERT INTO rel VALUES (1, 'sad');
    CREATE FUNCTION quiet() RETURNS void LANGUAGE sql AS '';
"""
VALUES = [
    ("32767::smallint", "32767"),
    ("(-2147483648)::int", "-2147483648"),
    ("9223372036854775807::bigint", "9223372036854775807"),
    ("123456789012345678901234567890.123456789::numeric", "123456789012345678901234567890.123456789"),
    ("1.5000::numeric(10,4)", "1.5000"),
    ("'NaN'::numeric", "NaN"),
    ("'-Infinity'::numeric", "-Infinity"),
    ("1e-20::numeric", "0.00000000000000000001"),
    ("0.1::float4", "0.1"),
    ("0.1::float8 + 0.2", "0.30000000000000004"),
    ("'-Infinity'::float8", "-Infinity"),
    ("'NaN'::float4", "NaN"),
    ("'-0'::float8", "-0"),
    ("1e-300::float8", "1e-300"),
    ("1e15::float8", "1e+15"),
    ("12.5::money", "$12.50"),
    ("(-1234567.891)::money", "-$1,234,567.89"),
    ("true", "t"),
    ("false", "f"),
    ("null", None),
    ("null::int[]", None),
    ("''", ""),
    ("' a '", " a "),
    ("'ab'::char(4)", "ab  "),
    (r"E'a\tb\nc\x01\x7f'", "a\tb\nc\x01\x7f"),
    (r"E'\u2028é😀'", "\u2028é😀"),
    ("'a\\b'", "a\\b"),
    ("'x'::\"char\"", "x"),
    ("'some name'::name", "some name"),
    ("'Ab'::citext", "Ab"),
    (r"'\xdeadbeef00'::bytea", r"\xdeadbeef00"),
    ("''::bytea", r"\x"),
    ("uuid '00000000-0000-0000-0000-00000000000A'", "00000000-0000-0000-0000-00000000000a"),
    ("'0044-03-15 BC'::date", "0044-03-15 BC"),
    ("'infinity'::date", "infinity"),
    ("'294276-12-31'::timestamp", "294276-12-31 00:00:00"),
    ("'2024-02-29 12:34:56.789'::timestamp", "2024-02-29 12:34:56.789"),
    ("'2020-02-29 12:00+02'::timestamptz", "2020-02-29 10:00:00+00"),
    ("'-infinity'::timestamptz", "-infinity"),
    ("'0001-01-01 00:00 BC'::timestamptz", "0001-01-01 00:00:00+00 BC"),
    ("'24:00'::time", "24:00:00"),
    ("'12:00:00.000001'::time", "12:00:00.000001"),
    ("'12:00+05:30'::timetz", "12:00:00+05:30"),
    ("interval '1 year 2 days 3 seconds'", "1 year 2 days 00:00:03"),
    ("interval '-1 mon +25:00:00.5'", "-1 mons +25:00:00.5"),
    ("interval 'infinity'", "infinity"),
    ("interval '0'", "00:00:00"),
    ('\'{"b": 1,   "a": [1, null]}\'::json', '{"b": 1,   "a": [1, null]}'),
    ('\'{"b": 1,   "a": [1, null]}\'::jsonb', '{"a": [1, null], "b": 1}'),
    ("'1.50'::jsonb", "1.50"),
    ("'null'::jsonb", "null"),
    ("'$.a[*] ? (@ > 1)'::jsonpath", '$."a"[*]?(@ > 1)'),
    ("array[[1, 2], [3, null]]", "{{1,2},{3,NULL}}"),
    ("'{}'::text[]", "{}"),
    ("array['a b', '', 'NULL', null, 'q\"\\,']", '{"a b","","NULL",NULL,"q\\"\\\\,"}'),
    ("'[2:3]={1,2}'::int[]", "[2:3]={1,2}"),
    ("array[row(1, 'x')::pair]", '{"(1,x)"}'),
    ("row(1, 'a b', null)", '(1,"a b",)'),
    ("row(1, 'a\"b')::pair", '(1,"a""b")'),
    ("row(row(1, 'x'), array[row(2, 'y z')::pair])::nested", '("(1,x)","{""(2,\\\\""y z\\\\"")""}")'),
    ("row()", "()"),
    ("(select rel from rel)", "(1,sad)"),
    ("'it''s ok'::mood", "it's ok"),
    ("array['sad', 'it''s ok']::mood[]", '{sad,"it\'s ok"}'),
    ("'abc'::short", "abc"),
    ("int4range(1, 5, '[]')", "[1,6)"),
    ("'empty'::int8range", "empty"),
    ("numrange(null, 1.50)", "(,1.50)"),
    ("tstzrange('2024-01-01', 'infinity')", '["2024-01-01 00:00:00+00",infinity)'),
    ("'[1.5,2)'::floats", "[1.5,2)"),
    ("'{[1,2), [5,6)}'::int4multirange", "{[1,2),[5,6)}"),
    ("'{}'::datemultirange", "{}"),
    ("point(1, 2.5)", "(1,2.5)"),
    ("'{1,2,3}'::line", "{1,2,3}"),
    ("'[(0,0),(1,1)]'::lseg", "[(0,0),(1,1)]"),
    ("'(0,0),(1,1)'::box", "(1,1),(0,0)"),
    ("'[(0,0),(1,1)]'::path", "[(0,0),(1,1)]"),
    ("'((0,0),(1,1),(1,0))'::polygon", "((0,0),(1,1),(1,0))"),
    ("'<(1,2),3>'::circle", "<(1,2),3>"),
    ("inet '192.168.0.1/24'", "192.168.0.1/24"),
    ("inet '::1'", "::1"),
    ("cidr '10/8'", "10.0.0.0/8"),
    ("macaddr '08002b:010203'", "08:00:2b:01:02:03"),
    ("macaddr8 '08:00:2b:01:02:03'", "08:00:2b:ff:fe:01:02:03"),
    ("b'101'", "101"),
    ("b'10'::bit varying(5)", "10"),
    ("to_tsvector('english', 'fat cats')", "'cat':2 'fat':1"),
    ("'fat & (rat | !cat:*)'::tsquery", "'fat' & ( 'rat' | !'cat':* )"),
    ("'a=>1, b=>NULL'::hstore", '"a"=>"1", "b"=>NULL'),
    ("'a.b_c'::ltree", "a.b_c"),
    ("'a.*{1,2}'::lquery", "a.*{1,2}"),
    ("'[1,2.5,-3]'::vector", "[1,2.5,-3]"),
    ("null::xml", None),
    ("4294967295::oid", "4294967295"),
    ("'rel'::regclass", "rel"),
    ("'int4'::regtype", "integer"),
    ("'quiet()'::regprocedure", "quiet()"),
    ("'pg_catalog'::regnamespace", "pg_catalog"),
    ("'16/B374D848'::pg_lsn", "16/B374D848"),
    ("'10:20:10,14,15'::pg_snapshot", "10:20:10,14,15"),
    ("'(1,2)'::tid", "(1,2)"),
    ("'7'::xid8", "7"),
    ("quiet()", None),
    ("pg_sleep(0)", ""),
    ("null::pg_class", None),
    ("'1 2'::int2vector", "1 2"),
    ("array[array[]::int[]]", "{}"),
]


async def test_values_are_the_servers_own_text(ada: Visitor) -> None:
    await ada.must(SEED)
    for expression, text in VALUES:
        assert (await ada.must(f"SELECT {expression}")).value == text, expression
    assert len(VALUES) > 100


async def test_settings_of_the_session_shape_the_text(ada: Visitor) -> None:
    await ada.must("SET datestyle = 'German'; SET intervalstyle = 'iso_8601'; SET bytea_output = 'escape'")
    await ada.must("SET timezone = 'Asia/Kolkata'; SET extra_float_digits = -10")
    ran = await ada.must(
        "SELECT date '2024-02-01', interval '1 day', '\\x6101'::bytea, timestamptz '2024-01-01 00:00Z', 0.1::float8 + 0.2"
    )
    assert ran.rows == [["01.02.2024", "P1D", "a\\001", "01.01.2024 05:30:00 IST", "0.3"]]


async def test_whole_catalogs_can_be_read(ada: Visitor) -> None:
    await ada.must(SEED)
    await ada.must("INSERT INTO rel SELECT 1 FROM generate_series(1, 50); ANALYZE rel")
    catalogs = (
        "pg_stats",
        "pg_statistic_ext",
        "pg_type",
        "pg_class",
        "pg_proc",
        "pg_settings",
        "pg_index",
        "pg_constraint",
    )
    for name in (*catalogs, "pg_operator", "pg_stat_activity", "pg_cast", "information_schema.columns"):
        ran = await ada.must(f"SELECT * FROM {name} LIMIT 300")
        assert ran.results[0].kind == "rows", name
    most_common = await ada.must(
        "SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'rel' AND attname = 'a'"
    )
    assert most_common.rows == [["{1}", None]]


async def test_a_value_of_a_type_that_was_made_again(ada: Visitor) -> None:
    for labels in ("'a', 'b'", "'b', 'c'"):
        ran = await ada.must(f"CREATE TYPE letter AS ENUM ({labels}); SELECT array['b']::letter[], 'b'::letter")
        assert ran.rows == [["{b}", "b"]]
        await ada.must("DROP TYPE letter")
    await ada.must("CREATE TABLE t (a int); BEGIN; CREATE TYPE gone AS (x t); ROLLBACK")
    assert (await ada.must("SELECT null::t, t FROM t RIGHT JOIN (VALUES (1)) v ON true")).rows == [[None, None]]
