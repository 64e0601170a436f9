"""Long cells are laid out without losing a token, and nothing in them becomes markup."""

import html
import json
import re

import pytest

from app.web.views.cell_views import MAX_DUMP_BYTES, array_tree, bytes_dump, json_tree

LONG = "y" * 80


def text_of(tree: str) -> str:
    """What a reader sees, without folds and without space outside quotes."""
    seen = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r'<span class="fold">[^<]*</span>', "", tree)))
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda found: found[1] or "", seen)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}',
        '{"a":1.5000,"b":[1,null,{"x":"<b>&\\"q\\"","deep":["' + LONG + '","z"]}],"c":"end"}',
        '{"a":123456789012345678901234567890,"a":1e-400,"b":{},"c":[],"d":"' + LONG + '"}',
        '["' + LONG + '","</td><script>alert(1)</script>","\\\\",true,false,"a, b: {c}"]',
        '"' + LONG + '"',
        "[" * 200 + "1" + "]" * 200,
    ],
)
def test_json_keeps_every_token(text: str) -> None:
    tree = json_tree(text)
    assert tree is not None
    assert text_of(tree) == text
    assert tree.count("<details") == tree.count("</details>")
    assert tree.count("<li>") == tree.count("</li>")
    assert "<script" not in tree


def test_long_parts_fold_and_short_ones_stay_on_a_line() -> None:
    tree = json_tree(json.dumps({"short": [1, 2, 3], "long": ["x" * 50, "x" * 50]}))
    assert tree is not None
    assert "2 keys" in tree
    assert "2 elements" in tree
    assert tree.count("<details") == 2


def test_a_type_that_is_only_named_json_is_left_alone() -> None:
    assert json_tree("}{") is None
    assert json_tree("[}") is None
    assert json_tree("((") is not None


@pytest.mark.parametrize(
    "text", ["{1,2,NULL}", '{{"a b","' + LONG + '"},{"q\\"","<i>"}}', '{"(1,x)","(2,\\"y, z\\")",' + LONG + "}"]
)
def test_arrays_keep_every_token(text: str) -> None:
    tree = array_tree(text)
    assert tree is not None
    assert text_of(tree) == text
    assert "<i>" not in tree


def test_arrays_with_bounds_are_left_alone() -> None:
    assert array_tree("[2:3]={1,2}") is None


def test_bytes_as_a_dump() -> None:
    dump = bytes_dump("\\x" + bytes(range(60, 80)).hex())
    assert dump is not None
    assert dump.splitlines() == [
        "00000000  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK",
        "00000010  4c 4d 4e 4f                                      LMNO",
    ]
    assert bytes_dump("abc\\000") is None
    long = bytes_dump("\\x" + "00" * (MAX_DUMP_BYTES + 3))
    assert long is not None
    assert long.endswith("… 3 bytes more")
