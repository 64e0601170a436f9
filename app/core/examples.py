"""Ready sources that come with an engine: a folder of files and an `examples.toml` that names them.

[[example]]
slug = "quick-start"
title = "Quick start"
note = "One sentence on what it shows."
source = "quick-start.sql"
seed = "quick-start.seed.sql"    # optional: runs once before the source
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Example:
    slug: str
    title: str
    note: str
    source: str
    seed: str = ""


@cache
def read_examples(folder: Path) -> list[Example]:
    """The examples of a folder, in the order of its `examples.toml`."""
    listed = tomllib.loads((folder / "examples.toml").read_text())["example"]
    return [
        Example(
            slug=entry["slug"],
            title=entry["title"],
            note=entry["note"],
            source=(folder / entry["source"]).read_text().rstrip("\n"),
            seed=(folder / entry["seed"]).read_text().rstrip("\n") if "seed" in entry else "",
        )
        for entry in listed
    ]
