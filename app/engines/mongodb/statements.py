"""The statements of a source, found with a real JavaScript parser, and the words the shell adds to JavaScript."""

import re
from dataclasses import dataclass

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from app.core.errors import StatementFailed
from app.core.results import Statement

JAVASCRIPT = Language(tree_sitter_javascript.language())
WORD_LINE = re.compile(r"^[ \t]*+(?:show[ \t]++\w++|use[ \t]++[\w-]++)[ \t]*+;?[ \t]*+$", re.MULTILINE)
WORD = re.compile(r"(?:(show|use)\s+([\w-]+)|(it|help))\s*;?")
MAX_NEAR_CHARS = 40
QUERY = re.compile(
    r"""db(?:\.\w+|\[["'][^"']*["']\]|\.getCollection\(["'][^"']*["']\))+\s*\.\s*(?:find|aggregate|distinct)\s*\("""
)
NOT_READING = re.compile(
    r"=>|\bfunction\b|`|\$(?:out|merge)\b|(?<![=!<>])=(?!=)|\.\s*(?:insert|update|delete|replace|remove|drop|create|rename|bulk|findAnd|findOne[A-Z]|save|"
    r"run|admin|watch|explain|forEach|map)\w*\s*\("
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the shell's own: `show collections`, `use x`, `it`, `help`."""

    name: str
    argument: str


def word_of(text: str) -> Word | None:
    """The shell word that a statement is, if it is one."""
    found = WORD.fullmatch(text.strip())
    return Word(found[1] or found[3], found[2] or "") if found else None


def reads(text: str) -> bool:
    """Whether it is one find, aggregate or distinct of literals: no code, no stage that writes."""
    return bool(QUERY.match(text)) and not NOT_READING.search(text)


def split(source: str) -> list[Statement]:
    """Each top-level statement. Raises StatementFailed with the offset of the first syntax error."""
    parsed = WORD_LINE.sub(_as_identifier, source)
    data = parsed.encode("utf-8", "replace")
    root = Parser(JAVASCRIPT).parse(data).root_node
    offsets = _Offsets(data)
    if root.has_error:
        raise _syntax_error(root, source, offsets)
    statements = []
    for node in root.named_children:
        if node.type in ("comment", "empty_statement", "hash_bang_line", "html_comment"):
            continue
        start, end = offsets.of(node.start_byte), offsets.of(node.end_byte)
        line = source.count("\n", 0, start) + 1
        statements.append(Statement(text=source[start:end], start=start, end=end, line=line))
    return statements


def is_watch(text: str) -> bool:
    """Whether a statement is nothing but a change stream being opened: `db.orders.watch([...])`."""
    if "watch" not in text:
        return False
    nodes = [
        n
        for n in Parser(JAVASCRIPT).parse(text.encode("utf-8", "replace")).root_node.named_children
        if n.type != "comment"
    ]
    if len(nodes) != 1 or nodes[0].type != "expression_statement":
        return False
    node = nodes[0].named_children[0]
    if node.type == "await_expression":
        node = node.named_children[0]
    called = node.child_by_field_name("function") if node.type == "call_expression" else None
    method = (
        called.child_by_field_name("property") if called is not None and called.type == "member_expression" else None
    )
    return method is not None and method.text == b"watch"


class _Offsets:
    """Character offsets for byte offsets asked in rising order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._ascii = data.isascii()
        self._byte = self._char = 0

    def of(self, byte: int) -> int:
        if self._ascii:
            return byte
        if byte < self._byte:
            self._byte = self._char = 0
        self._char += len(self._data[self._byte : byte].decode("utf-8", "ignore"))
        self._byte = byte
        return self._char


def _as_identifier(line: re.Match[str]) -> str:
    """The line as one identifier of the same length, so that it parses as a statement of its own."""
    text = line[0]
    inner = text.strip().rstrip(";").rstrip()
    return text.replace(inner, re.sub(r"\W", "_", inner), 1)


def _syntax_error(root: Node, source: str, offsets: _Offsets) -> StatementFailed:
    node = _first_error(root)
    start = offsets.of(node.start_byte)
    if node.is_missing:
        message = f"Syntax error: {node.type} is missing here."
    else:
        start = _where(node, start, source, offsets)
        rest = source[start:].lstrip()
        start = len(source) - len(rest) if rest else start
        near = rest.split("\n", 1)[0][:MAX_NEAR_CHARS].rstrip()
        message = f"Syntax error near: {near}" if near else "Syntax error: the source ends too early."
    return StatementFailed(message, code="SyntaxError", offset=min(start, len(source)))


def _where(node: Node, start: int, source: str, offsets: _Offsets) -> int:
    """Where inside an error node the trouble begins: after what was still understood, else at its start."""
    understood = [child for child in node.children if not child.is_error and child.end_byte > child.start_byte]
    if len(understood) > 1 and node.end_byte > understood[-1].start_byte:
        return offsets.of(understood[-1].start_byte)
    return start


def _first_error(node: Node) -> Node:
    while True:
        if node.is_error or node.is_missing:
            deeper = [child for child in node.children if child.is_error or child.is_missing]
            if not deeper:
                return node
            node = deeper[0]
            continue
        broken = (child for child in node.children if child.has_error or child.is_missing)
        found = next(broken, None)
        if found is None:
            return node
        node = found
