"""What the contract tests need to know of an engine: one module per engine, each with SAMPLES."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module

from app.core.engine import Engine
from app.core.sandbox import Sandbox
from app.engines import ENGINES


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Sources in the engine's language. `{namespace}` in `intrusions` becomes the neighbour's namespace."""

    write: str
    """Makes one object and puts the text `treasure-of-a` into it."""
    read: str
    """Shows what `write` wrote: exactly one row, document, item or reply with `treasure-of-a` in it."""
    object_name: str
    """The object's name as `inspect` gives it."""
    intrusions: tuple[str, ...]
    """Tries to read, list, change or drop the neighbour's; each must fail, be refused, or show nothing of it."""
    forever: str
    """Works on the server until something ends it."""
    running: Callable[[Engine, Sandbox], Awaitable[int]]
    """How much of the sandbox's work the *server* says is running now."""
    exists: Callable[[Engine, Sandbox], Awaitable[bool]]
    """Whether the server still has anything of the sandbox: namespace, user, role or process."""
    failing: str
    """`{before}` then a statement that the engine refuses."""
    failing_offset: int
    """Where in `failing` the error points."""
    many: str
    """Statements of which the last would give 2,500 rows, documents or replies."""
    big: str
    """Statements of which the last would give a reply over 3 MB."""
    remember: str | None
    """Leaves something in the client's own state; None where a client of this engine has none."""
    recall: str | None
    """Shows it: `remembered` is in the answer of the same client, not in that of another."""
    waiting: str | None = None
    """Takes its time while other clients of the sandbox go on; None where `forever` does so."""


def samples(slug: str) -> Samples:
    found: Samples = import_module(f"tests.contract.samples.{slug}").SAMPLES
    return found


def missing() -> list[str]:
    """Engines without samples; a test holds this at none."""
    return [slug for slug in ENGINES if not hasattr(import_module(f"tests.contract.samples.{slug}"), "SAMPLES")]
