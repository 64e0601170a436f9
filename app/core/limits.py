"""Limits bound one run; a quota bounds a sandbox in total; usage is what it holds now."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one run. The runner hands each statement what is left of them.

    `max_run_ms` is the limit as the visitor knows it, for messages; `left_ms` is the time left for this statement: `max_stream_ms` for one that
    streams.
    """

    max_run_ms: int = 5_000
    max_rows: int = 1_000
    max_reply_bytes: int = 1_000_000
    max_stream_ms: int = 120_000
    max_messages: int = 10_000
    left_ms: int = 5_000

    def spent(self, run_ms: float, reply_bytes: int) -> "Limits":
        """These limits with the time and reply bytes of a run so far taken off; never below 0."""
        return replace(
            self,
            left_ms=max(0, self.max_run_ms - int(run_ms)),
            max_reply_bytes=max(0, self.max_reply_bytes - reply_bytes),
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """What a sandbox holds. `objects` counts tables, collections or keys."""

    bytes: int
    objects: int


@dataclass(frozen=True, slots=True)
class Quota:
    """Bounds on a sandbox in total. None: this engine's server holds no such bound."""

    max_bytes: int
    max_objects: int | None = None
