"""DynamoDB's service model: which operations exist and are offered here, and what their parameters look like."""

import difflib
import os
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from app.engines.dynamodb.sources.json5 import Number
from app.engines.dynamodb.values import ValueProblem, typed

READS = ("GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems")
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
PARTIQL = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")
TABLES = (
    "CreateTable",
    "DeleteTable",
    "DescribeTable",
    "UpdateTable",
    "ListTables",
    "DescribeTimeToLive",
    "UpdateTimeToLive",
    "DescribeContinuousBackups",
    "UpdateContinuousBackups",
    "TagResource",
    "UntagResource",
    "ListTagsOfResource",
    "DescribeEndpoints",
    "DescribeLimits",
)
STREAMS = ("ListStreams", "DescribeStream", "GetShardIterator", "GetRecords")
WATCH = "Watch"
"""A statement of ours: stream records of a table as they arrive."""
NOTHING = "Nothing"
"""What a line of a program comes to that calls no operation."""
OFFERED = frozenset((*READS, *WRITES, *PARTIQL, *TABLES, *STREAMS))
SERVICES = ("dynamodb", "dynamodbstreams")
_WHY_NOT = {
    "Backup": "nothing is kept longer than the sandbox",
    "PointInTime": "nothing is kept longer than the sandbox",
    "Restore": "nothing is kept longer than the sandbox",
    "Export": "there is no S3",
    "Import": "there is no S3",
    "Global": "there is one region",
    "Replica": "there is one region",
    "Kinesis": "there is no Kinesis",
    "ResourcePolicy": "a sandbox has one account and no other may reach it",
    "ContributorInsights": "there is no CloudWatch; the plan shows what a call read",
}

Path = tuple[str | int, ...]


class ParameterProblem(ValueError):
    """A parameter that does not fit the service model. `path` leads to it; `code` is DynamoDB's name for the error."""

    def __init__(self, message: str, path: Path, *, hint: str | None = None, code: str = "ValidationException") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.hint = hint
        self.code = code


@cache
def session() -> botocore.session.Session:
    """A botocore session that reads no file and no profile of the user that the app runs as."""
    nowhere = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return botocore.session.Session(session_vars=nowhere)


@cache
def service(name: str = "dynamodb") -> ServiceModel:
    return session().get_service_model(name)


def warm_up() -> None:
    """Read the services' data, by making clients that are not used."""
    for name in SERVICES:
        session().create_client(
            name,
            region_name="us-east-1",
            endpoint_url="http://127.0.0.1:1",
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106 (there is no such account)
        ).close()


@cache
def operations() -> frozenset[str]:
    """Every operation of DynamoDB and of its streams, offered here or not, and ours."""
    return frozenset((WATCH, *(name for one in SERVICES for name in service(one).operation_names)))


def service_of(operation: str) -> str:
    return "dynamodbstreams" if operation in STREAMS else "dynamodb"


@cache
def operation_model(name: str) -> OperationModel:
    return service(service_of(name)).operation_model(name)


def input_members(operation: str) -> dict[str, Shape]:
    shape = operation_model(operation).input_shape
    return dict(shape.members) if isinstance(shape, StructureShape) else {}


def why_not(operation: str) -> str | None:
    """Why an operation is not offered, where there is a reason to tell."""
    return next((why for part, why in _WHY_NOT.items() if part in operation), None)


def method_name(operation: str) -> str:
    """The operation's name as a method of a botocore client."""
    return xform_name(operation)


def near(name: str, names: Any) -> list[str]:
    """Up to three of `names` that look like `name`, in their own spelling."""
    by_lower = {known.lower(): known for known in names}
    return [by_lower[found] for found in difflib.get_close_matches(name.lower(), by_lower, n=3, cutoff=0.5)]


def has_member(operation: str, member: str) -> bool:
    return member in input_members(operation)


