"""The border to the server: commands, values, messages, plans."""

import re
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import AutoReconnect, OperationFailure, ServerSelectionTimeoutError

from app.core.errors import EngineUnavailable, SandboxExpired, StatementFailed, StatementRefused
from app.engines.mongodb import plan, values
from app.engines.mongodb.commands import accept, stamped, without_hosts
from app.engines.mongodb.errors import readable, statement_error, to_text, translated
from app.scripting.errors import HostFailure, ScriptFailed


def test_session_fields_are_dropped_and_ours_set() -> None:
    typed = {
        "find": "c",
        "$db": "admin",
        "lsid": 1,
        "txnNumber": 1,
        "comment": "not ours",
        "maxTimeMS": 10**9,
        "allowDiskUse": True,
        "noCursorTimeout": True,
        "filter": {"$db": 1},
    }
    order = accept(typed)
    assert order.command == {"find": "c", "maxTimeMS": 10**9, "filter": {"$db": 1}}
    ready = stamped(order, comment="ours", left_ms=700)
    assert (ready["comment"], ready["maxTimeMS"]) == ("ours", 700)
    assert stamped(accept({"find": "c", "maxTimeMS": 5}), comment="", left_ms=700)["maxTimeMS"] == 5
    assert stamped(order, comment="", left_ms=-5)["maxTimeMS"] == 1
    assert next(iter(ready)) == "find"


def test_the_command_comes_first_and_is_spelled_our_way() -> None:
    order = accept({"findandmodify": "c", "query": {}})
    assert list(order.command) == ["findAndModify", "query"]


@pytest.mark.parametrize(
    "typed",
    [
        {"shutdown": 1},
        {"eval": "x"},
        {"getMore": 1},
        {"dropDatabase": 1},
        {"$db": "admin", "find": "c"},
        {"lsid": 1, "insert": "c"},
        {},
        [],
        "find",
        {"create": "c", "storageEngine": {}},
        {"createIndexes": "c", "indexes": [{"key": {"a": 1}, "storageEngine": {}}]},
        {"collMod": "c", "changeStreamPreAndPostImages": {"enabled": True}},
        {"profile": 1, "slowms": 0},
        {"explain": {"insert": "c"}},
        {"explain": {"shutdown": 1}},
        {"explain": 1},
        {"aggregate": "c", "pipeline": [{"$changeStream": {"allChangesForCluster": True}}]},
        {"aggregate": "c", "pipeline": [{"$changeStream": {"fullDocumentBeforeChange": "required"}}]},
    ],
)
def test_refused(typed: Any) -> None:
    with pytest.raises(StatementRefused):
        accept(typed)


@pytest.mark.parametrize(
    ("typed", "effect", "target"),
    [
        ({"find": "c"}, "read", None),
        ({"insert": "c", "documents": []}, "grow", "c"),
        ({"delete": "c", "deletes": []}, "other", None),
        ({"aggregate": "c", "pipeline": []}, "read", None),
        ({"aggregate": "c", "pipeline": [{"$out": "o"}]}, "grow", "o"),
        ({"aggregate": "c", "pipeline": [{"$out": {"db": "d", "coll": "o"}}]}, "grow", "o"),
        ({"aggregate": "c", "pipeline": [{"$merge": {"into": "o"}}]}, "grow", "o"),
        ({"aggregate": "c", "pipeline": [{"$merge": {"into": {"db": "d", "coll": "o"}}}]}, "grow", "o"),
        ({"aggregate": "c", "pipeline": "nonsense"}, "read", None),
    ],
)
def test_what_a_command_does(typed: dict[str, Any], effect: str, target: str | None) -> None:
    order = accept(typed)
    assert (order.effect, order.target) == (effect, target)


def test_host_names_are_dropped_on_the_server() -> None:
    pipeline = [{"$collStats": {}}, {"$facet": {"a": [{"$unionWith": {"pipeline": [{"$indexStats": {}}]}}]}}]
    assert without_hosts(pipeline) == [
        {"$collStats": {}},
        {"$unset": "host"},
        {"$facet": {"a": [{"$unionWith": {"pipeline": [{"$indexStats": {}}, {"$unset": "host"}]}}]}},
    ]


TYPED: list[tuple[Any, Any]] = [
    ({"$oid": "507f1f77bcf86cd799439011"}, ObjectId("507f1f77bcf86cd799439011")),
    ({"$numberLong": "5"}, Int64(5)),
    ({"$numberDouble": "-0.0"}, -0.0),
    ({"$numberDecimal": "1.10"}, Decimal128("1.10")),
    ({"$timestamp": {"t": 5, "i": 1}}, Timestamp(5, 1)),
    ({"$binary": {"base64": "AAEC", "subType": "05"}}, Binary(b"\x00\x01\x02", 5)),
    ({"$regularExpression": {"pattern": "a", "options": "i"}}, Regex("a", "i")),
    ({"$minKey": 1}, MinKey()),
    ({"$maxKey": 1}, MaxKey()),
    ({"$date": {"$numberLong": str(10**17)}}, DatetimeMS(10**17)),
]


