"""PartiQL read into parts, and translated into the calls that DynamoDB makes of it."""

from typing import Any

import pytest

from app.engines.dynamodb.partiql.lexer import PartiqlError
from app.engines.dynamodb.partiql.partiql import parse
from app.engines.dynamodb.partiql.translate import TranslationProblem, translate

KEYS = ("pk", "sk")


def call(
    statement: str, keys: tuple[str, str | None] = KEYS, parameters: list[Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """The call, with the placeholders of its expressions put back."""
    operation, made = translate(parse(statement, parameters), keys)
    names = made.pop("ExpressionAttributeNames", {})
    values = made.pop("ExpressionAttributeValues", {})
    for key in [key for key in made if key.endswith("Expression")]:
        for placeholder in sorted([*names, *values], key=len, reverse=True):
            meant = names.get(placeholder) or str(next(iter(values[placeholder].values())))
            made[key] = made[key].replace(placeholder, meant)
    return operation, made


@pytest.mark.parametrize(
    ("where", "operation", "key", "filter_"),
    [
        ("", "Scan", None, None),
        ("WHERE pk = 'a'", "Query", "pk = a", None),
        ("WHERE pk='a' AND sk='b'", "Query", "pk = a AND sk = b", None),
        ("WHERE sk='b' AND pk='a'", "Query", "pk = a AND sk = b", None),
        ("WHERE pk='a' AND sk > 3", "Query", "pk = a AND sk > 3", None),
        ("WHERE pk='a' AND sk BETWEEN 1 AND 2", "Query", "pk = a AND sk BETWEEN 1 AND 2", None),
        ("WHERE pk='a' AND begins_with(sk, 'x')", "Query", "pk = a AND begins_with(sk, x)", None),
        ("WHERE pk='a' AND (sk > 1 AND n = 2)", "Query", "pk = a AND sk > 1", "n = 2"),
        ("WHERE pk='a' AND sk <> 'b'", "Query", "pk = a", "sk <> b"),
        ("WHERE pk='a' AND n != 1", "Query", "pk = a", "n <> 1"),
        ("WHERE pk='a' AND contains(sk, 'b')", "Query", "pk = a", "contains(sk, b)"),
        ("WHERE pk='a' OR pk='b'", "Scan", None, "pk = a OR pk = b"),
        ("WHERE pk='a' AND (n=1 OR n=2)", "Query", "pk = a", "n = 1 OR n = 2"),
        ("WHERE n=0 AND (n=1 OR n=2)", "Scan", None, "n = 0 AND (n = 1 OR n = 2)"),
        ("WHERE pk > 'a'", "Scan", None, "pk > a"),
        ("WHERE pk IN ['a', 'b']", "Scan", None, "pk IN (a, b)"),
        ("WHERE n IN (1, 2)", "Scan", None, "n IN (1, 2)"),
        ("WHERE n NOT IN (1)", "Scan", None, "NOT (n IN (1))"),
        ("WHERE NOT n = 1", "Scan", None, "NOT (n = 1)"),
        ("WHERE a.b[0].c = 1", "Scan", None, "a.b[0].c = 1"),
        ("WHERE size(a) > 2", "Scan", None, "size(a) > 2"),
        ("WHERE a IS MISSING", "Scan", None, "attribute_not_exists(a)"),
        ("WHERE a IS NOT MISSING", "Scan", None, "NOT (attribute_not_exists(a))"),
        ("WHERE a IS NULL", "Scan", None, "attribute_type(a, NULL)"),
        ("WHERE attribute_type(a, 'N')", "Scan", None, "attribute_type(a, N)"),
        ("WHERE a = b", "Scan", None, "a = b"),
        ("WHERE pk = b", "Scan", None, "pk = b"),
        ("where PK = 'a'", "Scan", None, "PK = a"),
    ],
)
def test_select(where: str, operation: str, key: str | None, filter_: str | None) -> None:
    made, parameters = call(f'SELECT * FROM "t" {where}')
    assert made == operation
    assert parameters["TableName"] == "t"
    assert parameters.get("KeyConditionExpression") == key
    assert parameters.get("FilterExpression") == filter_


def test_paths_are_picked_from_whole_items() -> None:
    assert "ProjectionExpression" not in call("SELECT a, b.c, d[1] FROM t")[1]


def test_select_names_an_index_and_attributes() -> None:
    made, parameters = call('SELECT a, "d-e" FROM t."by-x" WHERE x = 1 ORDER BY y DESC', ("x", "y"))
    assert made == "Query"
    assert parameters["IndexName"] == "by-x"
    assert parameters["ProjectionExpression"] == "a, d-e"
    assert parameters["ScanIndexForward"] is False


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", {"S": "it's"}),
        ("-1.5e3", {"N": "-1.5e3"}),
        ("12345678901234567890123456789012345678", {"N": "12345678901234567890123456789012345678"}),
        ("TRUE", {"BOOL": True}),
        ("null", {"NULL": True}),
        ("[]", {"L": []}),
        ("[1, [2]]", {"L": [{"N": "1"}, {"L": [{"N": "2"}]}]}),
        ("{'a': {'b': 1}}", {"M": {"a": {"M": {"b": {"N": "1"}}}}}),
        ("<<1, 2>>", {"NS": ["1", "2"]}),
        ("<<'a'>>", {"SS": ["a"]}),
        ("?", {"B": b"x"}),
    ],
)
def test_values(text: str, value: dict[str, Any]) -> None:
    made, parameters = call(f"INSERT INTO t VALUE {{'pk': 'a', 'v': {text}}}", parameters=[{"B": b"x"}])
    assert made == "PutItem"
    assert parameters["Item"] == {"pk": {"S": "a"}, "v": value}
    assert parameters["ConditionExpression"] == "attribute_not_exists(pk)"