def parameters(operation: str, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters as botocore takes them; plain values become AttributeValues where the model expects those.

    Raises ParameterProblem for an unknown or missing parameter, or one of the wrong type.
    """
    shape = operation_model(operation).input_shape
    found: dict[str, Any] = _convert(shape, given, ()) if shape else {}
    return found


def _convert(shape: Shape, value: Any, path: Path) -> Any:
    if shape.name == "AttributeValue":
        try:
            return typed(value)
        except ValueProblem as exc:
            raise ParameterProblem(str(exc), path) from exc
    if isinstance(shape, StructureShape):
        return _structure(shape, value, path)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise _wrong_type(path, "a list", value)
        _check_range(shape, len(value), "length", value, path)
        return [_convert(shape.member, item, (*path, number)) for number, item in enumerate(value)]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            raise _wrong_type(path, "a map", value)
        _check_range(shape, len(value), "length", value, path)
        return {name: _convert(shape.value, item, (*path, name)) for name, item in value.items()}
    return _scalar(shape, value, path)


def _structure(shape: StructureShape, value: Any, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong_type(path, "a map", value)
    for name in value:
        if name not in shape.members:
            close = near(name, shape.members)
            hint = f"Did you mean {' or '.join(close)}?" if close else f"It takes {', '.join(shape.members)}."
            where = f" in {dotted(path)}" if path else ""
            raise ParameterProblem(f"Unknown parameter{where}: {name}.", (*path, name), hint=hint)
    for name in shape.required_members:
        if value.get(name) is None:
            raise ParameterProblem(
                f"1 validation error detected: Value null at '{_java_path((*path, name))}' "
                "failed to satisfy constraint: Member must not be null",
                path,
            )
    return {
        name: _convert(shape.members[name], item, (*path, name)) for name, item in value.items() if item is not None
    }


def _scalar(shape: Shape, value: Any, path: Path) -> Any:
    kind = shape.type_name
    if kind == "string":
        if not isinstance(value, str) or isinstance(value, Number):
            raise _wrong_type(path, "a string", value)
        _check_enum(shape, value, path)
        if not dotted(path).endswith("TableName"):
            _check_range(shape, len(value), "length", value, path)
        return value
    if kind == "boolean":
        if not isinstance(value, bool):
            raise _wrong_type(path, "true or false", value)
        return value
    if kind in ("integer", "long", "float", "double"):
        if type(value) is int:  # a call that was checked before
            return value
        try:
            number = (int if kind in ("integer", "long") else float)(
                value if isinstance(value, Number) else "no number"
            )
            _check_range(shape, number, "value", value, path)
            return number
        except ValueError as exc:
            whole = "a whole number" if kind in ("integer", "long") else "a number"
            raise _wrong_type(path, whole, value) from exc
    if not isinstance(value, str):
        raise _wrong_type(path, "a string", value)
    return str(value)


def _check_range(shape: Shape, measured: float, what: str, value: Any, path: Path) -> None:
    """The least and the most that the service model says, in AWS's words. Batches of too many are told apart elsewhere."""
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    rule = None
    if least is not None and measured < least:
        rule = f"greater than or equal to {least}"
    elif most is not None and measured > most and what == "value":
        rule = f"less than or equal to {most}"
    if rule:
        text = str(value)
        said = "[]" if isinstance(value, list) else "{}" if isinstance(value, dict) else text[:200]
        raise ParameterProblem(
            f"1 validation error detected: Value '{said}' at '{_java_path(path)}' failed to satisfy constraint: "
            f"Member must have {what} {rule}",
            path,
        )


def _check_enum(shape: Shape, value: str, path: Path) -> None:
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        raise ParameterProblem(
            f"1 validation error detected: Value '{value[:200]}' at '{_java_path(path)}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]",
            path,
        )


def _wrong_type(path: Path, expected: str, value: Any) -> ParameterProblem:
    kinds = ((Number, f"the number {value}"), (dict, "a map"), (list, "a list"), (bool, "a boolean"), (str, "a string"))
    got = next((text for kind, text in kinds if isinstance(value, kind)), "null" if value is None else "a binary")
    return ParameterProblem(
        f"{dotted(path) or 'The parameters'} must be {expected}, not {got}.", path, code="SerializationException"
    )


def dotted(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _java_path(path: Path) -> str:
    """The path as DynamoDB's messages write it: `keySchema.1.member.attributeName`."""
    parts = [f"{part + 1}.member" if isinstance(part, int) else part[:1].lower() + part[1:] for part in path]
    return ".".join(parts)
