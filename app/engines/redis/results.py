"""A reply as a result, with what was cut said in words."""

from app.core.limits import Limits
from app.core.results import Result, Statement, Stats, Truncated
from app.engines.redis.replies import AGGREGATES, Reply, as_json, as_text
from app.engines.redis.wire import MAX_DEPTH, Intake


def count_of(reply: Reply) -> int:
    """How many elements a reply has: 0 for nil, 1 for a single value."""
    if reply.type in AGGREGATES:
        return len(reply.value)
    return 0 if reply.type == "nil" else 1


def reply_result(statement: Statement, reply: Reply, intake: Intake, limits: Limits, stats: Stats) -> Result:
    return Result(
        kind="reply",
        statement=statement,
        reply=as_json(reply),
        text=as_text(reply),
        stats=stats,
        truncated=_truncated(reply, intake, limits),
        reply_bytes=min(intake.taken_bytes, max(intake.max_bytes, 1)),
    )


def _truncated(reply: Reply, intake: Intake, limits: Limits) -> Truncated | None:
    if intake.cut_items is not None:
        count, shown = intake.cut_items
        return Truncated("max_rows", limits.max_rows, shown, f"{count:,} elements came; the first {shown:,} are shown.")
    if intake.unread:
        aggregate = reply.type in AGGREGATES
        shown = len(reply.value) if reply.value is not None else 0
        return Truncated(
            "max_reply_bytes",
            limits.max_reply_bytes,
            shown,
            f"Cut after {limits.max_reply_bytes:,} bytes, what this run could still answer: "
            f"the first {shown:,} {'elements' if aggregate else 'bytes'} are shown.",
        )
    if intake.too_deep:
        return Truncated("max_depth", MAX_DEPTH, MAX_DEPTH, f"What lies deeper than {MAX_DEPTH} levels is left out.")
    return None
