"""What reading a line of a program gives, and how its values stand for DynamoDB's."""

from dataclasses import dataclass, field
from typing import Any

MAX_DEPTH = 60


class CodeProblem(ValueError):
    """What is not a literal, and where in the text."""

    def __init__(self, message: str, offset: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint


@dataclass(slots=True)
class Found:
    """A call of an operation; or `name` as another word for `table`; or nothing of use, when `operation` is None."""

    operation: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    keys: dict[tuple[str | int, ...], int] = field(default_factory=dict)
    at: int = 0
    receiver: str | None = None
    name: str | None = None
    table: str | None = None


def not_literal(what: str, offset: int) -> CodeProblem:
    return CodeProblem(
        f"{what} is not a value: nothing is executed here.", offset, "Write the value itself in its place."
    )
