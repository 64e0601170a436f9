"""The catalogue of tasks: a folder each in `app/tasks`, with `task.toml`, `notes.md`, and per engine a solution and perhaps a seed.

title = "The three best sellers of each category"
summary = "One sentence on what is asked."
topics = [6]                    # rows of the subject
level = 2                       # 1 first steps, 2 everyday, 3 demanding
dataset = "shop"                # optional; filled before the seed
writes = true                   # where solutions change data
ordered = true                  # where the order of the answer counts
columns = ["category", "name"]  # what an answer is read as
expected = [["books", "Atlas"]]
hints = ["...", "..."]

[engines.mongodb]               # all optional: `fields` (column to path), `take`, `refused` (an error's code), `why` (not natural here)
fields = { name = "_id" }
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from app.core.errors import NotFound
from app.playground.comparing.answers import DECIMALS, Reading
from app.playground.sharing import notes

FOLDER = Path(__file__).parents[2] / "tasks"
LEVELS = {1: "first steps", 2: "everyday", 3: "demanding"}
NULL: dict[str, Any] = {}
"""How `task.toml` writes null, which TOML has not."""


@dataclass(frozen=True, slots=True)
class Solution:
    source: str
    seed: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Task:
    """`unnatural`: engines where one would not do this, with the reason."""

    slug: str
    title: str
    summary: str
    topics: tuple[int, ...]
    level: int
    dataset: str | None
    writes: bool
    ordered: bool
    columns: tuple[str, ...]
    expected: list[list[Any]]
    hints: tuple[str, ...]
    notes_html: str
    notes_text: str
    solutions: Mapping[str, Solution]
    unnatural: Mapping[str, str] = field(default_factory=dict)

    @property
    def level_name(self) -> str:
        return LEVELS[self.level]


@cache
def catalogue() -> tuple[Task, ...]:
    """Every task, by topic, then level, then title."""
    tasks = [_read(file.parent) for file in FOLDER.glob("*/task.toml")]
    return tuple(sorted(tasks, key=lambda task: (task.topics[0], task.level, task.title)))


def find(slug: str) -> Task:
    """Raises NotFound."""
    for task in catalogue():
        if task.slug == slug:
            return task
    raise NotFound(f"There is no task {slug!r}.")


def neighbours(task: Task) -> tuple[Task | None, Task | None]:
    """The tasks before and after it in the catalogue."""
    listed = catalogue()
    at = listed.index(task)
    return (listed[at - 1] if at else None, listed[at + 1] if at + 1 < len(listed) else None)


def _read(folder: Path) -> Task:
    data = tomllib.loads((folder / "task.toml").read_text(), parse_float=Decimal)
    engines = data.get("engines", {})
    columns = tuple(data["columns"])
    text = (folder / "notes.md").read_text()
    solutions = {}
    for file in sorted(folder.iterdir()):
        engine = file.name.split(".")[0]
        if file.suffix in (".toml", ".md") or ".seed." in file.name:
            continue
        seed = file.with_name(f"{engine}.seed{file.suffix}")
        solutions[engine] = Solution(
            file.read_text().rstrip("\n"),
            seed.read_text().rstrip("\n") if seed.exists() else "",
            _reading(engines.get(engine, {}), columns, data),
        )
    return Task(
        slug=folder.name,
        title=data["title"],
        summary=data["summary"],
        topics=tuple(data["topics"]),
        level=data["level"],
        dataset=data.get("dataset"),
        writes=data.get("writes", False),
        ordered=data.get("ordered", False),
        columns=columns,
        expected=[[None if value == NULL else value for value in row] for row in data["expected"]],
        hints=tuple(data.get("hints", ())),
        notes_html=notes.render(text),
        notes_text=text,
        solutions=solutions,
        unnatural={engine: entry["why"] for engine, entry in engines.items() if "why" in entry},
    )


def _reading(entry: Mapping[str, Any], columns: tuple[str, ...], data: Mapping[str, Any]) -> Reading:
    return Reading(
        columns=columns,
        fields=entry.get("fields", {}),
        take=entry.get("take", 1),
        refused=entry.get("refused"),
        ids=frozenset(data.get("ids", ())),
        decimals=data.get("decimals", DECIMALS),
    )
