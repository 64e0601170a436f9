"""Scenes: ready pairs of sources for live events, what client A listens to and what client B does.

A file for each engine in `app/scenes`:

[[scene]]
slug = "trigger"
title = "A trigger that notifies"
summary = "One sentence."
watch = "What to look at."
seed = "..."               # optional: fills a fresh sandbox, once
listen = "..."
act = "..."
expect = ["shipped"]       # what must be in the events, checked by the tests
unwanted = "cancelled"     # optional: what must not
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.core.errors import NotFound

FOLDER = Path(__file__).parents[1] / "scenes"


@dataclass(frozen=True, slots=True)
class Scene:
    slug: str
    title: str
    engine: str
    summary: str
    watch: str
    listen: str
    act: str
    expect: tuple[str, ...]
    seed: str = ""
    unwanted: str = ""


@cache
def scenes(engine: str) -> tuple[Scene, ...]:
    """The engine's scenes, in the order of its file."""
    file = FOLDER / f"{engine}.toml"
    told = tomllib.loads(file.read_text())["scene"] if file.exists() else []
    return tuple(_read(engine, one) for one in told)


def scene(engine: str, slug: str) -> Scene:
    """Raises NotFound."""
    found = next((one for one in scenes(engine) if one.slug == slug), None)
    if found is None:
        raise NotFound(f"There is no scene {slug!r} for {engine}.")
    return found


def _read(engine: str, told: dict[str, str | list[str]]) -> Scene:
    texts = {name: value.strip() for name, value in told.items() if isinstance(value, str)}
    return Scene(engine=engine, expect=tuple(told["expect"]), **texts)
