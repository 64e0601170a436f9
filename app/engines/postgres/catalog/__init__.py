"""Questions to the catalog: one per .sql file beside this one."""

from functools import cache
from pathlib import Path


@cache
def question(name: str) -> str:
    """The SQL of a question."""
    return (Path(__file__).parent / f"{name}.sql").read_text()
