"""PartiQL as DynamoDB speaks it: SELECT, INSERT, UPDATE and DELETE on one table, read into parts."""

from dataclasses import dataclass, field
from typing import Any

from app.engines.dynamodb.partiql.cursor import MAX_DEPTH, AttributeValue, Cursor, Path
from app.engines.dynamodb.partiql.lexer import PartiqlError

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
RETURNING = {
    "ALL OLD": "ALL_OLD",
    "ALL NEW": "ALL_NEW",
    "MODIFIED OLD": "UPDATED_OLD",
    "MODIFIED NEW": "UPDATED_NEW",
}
_FUNCTIONS = ("begins_with", "contains", "attribute_type")


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a condition or of an assignment.

    `op`: and, or, not, a comparison, between, in, a function's name, missing, null, path, value, size, plus, minus.
    """

    op: str
    args: tuple[Any, ...]


@dataclass(slots=True)
class Parsed:
    verb: str
    table: str = ""
    index: str | None = None
    projection: list[Path] | None = None
    where: Node | None = None
    order: list[tuple[Path, bool]] = field(default_factory=list)
    item: dict[str, AttributeValue] = field(default_factory=dict)
    sets: list[tuple[Path, Node]] = field(default_factory=list)
    removes: list[Path] = field(default_factory=list)
    returning: str | None = None


def parse(statement: str, parameters: list[AttributeValue] | None = None) -> Parsed:
    """The parts of a statement; `?` takes the parameters in order. Raises PartiqlError with an offset in it."""
    return _Parser(statement, parameters).statement()


class _Parser(Cursor):
    def statement(self) -> Parsed:
        readers = {
            "SELECT": self.select,
            "INSERT": self.insert,
            "UPDATE": self.update,
            "DELETE": self.delete,
            "EXISTS": self.exists,
        }
        verb = self.now.text.upper()
        if self.now.kind != "word" or verb not in readers:
            raise self.unexpected("SELECT, INSERT, UPDATE or DELETE")
        self.at += 1
        parsed = Parsed(verb)
        readers[verb](parsed)
        self.skip_sign(";")
        if self.now.kind != "end":
            raise self.unexpected("The end of the statement")
        return parsed

    def select(self, parsed: Parsed) -> None:
        if not self.skip_sign("*"):
            parsed.projection = self.separated(self.path)
        self.need_word("FROM")
        self.table(parsed)
        self.condition_of(parsed)
        if self.skip_word("ORDER", "BY"):
            parsed.order = self.separated(self.ordering)

    def ordering(self) -> tuple[Path, bool]:
        path = self.path()
        if self.skip_word("DESC"):
            return path, False
        self.skip_word("ASC")
        return path, True

    def exists(self, parsed: Parsed) -> None:
        self.need_sign("(")
        self.need_word("SELECT")
        self.select(parsed)
        self.need_sign(")")

    def insert(self, parsed: Parsed) -> None:
        self.need_word("INTO")
        self.table(parsed)
        self.need_word("VALUE")
        at = self.now.start
        value = self.value()
        if "M" not in value:
            raise PartiqlError("VALUE takes a map such as {'pk': 'a'}.", at)
        parsed.item = value["M"]

    def update(self, parsed: Parsed) -> None:
        self.table(parsed)
        while self.is_word("SET", "REMOVE"):
            if self.skip_word("SET"):
                parsed.sets += self.separated(self.assignment)
            else:
                self.at += 1
                parsed.removes += self.separated(self.path)
        if not parsed.sets and not parsed.removes:
            raise self.unexpected("SET or REMOVE")
        self.condition_of(parsed)
        self.returning_of(parsed)

    def delete(self, parsed: Parsed) -> None:
        self.need_word("FROM")
        self.table(parsed)
        self.condition_of(parsed)
        self.returning_of(parsed)

    def table(self, parsed: Parsed) -> None:
        parsed.table = self.name()
        if self.skip_sign("."):
            parsed.index = self.name()

    def condition_of(self, parsed: Parsed) -> None:
        if self.skip_word("WHERE"):
            parsed.where = self.any_of()

    def returning_of(self, parsed: Parsed) -> None:
        if self.skip_word("RETURNING"):
            for words, name in RETURNING.items():
                if self.skip_word(*words.split()):
                    parsed.returning = name
            if parsed.returning is None:
                raise self.unexpected("ALL OLD *, ALL NEW *, MODIFIED OLD * or MODIFIED NEW *")
            self.need_sign("*")

    def assignment(self) -> tuple[Path, Node]:
        path = self.path()
        self.need_sign("=")
        left = self.assigned()
        if self.is_sign("+", "-"):
            op = "plus" if self.now.text == "+" else "minus"
            self.at += 1
            return path, Node(op, (left, self.assigned()))
        return path, left

    def assigned(self) -> Node:
        for name in ("list_append", "set_add", "set_delete", "if_not_exists"):
            if self.is_word(name.upper()):
                self.at += 1
                self.need_sign("(")
                first = self.assigned()
                self.need_sign(",")
                second = self.assigned()
                self.need_sign(")")
                return Node(name, (first, second))
        return self.operand()

    # conditions

    def any_of(self) -> Node:
        parts = [self.all_of()]
        while self.skip_word("OR"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Node("or", tuple(parts))

    def all_of(self) -> Node:
        parts = [self.negation()]
        while self.skip_word("AND"):
            parts.append(self.negation())
        flat = [inner for part in parts for inner in (part.args if part.op == "and" else (part,))]
        return flat[0] if len(flat) == 1 else Node("and", tuple(flat))

    def negation(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise PartiqlError("The condition is nested too deep.", self.now.start)
        try:
            if self.skip_word("NOT"):
                return Node("not", (self.negation(),))
            if self.skip_sign("("):
                inner = self.any_of()
                self.need_sign(")")
                return inner
            return self.predicate()
        finally:
            self.depth -= 1

    def predicate(self) -> Node:
        if self.is_word(*(name.upper() for name in _FUNCTIONS)) and self.tokens[self.at + 1].text == "(":
            name = self.now.text.lower()
            self.at += 2
            first = self.operand()
            self.need_sign(",")
            second = self.operand()
            self.need_sign(")")
            return Node(name, (first, second))
        left = self.operand()
        if self.is_sign("!=", *COMPARISONS):
            op = self.now.text.replace("!=", "<>")
            self.at += 1
            return Node(op, (left, self.operand()))
        if self.skip_word("IS"):
            negated = self.skip_word("NOT")
            if not self.is_word("MISSING", "NULL"):
                raise self.unexpected("MISSING or NULL")
            found = Node(self.now.text.lower(), (left,))
            self.at += 1
            return Node("not", (found,)) if negated else found
        negated = self.skip_word("NOT")
        if self.skip_word("BETWEEN"):
            low = self.operand()
            self.need_word("AND")
            found = Node("between", (left, low, self.operand()))
        elif self.skip_word("IN"):
            found = Node("in", (left, *self.choices()))
        else:
            raise self.unexpected("A comparison")
        return Node("not", (found,)) if negated else found

    def choices(self) -> list[Node]:
        closing = "]" if self.is_sign("[") else ")"
        if not self.is_sign("[", "("):
            raise self.unexpected("[")
        self.at += 1
        found = self.separated(self.operand)
        self.need_sign(closing)
        return found

    def operand(self) -> Node:
        if self.is_word("SIZE") and self.tokens[self.at + 1].text == "(":
            self.at += 2
            path = self.path()
            self.need_sign(")")
            return Node("size", (path,))
        if self.now.kind == "name" or (self.now.kind == "word" and not self.is_word("TRUE", "FALSE", "NULL")):
            return Node("path", (self.path(),))
        return Node("value", (self.value(),))
