"""The clauses of a query: where each begins, and how its list is broken into lines."""

from dataclasses import dataclass

from app.engines.postgres.sources.layout import Node, Piece

STARTS = frozenset({"select", "where", "having", "limit", "offset", "returning", "values", "window", "fetch"})
SETS = frozenset({"union", "intersect", "except"})
JOINS = frozenset({"join", "left", "right", "full", "inner", "cross", "natural", "outer"})
OPENING = frozenset({"with", "insert", "update", "delete", "merge"})
LISTS = frozenset({"select", "from", "group", "order", "set", "values", "with", "returning", "window"})
AFTER_HEAD = frozenset({"by", "distinct", "all", "recursive"})
CONDITIONS = frozenset({"where", "having", *JOINS})


@dataclass(frozen=True, slots=True)
class Clause:
    nodes: list[Node]

    @property
    def word(self) -> str:
        return next((node.word for node in self.nodes if isinstance(node, Piece) and node.kind != "comment"), "")

    @property
    def head(self) -> list[Node]:
        """The words that name it."""
        return self.nodes[: self._head_length()]

    @property
    def indents(self) -> bool:
        """Whether further lines stand deeper."""
        return self.word != "with"

    @property
    def breaks_first(self) -> bool:
        """Whether the first item too has a line of its own."""
        return self.word in LISTS and self.word not in ("with", "order", "group")

    def items(self) -> list[list[Node]]:
        """What stands on lines of its own: the items of a list, or the terms of a condition."""
        body = self.nodes[self._head_length() :]
        found: list[list[Node]] = [[]]
        for node in body:
            word = node.word if isinstance(node, Piece) else ""
            if self.word in CONDITIONS and word in ("and", "or") and not self._closes_between(found[-1]):
                found.append([node])
                continue
            found[-1].append(node)
            if self.word in LISTS and isinstance(node, Piece) and node.text == ",":
                found.append([])
        return [item for item in found if item]

    @staticmethod
    def _closes_between(item: list[Node]) -> bool:
        words = [node.word for node in item if isinstance(node, Piece)]
        return words.count("between") > words[1:].count("and")

    def _head_length(self) -> int:
        length = 0
        for node in self.nodes:
            is_head = isinstance(node, Piece) and (node.kind == "comment" or not length or node.word in AFTER_HEAD)
            if not is_head:
                break
            length += 1
        return length


def clauses(nodes: list[Node]) -> list[Clause]:
    """The clauses of a statement, or of a query in parentheses, in order."""
    words = [node.word if isinstance(node, Piece) else "" for node in nodes]
    found: list[Clause] = []
    for at, node in enumerate(nodes):
        if not found or _begins(words, at):
            found.append(Clause([]))
        found[-1].nodes.append(node)
    return found


def is_query(nodes: list[Node]) -> bool:
    first = next((node for node in nodes if not (isinstance(node, Piece) and node.kind == "comment")), None)
    return isinstance(first, Piece) and first.word in ("select", "with", "values", *OPENING)


def _begins(words: list[str], at: int) -> bool:
    word = words[at]
    before = words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    first = words[0]
    if first == "create" and not {"select", "values"} & set(words[: at + 1]):
        return word == "with" and before == "as"
    if word in JOINS:
        return before not in JOINS and _leads_to_join(words, at)
    depends = {
        "from": before not in ("distinct", "delete"),
        "group": after == "by",
        "order": after == "by",
        "on": after == "conflict",
        "for": after in ("update", "share", "no", "key"),
        "set": first == "update",
    }
    opens = word in OPENING and before in ("as", "") and first in ("explain", "create", "with") and after != "no"
    return depends.get(word, opens or word in STARTS or word in SETS)


def _leads_to_join(words: list[str], at: int) -> bool:
    while at < len(words) and words[at] in JOINS:
        if words[at] == "join":
            return True
        at += 1
    return False
