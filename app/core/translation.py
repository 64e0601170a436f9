"""A source that was written for another database, said in the engine's own language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Translation:
    """`language`: whose it reads like; `losses`: what could not be carried over, one short text each."""

    language: str
    source: str
    losses: tuple[str, ...] = ()
