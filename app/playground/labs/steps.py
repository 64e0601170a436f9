"""Scripts of two connections: markers say whose the next lines are.

    -- A: BEGIN;                      one line of A
    -- B:                             from here on B's, up to the next marker
    UPDATE accounts SET balance = 0;

What stands before the first marker fills the sandbox. `--` is the engine's own sign of a comment: `//` and `#` elsewhere.
"""

import re
from dataclasses import dataclass, replace

from app.core.engine import Engine
from app.core.errors import InvalidRequest
from app.core.results import Statement

NAMES = ("A", "B")
MAX_STEPS = 60


@dataclass(frozen=True, slots=True)
class Script:
    """`setup` is run by the main client; each step is one statement of `A` or `B`, with its place in the source."""

    source: str
    setup: str
    steps: tuple[tuple[str, Statement], ...]


def read(engine: Engine, source: str) -> Script:
    """Raises StatementFailed for what can't be read, InvalidRequest without markers or with too many steps."""
    marker = re.compile(rf"^[ \t]*{re.escape(engine.line_comment)}[ \t]*([AB]):(.*)$", re.MULTILINE)
    markers = list(marker.finditer(source))
    if not markers:
        raise InvalidRequest(
            "The script names no connection.",
            hint=f"Put `{engine.line_comment} A:` or `{engine.line_comment} B:` before what each one runs.",
        )
    steps: list[tuple[str, Statement]] = []
    for found, following in zip(markers, [*markers[1:], None], strict=True):
        end = following.start() if following else len(source)
        if found[2].strip():
            steps += _statements(engine, source, found[1], found.start(2), found.end())
        steps += _statements(engine, source, found[1], found.end(), end)
    if len(steps) > MAX_STEPS:
        raise InvalidRequest(f"The script has {len(steps)} steps; the limit is {MAX_STEPS} (max_steps).")
    return Script(source, source[: markers[0].start()], tuple(steps))


def _statements(engine: Engine, source: str, name: str, start: int, end: int) -> list[tuple[str, Statement]]:
    lines = source.count("\n", 0, start)
    return [
        (name, replace(found, start=found.start + start, end=found.end + start, line=found.line + lines))
        for found in engine.split(source[start:end])
    ]
