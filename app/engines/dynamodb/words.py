"""The vocabulary of DynamoDB for completion and help, from its service model and its expression language."""

import re
from collections.abc import Iterator

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from app.core.vocabulary import Word
from app.engines.dynamodb import model

_MARKUP = re.compile(r"<[^>]+>")
_SENTENCE = re.compile(r"(.{20,}?[.!?])(?:\s|$)", re.DOTALL)
MAX_INFO_CHARS = 220
MAX_DEPTH = 4
_FUNCTIONS = {
    "attribute_exists": ("(path)", "True when the item has the attribute."),
    "attribute_not_exists": ("(path)", "True when the item lacks the attribute; on a key, that there is no such item."),
    "attribute_type": (
        "(path, type)",
        "True when the attribute is of that type: S, N, B, BOOL, NULL, L, M, SS, NS or BS.",
    ),
    "begins_with": ("(path, text)", "True when the attribute begins with the text."),
    "contains": ("(path, operand)", "True when a text has the operand in it, or a set or list has it as a member."),
    "size": ("(path)", "How long a text or binary is, or how many members a set, list or map has."),
    "if_not_exists": ("(path, value)", "In SET: the attribute, or the value where the item lacks it."),
    "list_append": ("(list, list)", "In SET: both lists as one."),
    "set_add": ("(path, set)", "PartiQL, in SET: the set with more members."),
    "set_delete": ("(path, set)", "PartiQL, in SET: the set without some members."),
}
_KEYWORDS = [
    "SELECT",
    "FROM",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "IS",
    "MISSING",
    "NULL",
    "ORDER",
    "BY",
    "ASC",
    "DESC",
    "INSERT",
    "INTO",
    "VALUE",
    "UPDATE",
    "SET",
    "REMOVE",
    "DELETE",
    "RETURNING",
    "ALL",
    "MODIFIED",
    "NEW",
    "OLD",
    "EXISTS",
    "TRUE",
    "FALSE",
]
_UPDATE = {
    "SET": "Adds attributes or replaces their values.",
    "REMOVE": "Takes attributes away.",
    "ADD": "Adds to a number or a set.",
    "DELETE": "Takes members out of a set.",
}
_CLI = {
    "--cli-input-json": "All parameters as one JSON map; options of the line win.",
    "--max-items": "How many items to give at most; the reply's token goes on.",
    "--page-size": "How many items a request examines at most.",
    "--starting-token": "Where an earlier reply ended.",
}


def vocabulary() -> list[Word]:
    """Operations with their parameters, functions, keywords of PartiQL, clauses of updates, options of the AWS CLI."""
    return [*_operations(), *_parameters(), *_functions(), *_cli(), *_ours()]


def _operations() -> Iterator[Word]:
    for name in sorted(model.OFFERED):
        operation = model.operation_model(name)
        yield Word(name, "operation", "{ ... }", _sentence(operation.documentation))


def _parameters() -> Iterator[Word]:
    for name in sorted(model.OFFERED):
        shape = model.operation_model(name).input_shape
        if isinstance(shape, StructureShape):
            yield from _members(shape, name, 0, frozenset())


def _members(shape: StructureShape, within: str, depth: int, seen: frozenset[str]) -> Iterator[Word]:
    """The members of a structure, and those of the structures in it, each within the name that holds them."""
    for name, member in shape.members.items():
        required = "required, " if name in shape.required_members else ""
        yield Word(name, "parameter", f"{required}{_type(member)}", _sentence(member.documentation), within)
        for value in _enum(member):
            yield Word(value, "value", None, None, f"{within}.{name}")
        inner = _structure(member)
        if inner is not None and depth < MAX_DEPTH and inner.name not in seen and inner.name != "AttributeValue":
            yield from _members(inner, f"{within}.{name}", depth + 1, seen | {inner.name})


def _structure(shape: Shape) -> StructureShape | None:
    while isinstance(shape, ListShape | MapShape):
        shape = shape.member if isinstance(shape, ListShape) else shape.value
    return shape if isinstance(shape, StructureShape) else None


def _enum(shape: Shape) -> list[str]:
    return list(shape.metadata.get("enum", ()))


def _type(shape: Shape) -> str:
    if isinstance(shape, ListShape):
        return f"list of {_type(shape.member)}"
    if isinstance(shape, MapShape):
        return f"map of {_type(shape.value)}"
    return "value" if shape.name == "AttributeValue" else str(shape.type_name).replace("structure", "map")


def _functions() -> Iterator[Word]:
    for name, (signature, info) in _FUNCTIONS.items():
        yield Word(name, "function", signature, info)
    for name in _KEYWORDS:
        yield Word(name, "keyword", "PartiQL")
    for name, info in _UPDATE.items():
        yield Word(name, "clause", "update expression", info, "UpdateExpression")


def _cli() -> Iterator[Word]:
    for service in model.SERVICES:
        yield Word(service, "command", "AWS CLI", None, "aws")
    for name in sorted(model.OFFERED):
        command = xform_name(name, "-")
        operation = model.operation_model(name)
        yield Word(command, "command", "AWS CLI", _sentence(operation.documentation), f"aws {model.service_of(name)}")
        for member, shape in model.input_members(name).items():
            yield Word(f"--{xform_name(member, '-')}", "option", _type(shape), None, command)
    for name, info in _CLI.items():
        yield Word(name, "option", "AWS CLI", info, "aws")


def _ours() -> Iterator[Word]:
    info = "Sandtable's own: shows the records of a table's stream as they arrive, until Stop or two minutes are over."
    yield Word(model.WATCH, "operation", '{ TableName: "t" }', info)
    yield Word("TableName", "parameter", "required, string", "The table whose stream is watched.", model.WATCH)
    yield Word("From", "parameter", "string", "LATEST, or TRIM_HORIZON for what is there already.", model.WATCH)
    for value in ("LATEST", "TRIM_HORIZON"):
        yield Word(value, "value", None, None, f"{model.WATCH}.From")


def _sentence(documentation: str) -> str | None:
    """The first sentence of the service model's own documentation."""
    text = " ".join(_MARKUP.sub(" ", documentation or "").split())
    found = _SENTENCE.match(text)
    said = found.group(1) if found else text
    return (said if len(said) <= MAX_INFO_CHARS else f"{said[:MAX_INFO_CHARS]}...") or None
