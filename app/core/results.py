"""What running a statement gives: events while it runs, and one result at its end.

`encode` turns a result into the one JSON shape that the API, the pages, the run log and the snapshots share.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

from app.core.errors import StatementError
from app.core.plan_encoding import encode_plan
from app.core.plans import Plan
from app.core.translation import Translation

Kind = Literal["rows", "documents", "reply", "status", "error"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One unit of execution in a source. `start` and `end` are character offsets into it; `line` counts from 1."""

    text: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something said beside the result: a server notice, a warning of ours, or a script's printed line.

    `severity`: `print`, `debug`, `info`, `notice` or `warning`.
    """

    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class Message:
    """A live event of a streaming run, or a notification that arrived meanwhile. `channel` is where it came from."""

    channel: str
    text: str
    at_ms: float  # since the statement began


@dataclass(frozen=True, slots=True)
class Progress:
    message: str
    done: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Truncated:
    """A result that was cut. `limit` names the setting, `value` is its number, `shown` how many came through."""

    limit: str
    value: int
    shown: int
    message: str


@dataclass(frozen=True, slots=True)
class More:
    """How a result goes on: `source` continues it (the next page), `label` names the button that runs it.

    `page`: how many the engine's shell shows at a time, where that ended the result and not what the statement asked for.
    """

    label: str
    source: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """What is left after a stage of a pipeline: `count` documents (`more`: at least), the first of them, or `note`: why not."""

    name: str
    body: str | None = None
    count: int | None = None
    more: bool = False
    documents: list[Any] = field(default_factory=list)
    ms: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """`server_ms` only where the server itself told, with how (`explain`, `slow log`, `statistics`)."""

    server_ms: float | None = None
    server_ms_source: str | None = None
    total_ms: float | None = None
    row_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorInfo:
    outcome: str
    code: str
    message: str
    hint: str | None = None
    detail: str | None = None
    position: int | None = None
    line: int | None = None
    column: int | None = None
    limit: dict[str, Any] | None = None
    translation: Translation | None = None

    @classmethod
    def of(cls, error: StatementError, source: str) -> "ErrorInfo":
        """The visitor's view of an error, with line and column (from 1) worked out from its offset in the source."""
        line = column = None
        if error.offset is not None:
            before = source[: error.offset]
            line = before.count("\n") + 1
            column = len(before) - (before.rfind("\n") + 1) + 1
        return cls(
            outcome=error.outcome,
            code=error.code,
            message=error.message,
            hint=error.hint,
            detail=error.detail,
            position=error.offset,
            line=line,
            column=column,
            limit={"name": error.limit[0], "value": error.limit[1]} if error.limit else None,
            translation=error.translation,
        )


@dataclass(slots=True, kw_only=True)
class Result:
    """The outcome of one statement. Which fields are filled follows from `kind`:

    - `rows`: `columns`, and `rows` as the server's own text or None
    - `documents`: `documents` (or `stages`, each with some) as canonical Extended JSON, or DynamoDB JSON with `plain` beside it
    - `reply`: `reply` as `{"type", "value"}` and `text`, its form in the engine's own shell
    - `status`: `status`, a short line; `documents` may carry the engine's own acknowledgement
    - `error`: `error`
    """

    kind: Kind
    statement: Statement
    columns: list[Column] | None = None
    rows: list[list[str | None]] | None = None
    documents: list[Any] | None = None
    plain: list[Any] | None = None
    stages: list[Stage] | None = None
    reply: dict[str, Any] | None = None
    text: str | None = None
    status: str | None = None
    error: ErrorInfo | None = None
    notices: list[Notice] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    stats: Stats = field(default_factory=Stats)
    truncated: Truncated | None = None
    more: More | None = None
    closer: More | None = None  # another look at the same: a pipeline stage by stage
    plan: Plan | None = None
    plan_note: str | None = None  # why there is no plan, when one was asked for
    reply_bytes: int = 0  # what this result took of the run's reply limit


Event = Notice | Message | Progress | Result

_INTERNAL = frozenset({"reply_bytes"})
_ALWAYS = frozenset({"server_ms", "server_ms_source", "total_ms", "row_count"})


def encode(result: Result) -> dict[str, Any]:
    """The JSON shape of a result: fields that say nothing are left out, values of cells and documents are untouched."""
    data: dict[str, Any] = {}
    for f in fields(result):
        value = getattr(result, f.name)
        if f.name in _INTERNAL or value is None or (f.name in ("notices", "messages") and not value):
            continue
        data[f.name] = value if f.name in ("rows", "documents", "plain", "reply") else plain(value)
    return data


def plain(value: Any) -> Any:
    """A part of a result as JSON data."""
    if isinstance(value, Plan):
        return encode_plan(value)
    if is_dataclass(value) and not isinstance(value, type):
        items = ((f.name, getattr(value, f.name)) for f in fields(value))
        return {name: plain(item) for name, item in items if item is not None or name in _ALWAYS}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
