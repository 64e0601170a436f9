"""Documents as one line and as a table."""

from typing import Any

import pytest

from app.core.extended_json import one_line
from app.web.views.document_tables import document_table
from app.web.views.document_trees import document_tree

LINES: list[tuple[Any, str]] = [
    (None, "null"),
    (True, "true"),
    ("it's", "'it\\'s'"),
    ('say "x"', "'say \"x\"'"),
    ([], "[]"),
    ({}, "{}"),
    ([1, {"a": []}], "[ 1, { a: [] } ]"),
    ({"a b": 1, "$x": 2}, "{ 'a b': 1, $x: 2 }"),
    ({"$numberInt": "5"}, "5"),
    ({"$numberDouble": "NaN"}, "NaN"),
    ({"$oid": "507f1f77bcf86cd799439011"}, "ObjectId('507f1f77bcf86cd799439011')"),
    ({"$date": {"$numberLong": "0"}}, "ISODate('1970-01-01T00:00:00.000Z')"),
    ({"$date": {"$numberLong": "99999999999999999"}}, "{ $date: Long('99999999999999999') }"),
    ({"$date": 5}, "{ $date: 5 }"),
    ({"$oid": {"x": 1}}, "{ $oid: { x: 1 } }"),
]


@pytest.mark.parametrize(("data", "text"), LINES)
def test_one_line(data: Any, text: str) -> None:
    assert one_line(data) == text


def test_plain_json_has_no_types() -> None:
    assert one_line({"$oid": "x"}, typed=False) == "{ $oid: 'x' }"


def test_the_union_of_fields_with_paths() -> None:
    table = document_table(
        [
            {"a": {"$numberInt": "1"}, "in": {"x": "y"}, "_id": {"$oid": "0" * 24}},
            {"_id": {"$oid": "1" * 24}, "b": None, "in": {"x": "z", "deep": {"l": [1]}}},
        ]
    )
    assert [(c.name, c.type) for c in table.columns] == [
        ("_id", "objectId"), ("a", "number"), ("in.x", "string"), ("in.deep.l", "array"), ("b", "null"),
    ]  # fmt: skip
    first, second = ([cell and (cell.kind, cell.text) for cell in row] for row in table.rows)
    assert first == [("t", "0" * 24), ("b", "1"), ("s", "y"), None, None]
    assert second == [("t", "1" * 24), None, ("s", "z"), ("long", "[ 1 ]"), ("n", "null")]


def test_mixed_columns_keep_their_constructors() -> None:
    table = document_table([{"v": {"$numberLong": "1"}}, {"v": "1"}, {"v": {"$date": {"$numberLong": "0"}}}])
    assert table.columns[0].type == "date | number | string"
    assert [row[0].text for row in table.rows if row[0]] == ["Long('1')", "1", "ISODate('1970-01-01T00:00:00.000Z')"]


def test_bounds() -> None:
    wide = document_table([{f"f{i}": i for i in range(80)}])
    assert (len(wide.columns), wide.left_out) == (60, 20)
    deep: dict[str, Any] = {"x": 1}
    for _ in range(50):
        deep = {"d": deep}
    assert [c.name for c in document_table([deep]).columns] == ["d.d.d.d"]
    (row,) = document_table([{"t": "x" * 5000}]).rows
    assert row[0] is not None
    assert len(row[0].text) == 301
    assert document_table(["text", 5, {}], typed=False).columns[0].name == "value"


TREES: list[tuple[Any, bool, str]] = [
    ("<b>", True, "<span class=\"s\">'&lt;b&gt;'</span>"),
    ({"a": 1}, True, '<details open><summary>{<span class="fold">1 field }</span></summary><ul><li><span class="k">a</span>: <span class="b">1</span></li></ul>}</details>'),
    ([{"a": {"$oid": "x"}}], True, '<li>{ <span class="k">a</span>: <span class="t">ObjectId(<span class="s">\'x\'</span>)</span> }</li>'),
    ([{"a": {"$oid": "x"}}], False, "<span class=\"k\">'$oid'</span>"),
    ({"$oid": {"<": 1}}, True, '<span class="t">{&#34;$oid&#34;: {&#34;&lt;&#34;: 1}}</span>'),
    ({"$binary": {"base64": "AA==", "subType": "zz"}}, True, "Binary.createFromBase64(<span class=\"s\">'AA=='</span>, 0)"),
    ({"$timestamp": {"t": "<i>", "i": 1}}, True, '&lt;i&gt;'),
    ({"$regularExpression": {"pattern": "</span>", "options": "i"}}, True, '/&lt;/span&gt;/i'),
    ({"<script>": "x" * 500}, True, '<summary>all 500 characters</summary>'),
]  # fmt: skip


@pytest.mark.parametrize(("value", "typed", "part"), TREES)
def test_a_tree(value: Any, typed: bool, part: str) -> None:
    tree = document_tree(value, typed)
    assert part in tree
    assert "<script" not in tree


def test_a_deep_tree_ends() -> None:
    deep: Any = "x" * 100
    for _ in range(180):
        deep = {"d": [deep]}
    assert document_tree(deep).count("<details") <= 41
