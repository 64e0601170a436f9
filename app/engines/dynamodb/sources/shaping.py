"""Shorthand knows texts only: numbers, booleans and lists of one come from the service model."""

import re
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from app.engines.dynamodb.sources.json5 import Number

NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def shaped(value: Any, shape: Shape) -> Any:
    """A value read from shorthand, as its shape in the model wants it."""
    if shape.name == "AttributeValue":
        return _attribute(value)
    if isinstance(shape, ListShape):
        return [shaped(item, shape.member) for item in (value if isinstance(value, list) else [value])]
    if isinstance(value, dict) and isinstance(shape, StructureShape | MapShape):
        return {name: _member(name, item, shape) for name, item in value.items()}
    return _scalar(value, shape) if isinstance(value, str) else value


def _member(name: str, value: Any, shape: StructureShape | MapShape) -> Any:
    if isinstance(shape, MapShape):
        return shaped(value, shape.value)
    return shaped(value, shape.members[name]) if name in shape.members else value


def _scalar(value: str, shape: Shape) -> Any:
    if shape.type_name == "boolean" and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if shape.type_name in ("integer", "long", "float", "double") and NUMBER.fullmatch(value):
        return Number(value)
    return value


def _attribute(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, held),) = value.items()
    if kind in ("BOOL", "NULL") and isinstance(held, str):
        return {kind: held.lower() == "true"}
    if kind in ("SS", "NS", "BS") and isinstance(held, str):
        return {kind: [held]}
    if kind == "L":
        return {kind: [_attribute(item) for item in (held if isinstance(held, list) else [held])]}
    if kind == "M" and isinstance(held, dict):
        return {kind: {name: _attribute(item) for name, item in held.items()}}
    return value
