"""Calls as boto3 writes them, read from Python's syntax tree: `dynamodb.put_item(TableName='t', Item={...})`."""

import ast
import re
from functools import cache
from typing import Any

from boto3.dynamodb import conditions
from boto3.exceptions import DynamoDBNeedsKeyConditionError, DynamoDBOperationNotSupportedError
from botocore import xform_name

from app.engines.dynamodb import model
from app.engines.dynamodb.sources.json5 import MAX_DIGITS, TOO_LONG, Number
from app.engines.dynamodb.sources.reading import MAX_DEPTH, CodeProblem, Found, not_literal
from app.engines.dynamodb.values import PlainMap, SetOf

_CONDITIONS = frozenset(
    (
        *("eq", "ne", "lt", "lte", "gt", "gte", "between", "begins_with", "is_in"),
        *("exists", "not_exists", "contains", "size", "attribute_type"),
    )
)
_COMPARE = 'Compare it, as in Attr("a").eq(1) or Attr("a").exists().'
_CONDITIONED = ("KeyConditionExpression", "FilterExpression", "ConditionExpression")
_PATH = re.compile(r"[^.\[\]]+(?:\[\d{1,5}\]|\.[^.\[\]]+)*")
MAX_PATH_CHARS = 1_000
"""boto3 takes paths apart by a pattern whose time is the square of their length, and fills in what else stands in brackets."""


@cache
def methods() -> dict[str, str]:
    """The names of boto3's methods, and the operations they call."""
    return {xform_name(name): name for name in model.operations()}


def read(text: str) -> Found:
    """The call in one line of a program. Raises CodeProblem."""
    try:
        tree = ast.parse(text)
    except SyntaxError as exc:
        lines = text.split("\n")
        before = sum(len(line) + 1 for line in lines[: (exc.lineno or 1) - 1])
        raise CodeProblem(f"This is not Python: {exc.msg}.", min(len(text), before + (exc.offset or 1) - 1)) from exc
    except (RecursionError, MemoryError, ValueError) as exc:
        raise CodeProblem("This is nested too deep to be read.", 0) from exc
    if len(tree.body) != 1:
        return Found()
    return _Reader(text).statement(tree.body[0])


