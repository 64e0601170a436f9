"""Hostile DynamoDB sources as they are read, before any server: in a time that grows with their length, and with errors in words."""

import pytest

from app.core.errors import StatementError, StatementFailed
from app.engines.dynamodb import model
from app.engines.dynamodb.checking.checks import check
from app.engines.dynamodb.partiql import partiql
from app.engines.dynamodb.partiql.lexer import PartiqlError
from app.engines.dynamodb.sources.statements import is_call, read_call, split

LENGTH = 256_000
MAX_S = 10
PYTHON = "x.put_item(Item={'pk': "
JAVASCRIPT = "new PutItemCommand({ TableName: 'things', Item: { a: "

REPEATED = {
    "comments never closed": ("", "/* "),
    "comments never closed, a line each": ("SELECT * FROM things WHERE ", "\n/*"),
    "comments never closed in a call": ("Scan { ", "/* "),
    "comments never closed in a program": ("x.put_item(", "/*\n"),
    "comments never closed after a command": ("aws dynamodb scan ", " /*\n"),
    "escaped quotes in a program": ("x.put_item(", "\\'"),
    "escaped quotes in JavaScript": (JAVASCRIPT, '\\"'),
    "escaped quotes in a call": ("Scan { ", "\\'"),
    "escaped backquotes": ("x.put_item(", "\\`"),
    "names with commas, a line each": ("SELECT * FROM things WHERE ", "\na,"),
    "brackets": ("x.put_item(", "("),
    "points": ("", "a."),
    "calls of nothing": ("x", ".y()"),
    "quotes": ("SELECT ", "'"),
    "three quotes": ("x.put_item(", "'''"),
    "backslashes": ("aws dynamodb scan ", " \\ "),
    "options": ("aws dynamodb scan ", "--a "),
    "shorthand that closes nothing": ("aws dynamodb get-item --table-name things --key k=", "x],a="),
}


def read(source: str) -> StatementError | None:
    """What is said of the first statement that can't be read or checked."""
    try:
        for statement in split(source):
            if is_call(statement):
                call = read_call(statement)
                if call.operation != model.NOTHING:
                    check(call, "1" * 12)
    except StatementError as exc:
        return exc
    return None


