"""Replies by their types: the shape the engine tells, and the tables, trees and dumps the page makes of them."""

from typing import Any

import pytest

from app.engines.redis.commands import arguments
from app.engines.redis.replies import Reply, as_json
from app.engines.redis.shapes import shape_of
from app.web.views.reply_view import ReplyView, reply_view


def bulk(text: str | bytes) -> Reply:
    return Reply("string", text.encode() if isinstance(text, str) else text)


def array(*items: Any) -> Reply:
    return Reply("array", [item if isinstance(item, Reply) else bulk(item) for item in items])


def double(text: str) -> Reply:
    return Reply("double", text.encode())


def view_of(line: str, reply: Reply) -> ReplyView | None:
    shape = shape_of(arguments(line), reply)
    return reply_view(as_json(reply) | ({"shape": shape.as_json()} if shape else {}))


NIL = Reply("nil", None)


@pytest.mark.parametrize(
    ("line", "reply", "columns", "rows"),
    [
        ("HGETALL h", Reply("map", [(bulk("f"), bulk("v")), (bulk("g"), bulk(""))]), ["field", "value"], [["f", "v"], ["g", ""]]),
        ("HGETALL h", array("f", "v", "g", "w"), ["field", "value"], [["f", "v"], ["g", "w"]]),
        ("ZRANGE z 0 -1 WITHSCORES", array(array("a", double("1.5")), array("b", double("inf"))), ["member", "score"], [["a", "1.5"], ["b", "inf"]]),
        ("ZRANGE z 0 -1 WITHSCORES", array("a", "1.5"), ["member", "score"], [["a", "1.5"]]),
        ("ZRANGE z 0 -1", array("a", "b"), ["index", "value"], [["0", "a"], ["1", "b"]]),
        ("ZPOPMIN z", array("a", double("0.1")), ["member", "score"], [["a", "0.1"]]),
        ("SMEMBERS s", Reply("set", [bulk("a")]), ["member"], [["a"]]),
        ("LRANGE l 0 -1", array("a", NIL), ["index", "value"], [["0", "a"], ["1", None]]),
        ("XRANGE s - +", array(array("1-1", array("a", "1")), array("1-2", array("b", "2"))), ["id", "a", "b"], [["1-1", "1", None], ["1-2", None, "2"]]),
        ("XREADGROUP GROUP g c STREAMS s 0", array(array("s", array(array("1-1", NIL)))), ["id"], [["1-1"]]),
        ("XREAD STREAMS s 0", Reply("map", [(bulk("s"), array(array("1-1", array("a", "1"))))]), ["id", "a"], [["1-1", "1"]]),
        ("GEOPOS g a b", array(array(double("1.5"), double("2")), NIL), ["longitude", "latitude"], [["1.5", "2"], [None, None]]),
        ("GEOSEARCH g FROMMEMBER a BYRADIUS 1 km WITHCOORD WITHDIST", array(array("a", "0.5", array(double("1"), double("2")))), ["member", "distance", "longitude", "latitude"], [["a", "0.5", "1", "2"]]),
        ("VSIM v ELE a WITHSCORES", Reply("map", [(bulk("a"), double("1"))]), ["element", "score"], [["a", "1"]]),
        ("MGET a", array(bulk(b"\xff\x00")), ["index", "value"], [["0", "\\xff00"]]),
        ("EXEC", array(Reply("status", b"OK"), Reply("error", b"ERR no"), Reply("boolean", True)), ["index", "value"], [["0", "OK"], ["1", "(error) ERR no"], ["2", "true"]]),
        ("CONFIG GET x", array("x", "1"), ["field", "value"], [["x", "1"]]),
    ],
)  # fmt: skip
def test_tables(line: str, reply: Reply, columns: list[str], rows: list[list[str | None]]) -> None:
    view = view_of(line, reply)
    assert view is not None
    (table,) = view.tables
    assert [column["name"] for column in table.columns] == columns
    assert table.rows == rows


def test_json_in_a_column_is_laid_out() -> None:
    view = view_of("HGETALL h", Reply("map", [(bulk("a"), bulk('{"x": 1}')), (bulk("b"), bulk("[1]"))]))
    assert view is not None
    assert [column["type"] for column in view.tables[0].columns] == ["string", "json"]


def test_single_values() -> None:
    view = view_of("GET k", bulk('{"a": [1, 2]}'))
    assert view is not None
    assert view.json == '{"a": [1, 2]}'
    view = view_of("GET k", bulk(b"\xff"))
    assert view is not None
    assert view.dump == "\\xff"
    for reply in (bulk("text"), bulk("{not json"), bulk(""), NIL, Reply("integer", 1), Reply("array", [])):
        assert view_of("GET k", reply) is None


def test_what_is_nested_is_a_tree() -> None:
    reply = array(array("a", Reply("integer", 1)), Reply("map", [(bulk("k"), Reply("error", b"ERR no"))]))
    view = view_of("EVAL x 0", reply)
    assert view is not None
    assert view.is_plain
    assert view.plain == [["a", 1], {"k": {"error": "ERR no"}}]


def test_many_fields_are_one_column_and_many_rows_are_cut() -> None:
    entry = array("1-1", array(*(text for number in range(13) for text in (f"f{number}", "v"))))
    view = view_of("XRANGE s - +", array(entry))
    assert view is not None
    assert [column["name"] for column in view.tables[0].columns] == ["id", "fields"]
    view = view_of("LRANGE l 0 -1", array(*("x" for _ in range(600))))
    assert view is not None
    assert (len(view.tables[0].rows), view.tables[0].left_out) == (500, 100)


def test_odd_entries_do_no_harm() -> None:
    for reply in (
        array(array("1-1", array("odd"))),
        array(array("1-1")),
        array(array("not an id", array())),
        array(array("1-1", array(array("x"), "y"))),
        Reply("map", [(array("a"), NIL), (Reply("map", []), bulk("x"))]),
    ):
        for line in (
            "XRANGE s - +",
            "XREAD STREAMS s 0",
            "GEOPOS g a",
            "HGETALL h",
            "ZRANGE z 0 1 WITHSCORES",
            "EVAL x 0",
        ):
            view_of(line, reply)


def test_what_is_laid_out_as_a_tree_is_bounded() -> None:
    text = view_of("GET k", bulk("[" + "1," * 30_000 + "1]"))
    assert text == ReplyView(cut=text.cut if text else "")
    assert text.cut.startswith("JSON is laid out up to 50,000 characters; this has 60,003.")
    members = view_of("EXEC", array(*(array("x" * 996) for _ in range(60))))
    assert members is not None
    assert members.plain == [["x" * 996]] * 50, "1,000 characters each"
    assert members.cut.startswith("10 of 60 left out: 50,000 characters")
    one = view_of("EXEC", array(array("x" * 60_000)))
    assert one is not None
    assert (one.is_plain, one.cut.startswith("1 of 1 left out")) == (False, True)
    small = view_of("EXEC", array(array("x"), Reply("map", [(bulk("a"), array("b"))])))
    assert small is not None
    assert (small.plain, small.cut) == ([["x"], {"a": ["b"]}], "")
