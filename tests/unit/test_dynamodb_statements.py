"""DynamoDB sources into statements, and their parameters."""

import pytest

from app.core.errors import StatementError, StatementFailed, StatementRefused
from app.engines.dynamodb.checking.checks import check
from app.engines.dynamodb.sources import json5
from app.engines.dynamodb.sources.json5 import Json5Error, Number
from app.engines.dynamodb.sources.statements import is_call, read_call, split


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("", []),
        (" \n;; -- nothing\n // nor here\n /* or here; */ ;", []),
        ("SELECT * FROM t", ["SELECT * FROM t"]),
        ("SELECT * FROM t;", ["SELECT * FROM t"]),
        ("SELECT 1; SELECT 2 ;\nSELECT 3", ["SELECT 1", "SELECT 2", "SELECT 3"]),
        ("SELECT * FROM t WHERE a = ';'", ["SELECT * FROM t WHERE a = ';'"]),
        ("SELECT * FROM t WHERE a = 'it''s; so'; SELECT 2", ["SELECT * FROM t WHERE a = 'it''s; so'", "SELECT 2"]),
        ('SELECT * FROM "a;b"; SELECT 2', ['SELECT * FROM "a;b"', "SELECT 2"]),
        ("SELECT 1 -- a; b\n; SELECT 2", ["SELECT 1 -- a; b", "SELECT 2"]),
        ("SELECT 1 /* ; */; SELECT 2", ["SELECT 1 /* ; */", "SELECT 2"]),
        ("ListTables", ["ListTables"]),
        ("ListTables; ListTables\nListTables {}", ["ListTables", "ListTables", "ListTables {}"]),
        ("Scan {a: {b: 1}} Scan {}", ["Scan {a: {b: 1}}", "Scan {}"]),
        ("Scan\n\n{\n}", ["Scan\n\n{\n}"]),
        ("Scan // the lot\n{ }", ["Scan // the lot\n{ }"]),
        ("""Scan {a: "}"} Scan {a: '}'}""", ["""Scan {a: "}"}""", "Scan {a: '}'}"]),
        ('Scan {a: "\\"}"}', ['Scan {a: "\\"}"}']),
        ("Scan {a: 1 // }\n}", ["Scan {a: 1 // }\n}"]),
        ("Scan {a: 1 /* } */}", ["Scan {a: 1 /* } */}"]),
        ("SELECT * FROM t\nScan {}", ["SELECT * FROM t", "Scan {}"]),
        ("SELECT * FROM t\n  WHERE a = 1\n\nPutItem {}", ["SELECT * FROM t\n  WHERE a = 1", "PutItem {}"]),
        ("INSERT INTO t VALUE\n{'a': 1}", ["INSERT INTO t VALUE\n{'a': 1}"]),
        ("INSERT INTO t VALUE {'a': '\nScan {}'}", ["INSERT INTO t VALUE {'a': '\nScan {}'}"]),
        ("SELECT 'never closed", ["SELECT 'never closed"]),
        ("it's a Scan {}", ["it's a Scan {}"]),
    ],
)
def test_split(source: str, texts: list[str]) -> None:
    found = split(source)
    assert [statement.text for statement in found] == texts
    for statement in found:
        assert source[statement.start : statement.end] == statement.text
        assert statement.line == source.count("\n", 0, statement.start) + 1


@pytest.mark.parametrize(
    ("source", "offset", "hint"),
    [
        ("Scam { }", 0, "Scan"),
        ("SELECT 1;\nputItem {}", 10, "PutItem"),
        ("ListTables; Qury\n{}", 12, "Query"),
        ("Scan { a: 1", 5, None),
    ],
)
def test_what_cannot_be_split(source: str, offset: int, hint: str | None) -> None:
    with pytest.raises(StatementFailed) as caught:
        split(source)
    assert caught.value.offset == offset
    assert hint is None or hint in (caught.value.hint or "")