@pytest.mark.timeout(MAX_S)
@pytest.mark.parametrize("what", REPEATED)
def test_a_source_is_read_in_a_time_that_grows_with_its_length(what: str) -> None:
    start, part = REPEATED[what]
    read(start + part * ((LENGTH - len(start)) // len(part)))


@pytest.mark.timeout(MAX_S)
@pytest.mark.parametrize(
    "source",
    [
        "x.scan()" + "\n" * (LENGTH - 10) + ".a",
        f"{PYTHON}[{'1.5,' * 24_000}]}})",
        f"{JAVASCRIPT}[{'1.5,' * 24_000}]}}}})",
        "x.scan(FilterExpression=Attr('[%9999999999s]a').eq(1))",
        f"x.scan(FilterExpression=Attr('{'a' * 90_000}]').eq(1))",
        f"x.scan(FilterExpression=Attr('{'a.' * 45_000}b').eq(1))",
        "x.scan(FilterExpression=" + " & ".join(["Attr('{}').eq(1)".format("a." * 499 + "b")] * 59) + ")",
    ],
    ids=lambda source: source[:40].strip(),
)
def test_so_is_one_of_a_kind_of_its_own(source: str) -> None:
    read(source)


@pytest.mark.parametrize("source", ["/* a", "Scan { TableName: 'abc' }\n/* b", "SELECT * FROM a /* c", "Scan /* d"])
def test_a_comment_that_is_never_closed_is_told(source: str) -> None:
    with pytest.raises((StatementFailed, PartiqlError), match="This comment is never closed") as caught:
        partiql.parse(split(source)[-1].text, [])
    assert caught.value.offset == source.index("/*")


TYPOS = {
    "x.scan(FilterExpression=Attr('a'))": "FilterExpression=",
    "x.scan(FilterExpression=Attr('a').size())": "FilterExpression=",
    "x.scan(FilterExpression=Attr('a') & Attr('b').eq(1))": "Attr('a') &",
    "x.scan(FilterExpression=Attr('a').eq(1) | Attr('b'))": "Attr('a').eq(1) |",
    "x.scan(FilterExpression=~Attr('a'))": "~",
    "x.scan(FilterExpression=Attr('a').is_in(True))": "FilterExpression=",
    "x.scan(FilterExpression=Attr('a').is_in([Attr('b')]))": "Attr('b')",
    "x.scan(FilterExpression=Attr('a').eq({'b': Attr('c').eq(1)}))": "Attr('c')",
    "x.scan(FilterExpression=Attr('').eq(1))": "Attr('')",
    "x.scan(FilterExpression=Attr('a[%d]').eq(1))": "Attr('a[%d]')",
    "x.scan(FilterExpression=Attr('[%9999999999s]a').eq(1))": "Attr('[",
    "x.scan(FilterExpression=Attr('a').eq(1), ExpressionAttributeNames='b')": "ExpressionAttributeNames",
    "x.scan(FilterExpression=Attr('a').eq(1), ExpressionAttributeValues=[1])": "ExpressionAttributeValues",
    "x.query(KeyConditionExpression=Attr('a').eq(1))": "KeyConditionExpression",
    "x.put_item(Item={'a': Attr('b')})": "Attr('b')",
    "x.put_item(Item=Attr('b').eq(1))": "Attr('b')",
    "x.put_item(TableName=Key('abc'))": "Key('abc')",
    f"x.put_item(Item={{'a': 0x{'f' * 5_000}}})": "0x",
    f"x.scan(Limit=1{'+1' * 2_000})": "1+1",
    f"x.scan(TableName=a{'.b' * 2_000})": "a.b",
    "x.put_item(TableName='abc', Item={'a': set([[1], [2]])})": "'a':",
    f"{JAVASCRIPT}0x{'f' * 5_000} }} }})": "0x",
    f"{JAVASCRIPT}Buffer.from('\u00e9', 'base64') }} }})": "Buffer",
    f"{JAVASCRIPT}{'BigInt(' * 2_000}1{')' * 2_000} }} }})": None,
    f"{JAVASCRIPT}{'new Set(' * 2_000}[]{')' * 2_000} }} }})": None,
    f"{JAVASCRIPT}new Set([new Set([1])]) }} }})": "a: new",
    f"PutItem {{ TableName: 'abc', Item: {{ a: 0x{'f' * 5_000} }} }}": "0x",
    "aws dynamodb scan --table-name abc --max-items \u00b2": "\u00b2",
    f"aws dynamodb scan --table-name abc --max-items {'9' * 5_000}": "999",
    # names that stand for names: nothing but a table is ever named, so nothing grows
    "x.put_item(TableName='abc', Item={'a': [b, b]})": "b, b",
    "new PutItemCommand({ TableName: 'abc', Item: { a: [b, b] } })": "b, b",
}
"""What is written wrong, and where it is told."""


@pytest.mark.parametrize("source", TYPOS, ids=lambda source: source[:60])
def test_a_typo_is_told_where_it_stands(source: str) -> None:
    error = read(source)
    assert isinstance(error, StatementFailed), error
    assert len(error.message) < 600
    assert error.offset is not None
    if at := TYPOS[source]:
        assert source[error.offset :].startswith(at), source[error.offset :][:80]


def test_paths_of_any_spelling_are_conditions() -> None:
    source = """x.scan(TableName="abc", FilterExpression=Attr("100%.a b[3].c-d").eq(Attr("e")) & ~Attr("f").size().gt(1.50))"""
    call = read_call(split(source)[0])
    assert call.parameters["FilterExpression"] == "(#n0.#n1[3].#n2 = #n3 AND (NOT size(#n4) > :v0))"
    assert call.parameters["ExpressionAttributeNames"] == {
        "#n0": "100%",
        "#n1": "a b",
        "#n2": "c-d",
        "#n3": "e",
        "#n4": "f",
    }
    assert call.parameters["ExpressionAttributeValues"] == {":v0": "1.50"}
