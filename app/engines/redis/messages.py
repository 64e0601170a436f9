"""What arrives without being asked for: published messages, MONITOR lines, invalidated keys."""

import re
from dataclasses import replace

from app.core.results import Message
from app.engines.redis.replies import Reply, as_text, as_words

_CONFIRMATIONS = frozenset(
    {b"subscribe", b"psubscribe", b"ssubscribe", b"unsubscribe", b"punsubscribe", b"sunsubscribe"}
)


_SOCKET = re.compile(r"^(\S+ \[\d+ unix):[^\]]*\]")
_OURS = re.compile(r'"(?:INFO" "(?:persistence|memory|keyspace|clients)"$|HELLO" "3" "AUTH" |EVAL_RO" "-- )')
_IN_A_SCRIPT = re.compile(r"^\S+ \[\d+ lua\] ")


class MonitorLines:
    """MONITOR without what the app itself asks between runs (sizes, snapshots, the tree of keys), nor where its socket lies."""

    def __init__(self) -> None:
        self._ours = False

    def shown(self, message: Message) -> Message | None:
        if message.channel != "MONITOR":
            return message
        if not _IN_A_SCRIPT.match(message.text):
            self._ours = bool(_OURS.search(message.text))
        if self._ours:
            return None
        return replace(message, text=_SOCKET.sub(r"\1]", message.text))


def is_confirmation(reply: Reply) -> bool:
    """Whether this only says that a subscription began or ended."""
    return bool(reply.items) and reply.items[0].value in _CONFIRMATIONS


def as_message(reply: Reply, at_ms: float) -> Message:
    if reply.type == "status":
        return Message("MONITOR", as_words(reply.value), at_ms)
    match reply.items:
        case [Reply(value=b"message" | b"smessage"), channel, payload]:
            return Message(as_words(channel.value), _words(payload), at_ms)
        case [Reply(value=b"pmessage"), _, channel, payload]:
            return Message(as_words(channel.value), _words(payload), at_ms)
        case [Reply(value=b"invalidate"), keys]:
            names = " ".join(_words(key) for key in keys.items)
            return Message("invalidate", names or "all keys", at_ms)
        case _:
            return Message(reply.type, as_text(reply), at_ms)


def _words(reply: Reply) -> str:
    return as_words(reply.value) if isinstance(reply.value, bytes) else as_text(reply)
