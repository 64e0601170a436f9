"""AttributeValues from plain values and back, and their sizes."""

import json

import pytest

from app.engines.dynamodb.sources import json5
from app.engines.dynamodb.values import ValueProblem, item_size, plain, size, typed, wire


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("'x'", {"S": "x"}),
        ("''", {"S": ""}),
        ("1", {"N": "1"}),
        ("1.50", {"N": "1.50"}),
        ("true", {"BOOL": True}),
        ("null", {"NULL": True}),
        ("[]", {"L": []}),
        ("{}", {"M": {}}),
        ("[1, 'a', [true]]", {"L": [{"N": "1"}, {"S": "a"}, {"L": [{"BOOL": True}]}]}),
        ("{a: {b: null}}", {"M": {"a": {"M": {"b": {"NULL": True}}}}}),
        ("{S: 'x'}", {"S": "x"}),
        ("{N: '5'}", {"N": "5"}),
        ("{N: 5}", {"N": "5"}),
        ("{BOOL: false}", {"BOOL": False}),
        ("{NULL: true}", {"NULL": True}),
        ("{B: 'AAEC'}", {"B": b"\x00\x01\x02"}),
        ("{SS: ['a', 'b']}", {"SS": ["a", "b"]}),
        ("{NS: [1, '2']}", {"NS": ["1", "2"]}),
        ("{BS: ['AA==']}", {"BS": [b"\x00"]}),
        ("{L: [{S: 'a'}, 1]}", {"L": [{"S": "a"}, {"N": "1"}]}),
        ("{M: {a: {N: '1'}, b: 'x'}}", {"M": {"a": {"N": "1"}, "b": {"S": "x"}}}),
        ("{S: 5}", {"M": {"S": {"N": "5"}}}),
        ("{L: 'large'}", {"M": {"L": {"S": "large"}}}),
        ("{S: 'x', N: '1'}", {"M": {"S": {"S": "x"}, "N": {"S": "1"}}}),
        ("{s: 'x'}", {"M": {"s": {"S": "x"}}}),
        ("{BOOL: 'yes'}", {"M": {"BOOL": {"S": "yes"}}}),
    ],
)
def test_typed(source: str, expected: dict[str, object]) -> None:
    assert typed(json5.read(source).value) == expected


def test_nesting_over_32_levels_is_refused_in_dynamodbs_words() -> None:
    typed(json5.read("[" * 31 + "1" + "]" * 31).value)
    with pytest.raises(ValueProblem, match="Nesting Levels have exceeded supported limits"):
        typed(json5.read("[" * 33 + "]" * 33).value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"S": "x"}, "x"),
        ({"N": "1"}, 1),
        ({"N": "1.0"}, 1),
        ({"N": "-0.25"}, -0.25),
        ({"N": "0.1"}, 0.1),
        ({"N": "9007199254740991"}, 9007199254740991),
        ({"N": "9007199254740993"}, "9007199254740993"),
        ({"N": "12345678901234567890123456789012345678"}, "12345678901234567890123456789012345678"),
        ({"N": "0.1234567890123456789"}, "0.1234567890123456789"),
        ({"N": "1E+125"}, "1E+125"),
        ({"BOOL": False}, False),
        ({"NULL": True}, None),
        ({"B": "AAEC"}, "AAEC"),
        ({"SS": ["a"]}, ["a"]),
        ({"NS": ["1", "2.5"]}, [1, 2.5]),
        ({"BS": ["AA=="]}, ["AA=="]),
        ({"L": [{"N": "1"}, {"M": {"a": {"S": "b"}}}]}, [1, {"a": "b"}]),
    ],
)
def test_plain(value: dict[str, object], expected: object) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    json.dumps(found)


def test_wire_makes_binary_base64() -> None:
    assert wire({"a": {"B": b"\x00\x01\x02"}, "b": {"BS": [b"\x00"]}}) == {"a": {"B": "AAEC"}, "b": {"BS": ["AA=="]}}


@pytest.mark.parametrize(
    ("value", "bytes_"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é"}, 2),
        ({"N": "0"}, 1),
        ({"N": "12"}, 2),
        ({"N": "-123.45"}, 4),
        ({"B": b"abc"}, 3),
        ({"B": "AAEC"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "bc"]}, 3),
        ({"L": [{"S": "a"}]}, 5),
        ({"M": {"k": {"S": "a"}}}, 6),
    ],
)
def test_size(value: dict[str, object], bytes_: int) -> None:
    assert size(value) == bytes_
    assert item_size({"name": value}) == bytes_ + 4
