"""Expressions read as DynamoDB reads them, so that what it refuses is refused in its words before the emulator sees it."""

import re
from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 100
_SPACE = re.compile(r"\s*")
_TOKEN = re.compile(r"[#:]?[A-Za-z_]\w*|[#:]\w+|\d+|<>|<=|>=|[=<>()\[\],.+\-]")
_NEAR = 2
_FUNCTIONS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_UPDATE_FUNCTIONS = {"if_not_exists": 2, "list_append": 2}
_COMPARATORS = ("=", "<>", "<", "<=", ">", ">=")
_TYPES = ("S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M")
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")

Path = tuple[str | int, ...]


class ExpressionProblem(ValueError):
    """Why DynamoDB refuses an expression, in its words."""


@dataclass(slots=True)
class Operand:
    """A path, a value or a function of them. `kind`: path, value, function, condition."""

    kind: str
    name: str
    path: Path = ()
    args: list["Operand"] = field(default_factory=list)


@dataclass(slots=True)
class Given:
    """The names and values of a call, and which of them its expressions have used."""

    names: dict[str, str]
    values: dict[str, Any]
    used: set[str] = field(default_factory=set)


class Reader:
    """One expression. `label` is its parameter's name."""

    def __init__(self, label: str, text: str, given: Given, reserved: frozenset[str]) -> None:
        self.label = label
        self.given = given
        self.reserved = reserved
        self.tokens: list[str] = []
        self.at = 0
        self.depth = 0
        position = _SPACE.match(text).end()  # type: ignore[union-attr]
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise self.problem(
                    f'Syntax error; token: "{text[position]}", near: "{text[max(0, position - 5) : position + 5]}"'
                )
            self.tokens.append(found.group())
            position = _SPACE.match(text, found.end()).end()  # type: ignore[union-attr]
        if not self.tokens:
            raise self.problem("The expression can not be empty;")

    def problem(self, message: str) -> ExpressionProblem:
        return ExpressionProblem(f"Invalid {self.label}: {message}")

    @property
    def now(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def syntax(self) -> ExpressionProblem:
        token = self.now or "<EOF>"
        near = " ".join(self.tokens[max(0, self.at - 1) : self.at + _NEAR])
        return self.problem(f'Syntax error; token: "{token}", near: "{near}"')

    def take(self, *wanted: str) -> bool:
        if self.now.upper() in wanted:
            self.at += 1
            return True
        return False

    def need(self, wanted: str) -> None:
        if not self.take(wanted):
            raise self.syntax()

    def end(self) -> None:
        if self.now:
            raise self.syntax()

    def path(self) -> Path:
        parts: list[str | int] = [self.name()]
        while self.now in (".", "["):
            if self.take("."):
                parts.append(self.name())
                continue
            self.at += 1
            if not self.now.isdigit():
                raise self.syntax()
            parts.append(int(self.now))
            self.at += 1
            self.need("]")
        return tuple(parts)

    def name(self) -> str:
        token = self.now
        if token.startswith("#"):
            if token not in self.given.names:
                raise self.problem(
                    f"An expression attribute name used in the document path is not defined; attribute name: {token}"
                )
            self.given.used.add(token)
            self.at += 1
            return self.given.names[token]
        if not token or not (token[0].isalpha() or token[0] == "_"):
            raise self.syntax()
        if token.upper() in self.reserved:
            raise self.problem(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        self.at += 1
        return token

    def value(self) -> Operand:
        token = self.now
        if token not in self.given.values:
            raise self.problem(
                f"An expression attribute value used in expression is not defined; attribute value: {token}"
            )
        self.given.used.add(token)
        self.at += 1
        return Operand("value", token)

    def operand(self) -> Operand:
        if self.now.startswith(":"):
            return self.value()
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else ""
        if following == "(" and self.now[:1].isalpha():
            return self.function()
        path = self.path()
        return Operand("path", shown(path), path)

    def function(self) -> Operand:
        name = self.now
        known = _UPDATE_FUNCTIONS if self.label == "UpdateExpression" else _FUNCTIONS
        if name not in known:
            raise self.problem(f"Invalid function name; function: {name}")
        self.at += 2
        args = [self.nested_operand()]
        while self.take(","):
            args.append(self.nested_operand())
        self.need(")")
        if len(args) != known[name]:
            raise self.problem(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {name}, number of operands: {len(args)}"
            )
        self.check_function(name, args)
        return Operand("function", name, args=args)

    def nested_operand(self) -> Operand:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.problem("The expression is nested too deep;")
        found = self.operand()
        self.depth -= 1
        return found

    def check_function(self, name: str, args: list[Operand]) -> None:
        kinds = [self.kind_of(arg) for arg in args]
        if name == "attribute_type":
            held = self.given.values.get(args[1].name, {})
            if held.get("S") not in _TYPES:
                valid = "{" + ",".join(("B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M")) + "}"
                raise self.problem(f"Invalid attribute type name found; type: {held.get('S')}, valid types: {valid}")
        if name == "begins_with" and kinds[1] not in (None, "S", "B"):
            raise self.incorrect(name, kinds[1])
        if name == "list_append":
            for kind in kinds:
                if kind not in (None, "L"):
                    raise self.incorrect(name, kind)

    def incorrect(self, name: str, kind: str | None) -> ExpressionProblem:
        return self.problem(
            f"Incorrect operand type for operator or function; operator or function: {name}, operand type: {kind}"
        )

    def kind_of(self, operand: Operand) -> str | None:
        """The type of a value; None for what only the item knows."""
        held = self.given.values.get(operand.name) if operand.kind == "value" else None
        return next(iter(held)) if held else None


class Conditions(Reader):
    """A condition, a filter or a key condition."""

    def read(self) -> Operand:
        found = self.any_of()
        self.end()
        return found

    def any_of(self) -> Operand:
        parts = [self.all_of()]
        while self.take("OR"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Operand("condition", "OR", args=parts)

    def all_of(self) -> Operand:
        parts = [self.negation()]
        while self.take("AND"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Operand("condition", "AND", args=parts)

    def negation(self) -> Operand:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.problem("The expression is nested too deep;")
        try:
            if self.take("NOT"):
                return Operand("condition", "NOT", args=[self.negation()])
            return self.bracketed() if self.now == "(" else self.predicate()
        finally:
            self.depth -= 1

    def bracketed(self) -> Operand:
        redundant = self.tokens[self.at + 1 : self.at + 2] == ["("] and self._closes_twice()
        if redundant:
            raise self.problem("The expression has redundant parentheses;")
        self.at += 1
        inner = self.any_of()
        self.need(")")
        return inner

    def _closes_twice(self) -> bool:
        depth = 0
        for position in range(self.at + 1, len(self.tokens)):
            depth += (self.tokens[position] == "(") - (self.tokens[position] == ")")
            if depth == 0:
                return self.tokens[position + 1 : position + 2] == [")"]
        return False

    def predicate(self) -> Operand:
        left = self.operand()
        if self.now in _COMPARATORS:
            name = self.now
            self.at += 1
            right = self.operand()
            if left.kind == right.kind == "path" and left.path == right.path:
                raise self.problem(
                    "The first operand must be distinct from the remaining operands for this operator or function; "
                    f"operator: {name}, first operand: [{left.name}]"
                )
            return Operand("condition", name, args=[left, right])
        if self.take("BETWEEN"):
            low = self.operand()
            self.need("AND")
            high = self.operand()
            return Operand("condition", "BETWEEN", args=[left, low, high])
        if self.take("IN"):
            self.need("(")
            choices = [self.operand()]
            while self.take(","):
                choices.append(self.operand())
            self.need(")")
            return Operand("condition", "IN", args=[left, *choices])
        if left.kind == "function" and left.name != "size":
            return left
        raise self.syntax()


def read_projection(reader: Reader) -> list[Path]:
    paths = [reader.path()]
    while reader.take(","):
        paths.append(reader.path())
    reader.end()
    check_overlap(reader, paths)
    return paths


def check_overlap(reader: Reader, paths: list[Path]) -> None:
    """Raises ExpressionProblem when one path is another's beginning."""
    seen: dict[Path, Path] = {}
    for path in paths:
        for length in range(1, len(path) + 1):
            if path[:length] in seen and seen[path[:length]] == path[:length]:
                raise _overlapping(reader, path[:length], path)
        for other in paths:
            if other is not path and len(other) > len(path) and other[: len(path)] == path:
                raise _overlapping(reader, path, other)
        seen[path] = path


def _overlapping(reader: Reader, one: Path, two: Path) -> ExpressionProblem:
    said = (", ".join(f"[{part}]" if isinstance(part, int) else part for part in path) for path in (one, two))
    return reader.problem(
        "Two document paths overlap with each other; must remove or rewrite one of these paths; "
        "path one: [{}], path two: [{}]".format(*said)
    )


class Updates(Reader):
    """An update expression: its clauses, each once."""

    def read(self) -> list[Path]:
        paths: list[Path] = []
        seen: set[str] = set()
        while self.now:
            clause = self.now.upper()
            if clause not in _CLAUSES:
                raise self.syntax()
            if clause in seen:
                raise self.problem(f'The "{clause}" section can only be used once in an update expression;')
            seen.add(clause)
            self.at += 1
            paths.append(self.action(clause))
            while self.take(","):
                paths.append(self.action(clause))
        check_overlap(self, paths)
        return paths

    def action(self, clause: str) -> Path:
        path = self.path()
        if clause == "SET":
            self.need("=")
            left = self.term()
            if self.now in ("+", "-"):
                sign = self.now
                self.at += 1
                for operand in (left, self.term()):
                    if self.kind_of(operand) not in (None, "N"):
                        raise self.incorrect(sign, self.kind_of(operand))
        elif clause in ("ADD", "DELETE"):
            kind = self.kind_of(self.value()) if self.now.startswith(":") else self._no_value()
            allowed = ("N", "SS", "NS", "BS") if clause == "ADD" else ("SS", "NS", "BS")
            if kind not in allowed:
                raise self.problem(
                    "Incorrect operand type for operator or function; "
                    f"operator: {clause}, operand type: {_WORDS.get(str(kind), kind)}, typeSet: ALLOWED_FOR_{clause}_OPERAND"
                )
        return path

    def _no_value(self) -> str:
        raise self.syntax()

    def term(self) -> Operand:
        if self.take("("):
            found = self.nested_operand()
            self.need(")")
            return found
        return self.operand()


_WORDS = {"S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "L": "LIST", "M": "MAP", "NULL": "NULL"}


def shown(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
