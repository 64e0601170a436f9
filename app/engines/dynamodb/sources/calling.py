"""An API call as a source writes it, and what is not offered."""

from dataclasses import dataclass, field
from typing import Any

from app.core.errors import StatementRefused
from app.engines.dynamodb import model


@dataclass(slots=True)
class Call:
    """The operation, its parameters, and where each of them stands in the source.

    `notes` say what of the source was left out; `max_items` and `page_size` are the AWS CLI's own bounds;
    `receiver` is the word that a program calls the operation on; `parts` are the calls that a batch of PartiQL comes to, with
    their verbs; `inserts` says which parts of a transaction are INSERTs; `columns` are the paths that a SELECT picks where some
    lead into maps and lists, `columns_of_each` those of each SELECT of a transaction.
    """

    operation: str
    parameters: dict[str, Any]
    start: int
    offsets: dict[tuple[str | int, ...], int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    max_items: int | None = None
    page_size: int | None = None
    receiver: str | None = None
    parts: list[tuple["Call", str]] = field(default_factory=list)
    inserts: list[bool] = field(default_factory=list)
    columns: list[tuple[str | int, ...]] = field(default_factory=list)
    columns_of_each: list[list[tuple[str | int, ...]]] = field(default_factory=list)

    def offset(self, path: tuple[str | int, ...]) -> int:
        """Where a parameter stands, or the nearest one around it."""
        while path and path not in self.offsets:
            path = path[:-1]
        return self.offsets.get(path, self.start)


def not_offered(operation: str, offset: int) -> None:
    """Raises StatementRefused with the reason when an operation of DynamoDB is not offered here."""
    if operation in model.OFFERED:
        return
    why = model.why_not(operation)
    raise StatementRefused(
        f"{operation} is not offered here{f': {why}' if why else ''}.",
        code="not_offered",
        hint=f"These are: {', '.join(sorted(model.OFFERED))}.",
        offset=offset,
    )
