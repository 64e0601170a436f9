"""A reply as a result, with what was cut said in words."""

from app.core.limits import Limits
from app.core.results import Result, Statement, Stats, Truncated
from app.engines.redis.replies import AGGREGATES, Reply, as_json, as_text, as_words
from app.engines.redis.shapes import shape_of
from app.engines.redis.wire import MAX_DEPTH, Intake


def count_of(reply: Reply) -> int:
    """How many elements a reply has: 0 for nil, 1 for a single value."""
    if reply.type in AGGREGATES:
        return len(reply.value)
    return 0 if reply.type == "nil" else 1


RAW = frozenset(
    {"INFO", "LOLWUT", "CLIENT LIST", "CLIENT INFO", "MEMORY DOCTOR", "MEMORY MALLOC-STATS", "LATENCY DOCTOR"}
)
"""Commands whose text redis-cli prints as it is; in RESP3 their type says so."""


def reply_result(
    statement: Statement, words: list[bytes], reply: Reply, intake: Intake, limits: Limits, stats: Stats
) -> Result:
    command = [as_words(word).upper() for word in words[:2]]
    raw = reply.type == "string" and (command[0] in RAW or " ".join(command) in RAW)
    text = reply.value.decode(errors="replace").replace("\r\n", "\n") if raw else as_text(reply)
    shape = shape_of(words, reply)
    return Result(
        kind="reply",
        statement=statement,
        reply=as_json(reply) | ({"shape": shape.as_json()} if shape else {}),
        text=text,
        stats=stats,
        truncated=_truncated(reply, intake, limits),
        reply_bytes=min(intake.taken_bytes, max(intake.max_bytes, 1)),
    )


def waited(statement: Statement, limits: Limits, total_ms: float, *, stopped: bool) -> Result:
    """A command that waits was ended, and nothing had come."""
    return Result(
        kind="status",
        statement=statement,
        status=f"waited {total_ms / 1000:.1f} s, nothing came",
        stats=Stats(total_ms=total_ms, row_count=0),
        truncated=None if stopped else _out_of_time(limits, 0),
    )


def listened(statement: Statement, limits: Limits, total_ms: float, heard: int, *, stopped: bool, full: bool) -> Result:
    """Listening is over: stopped, out of time, or with as many messages or bytes as may be."""
    said = f"listened {total_ms / 1000:.1f} s, {heard:,} message{'' if heard == 1 else 's'}"
    truncated = None if stopped else _out_of_time(limits, heard)
    if full:
        most = limits.max_reply_bytes
        truncated = Truncated("max_reply_bytes", most, heard, f"Listening ended after {most:,} bytes of messages.")
    elif heard >= limits.max_messages:
        most = limits.max_messages
        truncated = Truncated("max_messages", most, heard, f"Listening ended after {most:,} messages.")
    return Result(
        kind="status",
        statement=statement,
        status=said,
        stats=Stats(total_ms=total_ms, row_count=heard),
        truncated=truncated,
    )


def _out_of_time(limits: Limits, shown: int) -> Truncated:
    seconds = limits.left_ms / 1000
    return Truncated("max_stream_ms", limits.left_ms, shown, f"Listening and waiting end after {seconds:g} s.")


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
