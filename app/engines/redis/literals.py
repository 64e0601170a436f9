"""Literal values of Python, computed from its syntax tree without executing anything."""

import ast
import json
from datetime import timedelta
from typing import Any

MAX_TEXT = 1_000_000
MAX_NUMBER = 2**63
_MAX_BITS = 10_000
"""Below the digits from which Python writes no number (sys.int_info.default_max_str_digits)."""


class NotLiteral(Exception):
    """Something whose value only running it would tell. `node` is where."""

    def __init__(self, node: ast.AST, said: str, hint: str | None = None) -> None:
        super().__init__(said)
        self.node = node
        self.hint = hint


class Literals:
    """The names of a source that stand for literals, and the values of expressions of them.

    A name costs the size of its value wherever it stands: a few lines of names in lists could else stand for more than memory holds.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, int]] = {}
        self._size = 0

    def name(self, name: str, node: ast.expr) -> None:
        """The name stands for this value from here on. Raises NotLiteral."""
        self._size = 0
        value = self._value(node)
        self._known[name] = value, self._size

    def forget(self, name: str) -> None:
        self._known.pop(name, None)

    def arguments(self, call: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        """What a call is given, in its place and by name. Raises NotLiteral."""
        self._size = 0
        return self._arguments(call)

    def _arguments(self, call: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        values = [self._value(argument) for argument in call.args]
        named: dict[str, Any] = {}
        for word in call.keywords:
            if word.arg is None:
                raise NotLiteral(call, "** is not read here: write the arguments one by one")
            named[word.arg] = self._value(word.value)
        return values, named

    def _charge(self, node: ast.AST, size: int) -> None:
        self._size += size
        if self._size > MAX_TEXT:
            raise NotLiteral(node, f"values are put together to {MAX_TEXT:,} characters at most, names written out")

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value) if value is not Ellipsis and not isinstance(value, complex):
                if isinstance(value, int) and value.bit_length() > _MAX_BITS:
                    raise NotLiteral(node, f"a number may have {_MAX_BITS:,} bits")
                self._charge(node, len(value) if isinstance(value, str | bytes) else 1)
                return value
            case ast.List() | ast.Tuple() | ast.Dict():
                return self._grouped(node)
            case ast.UnaryOp(op=ast.USub()) | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult()):
                return self._computed(node)
            case ast.Name(id=name) if name in self._known:
                value, size = self._known[name]
                self._charge(node, size)
                return value
            case ast.JoinedStr(values=values):
                return self._joined(node, values)
            case ast.Call():
                return self._called(node)
            case ast.Name(id=name):
                raise NotLiteral(node, f"{name} is a name whose value is not known")
            case _:
                raise NotLiteral(node, f"`{ast.unparse(node)[:60]}` has to be executed to know its value")

    def _grouped(self, node: ast.List | ast.Tuple | ast.Dict) -> Any:
        self._charge(node, 1)
        if isinstance(node, ast.Dict):
            if None in node.keys:
                raise NotLiteral(node, "** in a dict has to be executed")
            pairs = zip(node.keys, node.values, strict=True)
            return {self._key(key): self._value(value) for key, value in pairs if key is not None}
        values = [self._value(item) for item in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)

    def _key(self, node: ast.expr) -> Any:
        value = self._value(node)
        try:
            hash(value)
        except TypeError as exc:
            raise NotLiteral(node, "this can't be the key of a dict") from exc
        return value

    def _computed(self, node: ast.UnaryOp | ast.BinOp) -> Any:
        """Numbers, as in `ex=60 * 60`, and texts put together."""
        if isinstance(node, ast.UnaryOp):
            left, right, sign = 0, self._value(node.operand), "Sub"
        else:
            left, right, sign = self._value(node.left), self._value(node.right), type(node.op).__name__
        if isinstance(left, str) and isinstance(right, str) and sign == "Add":
            return left + right
        if isinstance(left, str) and isinstance(right, int) and sign == "Mult":
            self._charge(node, len(left) * max(0, right - 1) - 1)
            return left * right
        if isinstance(left, int | float) and isinstance(right, int | float):
            try:
                number = {"Add": left + right, "Sub": left - right, "Mult": left * right}[sign]
            except OverflowError as exc:
                raise NotLiteral(node, f"{exc}") from exc
            if abs(number) < MAX_NUMBER:
                return number
        raise NotLiteral(node, "only numbers, and texts with + and *, are put together")

    def _joined(self, node: ast.expr, values: list[ast.expr]) -> str:
        """An f-string whose names are known."""
        parts = []
        for value in values:
            match value:
                case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                    parts.append(str(self._value(inner)))
                case ast.Constant(value=str() as text):
                    parts.append(text)
                case _:
                    raise NotLiteral(value, "formats in an f-string are not read")
            self._charge(node, len(parts[-1]))
        return "".join(parts)

    def _called(self, node: ast.Call) -> Any:
        """json.dumps(...), str(...), and timedelta(...), of literals."""
        name = ast.unparse(node.func) if isinstance(node.func, ast.Name | ast.Attribute) else ""
        values, options = self._arguments(node)
        try:
            match name.rpartition(".")[2]:
                case "dumps" if len(values) == 1 and not options:
                    text = json.dumps(values[0])
                    self._charge(node, len(text))
                    return text
                case "timedelta":
                    return timedelta(*values, **options)
                case "str" if len(values) == 1 and not options and isinstance(values[0], str | int | float):
                    return str(values[0])
        except (TypeError, ValueError, OverflowError, RecursionError) as exc:
            raise NotLiteral(node, f"{name}(): {exc}") from exc
        raise NotLiteral(node, f"{name or 'this'}() would have to be executed")