@pytest.mark.parametrize(("data", "value"), TYPED)
def test_typed_values_cross_both_ways(data: Any, value: Any) -> None:
    assert values.from_script({"a": [data]}) == {"a": [value]}
    assert values.to_data({"a": [value]}) == {"a": [data]}


@pytest.mark.parametrize(
    "operator",
    [
        {"$regex": "^a", "$options": "i"},
        {"$regex": "a", "$nin": ["x"]},
        {"$date": 1, "$a": 2},
        {"$uuid": "x"},
        {"$ref": "c", "$id": 1},
        {"$code": "x", "$b": 1},
        {"$type": "string"},
    ],
)
def test_operators_stay_operators(operator: dict[str, Any]) -> None:
    assert values.from_script({"a": operator}) == {"a": operator}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab$.", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_plain_data_is_untouched(data: Any) -> None:
    assert values.from_script(data) == data


def test_messages_name_neither_database_nor_command() -> None:
    message = 'not authorized on sbx_x to execute command { find: "c", comment: "sandtable x 1", $db: "sbx_x" }'
    assert readable(message, "sbx_x") == "not authorized on the sandbox to execute find"
    assert readable("E11000 collection: sbx_x.c index", "sbx_x") == "E11000 collection: c index"


@pytest.mark.parametrize(
    ("raised", "becomes"),
    [
        (OperationFailure("no", 2, {"errmsg": "no", "codeName": "BadValue"}), HostFailure),
        (OperationFailure("auth", 18), SandboxExpired),
        (OperationFailure("bye", 11600), EngineUnavailable),
        (AutoReconnect("gone"), EngineUnavailable),
        (ServerSelectionTimeoutError("gone"), EngineUnavailable),
        (ServerSelectionTimeoutError("Authentication failed."), SandboxExpired),
    ],
)
def test_translation(raised: Exception, becomes: type[Exception]) -> None:
    with pytest.raises(becomes) as caught, translated("sbx_x"):
        raise raised
    assert caught.value.__cause__ is raised


def test_an_uncaught_refusal_is_the_refusal_again() -> None:
    refused = StatementRefused("no", code="quota", hint="less", limit=("quota", 5))
    failure = HostFailure({"name": "Refused", "message": "no"}, refused)
    error = statement_error(ScriptFailed("Refused", "no"), failure, 7)
    assert isinstance(error, StatementRefused)
    assert (error.code, error.hint, error.limit, error.offset) == ("quota", "less", ("quota", 5), 7)
    error = statement_error(ScriptFailed("TypeError", "x"), None, 3)
    assert isinstance(error, StatementFailed)
    assert (error.code, error.offset) == ("TypeError", 3)


def test_validator_details_are_lines() -> None:
    info = {"details": {"rules": [{"property": "age", "minimum": {"$numberInt": "18"}}]}}
    assert to_text(info) == "details:\n  rules:\n    property: age\n    minimum: 18"


def test_a_plan_of_the_newer_engine_shows_its_logical_tree() -> None:
    found = {
        "queryPlanner": {
            "namespace": "sbx_x.c",
            "winningPlan": {
                "queryPlan": {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "indexName": "a_1"}},
                "slotBasedPlan": {"stages": "..."},
            },
        },
        "executionStats": {
            "nReturned": 3,
            "totalDocsExamined": 3,
            "totalKeysExamined": 4,
            "executionTimeMillis": 1,
            "executionStages": {"stage": "filter", "inputStage": {"stage": "nlj"}},
        },
    }
    read = plan.read(found)
    assert (read.root.label, read.access, read.returned, read.examined) == ("FETCH", "index scan", 3, 3)


def test_a_plan_of_stages_nests_them() -> None:
    found = {
        "stages": [
            {"$cursor": {"queryPlanner": {"namespace": "d.c", "winningPlan": {"stage": "COLLSCAN"}}}},
            {"$lookup": {"from": "other", "as": "x"}},
            {"$somethingNew": {}},
        ]
    }
    read = plan.read(found)
    assert (read.root.label, read.root.access) == ("$somethingNew", "other")
    (lookup,) = read.root.children
    assert (lookup.label, lookup.access, lookup.target) == ("$lookup", "join", "other")
    assert (read.access, read.measured, read.examined) == ("full scan", False, None)


def test_an_empty_plan_is_read() -> None:
    assert plan.read({"queryPlanner": {"winningPlan": {"stage": "EOF"}}}).access == "values"
    with pytest.raises(StatementRefused):
        plan.read({})


def test_every_pattern_of_messages_is_plain() -> None:
    for name in ("hello", "currentOp"):
        with pytest.raises(StatementRefused) as caught:
            accept({name: 1})
        assert caught.value.hint
        assert not re.search(r"[_{}]", caught.value.message)
