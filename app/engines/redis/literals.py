"""Literal values of Python, computed from its syntax tree without executing anything."""

import ast
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

MAX_TEXT = 1_000_000
MAX_NUMBER = 2**63


class NotLiteral(Exception):
    """Something whose value only running it would tell. `node` is where."""

    def __init__(self, node: ast.AST, said: str, hint: str | None = None) -> None:
        super().__init__(said)
        self.node = node
        self.hint = hint


def literal(node: ast.expr, names: Mapping[str, object]) -> Any:
    """The value of a literal, with names that stand for literals. Raises NotLiteral."""
    match node:
        case ast.Constant(value=value) if value is not Ellipsis and not isinstance(value, complex):
            return value
        case ast.List() | ast.Tuple() | ast.Dict():
            return _grouped(node, names)
        case ast.UnaryOp(op=ast.USub()) | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult()):
            return _computed(node, names)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.JoinedStr(values=values):
            return _joined(values, names)
        case ast.Call():
            return _called(node, names)
        case ast.Name(id=name):
            raise NotLiteral(node, f"{name} is a name whose value is not known")
        case _:
            raise NotLiteral(node, f"`{ast.unparse(node)[:60]}` has to be executed to know its value")


def _grouped(node: ast.List | ast.Tuple | ast.Dict, names: Mapping[str, object]) -> Any:
    if isinstance(node, ast.Dict):
        if None in node.keys:
            raise NotLiteral(node, "** in a dict has to be executed")
        pairs = zip(node.keys, node.values, strict=True)
        return {_key(key, names): literal(value, names) for key, value in pairs if key is not None}
    values = [literal(item, names) for item in node.elts]
    return values if isinstance(node, ast.List) else tuple(values)


def _key(node: ast.expr, names: Mapping[str, object]) -> Any:
    value = literal(node, names)
    if isinstance(value, list | dict):
        raise NotLiteral(node, "this can't be the key of a dict")
    return value


def _computed(node: ast.UnaryOp | ast.BinOp, names: Mapping[str, object]) -> Any:
    """Numbers, as in `ex=60 * 60`, and texts put together."""
    if isinstance(node, ast.UnaryOp):
        left, right, sign = 0, literal(node.operand, names), "Sub"
    else:
        left, right, sign = literal(node.left, names), literal(node.right, names), type(node.op).__name__
    if isinstance(left, str) and isinstance(right, str) and sign == "Add" and len(left + right) <= MAX_TEXT:
        return left + right
    if isinstance(left, str) and isinstance(right, int) and sign == "Mult" and len(left) * right <= MAX_TEXT:
        return left * right
    if isinstance(left, int | float) and isinstance(right, int | float):
        number = {"Add": left + right, "Sub": left - right, "Mult": left * right}[sign]
        if abs(number) < MAX_NUMBER:
            return number
    raise NotLiteral(node, "only numbers, and texts with + and *, are put together")


def _joined(values: list[ast.expr], names: Mapping[str, object]) -> str:
    """An f-string whose names are known."""
    parts = []
    for value in values:
        match value:
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                parts.append(str(literal(inner, names)))
            case ast.Constant(value=str() as text):
                parts.append(text)
            case _:
                raise NotLiteral(value, "formats in an f-string are not read")
    text = "".join(parts)
    if len(text) > MAX_TEXT:
        raise NotLiteral(values[0], "this text is too long")
    return text


def _called(node: ast.Call, names: Mapping[str, object]) -> Any:
    """json.dumps(...), str(...), and timedelta(...), of literals."""
    name = ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
    values = [literal(argument, names) for argument in node.args]
    options = {str(word.arg): literal(word.value, names) for word in node.keywords if word.arg}
    try:
        match name.rpartition(".")[2]:
            case "dumps" if len(values) == 1 and not options:
                return json.dumps(values[0])
            case "timedelta":
                return timedelta(*values, **options)
            case "str" if len(values) == 1 and not options and isinstance(values[0], str | int | float):
                return str(values[0])
    except (TypeError, ValueError, OverflowError, RecursionError) as exc:
        raise NotLiteral(node, f"{name}(): {exc}") from exc
    raise NotLiteral(node, f"{name or 'this'}() would have to be executed")
