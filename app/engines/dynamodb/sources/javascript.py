"""Calls as the AWS SDK for JavaScript writes them, read from the syntax tree: `new PutItemCommand({ TableName: "t", ... })`."""

import base64
import re
from functools import cache
from typing import Any

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from app.engines.dynamodb import model
from app.engines.dynamodb.sources.json5 import MAX_DIGITS, TOO_LONG, Number
from app.engines.dynamodb.sources.reading import MAX_DEPTH, CodeProblem, Found, not_literal
from app.engines.dynamodb.values import PlainMap, SetOf

_LOOKS = re.compile(
    r"(?:const|let|var|await|new)\b|import\s*[{*\"']|\w+\.send\s*\(|.*\brequire\s*\(|[\w.]+\(\s*(?:\{|\)|new\s)"
)
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)n?")
_DOCUMENT = {
    "Put": "PutItem",
    "Get": "GetItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "BatchGet": "BatchGetItem",
    "BatchWrite": "BatchWriteItem",
    "TransactGet": "TransactGetItems",
    "TransactWrite": "TransactWriteItems",
}
"""The document client's own names; its values are plain ones."""
_CONSTANTS = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_javascript.language()))


def looks(text: str) -> bool:
    """Whether a line of a program is JavaScript rather than Python."""
    return _LOOKS.match(text) is not None


def read(text: str) -> Found:
    """The call in one line of a program. Raises CodeProblem."""
    reader = _Reader(text)
    root = _parser().parse(reader.bytes).root_node
    if root.has_error:
        raise CodeProblem("This is not JavaScript that can be read.", reader.at(_first_error(root)))
    return reader.found(root)


def _first_error(root: Node) -> Node:
    node = root
    while True:
        inner = next((child for child in node.children if child.has_error or child.is_missing), None)
        if inner is None:
            return node
        node = inner


class _Reader:
    def __init__(self, text: str) -> None:
        self.bytes = text.encode("utf-8", "replace")
        self.plain = False
        self.keys: dict[tuple[str | int, ...], int] = {}

    def at(self, node: Node) -> int:
        return len(self.bytes[: node.start_byte].decode())

    def text(self, node: Node) -> str:
        return self.bytes[node.start_byte : node.end_byte].decode()

    def found(self, root: Node) -> Found:
        """The first call of an operation, outermost first."""
        waiting = [root]
        for _ in range(2_000):
            if not waiting:
                break
            node = waiting.pop(0)
            if node.type in ("new_expression", "call_expression") and (found := self.operation(node)):
                return found
            if node.type not in ("object", "array"):
                waiting += node.named_children
        return Found()

    def operation(self, node: Node) -> Found | None:
        made = node.type == "new_expression"
        callee = node.child_by_field_name("constructor" if made else "function")
        arguments = node.child_by_field_name("arguments")
        if callee is None or arguments is None:
            return None
        if made:
            name = self.text(callee).rpartition(".")[2]
            if not name.endswith("Command"):
                return None
            name = name.removesuffix("Command")
        elif callee.type == "member_expression":
            word = self.text(callee).rpartition(".")[2]
            name = word[:1].upper() + word[1:]
        else:
            return None
        operation = name if name in model.operations() else _DOCUMENT.get(name)
        if operation is None:
            if made:
                close = model.near(name, model.operations())
                hint = f"Did you mean {' or '.join(f'{one}Command' for one in close)}?" if close else None
                raise CodeProblem(f"The SDK has no {name}Command.", self.at(callee), hint)
            return None
        self.plain = name in _DOCUMENT
        given = arguments.named_children
        if not given:
            return Found(operation, at=self.at(node))
        value = self.value(given[0], ())
        if not isinstance(value, dict):
            raise not_literal(self.text(given[0])[:60], self.at(given[0]))
        return Found(operation, value, self.keys, self.at(node))

    def value(self, node: Node, path: tuple[str | int, ...]) -> Any:
        if len(path) > MAX_DEPTH:
            raise CodeProblem(f"More than {MAX_DEPTH} levels of nesting.", self.at(node))
        if node.type in _CONSTANTS:
            return _CONSTANTS[node.type]
        match node.type:
            case "object":
                return self.map(node, path)
            case "array":
                items = [child for child in node.named_children if child.type != "comment"]
                return [self.value(item, (*path, number)) for number, item in enumerate(items)]
            case "string" | "template_string":
                return self.string(node)
            case "number" | "unary_expression":
                return self.number(node)
            case "new_expression" | "call_expression":
                return self.made(node, path)
        raise self.not_literal(node)

    def not_literal(self, node: Node) -> CodeProblem:
        return not_literal(self.text(node)[:60], self.at(node))

    def map(self, node: Node, path: tuple[str | int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = PlainMap() if self.plain else {}
        for pair in node.named_children:
            if pair.type == "comment":
                continue
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if pair.type != "pair" or key is None or value is None:
                raise not_literal(self.text(pair)[:60], self.at(pair))
            if key.type not in ("property_identifier", "string", "number"):
                raise not_literal(self.text(key)[:60], self.at(key))
            name = self.string(key) if key.type == "string" else self.text(key)
            self.keys[(*path, name)] = self.at(key)
            found[name] = self.value(value, (*path, name))
        return found

    def string(self, node: Node) -> str:
        parts = []
        for child in node.named_children:
            if child.type == "template_substitution":
                raise self.not_literal(node)
            text = self.text(child)
            parts.append(self.escape(text, child) if child.type == "escape_sequence" else text)
        return "".join(parts)

    def escape(self, text: str, node: Node) -> str:
        body = text[1:]
        if body[0] in "xu" and len(body) > 1:
            code = int(body[1:].strip("{}"), 16)
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                raise CodeProblem("This is not a character of its own.", self.at(node))
            return chr(code)
        return _ESCAPES.get(body, body)

    def number(self, node: Node) -> Number:
        text = self.text(node).replace("_", "")
        sign = "-" if text.startswith("-") else ""
        text = text.lstrip("+-").strip() if node.type == "unary_expression" else text
        if not _NUMBER.fullmatch(text):
            raise self.not_literal(node)
        text = text.removesuffix("n")
        if len(text) > MAX_DIGITS:
            raise CodeProblem(TOO_LONG, self.at(node))
        return Number(sign + (str(int(text, 16)) if text[:2].lower() == "0x" else text))

    def made(self, node: Node, path: tuple[str | int, ...]) -> Any:
        """`new Set([...])`, `BigInt("1")`, `Buffer.from("...", "base64")`."""
        callee = node.child_by_field_name("constructor" if node.type == "new_expression" else "function")
        arguments = node.child_by_field_name("arguments")
        name = self.text(callee) if callee else ""
        given = [self.value(one, (*path, 0)) for one in arguments.named_children] if arguments else []
        if name == "Set" and len(given) == 1 and isinstance(given[0], list):
            return SetOf(given[0])
        if name == "BigInt" and len(given) == 1 and isinstance(given[0], str):
            return Number(given[0])
        if name == "Buffer.from" and given and isinstance(given[0], str):
            try:
                return base64.b64decode(given[0], validate=True) if given[1:] == ["base64"] else given[0].encode()
            except ValueError as exc:
                raise CodeProblem(f"Invalid Base64: {exc}", self.at(node)) from exc
        raise self.not_literal(node)
