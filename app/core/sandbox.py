"""A sandbox: one visitor's private area in one engine."""

import re
import secrets
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime

NAMESPACE_ALPHABET = string.ascii_lowercase + string.digits
NAMESPACE_LENGTH = 20
SECRET_BYTES = 24


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where a session works in one engine, and the credential for it.

    `namespace` names it on the server and may leak there; `secret` never leaves the app. `server` is the one that holds it, of an engine
    with several.
    """

    engine: str
    namespace: str
    secret: str = field(repr=False)
    created_at: datetime
    session_id: str | None = None  # None while it waits, ready, in the pool
    server: str = ""

    @classmethod
    def new(cls, engine: str, alphabet: str = NAMESPACE_ALPHABET, length: int = NAMESPACE_LENGTH) -> "Sandbox":
        namespace = "".join(secrets.choice(alphabet) for _ in range(length))
        if not namespace.strip("0"):
            return cls.new(engine, alphabet, length)
        return cls(engine, namespace, secrets.token_hex(SECRET_BYTES), datetime.now(UTC))


def is_namespace(name: str) -> bool:
    """Whether `name` has the form of a namespace of ours (20 of a-z0-9, or DynamoDB's 12 digits)."""
    return re.fullmatch(r"[a-z0-9]{20}|[0-9]{12}", name) is not None
