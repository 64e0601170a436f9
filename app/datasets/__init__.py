"""The sample datasets: one definition each, in a shape for every engine. Deterministic: the same size is the same data.

A dataset is a folder with `data.py` (its facts, and a function per engine that shapes them) and, per engine, the source that makes its
tables and indexes (`<engine>.<extension>`), and one that finishes them (`<engine>.after.<extension>`).
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from app.core.datasets import Content, Part

DATASETS = ("shop", "social", "music", "sensors")
SIZES = {"S": 1, "M": 30, "L": 120}
"""How many times as large as S each size is."""

Shape = Callable[[Any], tuple[Part, ...]]


@dataclass(frozen=True, slots=True)
class Dataset:
    """`tables`, `documents`, `keys` and `items` say in pairs (name, what it holds) how each engine keeps it."""

    slug: str
    title: str
    about: str
    facts: Callable[[int], Any]
    shapes: Mapping[str, Shape]
    mapping: Mapping[str, tuple[tuple[str, str], ...]]

    def content(self, engine: str, scale: int = 1) -> Content:
        """The dataset for an engine, `scale` times as large as S."""
        folder = Path(__file__).parent / self.slug
        before = next((p for p in folder.glob(f"{engine}.*") if ".after." not in p.name), None)
        after = next(folder.glob(f"{engine}.after.*"), None)
        return Content(
            before.read_text().rstrip("\n") if before else "",
            self.shapes[engine](self.facts(scale)),
            after.read_text().rstrip("\n") if after else "",
        )

    def count(self, engine: str, scale: int) -> int:
        """How many records the engine holds at that scale. Slow the first time."""
        return _count(self.slug, engine, scale)


@cache
def _count(slug: str, engine: str, scale: int) -> int:
    return dataset(slug).content(engine, scale).record_count


@cache
def dataset(slug: str) -> Dataset:
    """Raises KeyError."""
    if slug not in DATASETS:
        raise KeyError(slug)
    found: Dataset = import_module(f"app.datasets.{slug}.data").DATASET
    return found


def pick(what: str, number: int, choices: int) -> int:
    """A number from 0 to `choices` - 1 that is always the same for the same `what` and `number`."""
    return zlib.crc32(f"{what}:{number}".encode()) % choices