def test_an_operation_is_told_from_partiql() -> None:
    assert [is_call(one) for one in split("Scan {}\nSELECT 1; ListTables")] == [True, False, True]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ("[1, 2,]", ["1", "2"]),
        ("{a: 1, 'b': 2, \"c\": 3, $d_1: null,}", {"a": "1", "b": "2", "c": "3", "$d_1": None}),
        ("[true, false, null]", [True, False, None]),
        ("[+1, -1, .5, 5., 1e3, -1.5E-7, 0x1F, -0x10]", ["1", "-1", ".5", "5.", "1e3", "-1.5E-7", "31", "-16"]),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        (r'"a\n\t\"\\\/\u00e9\x41"', 'a\n\t"\\/éA'),
        (r'"😀"', "😀"),
        (r'"\ud83d"', "\ufffd"),
        ("'it\\'s'", "it's"),
        ("'one \\\ntwo'", "one two"),
        ("/* a */ [ // b\n 1 /* c */ ]", ["1"]),
    ],
)
def test_json5(text: str, value: object) -> None:
    read = json5.read(text)
    assert read.value == value
    assert read.end == len(text)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("{a 1}", 3),
        ("{a: }", 4),
        ("{a: b}", 4),
        ("{a: 1 b: 2}", 6),
        ("[1 2]", 3),
        ("{a: [1, 2}", 9),
        ("{a: 1", 0),
        ("[1,", 3),
        ("'a\nb'", 0),
        (r"'\u12'", 1),
        ("{1: 2}", 1),
        ("[01x]", 1),
        ("[" * 400, 101),
    ],
)
def test_json5_errors_have_an_offset(text: str, offset: int) -> None:
    with pytest.raises(Json5Error) as caught:
        json5.read(text)
    assert caught.value.offset == offset


def test_numbers_are_kept_as_written() -> None:
    read = json5.read("1.10")
    assert isinstance(read.value, Number)
    assert read.value == "1.10"


def checked(source: str) -> dict[str, object]:
    (statement,) = split(source)
    return check(read_call(statement), "123456789012").parameters


def test_plain_and_typed_values_become_attribute_values() -> None:
    item = checked('PutItem { TableName: "abc", Item: { a: 1, b: {"S": "x"}, c: [null], d: {e: true} } }')["Item"]
    assert item == {"a": {"N": "1"}, "b": {"S": "x"}, "c": {"L": [{"NULL": True}]}, "d": {"M": {"e": {"BOOL": True}}}}


def test_values_stay_plain_where_the_model_has_no_attribute_values() -> None:
    call = checked(
        'Query { TableName: "abc", Limit: 5, ScanIndexForward: false, ExpressionAttributeValues: {":a": 5} }'
    )
    assert call["Limit"] == 5
    assert call["ScanIndexForward"] is False
    assert call["ExpressionAttributeValues"] == {":a": {"N": "5"}}
    assert call["ReturnConsumedCapacity"] == "INDEXES"


def test_a_client_token_means_something_else_for_each_account() -> None:
    source = (
        'TransactWriteItems { TransactItems: [{Put: {TableName: "abc", Item: {a: 1}}}], ClientRequestToken: "once" }'
    )
    call = read_call(split(source)[0])
    first, second = (check(call, namespace).parameters["ClientRequestToken"] for namespace in ("1" * 12, "2" * 12))
    assert first != second
    assert "once" not in (first, second)


PUT = 'PutItem { TableName: "abc", Item: { '
DEEP = "[" * 40 + "]" * 40


