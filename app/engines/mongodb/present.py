"""Results from what the script's `__show` says, and from cursors, in pages of 20 as the shell does."""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.limits import Limits
from app.core.results import More, Result, Statement, Truncated
from app.engines.mongodb import values
from app.engines.mongodb.commands import Order
from app.engines.mongodb.work import Cursor, Work

PAGE = 20
MORE = More(f"Next {PAGE}", "it", page=PAGE)
MAX_CLOSER_CHARS = 20_000


@dataclass(slots=True)
class Pager:
    """What `it` continues with: a cursor on the server, or documents that a script's cursor gave."""

    cursor: Cursor | None = None
    rest: deque[Any] = field(default_factory=deque)

    @property
    def exhausted(self) -> bool:
        return not self.rest and (self.cursor is None or self.cursor.exhausted)


async def page(pager: Pager, work: Work, statement: Statement, limits: Limits) -> Result:
    """The next 20 documents, fewer when the limits say so."""
    most = min(PAGE, limits.max_rows)
    if pager.cursor is not None:
        found: list[Any] = []
        while len(found) < most and not pager.cursor.exhausted:
            raw = await work.take(pager.cursor, most - len(found))
            found += [values.to_data(document) for document in work.shown(pager.cursor, raw)]
        left_behind = found
    else:
        left_behind = [pager.rest.popleft() for _ in range(min(most, len(pager.rest)))]
    result = documents(left_behind, len(left_behind), statement, limits)
    if not pager.exhausted and result.truncated is None:
        result.more = MORE
    return result


def closer_look(order: Order) -> More | None:
    """A source that shows the same pipeline stage by stage, for a pipeline that has several and a text of some length at most."""
    pipeline = order.command.get("pipeline")
    target = order.command.get("aggregate")
    if not isinstance(pipeline, list) or len(pipeline) < 1 or order.waits or order.name != "aggregate":
        return None
    call = f"getCollection({json.dumps(target)}).aggregate" if isinstance(target, str) else "aggregate"
    options = {key: order.command[key] for key in ("hint", "collation", "let") if key in order.command}
    given = f", {values.shell_text(options)}" if options else ""
    text = f"db.{call}({values.shell_text(pipeline)}{given}).stages()"
    return More("Stages", text) if len(text) <= MAX_CLOSER_CHARS else None


def documents(found: Sequence[Any], total: int, statement: Statement, limits: Limits, cut: str | None = None) -> Result:
    """Documents as a result, cut to the limits. `total` is how many there are as far as known, `cut` who cut them before."""
    kept: list[Any] = []
    size = 0
    for document in found:
        if len(kept) >= limits.max_rows:
            cut = "max_rows"
            break
        length = len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
        if size + length > limits.max_reply_bytes:
            cut = "max_reply_bytes"
            break
        size += length
        kept.append(document)
    result = Result(kind="documents", statement=statement, documents=kept, reply_bytes=size)
    if cut is not None:
        result.truncated = truncated(cut, limits, len(kept), total)
    return result


def truncated(limit: str, limits: Limits, shown: int, total: int) -> Truncated:
    if limit == "max_rows":
        message = f"The first {shown:,} of {total:,} documents; a result may have {limits.max_rows:,}."
        return Truncated(limit, limits.max_rows, shown, message)
    value = limits.max_reply_bytes
    message = f"The first {shown:,} of {total:,} documents; the results of a run may have {value:,} bytes left here."
    return Truncated(limit, value, shown, message)


def presented(shown: dict[str, Any], statement: Statement, limits: Limits) -> Result:
    """A result from what `__show` gave; everything in it came through the visitor's script."""
    match shown.get("kind"):
        case "documents":
            return documents(
                _list(shown.get("documents")), _count(shown.get("total")), statement, limits, _cut(shown.get("cut"))
            )
        case "status":
            acknowledged = _list(shown.get("documents"))
            size = len(json.dumps(acknowledged))
            if size > limits.max_reply_bytes:
                acknowledged, size = [{"acknowledged": True}], 0
            return Result(
                kind="status",
                statement=statement,
                status=str(shown.get("status")),
                documents=acknowledged,
                reply_bytes=size,
            )
        case "reply":
            return _reply(shown, statement, limits)
        case _:
            return Result(kind="status", statement=statement, status=_declared(statement.text))


def _reply(shown: dict[str, Any], statement: Statement, limits: Limits) -> Result:
    data = shown.get("reply")
    reply = {"type": str(data.get("type")), "value": data.get("value")} if isinstance(data, dict) else {}
    text = str(shown.get("text"))[: limits.max_reply_bytes]
    result = Result(kind="reply", statement=statement, reply=reply, text=text)
    result.reply_bytes = len(text.encode("utf-8", "replace"))
    if _cut(shown.get("cut")):
        length = _count(shown.get("length"))
        result.truncated = Truncated(
            "max_reply_bytes",
            limits.max_reply_bytes,
            len(text),
            f"The first {len(text):,} of {length:,} characters; the results of a run may have {limits.max_reply_bytes:,} bytes left here.",
        )
    return result


def _declared(text: str) -> str:
    """A status for a statement without a value: what it defined, if it began as a declaration."""
    words = text.split(None, 3)
    if words[:2] == ["async", "function"]:
        words = words[1:]
    if len(words) < 2 or words[0] not in ("const", "let", "var", "function", "class"):
        return "done"
    name = ""
    for character in words[1]:
        if not (character.isalnum() or character in "_$"):
            break
        name += character
    return f"defined {name}" if name else "done"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _cut(value: Any) -> str | None:
    return value if value in ("max_rows", "max_reply_bytes") else None
