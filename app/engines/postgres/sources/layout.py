"""What formatting writes with: tokens, groups in parentheses, and lines."""

from dataclasses import dataclass, field

WIDTH = 88
INDENT = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A token or a comment, with whether space, or the end of a line, stood before it."""

    kind: str
    text: str
    space: bool
    new_line: bool

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind == "word" else ""

    @property
    def ends_line(self) -> bool:
        return self.kind == "comment" and self.text.startswith("--")


@dataclass(slots=True)
class Group:
    """What is between two parentheses."""

    opening: Piece
    nodes: list["Piece | Group"] = field(default_factory=list)


Node = Piece | Group


def flat(nodes: list[Node]) -> str | None:
    """The nodes on one line; None where a comment or a string keeps them from it."""
    writer = Writer()
    if not _flatten(nodes, writer):
        return None
    return writer.text()


def _flatten(nodes: list[Node], writer: "Writer") -> bool:
    for node in nodes:
        if isinstance(node, Group):
            writer.group(node.opening, "(")
            if not _flatten(node.nodes, writer):
                return False
            writer.write(")")
        elif node.ends_line or "\n" in node.text:
            return False
        else:
            writer.piece(node, 0)
    return True


class Writer:
    """Lines under construction."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._must_break = False

    @property
    def column(self) -> int:
        return len(self._line) + 1

    def text(self) -> str:
        return "\n".join([*self._lines, self._line])

    def write(self, text: str) -> None:
        self._line += text

    def new_line(self, indent: int, before: "Node | None" = None) -> None:
        """Go to the next line, except before a comment that belongs to the last one."""
        if isinstance(before, Piece) and before.kind == "comment" and not before.new_line:
            return
        if self._line.strip():
            self._lines.append(self._line.rstrip())
        self._line = " " * indent
        self._must_break = False

    def piece(self, piece: Piece, indent: int) -> None:
        if self._must_break or (piece.kind == "comment" and piece.new_line):
            self.new_line(indent)
        if self._wants_space(piece):
            self._line += " "
        self._line += piece.text
        self._must_break = piece.ends_line

    def group(self, opening: Piece, text: str) -> None:
        if self._must_break:
            self.new_line(len(self._line) - len(self._line.lstrip()))
        if self._wants_space(opening):
            self._line += " "
        self._line += text

    def _wants_space(self, piece: Piece) -> bool:
        if not self._line.strip() or self._line.endswith("(") or piece.text == ",":
            return False
        return piece.space or self._line.endswith(",") or piece.kind == "comment"
