"""Where the statements of a source begin."""

from app.core.errors import StatementFailed
from app.engines.mongodb.statements import split


def last_start(source: str) -> int:
    """Where the last statement begins; -1 where there is none."""
    try:
        found = split(source)
    except StatementFailed:
        return -1
    return found[-1].start if found else -1