class _Reader:
    def __init__(self, text: str) -> None:
        self.lines = [line.encode() for line in text.split("\n")]
        self.starts = [0]
        for line in text.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.text = text
        self.plain = False
        self.keys: dict[tuple[str | int, ...], int] = {}

    def at(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        line = node.lineno - 1
        return self.starts[line] + len(self.lines[line][: node.col_offset].decode())

    def refused(self, node: ast.expr) -> CodeProblem:
        """Of what is not a literal: quoted as it was written, since putting a deep tree into words would go as deep."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        line = node.end_lineno - 1
        end = self.starts[line] + len(self.lines[line][: node.end_col_offset].decode())
        return not_literal(self.text[self.at(node) : end][:60], self.at(node))

    def statement(self, node: ast.stmt) -> Found:
        name = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
        while isinstance(value, ast.Subscript):  # dynamodb.get_item(...)["Item"]
            value = value.value
        if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
            return Found()
        method = value.func
        if method.attr == "Table" and name:
            return Found(name=name, table=self.table(value))
        operation = methods().get(method.attr)
        if operation is None:
            return self.unknown(method)
        owner = method.value
        found = Found(operation, at=self.at(value), keys=self.keys)
        if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute) and owner.func.attr == "Table":
            found.table = self.table(owner)
        elif isinstance(owner, ast.Name):
            found.receiver = owner.id
        named = {keyword.arg for keyword in value.keywords}
        self.plain = bool(found.table) or ("TableName" in model.input_members(operation) and "TableName" not in named)
        self.arguments(value, found)
        return found

    def unknown(self, method: ast.Attribute) -> Found:
        close = [one for one in model.near(method.attr, methods()) if "_" in method.attr]
        if not close:
            return Found()
        raise CodeProblem(f"boto3 has no method {method.attr}.", self.at(method), f"Did you mean {' or '.join(close)}?")

    def table(self, call: ast.Call) -> str:
        if len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
            return call.args[0].value
        raise CodeProblem("Table takes the table's name as a text.", self.at(call))

    def arguments(self, call: ast.Call, found: Found) -> None:
        if call.args:
            raise CodeProblem("boto3's methods take named arguments only.", self.at(call.args[0]))
        for keyword in call.keywords:
            if keyword.arg is None:
                raise not_literal("**", self.at(keyword))
            self.keys[(keyword.arg,)] = self.at(keyword)
            found.parameters[keyword.arg] = self.value(keyword.value, (keyword.arg,))
        self.conditions(found.parameters)

    def conditions(self, parameters: dict[str, Any]) -> None:
        """`Key("pk").eq("a")` becomes the text and placeholders that boto3 makes of it."""
        builder = conditions.ConditionExpressionBuilder()
        for name in _CONDITIONED:
            condition = parameters.get(name)
            at = self.keys.get((name,), 0)
            if isinstance(condition, conditions.AttributeBase):
                raise CodeProblem(f"{name} takes a condition, and this compares nothing.", at, _COMPARE)
            if not isinstance(condition, conditions.ConditionBase):
                continue
            try:
                built = builder.build_expression(condition, is_key_condition=name.startswith("Key"))
            except DynamoDBNeedsKeyConditionError as exc:
                raise CodeProblem(f"{name} takes conditions of Key only.", at, "Write Key(...) for Attr(...).") from exc
            except TypeError as exc:
                raise CodeProblem("is_in takes a list of values.", at) from exc
            parameters[name] = built.condition_expression
            self.add(parameters, "ExpressionAttributeNames", built.attribute_name_placeholders)
            self.add(parameters, "ExpressionAttributeValues", built.attribute_value_placeholders)

    def add(self, parameters: dict[str, Any], name: str, placeholders: dict[str, Any]) -> None:
        given = parameters.get(name, {})
        if not isinstance(given, dict):
            raise CodeProblem(f"{name} takes a dict.", self.keys[(name,)])
        if placeholders:
            parameters[name] = {**given, **placeholders}

    def value(self, node: ast.expr, path: tuple[str | int, ...]) -> Any:
        if len(path) > MAX_DEPTH:
            raise CodeProblem(f"More than {MAX_DEPTH} levels of nesting.", self.at(node))
        match node:
            case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
                return self.constant(node)
            case ast.Dict():
                return self.map(node, path)
            case ast.List() | ast.Tuple():
                return [self.value(item, (*path, number)) for number, item in enumerate(node.elts)]
            case ast.Set():
                return SetOf(self.value(item, path) for item in node.elts)
            case _ if _is_condition(node):
                if len(path) > 1 or path[0] not in _CONDITIONED:
                    raise self.refused(node)
                return self.condition(node, path)
            case ast.Call():
                return self.call(node, path)
        raise self.refused(node)

    def constant(self, node: ast.Constant | ast.UnaryOp) -> Any:
        if isinstance(node, ast.UnaryOp):
            assert isinstance(node.operand, ast.Constant)
            unsigned = self.constant(node.operand)
            if isinstance(unsigned, Number):
                return Number(f"-{unsigned}")
            raise self.refused(node)
        held = node.value
        if isinstance(held, bool | str | bytes) or held is None:
            return held
        if isinstance(held, int):
            if abs(held) >= 10**MAX_DIGITS:
                raise CodeProblem(TOO_LONG, self.at(node))
            return Number(str(held))
        if isinstance(held, float):
            written = self.lines[node.lineno - 1][node.col_offset : node.end_col_offset]
            return Number(written.decode().replace("_", ""))
        raise not_literal(repr(held), self.at(node))

    def map(self, node: ast.Dict, path: tuple[str | int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = PlainMap() if self.plain else {}
        for key, item in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                raise not_literal("A name that is not a text", self.at(key or item))
            inner = (*path, key.value)
            self.keys[inner] = self.at(key)
            found[key.value] = self.value(item, inner)
        return found

    def call(self, node: ast.Call, path: tuple[str | int, ...]) -> Any:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "dict" and not node.args:
            names = {one.arg or "": self.value(one.value, (*path, one.arg or "")) for one in node.keywords}
            return PlainMap(names) if self.plain else names
        if name in ("Decimal", "Binary", "set") and len(node.args) == 1:
            held = self.value(node.args[0], path)
            if name == "Decimal" and isinstance(held, str):
                return Number(held)
            if name == "set" and isinstance(held, list):
                return SetOf(held)
            if isinstance(held, bytes):
                return held
        raise self.refused(node)

    def condition(self, node: ast.expr, path: tuple[str | int, ...]) -> Any:
        """boto3's own condition objects, from `Key`, `Attr`, `&`, `|`, `~` and their methods."""
        if len(path) > MAX_DEPTH:
            raise CodeProblem(f"More than {MAX_DEPTH} levels of nesting.", self.at(node))
        inner = (*path, 0)
        match node:
            case ast.BinOp() | ast.UnaryOp() if _is_condition(node):
                return self.combined(node, inner)
            case ast.Call(func=ast.Attribute(attr=attr), args=args) if attr in _CONDITIONS:
                assert isinstance(node, ast.Call)
                assert isinstance(node.func, ast.Attribute)
                subject = self.condition(node.func.value, inner)
                given = [self.condition(one, inner) if _is_condition(one) else self.value(one, inner) for one in args]
                method = getattr(subject, attr, None)
                if isinstance(subject, conditions.AttributeBase) and method:
                    try:
                        return method(*given)
                    except TypeError as exc:
                        raise CodeProblem(f"{attr} does not take {len(given)} values.", self.at(node)) from exc
            case ast.Call(args=[ast.Constant(value=str(name))]):
                assert isinstance(node, ast.Call)
                kind = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if kind in ("Key", "Attr"):
                    if len(name) > MAX_PATH_CHARS or not _PATH.fullmatch(name):
                        said = f"{kind} takes a path of names and positions, of at most {MAX_PATH_CHARS:,} characters."
                        raise CodeProblem(said, self.at(node), 'Such as "a.b[0]".')
                    return conditions.Key(name) if kind == "Key" else conditions.Attr(name)
        raise self.refused(node)

    def combined(self, node: ast.BinOp | ast.UnaryOp, path: tuple[str | int, ...]) -> Any:
        """By `&`, `|` and `~`."""
        try:
            if isinstance(node, ast.UnaryOp):
                return ~self.condition(node.operand, path)
            left, right = self.condition(node.left, path), self.condition(node.right, path)
            return left & right if isinstance(node.op, ast.BitAnd) else left | right
        except DynamoDBOperationNotSupportedError as exc:
            raise CodeProblem("&, | and ~ take conditions, and a path alone is none.", self.at(node), _COMPARE) from exc


def _is_condition(node: ast.expr) -> bool:
    """Whether it is written as boto3's conditions are."""
    match node:
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr()) | ast.UnaryOp(op=ast.Invert()):
            return True
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in ("Key", "Attr") or name in _CONDITIONS
        case ast.Call(func=ast.Name(id=name)):
            return name in ("Key", "Attr")
    return False
