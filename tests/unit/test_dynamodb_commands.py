"""AWS CLI lines and calls in code: the calls they make, where their parts stand, and what is said of mistakes."""

from typing import Any

import pytest

from app.core.errors import StatementError, StatementFailed, StatementRefused
from app.engines.dynamodb.checking.checks import check
from app.engines.dynamodb.sources import shorthand
from app.engines.dynamodb.sources.calling import Call
from app.engines.dynamodb.sources.statements import read_call, split

CREATE = """aws dynamodb create-table \\
    --table-name Music \\
    --attribute-definitions AttributeName=Artist,AttributeType=S \\
        AttributeName=SongTitle,AttributeType=S \\
    --key-schema AttributeName=Artist,KeyType=HASH AttributeName=SongTitle,KeyType=RANGE \\
    --provisioned-throughput ReadCapacityUnits=5,WriteCapacityUnits=5 \\
    --table-class STANDARD"""
PUT_PYTHON = "response = dynamodb.put_item(\n    TableName='Music',\n    Item={'a': {'S': 'x;)'}},  # ( not closed\n)"
SEND = "await client.send(\n  new PutItemCommand({ TableName: 'abc', Item: { a: { S: \"}\" } } })\n)"


def call_of(source: str) -> Call:
    (statement,) = split(source)
    return read_call(statement)


def parameters(source: str) -> dict[str, Any]:
    found = check(call_of(source), "1" * 12).parameters
    found.pop("ReturnConsumedCapacity", None)
    return found


MIXED = [
    CREATE,
    "aws dynamodb list-tables",
    "SELECT * FROM Music\nWHERE Artist = 'it''s; aws dynamodb'",
    "Scan { TableName: 'Music' }",
    "$ aws dynamodb describe-table --table-name Music | grep TableStatus",
    'aws dynamodb get-item ^\n  --table-name Music `\n  --key \'{"Artist":\n {"S": "a; b"}}\'',
    PUT_PYTHON,
    "table = dynamodb.Table('Music')",
    "table.get_item(Key={'Artist': 'a'})['Item']",
    SEND,
    "ListTables",
    "import { DynamoDBClient } from '@aws-sdk/client-dynamodb'",
    "UPDATE Music SET a = list_append(a, ['x']) WHERE Artist = 'a'",
]


@pytest.mark.parametrize("between", ["\n", ";\n", ";\n\n-- said\n# and said\n"])
def test_every_form_stands_beside_every_other(between: str) -> None:
    source = "\n".join(f"{one}{between}" for one in MIXED)
    found = split(source)
    assert [statement.text for statement in found] == MIXED
    for statement in found:
        assert source[statement.start : statement.end] == statement.text
        assert statement.line == source.count("\n", 0, statement.start) + 1


@pytest.mark.parametrize("first", MIXED)
@pytest.mark.parametrize("second", MIXED)
def test_any_two_forms_in_a_row(first: str, second: str) -> None:
    partiql = ("SELECT", "UPDATE")
    between = ";\n" if first.startswith(partiql) and second.startswith(partiql) else "\n"
    assert [statement.text for statement in split(f"{first}{between}{second}")] == [first, second]