@pytest.mark.parametrize(
    ("source", "code", "at", "says"),
    [
        ("Query { TableNam: 'abc' }", "ValidationException", "TableNam", "Did you mean TableName"),
        ("Query { Limit: 1 }", "ValidationException", "Query", "Value null at 'tableName'"),
        ("Query { TableName: 5 }", "SerializationException", "TableName", "must be a string"),
        ("Query { TableName: 'abc', Limit: 'x' }", "SerializationException", "Limit", "whole number"),
        ("Query { TableName: 'abc', Limit: 1.5 }", "SerializationException", "Limit", "whole number"),
        ("Query { TableName: 'abc', ConsistentRead: 1 }", "SerializationException", "ConsistentRead", "true or false"),
        ("Query { TableName: '../../etc' }", "ValidationException", "TableName", "regular expression"),
        ("Query { TableName: 'ab' }", "ValidationException", "TableName", "greater than or equal to 3"),
        (f"Query {{ TableName: '{'a' * 256}' }}", "ValidationException", "TableName", "less than or equal to 255"),
        (f"{PUT} a: {DEEP} }} }}", "ValidationException", "a", "Nesting Levels"),
        (f"{PUT} a: {{B: '%'}} }} }}", "ValidationException", "a", "Base64"),
        (f"{PUT} a: '{'x' * 410_000}' }} }}", "ValidationException", "Item", "Item size has exceeded"),
        (
            f"Scan {{ TableName: 'abc', FilterExpression: '{'a' * 100_000}' }}",
            "ValidationException",
            "FilterExpression",
            "Expression size has exceeded the maximum allowed size; expression size: 100000",
        ),
        (
            "BatchWriteItem { RequestItems: { abc: ["
            + ", ".join(f"{{PutRequest: {{Item: {{a: {n}}}}}}}" for n in range(26))
            + "] } }",
            "ValidationException",
            "RequestItems",
            "Too many items requested for the BatchWriteItem call",
        ),
        (
            "BatchGetItem { RequestItems: { abc: { Keys: [" + ", ".join(f"{{a: {n}}}" for n in range(101)) + "] } } }",
            "ValidationException",
            "RequestItems",
            "Too many items requested for the BatchGetItem call",
        ),
        (
            "TransactGetItems { TransactItems: ["
            + ", ".join(f"{{Get: {{TableName: 'abc', Key: {{a: {n}}}}}}}" for n in range(101))
            + "] }",
            "ValidationException",
            "TransactItems",
            "less than or equal to 100",
        ),
        (
            f"ExecuteStatement {{ Statement: \"SELECT * FROM t WHERE a = '{'x' * 9_000}'\" }}",
            "ValidationException",
            "Statement",
            "less than or equal to 8192",
        ),
        (
            "CreateTable { KeySchema: [{ KeyType: 'HASH' }], TableName: 'abc' }",
            "ValidationException",
            "KeySchema",
            "null",
        ),
    ],
)
def test_wrong_parameters_fail_in_words_with_an_offset(source: str, code: str, at: str, says: str) -> None:
    with pytest.raises(StatementFailed) as caught:
        checked(source)
    error = caught.value
    assert error.code == code
    assert says in f"{error.message} {error.hint}"
    assert error.offset == source.index(f"{at}:" if f"{at}:" in source else at)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("CreateBackup { TableName: 'abc', BackupName: 'b' }", "not_offered"),
        ("ExportTableToPointInTime {}", "not_offered"),
        ("Scan { TableName: 'arn:aws:dynamodb:us-east-1:111111111111:table/t' }", "table_name"),
        ("UpdateTable { TableName: 'abc', ReplicaUpdates: [] }", "not_offered"),
        (
            f"Scan {{ TableName: 'abc', FilterExpression: '{' OR '.join(['contains(a, :a)'] * 11)}' }}",
            "max_list_calls",
        ),
    ],
)
def test_what_is_not_offered_is_refused(source: str, code: str) -> None:
    with pytest.raises(StatementRefused) as caught:
        checked(source)
    assert caught.value.code == code
    assert caught.value.offset is not None


@pytest.mark.parametrize("source", ["Scan { TableName: }", "Scan { TableName 'a' }", "Scan { a: 1, b }"])
def test_broken_json_is_the_statements_own_error(source: str) -> None:
    (statement,) = split(f"SELECT 1;\n{source}")[1:]
    with pytest.raises(StatementError) as caught:
        read_call(statement)
    assert caught.value.code == "SerializationException"
    assert caught.value.offset is not None
    assert caught.value.offset > statement.start
