"""Calls as boto3 writes them, read from Python's syntax tree: `dynamodb.put_item(TableName='t', Item={...})`."""

import ast
from functools import cache
from typing import Any

from boto3.dynamodb import conditions
from botocore import xform_name

from app.engines.dynamodb import model
from app.engines.dynamodb.json5 import Number
from app.engines.dynamodb.reading import MAX_DEPTH, CodeProblem, Found, not_literal
from app.engines.dynamodb.values import PlainMap, SetOf

_CONDITIONS = frozenset(
    (
        *("eq", "ne", "lt", "lte", "gt", "gte", "between", "begins_with", "is_in"),
        *("exists", "not_exists", "contains", "size", "attribute_type"),
    )
)


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
        for name in ("KeyConditionExpression", "FilterExpression", "ConditionExpression"):
            if isinstance(parameters.get(name), conditions.ConditionBase):
                built = builder.build_expression(parameters[name], is_key_condition=name.startswith("Key"))
                parameters[name] = built.condition_expression
                for part, more in (
                    ("ExpressionAttributeNames", built.attribute_name_placeholders),
                    ("ExpressionAttributeValues", built.attribute_value_placeholders),
                ):
                    if more:
                        parameters[part] = {**parameters.get(part, {}), **more}

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
            case ast.BinOp(op=ast.BitAnd() | ast.BitOr()) | ast.UnaryOp(op=ast.Invert()):
                return self.condition(node, path)
            case ast.Call():
                return self.call(node, path)
        raise not_literal(ast.unparse(node)[:60], self.at(node))

    def constant(self, node: ast.Constant | ast.UnaryOp) -> Any:
        if isinstance(node, ast.UnaryOp):
            assert isinstance(node.operand, ast.Constant)
            unsigned = self.constant(node.operand)
            if isinstance(unsigned, Number):
                return Number(f"-{unsigned}")
            raise not_literal(ast.unparse(node)[:60], self.at(node))
        held = node.value
        if isinstance(held, bool | str | bytes) or held is None:
            return held
        if isinstance(held, int):
            return Number(str(held)) if abs(held) < 10**1000 else not_literal("A number this long", self.at(node))
        if isinstance(held, float):
            return Number((ast.get_source_segment(self.text, node) or str(held)).replace("_", ""))
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
        if name in ("Key", "Attr") or (isinstance(node.func, ast.Attribute) and name in _CONDITIONS):
            return self.condition(node, path)
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
        raise not_literal(ast.unparse(node)[:60], self.at(node))

    def condition(self, node: ast.expr, path: tuple[str | int, ...]) -> Any:
        """boto3's own condition objects, from `Key`, `Attr`, `&`, `|`, `~` and their methods."""
        if len(path) > MAX_DEPTH:
            raise CodeProblem(f"More than {MAX_DEPTH} levels of nesting.", self.at(node))
        inner = (*path, 0)
        match node:
            case ast.BinOp(op=ast.BitAnd()):
                return self.condition(node.left, inner) & self.condition(node.right, inner)
            case ast.BinOp(op=ast.BitOr()):
                return self.condition(node.left, inner) | self.condition(node.right, inner)
            case ast.UnaryOp(op=ast.Invert()):
                return ~self.condition(node.operand, inner)
            case ast.Call(func=ast.Attribute(attr=attr), args=args) if attr in _CONDITIONS:
                assert isinstance(node, ast.Call)
                assert isinstance(node.func, ast.Attribute)
                subject = self.condition(node.func.value, inner)
                given = [self.value(one, inner) for one in args]
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
                    return conditions.Key(name) if kind == "Key" else conditions.Attr(name)
        raise not_literal(ast.unparse(node)[:60], self.at(node))