def test_lines_may_be_joined_by_two_ampersands() -> None:
    assert len(split("aws dynamodb list-tables && aws dynamodb list-tables")) == 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("get-item --table-name abc --key pk={S=a}", {"Key": {"pk": {"S": "a"}}}),
        ('get-item --table-name abc --key \'{"pk": {"S": "a"}}\'', {"Key": {"pk": {"S": "a"}}}),
        ('get-item --table-name abc --key "{\\"pk\\": {\\"N\\": \\"1\\"}}"', {"Key": {"pk": {"N": "1"}}}),
        ("get-item --table-name=abc --key '{\"pk\": 1}'", {"Key": {"pk": {"N": "1"}}}),
        (
            "get-item --table-name abc --key pk={S=a} --consistent-read",
            {"Key": {"pk": {"S": "a"}}, "ConsistentRead": True},
        ),
        (
            "get-item --table-name abc --key pk={S=a} --no-consistent-read",
            {"Key": {"pk": {"S": "a"}}, "ConsistentRead": False},
        ),
        (
            "scan --table-name abc --limit 5 --segment 0 --total-segments 2",
            {"Limit": 5, "Segment": 0, "TotalSegments": 2},
        ),
        ("query --table-name abc --no-scan-index-forward", {"ScanIndexForward": False}),
        ("scan --table-name abc --attributes-to-get a b", {"AttributesToGet": ["a", "b"]}),
        (
            "scan --table-name abc --expression-attribute-names '#a=b,#c=d'",
            {"ExpressionAttributeNames": {"#a": "b", "#c": "d"}},
        ),
        (
            "put-item --table-name abc --item 'pk={S=\"a, b\"},n={N=1},on={BOOL=true},set={SS=[a,b]},l={L=[{S=x},{N=2}]}'",
            {
                "Item": {
                    "pk": {"S": "a, b"},
                    "n": {"N": "1"},
                    "on": {"BOOL": True},
                    "set": {"SS": ["a", "b"]},
                    "l": {"L": [{"S": "x"}, {"N": "2"}]},
                }
            },
        ),
        (
            'scan --table-name zzz --cli-input-json \'{"TableName": "abc", "Limit": 3}\'',
            {"TableName": "zzz", "Limit": 3},
        ),
        ('scan --cli-input-json \'{"TableName": "abc"}\' --limit 2', {"TableName": "abc", "Limit": 2}),
        (
            "update-time-to-live --table-name abc --time-to-live-specification Enabled=true,AttributeName=ttl",
            {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ttl"}},
        ),
        (
            "scan --table-name abc --filter-expression a'b'\"c\"d\\ e",
            {"FilterExpression": "abcd e"},
        ),
        (
            "scan --table-name abc --region eu-west-1 --profile x --endpoint-url http://x --output table --query 'Items[0]'",
            {},
        ),
        ("scan --table-name abc --no-paginate --no-cli-pager --page-size 5", {}),
        ("scan --table-name abc 2> errors.txt", {}),
    ],
)
def test_options_become_parameters(options: str, expected: dict[str, Any]) -> None:
    assert parameters(f"aws dynamodb {options.replace(' 2>', ' >')}") == {"TableName": "abc"} | expected