def test_update() -> None:
    made, parameters = call(
        "UPDATE t SET n = n + 1, a.b = 'x' SET l = list_append(l, [1]) SET s = set_add(s, <<'q'>>) "
        "SET z = set_delete(z, <<1>>) REMOVE c, d[0] WHERE pk = 'a' AND sk = 2 AND n < 5 RETURNING MODIFIED NEW *"
    )
    assert made == "UpdateItem"
    assert parameters["Key"] == {"pk": {"S": "a"}, "sk": {"N": "2"}}
    assert parameters["ReturnValues"] == "UPDATED_NEW"
    assert parameters["ConditionExpression"] == "attribute_exists(pk) AND n < 5"
    assert parameters["UpdateExpression"] == (
        "SET n = n + 1, a.b = x, l = list_append(l, [{'N': '1'}]) REMOVE c, d[0] ADD s ['q'] DELETE z ['1']"
    )


def test_delete() -> None:
    assert call("DELETE FROM t WHERE pk = 1 RETURNING ALL OLD *", ("pk", None)) == (
        "DeleteItem",
        {"TableName": "t", "Key": {"pk": {"N": "1"}}, "ReturnValues": "ALL_OLD"},
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE t SET a = 1 WHERE pk = 'a'",
        "UPDATE t SET a = 1",
        "UPDATE t SET a = 1 WHERE pk = 'a' AND sk > 1",
        "DELETE FROM t WHERE sk = 1",
        "DELETE FROM t",
        "DELETE FROM t WHERE pk = 'a' AND sk = 1 RETURNING ALL NEW *",
        "SELECT * FROM t ORDER BY sk",
        "SELECT * FROM t WHERE pk = 'a' ORDER BY other",
        "UPDATE t.i SET a = 1 WHERE pk = 'a' AND sk = 1",
    ],
)
def test_what_dynamodb_would_not_run(statement: str) -> None:
    with pytest.raises(TranslationProblem):
        call(statement)


@pytest.mark.parametrize(
    ("statement", "offset"),
    [
        ("", 0),
        ("SELEC * FROM t", 0),
        ("SELECT * FRM t", 9),
        ("SELECT FROM t", 12),
        ("SELECT * FROM t WHERE", 21),
        ("SELECT * FROM t WHERE a", 23),
        ("SELECT * FROM t WHERE a = ", 26),
        ("SELECT * FROM t WHERE a = 'x", 26),
        ("SELECT * FROM t WHERE a = 1 b", 28),
        ("SELECT * FROM t WHERE a BETWEEN 1", 33),
        ("SELECT * FROM t WHERE (a = 1", 28),
        ("SELECT * FROM t WHERE a = ?", 26),
        ("SELECT * FROM t; SELECT", 17),
        ("INSERT INTO t VALUE 1", 20),
        ("INSERT INTO t VALUE {a: 1}", 21),
        ("INSERT INTO t VALUE {'a': <<>>}", 26),
        ("INSERT INTO t VALUE {'a': <<1, 'b'>>}", 26),
        ("UPDATE t WHERE a = 1", 9),
        ("UPDATE t SET a = 1 WHERE a = 1 RETURNING *", 41),
        ("SELECT * FROM t WHERE " + "(" * 1_000, 62),
        ("SELECT * FROM t WHERE a = " + "[" * 1_000, 65),
    ],
)
def test_errors_have_an_offset(statement: str, offset: int) -> None:
    with pytest.raises(PartiqlError) as caught:
        parse(statement)
    assert caught.value.offset == offset
