"""What lasts in a connection from one run to the next: database, transaction, watched keys, RESP version, user."""

from dataclasses import dataclass, field

from app.core.engine import Transaction
from app.engines.redis.policy import VISITOR_USER
from app.engines.redis.replies import Reply

_OK = Reply("status", b"OK")
QUEUED = Reply("status", b"QUEUED")
_ENDS = frozenset({"EXEC", "DISCARD", "RESET"})
_LASTING = frozenset({"SELECT", "HELLO", "AUTH"})
_HARMLESS = (b"ERR MULTI calls can not be nested", b"ERR WATCH inside MULTI")


@dataclass(slots=True)
class Standing:
    """Kept by looking at the replies that go by; a new connection begins with a new one."""

    db: int = 0
    resp: int = 3
    watched: int = 0
    transaction: Transaction = "none"
    queue: list[tuple[str, list[bytes]]] = field(default_factory=list)
    """Names of the commands since MULTI, with the words of those that last."""
    user: str = VISITOR_USER

    def note(self, name: str, words: list[bytes], reply: Reply) -> None:
        """A command was answered."""
        if name in _ENDS:
            self._end(name, reply)
        elif self.transaction != "none":
            self._in_transaction(name, words, reply)
        elif name == "MULTI" and reply == _OK:
            self.transaction = "open"
        elif name == "SELECT" and reply == _OK:
            self.db = int(words[1])
        elif name == "WATCH" and reply == _OK:
            self.watched += len(words) - 1
        elif name == "UNWATCH":
            self.watched = 0
        elif name == "HELLO" and reply.type in ("map", "array") and len(words) > 1:
            self.resp = int(words[1])
            self._greeted(words[2:])
        elif name == "AUTH" and reply == _OK:
            self.user = words[1].decode(errors="replace") if len(words) == 3 else self.user

    def _greeted(self, options: list[bytes]) -> None:
        """HELLO may say who is there, with AUTH user password beside SETNAME name."""
        while options:
            if options[0].upper() == b"AUTH":
                self.user = options[1].decode(errors="replace")
            options = options[3:] if options[0].upper() == b"AUTH" else options[2:]

    def _end(self, name: str, reply: Reply) -> None:
        if reply.type == "error" and not reply.value.startswith(b"EXECABORT"):
            return
        if name == "RESET":
            self.db, self.resp, self.user = 0, 3, VISITOR_USER
        queue, self.queue = self.queue, []
        self.transaction, self.watched = "none", 0
        if name == "EXEC" and reply.type == "array":
            for (queued, words), answer in zip(queue, reply.value, strict=False):
                self.note(queued, words, answer)

    def _in_transaction(self, name: str, words: list[bytes], reply: Reply) -> None:
        if reply == QUEUED:
            self.queue.append((name, words if name in _LASTING else []))
        elif reply.type == "error" and not reply.value.startswith(_HARMLESS):
            self.transaction = "failed"

    @property
    def said(self) -> str | None:
        """What a new connection would not have, in words; None when there is nothing."""
        facts = []
        if self.user != VISITOR_USER:
            facts.append(f"the user is {self.user}")
        if self.db:
            facts.append(f"the database is {self.db}")
        if self.resp != 3:
            facts.append(f"replies are RESP{self.resp}")
        if self.watched:
            facts.append(f"{self.watched} {'key is' if self.watched == 1 else 'keys are'} watched")
        if self.transaction != "none":
            facts.append(f"MULTI is open, with {len(self.queue)} queued")
        return f"From before: {', '.join(facts)}." if facts else None
