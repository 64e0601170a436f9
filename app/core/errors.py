"""Every error a visitor can meet, and the HTTP status each one means.

PlaygroundError
  StatementError
    StatementFailed    the engine said no
    StatementRefused   our policy said no
    StatementStopped   a limit, or the visitor, ended it
  InvalidRequest 400 · Forbidden 403 · NotFound 404 · SandboxExpired 410 · Gone 410 · TooLarge 413
  QuotaExceeded 429 · RateLimited 429 · EngineBusy 429 · EngineUnavailable 503
"""

from typing import ClassVar, Literal

from app.core.translation import Translation

Outcome = Literal["failed", "refused", "stopped"]


class PlaygroundError(Exception):
    """An error whose message is written for the visitor and safe to show.

    `hint` says what to do about it, in one sentence.
    """

    http_status: ClassVar[int] = 500
    code: str = "internal_error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class StatementError(PlaygroundError):
    """A statement that did not complete: a normal result of a run, answered with HTTP 200.

    `code` is the engine's own (SQLSTATE, Mongo code name, Redis error prefix, DynamoDB exception name) or our rule's name.
    `offset` is where in the *source* it went wrong, in characters from its start, when the engine said so.
    `limit` is the name of the limit and its value, for stopped statements. `translation`: the whole source as the engine could read it,
    where it seems to be written for another database.
    """

    http_status = 200
    outcome: ClassVar[Outcome]

    def __init__(
        self,
        message: str,
        *,
        code: str,
        hint: str | None = None,
        detail: str | None = None,
        offset: int | None = None,
        limit: tuple[str, int] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.detail = detail
        self.offset = offset
        self.limit = limit
        self.translation: Translation | None = None


class StatementFailed(StatementError):
    """The engine said no."""

    outcome = "failed"


class StatementRefused(StatementError):
    """Our policy said no; the message names the rule and what to do instead."""

    outcome = "refused"


class StatementStopped(StatementError):
    """A limit or the visitor ended it; the message says which, and what was done until then."""

    outcome = "stopped"

    @classmethod
    def by_visitor(cls, detail: str | None = None) -> "StatementStopped":
        return cls("Stopped by you.", code="stopped", detail=detail)

    @classmethod
    def by_time(cls, max_run_ms: int, detail: str | None = None) -> "StatementStopped":
        return cls(
            f"Stopped at the time limit of {max_run_ms / 1000:g} s a run.",
            code="max_run_ms",
            detail=detail,
            limit=("max_run_ms", max_run_ms),
        )

    @classmethod
    def by_stream_time(cls, max_stream_ms: int) -> "StatementStopped":
        return cls(
            f"Stopped at the time limit of {max_stream_ms / 1000:g} s for listening.",
            code="max_stream_ms",
            limit=("max_stream_ms", max_stream_ms),
        )

    @classmethod
    def by_messages(cls, max_messages: int) -> "StatementStopped":
        return cls(
            f"Stopped: a run may have {max_messages:,} events, and has had them.",
            code="max_messages",
            limit=("max_messages", max_messages),
        )


class InvalidRequest(PlaygroundError):
    http_status = 400
    code = "invalid_request"


class Forbidden(PlaygroundError):
    http_status = 403
    code = "forbidden"


class NotFound(PlaygroundError):
    http_status = 404
    code = "not_found"


class SandboxExpired(PlaygroundError):
    http_status = 410
    code = "sandbox_expired"


class Gone(PlaygroundError):
    """What was at this address was taken away, by its maker, by its age or by us."""

    http_status = 410
    code = "gone"


class TooLarge(PlaygroundError):
    http_status = 413
    code = "too_large"


class QuotaExceeded(PlaygroundError):
    http_status = 429
    code = "quota_exceeded"


class RateLimited(PlaygroundError):
    http_status = 429
    code = "rate_limited"


class EngineBusy(PlaygroundError):
    http_status = 429
    code = "engine_busy"


class EngineUnavailable(PlaygroundError):
    http_status = 503
    code = "engine_unavailable"