def test_a_table_with_indexes_in_shorthand() -> None:
    found = parameters(
        CREATE + " --global-secondary-indexes "
        '"IndexName=by_x,KeySchema=[{AttributeName=a,KeyType=HASH}],Projection={ProjectionType=INCLUDE,NonKeyAttributes=[a,b]}" '
        "IndexName=by_y,KeySchema=[{AttributeName=b,KeyType=HASH}],Projection={ProjectionType=ALL}"
    )
    assert found["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    assert [part["AttributeName"] for part in found["KeySchema"]] == ["Artist", "SongTitle"]
    assert [index["IndexName"] for index in found["GlobalSecondaryIndexes"]] == ["by_x", "by_y"]
    assert found["GlobalSecondaryIndexes"][0]["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["a", "b"],
    }


def test_json_that_goes_over_lines() -> None:
    call = call_of(
        "aws dynamodb update-table --table-name abc --global-secondary-index-updates \\\n"
        '    "[{\\"Create\\":{\\"IndexName\\": \\"i\\",\n\\"KeySchema\\":[]}}]"'
    )
    assert call.parameters["GlobalSecondaryIndexUpdates"] == [{"Create": {"IndexName": "i", "KeySchema": []}}]


def test_what_is_left_out_is_said() -> None:
    call = call_of("aws dynamodb scan --table-name abc --region x --output json | grep pk")
    assert len(call.notes) == 3
    assert "| grep pk" in call.notes[0]
    assert "--region" in call.notes[1]


def test_pages_of_the_cli() -> None:
    call = call_of(
        "aws dynamodb scan --table-name abc --max-items 5 --page-size 2 "
        "--starting-token eyJFeGNsdXNpdmVTdGFydEtleSI6IHsicGsiOiB7IlMiOiAiYSJ9fX0="
    )
    assert (call.max_items, call.page_size) == (5, 2)
    assert call.parameters["ExclusiveStartKey"] == {"pk": {"S": "a"}}


@pytest.mark.parametrize(
    ("source", "at", "says"),
    [
        ("aws dynamodb qury --table-name abc", "qury", "Did you mean query"),
        ("aws s3 ls", "s3", "aws dynamodb, aws dynamodbstreams"),
        ("aws", "aws", "needs a service"),
        ("aws dynamodb scan --table-nam abc", "--table-nam", "Did you mean --table-name"),
        ("aws dynamodb scan --table-name abc def", "def", "needs quotes"),
        ("aws dynamodb scan abc", "abc", "needs quotes"),
        ("aws dynamodb scan --table-name", "--table-name", "expected one argument"),
        ("aws dynamodb scan --table-name abc --limit five", "five", "invalid literal"),
        ("aws dynamodb scan --table-name abc --consistent-read true", "true", "--no-consistent-read"),
        ("aws dynamodb get-item --table-name abc --key '{\"pk\": }'", "}'", "Invalid JSON"),
        ("aws dynamodb get-item --table-name abc --key pk", "", "= is expected"),
        ("aws dynamodb get-item --table-name abc --key pk={S=a", "", "comma is expected"),
        ("aws dynamodb scan --table-name $TABLE", "$TABLE", "no shell"),
        ("aws dynamodb scan --table-name $(cat x)", "$(cat", "no shell"),
        ('aws dynamodb scan --table-name "a ${T}"', "${T}", "no shell"),
        ("aws dynamodb scan --table-name 'abc", "'abc", "never closed"),
        ("aws dynamodb get-item --table-name abc --max-items 5", "--max-items", "no pages"),
        ("aws dynamodb scan --table-name abc --starting-token zzz", "--starting", "Bad starting token"),
        ("aws dynamodb scan --table-name abc --max-items 0", "0", "whole number"),
        ("aws dynamodb scan --table-name abc --no-table-name", "--no-table-name", "Unknown options"),
    ],
)
def test_mistakes_on_a_line_are_placed(source: str, at: str, says: str) -> None:
    with pytest.raises(StatementError) as caught:
        call_of(source)
    assert says in f"{caught.value.message} {caught.value.hint}"
    if at:
        assert caught.value.offset == source.rindex(at)


@pytest.mark.parametrize(
    "source",
    [
        "aws dynamodb put-item --table-name abc --item file://item.json",
        "aws dynamodb put-item --cli-input-json file://call.json",
        "aws dynamodb scan --generate-cli-skeleton",
        "aws dynamodb scan --cli-input-yaml x",
        "aws dynamodb create-backup --table-name abc --backup-name x",
        "aws dynamodb create-global-table --global-table-name abc",
        "dynamodb.create_backup(TableName='abc', BackupName='x')",
        "new ExportTableToPointInTimeCommand({})",
    ],
)
def test_what_is_not_offered_says_so(source: str) -> None:
    with pytest.raises(StatementRefused):
        call_of(source)


def test_unknown_parameters_inside_json_are_placed() -> None:
    source = "ListTables\naws dynamodb create-table --key-schema '[{\"AttributeNam\": \"pk\"}]' --table-name abc --attribute-definitions '[]'"
    with pytest.raises(StatementFailed) as caught:
        check(read_call(split(source)[1]), "1" * 12)
    assert caught.value.offset == source.index('"AttributeNam"')
    assert "AttributeName" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", {"a": "1"}),
        ("a=1,b=2", {"a": "1", "b": "2"}),
        ("a=1,2,b=3", {"a": ["1", "2"], "b": "3"}),
        ("a=[1,2],b={c=d,e=[f]}", {"a": ["1", "2"], "b": {"c": "d", "e": ["f"]}}),
        ("a='x,y=z'", {"a": "x,y=z"}),
        ('a="x\\"y"', {"a": 'x"y'}),
        ("a=b c d", {"a": "b c d"}),
        ("a=[]", {"a": []}),
        ("a={}", {"a": {}}),
        ("a=x=y", {"a": "x=y"}),
        ("a=[{b=1},{b=2}]", {"a": [{"b": "1"}, {"b": "2"}]}),
    ],
)
def test_shorthand(text: str, value: object) -> None:
    assert shorthand.read(text)[0] == value


@pytest.mark.parametrize("text", ["a", "=1", "a=[1", "a={b=1", "a={b}", "a='x", "a=" + "[" * 100, "a=" + "{a=" * 100])
def test_shorthand_that_cannot_be_read(text: str) -> None:
    with pytest.raises(shorthand.ShorthandProblem):
        shorthand.read(text)


