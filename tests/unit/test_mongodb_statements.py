"""Statements of a shell source: where they begin and end, and where a syntax error is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import StatementFailed
from app.core.results import Statement
from app.engines.mongodb.statements import Word, split, word_of

CASES: list[tuple[str, list[tuple[str, int, int]]]] = [
    ("", []),
    ("  \n;;\n// only a remark\n/* and another */", []),
    ("db.a.find()\ndb.b.find()", [("db.a.find()", 0, 1), ("db.b.find()", 12, 2)]),
    ("a; b;c", [("a;", 0, 1), ("b;", 3, 1), ("c", 5, 1)]),
    ("// first\nconst x = 1; x", [("const x = 1;", 9, 2), ("x", 22, 2)]),
    ("'é𝒳'; z", [("'é𝒳';", 0, 1), ("z", 6, 1)]),
    ("'\u2028𝒳'\nz", [("'\u2028𝒳'", 0, 1), ("z", 5, 2)]),
    ("x\n  .find()\n  .sort()", [("x\n  .find()\n  .sort()", 0, 1)]),
    ("x\n(1)", [("x\n(1)", 0, 1)]),
    ("function f() {\n  return 1\n}\nf()", [("function f() {\n  return 1\n}", 0, 1), ("f()", 28, 4)]),
    ("async function f() {}\nawait f()", [("async function f() {}", 0, 1), ("await f()", 22, 2)]),
    ("for await (const d of c) print(d)", [("for await (const d of c) print(d)", 0, 1)]),
    ("if (a) { b } else { c }\nd", [("if (a) { b } else { c }", 0, 1), ("d", 24, 2)]),
    ("{a: 1}", [("{a: 1}", 0, 1)]),
    ("({a: 1})", [("({a: 1})", 0, 1)]),
    ("`a;\nb`", [("`a;\nb`", 0, 1)]),
    ("a?.b ?? c; x ||= 2; 10n ** 2n", [("a?.b ?? c;", 0, 1), ("x ||= 2;", 11, 1), ("10n ** 2n", 20, 1)]),
    ("/a;b/.test('x'); y", [("/a;b/.test('x');", 0, 1), ("y", 17, 1)]),
    ("class A { #p = 1; static { } get x() { return 1 } }", [("class A { #p = 1; static { } get x() { return 1 } }", 0, 1)]),
    ("const {a, ...rest} = await f(); label: for (;;) break label", [("const {a, ...rest} = await f();", 0, 1), ("label: for (;;) break label", 32, 1)]),
    ("show collections\nuse my-shop\nit\nhelp\ndb.x.find()", [
        ("show collections", 0, 1), ("use my-shop", 17, 2), ("it", 29, 3), ("help", 32, 4), ("db.x.find()", 37, 5),
    ]),
    ("  show dbs ; \nx", [("show dbs ;", 2, 1), ("x", 14, 2)]),
    ("'a'\nuse é\n", [("'a'", 0, 1), ("use é", 4, 2)]),
    ("`\nshow collections\n`", [("`\nshow collections\n`", 0, 1)]),
    ("/*\nuse x\n*/ y", [("y", 12, 3)]),
    ("db.c.insertOne({use: 1, show: 2})", [("db.c.insertOne({use: 1, show: 2})", 0, 1)]),
    ("\r\na\r\nb", [("a", 2, 2), ("b", 5, 3)]),
    ("'\ud800'; x", [("'\ud800';", 0, 1), ("x", 5, 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), CASES, ids=[repr(c[0][:40]) for c in CASES])
def test_statements(source: str, expected: list[tuple[str, int, int]]) -> None:
    found = split(source)
    assert [(s.text, s.start, s.line) for s in found] == expected
    assert all(source[s.start : s.end] == s.text for s in found)


ERRORS = [
    ("let x = ;", 6),
    ("db.x.find({a: 1", 11),
    ("db.x.find({a: 1}))", 17),
    ("if (a { b }", 5),
    ("'é'\n}", 4),
    ("x = `unclosed", 4),
    ("db.users.find({ name 'x' })", 21),
    ("SELECT * FROM t", 9),
    ("for (;;) {", 10),
    ("1 +", 2),
    ("const s = 'abc", 11),
]


@pytest.mark.parametrize(("source", "offset"), ERRORS)
def test_a_syntax_error_points_at_its_place(source: str, offset: int) -> None:
    with pytest.raises(StatementFailed) as caught:
        split(source)
    assert caught.value.code == "SyntaxError"
    assert caught.value.offset == offset


@given(st.text(alphabet="abé𝒳(){}[];,.'\"`\n /*-=+:0", max_size=40))
def test_no_source_breaks_it(source: str) -> None:
    offset: int | None = 0
    statements: list[Statement] = []
    try:
        statements = split(source)
    except StatementFailed as exc:
        offset = exc.offset
    assert offset is not None
    assert 0 <= offset <= len(source)
    ends = [0, *(s.end for s in statements)]
    assert all(s.start >= end for s, end in zip(statements, ends, strict=False))
    assert all(source[s.start : s.end] == s.text for s in statements)


@pytest.mark.parametrize("depth", [100, 20_000])
def test_deep_nesting_is_read_or_refused(depth: int) -> None:
    assert len(split("[" * depth + "]" * depth)) == 1
    with pytest.raises(StatementFailed):
        split("(" * depth)


@pytest.mark.parametrize(
    "source", [f"show x{' ' * 256_000}y", f"use {'a' * 128_000}{' ' * 128_000}b", f"show{' ' * 256_000}!"]
)
def test_long_lines_are_split_soon(source: str) -> None:
    began = time.process_time()
    with pytest.raises(StatementFailed):
        split(source)
    assert time.process_time() - began < 2


def test_words() -> None:
    assert word_of("show collections") == Word("show", "collections")
    assert word_of(" use my-shop ;") == Word("use", "my-shop")
    assert word_of("it") == Word("it", "")
    assert word_of("help;") == Word("help", "")
    assert word_of("items") is None
    assert word_of("it.next()") is None
    assert word_of("show(collections)") is None
