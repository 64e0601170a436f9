"""How a script can end other than well."""

from typing import Any, Literal

Reason = Literal["time", "stopped", "memory", "stack"]


class ScriptFailed(Exception):
    """An exception that the script threw and nobody caught. `line` and `column` count from 1, in the evaluated text."""

    def __init__(self, name: str, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
        self.line = line
        self.column = column


class ScriptStopped(Exception):
    """A bound, or a call of `stop`, ended the script."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class HostFailure(Exception):
    """Raised by a host operation for the script to catch: `fields` become those of a JavaScript error.

    `name` and `message` are expected among them. Any other exception of an operation ends the script.
    """

    def __init__(self, fields: dict[str, Any], cause: Exception | None = None) -> None:
        super().__init__(f"{fields['name']}: {fields['message']}")
        self.fields = fields
        self.cause = cause