@pytest.mark.parametrize(
    ("source", "operation", "expected"),
    [
        (PUT_PYTHON, "PutItem", {"TableName": "Music", "Item": {"a": {"S": "x;)"}}}),
        (SEND, "PutItem", {"TableName": "abc", "Item": {"a": {"S": "}"}}}),
        (
            "ddb.getItem({TableName: 'abc', Key: {a: {N: '1'}}})",
            "GetItem",
            {"TableName": "abc", "Key": {"a": {"N": "1"}}},
        ),
        (
            "docClient.get({TableName: 'abc', Key: {S: 'x'}}).promise()",
            "GetItem",
            {"TableName": "abc", "Key": {"S": {"S": "x"}}},
        ),
        (
            "const { Items } = await client.send(new QueryCommand({TableName: `abc`, ScanIndexForward: false, Limit: 1_000}))",
            "Query",
            {"TableName": "abc", "ScanIndexForward": False, "Limit": 1000},
        ),
        (
            "docClient.put({TableName: 'abc', Item: {m: {S: 'x'}, s: new Set(['a']), b: Buffer.from('AAE=', 'base64'), "
            'n: 12345678901234567890n, neg: -1.5, u: "\\u00e9\\x41"}})',
            "PutItem",
            {
                "TableName": "abc",
                "Item": {
                    "m": {"M": {"S": {"S": "x"}}},
                    "s": {"SS": ["a"]},
                    "b": {"B": b"\0\1"},
                    "n": {"N": "12345678901234567890"},
                    "neg": {"N": "-1.5"},
                    "u": {"S": "éA"},
                },
            },
        ),
        (
            "boto3.resource('dynamodb').Table('abc').put_item(Item={'m': {'S': 'x'}, 's': {1, 2}, 'd': Decimal('1.10'), "
            "'f': 1.10, 'neg': -5, 'big': 12345678901234567890123456789012345678, 'b': b'x', 'n': None, 't': (1, True)})",
            "PutItem",
            {
                "TableName": "abc",
                "Item": {
                    "m": {"M": {"S": {"S": "x"}}},
                    "s": {"NS": ["1", "2"]},
                    "d": {"N": "1.10"},
                    "f": {"N": "1.10"},
                    "neg": {"N": "-5"},
                    "big": {"N": "12345678901234567890123456789012345678"},
                    "b": {"B": b"x"},
                    "n": {"NULL": True},
                    "t": {"L": [{"N": "1"}, {"BOOL": True}]},
                },
            },
        ),
        (
            "dynamodb.query(TableName='abc', KeyConditionExpression=Key('pk').eq('a') & Key('sk').between(1, 2), "
            "FilterExpression=~Attr('x').exists() | Attr('y').is_in([1]))",
            "Query",
            {
                "TableName": "abc",
                "KeyConditionExpression": "(#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2)",
                "FilterExpression": "((NOT attribute_exists(#n2)) OR #n3 IN (:v3))",
                "ExpressionAttributeNames": {"#n0": "pk", "#n1": "sk", "#n2": "x", "#n3": "y"},
                "ExpressionAttributeValues": {
                    ":v0": {"S": "a"},
                    ":v1": {"N": "1"},
                    ":v2": {"N": "2"},
                    ":v3": {"N": "1"},
                },
            },
        ),
    ],
)
def test_calls_in_code(source: str, operation: str, expected: dict[str, Any]) -> None:
    call = call_of(source)
    assert call.operation == operation
    assert parameters(source) == expected


@pytest.mark.parametrize(
    ("source", "at", "says"),
    [
        ("dynamodb.put_item(TableName=name, Item={})", "name,", "nothing is executed"),
        ("dynamodb.put_item(TableName='abc', Item={'a': f'{x}'})", "f'{x}'", "nothing is executed"),
        ("dynamodb.put_item(TableName='abc', Item={'a': open('x')})", "open", "nothing is executed"),
        ("dynamodb.put_itm(TableName='abc')", "dynamodb", "Did you mean put_item"),
        ("dynamodb.put_item('abc')", "'abc'", "named arguments"),
        ("dynamodb.put_item(TableName='abc' Item={})", "", "not Python"),
        ("dynamodb.scan(**names)", "", "nothing is executed"),
        ("new PutItmCommand({})", "PutItm", "PutItemCommand"),
        ("new PutItemCommand(input)", "input", "nothing is executed"),
        ("new PutItemCommand({ TableName: name })", "name", "nothing is executed"),
        ("new PutItemCommand({ TableName: `a${b}` })", "`a${b}`", "nothing is executed"),
        ("new PutItemCommand({ ...more })", "...more", "nothing is executed"),
        ("new PutItemCommand({ TableName: 'a' 'b' })", "", "JavaScript"),
        ("new PutItemCommand({ TableName: 'a'", "(", "never closed"),
        ("dynamodb.scan(TableName=__import__('os').name)", "__import__", "nothing is executed"),
    ],
)
def test_what_is_no_literal_is_not_run(source: str, at: str, says: str) -> None:
    with pytest.raises(StatementFailed) as caught:
        call_of(source)
    assert says in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.offset is not None
    if at:
        assert caught.value.offset == source.index(at)


def test_code_nested_without_end_is_answered() -> None:
    for deep in (
        "dynamodb.put_item(TableName='abc', Item=" + "[" * 300 + "]" * 300 + ")",
        "dynamodb.put_item(TableName='abc', Item=" + "{'a':" * 150 + "1" + "}" * 150 + ")",
        "new PutItemCommand({a: " + "[" * 5_000 + "]" * 5_000 + "})",
        "dynamodb.scan(FilterExpression=" + "~" * 3_000 + "Attr('a').exists())",
        "dynamodb.scan(TableName='abc', Limit=" + "-" * 9_000 + "1)",
        "dynamodb.scan(" + "a" * 200_000 + ")",
    ):
        with pytest.raises(StatementError):
            call_of(deep)
