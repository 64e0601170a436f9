"""Laying SQL out anew. Only the space between tokens and the case of keywords change: every token and comment stays.

sqlglot's printer would write other SQL with the same meaning (`now()` becomes CURRENT_TIMESTAMP, `serial` an identity
column, which names columns otherwise), moves comments, and cannot read all that PostgreSQL can.
"""

import re
from itertools import pairwise

from app.core.results import Statement
from app.engines.postgres.sources.layout import INDENT, WIDTH, Group, Node, Piece, Writer, flat
from app.engines.postgres.sources.layout_clauses import clauses, is_query
from app.engines.postgres.sources.statements import Tokens, first_words, split, without_go

SHORT = 60
FORMATTED = frozenset({"select", "with", "insert", "update", "delete", "values", "merge", "explain", "create"})
CREATED = frozenset(
    {"table", "view", "materialized", "temp", "temporary", "unlogged", "or", "recursive", "index", "unique"}
)
IN_UPPER_CASE = """
    all and any array as asc between both by case cast check collate conflict constraint create cross current_date
    current_time current_timestamp current_user default deferrable delete desc distinct do else end except exists explain
    false fetch filter following for foreign from full group having ilike in index inner insert intersect into is join
    lateral leading left like limit materialized merge natural not nothing null nulls offset on only or order outer over
    partition preceding primary recursive references returning right rows select set similar table temp temporary then to
    trailing true unbounded union unique update using values view when where window with within
"""
KEYWORDS = frozenset(IN_UPPER_CASE.split())

# Words that are names as often as not.
KEYWORDS_AFTER = {"key": ("primary", "foreign"), "first": ("nulls", "fetch"), "last": ("nulls",)}


def formatted(source: str) -> str:
    """The source with each statement laid out, and what lies between statements as it was.

    Raises StatementFailed where the source cannot be read.
    """
    parts: list[str] = []
    end = 0
    for statement in split(source):
        between = source[end : statement.start]
        if parts and "\n" not in between:
            between = between.rstrip() + "\n"
        parts += [between, _statement(statement)]
        end = statement.end
    return "".join([*parts, source[end:]])


def _statement(statement: Statement) -> str:
    text = without_go(statement.text)
    rest = " " + statement.text[-len("\\gx") :] if text != statement.text else ""
    laid_out = _lay_out(text)
    return text + statement.text[len(text) :] if laid_out is None else laid_out + rest


def _lay_out(text: str) -> str | None:
    """None for a statement that is left as it is: of another kind, with a body, or one that would change."""
    words = first_words(text, 3)
    if not words or words[0] not in FORMATTED or (words[0] == "create" and words[1:2] and words[1] not in CREATED):
        return None
    pieces = pieces_of(text)
    if any(piece.text[0] in ";\\" for piece in pieces):
        return None
    if any(a.kind == b.kind == "quoted" and b.space for a, b in pairwise(pieces)):
        return None  # a line's end between two strings joins them
    nodes = _tree(pieces)
    if nodes is None:
        return None
    writer = Writer()
    line = flat(nodes)
    if line is not None and len(line) <= SHORT and "\n" not in text:
        return line
    _query(nodes, 0, writer)
    result = writer.text()
    return result if _same(pieces, pieces_of(result)) and len(split(result)) == 1 else None


def pieces_of(text: str) -> list[Piece]:
    """The tokens and comments of a statement; commas and parentheses stand alone, keywords are in upper case."""
    pieces: list[Piece] = []
    end = 0
    for kind, start, stop in Tokens(text, comments=True):
        token = text[start:stop]
        parts = re.findall(r",|[^,]+", token) if kind == "other" else list(token) if token[0] in "()" else [token]
        for number, part in enumerate(parts):
            before = text[end:start] if not number else ""
            after_dot = bool(pieces) and pieces[-1].text.endswith(".") and not before
            is_keyword = kind == "word" and not after_dot and _is_keyword(part.lower(), pieces)
            shown = part.upper() if is_keyword else part.rstrip() if kind == "comment" else part
            pieces.append(Piece(kind, shown, space=bool(before), new_line="\n" in before))
        end = stop
    return pieces


def _is_keyword(word: str, before: list[Piece]) -> bool:
    return word in KEYWORDS or (word in KEYWORDS_AFTER and bool(before) and before[-1].word in KEYWORDS_AFTER[word])


def _same(before: list[Piece], after: list[Piece]) -> bool:
    return [(p.kind, p.text) for p in before] == [(p.kind, p.text) for p in after]


def _tree(pieces: list[Piece]) -> list[Node] | None:
    """Nodes with what is in parentheses as groups; None where parentheses do not match."""
    stack: list[list[Node]] = [[]]
    for piece in pieces:
        if piece.text == "(" and piece.kind == "mark":
            group = Group(piece)
            stack[-1].append(group)
            stack.append(group.nodes)
        elif piece.text == ")" and piece.kind == "mark":
            stack.pop()
            if not stack:
                return None
        else:
            stack[-1].append(piece)
    return stack[0] if len(stack) == 1 else None


def _query(nodes: list[Node], indent: int, writer: Writer) -> None:
    """Each clause on its own line, and on more where it is long."""
    for clause in clauses(nodes):
        writer.new_line(indent)
        line = flat(clause.nodes)
        if line is not None and indent + len(line) <= WIDTH:
            writer.write(line)
            continue
        items = clause.items()
        if len(items) == 1:
            _inline(clause.nodes, indent, writer)
            continue
        _inline(clause.head, indent, writer)
        step = indent + INDENT if clause.indents else indent
        for number, item in enumerate(items):
            if number or clause.breaks_first:
                writer.new_line(step, before=item[0] if item else None)
            _inline(item, step, writer)


def _inline(nodes: list[Node], indent: int, writer: Writer) -> None:
    """One after the other, opening only the groups that do not fit on the line."""
    for node in nodes:
        if isinstance(node, Piece):
            writer.piece(node, indent)
            continue
        line = flat([node])
        if line is not None and writer.column + len(line) <= WIDTH:
            writer.group(node.opening, line)
        else:
            _open_group(node, indent, writer)


def _open_group(group: Group, indent: int, writer: Writer) -> None:
    writer.group(group.opening, "(")
    inner = indent + INDENT
    if is_query(group.nodes):
        _query(group.nodes, inner, writer)
    else:
        for item in _items(group.nodes):
            writer.new_line(inner, before=item[0])
            _inline(item, inner, writer)
    writer.new_line(indent)
    writer.write(")")


def _items(nodes: list[Node]) -> list[list[Node]]:
    found: list[list[Node]] = [[]]
    for node in nodes:
        found[-1].append(node)
        if isinstance(node, Piece) and node.text == ",":
            found.append([])
    return [item for item in found if item]
