"""The subject's rows with their true state, and the comparison of the four engines, from `app/tasks`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from app.playground.labs import labs
from app.playground.labs.labs import Lab
from app.playground.tasks.tasks import FOLDER, Task, catalogue


@dataclass(frozen=True, slots=True)
class Cell:
    """`state`: `task`, `lab` or `none`; `why` is the reason for none."""

    state: str
    tasks: tuple[Task, ...]
    labs: tuple[Lab, ...] = ()
    why: str | None = None

    @property
    def covered(self) -> bool:
        """A lab's cell may wait for the lab, as long as its row has a task in a single sandbox."""
        return bool(self.tasks) or self.state in ("none", "lab")


@dataclass(frozen=True, slots=True)
class Topic:
    number: int
    title: str
    cells: Mapping[str, Cell]

    @property
    def covered(self) -> bool:
        return all(cell.covered for cell in self.cells.values()) and any(cell.tasks for cell in self.cells.values())


@cache
def topics() -> tuple[Topic, ...]:
    """All rows, in the subject's order."""
    listed = tomllib.loads((FOLDER / "topics.toml").read_text())["topic"]
    return tuple(Topic(entry["number"], entry["title"], _cells(entry)) for entry in listed)


def uncovered() -> list[tuple[int, str]]:
    """Cells of the subject that want a task and have none: (topic, engine). Of a row without any task, all of its cells."""
    return [
        (topic.number, engine)
        for topic in topics()
        for engine, cell in topic.cells.items()
        if not cell.covered or not any(cell.tasks for cell in topic.cells.values())
    ]


def _cells(entry: Mapping[str, object]) -> dict[str, Cell]:
    why = entry.get("why", {})
    assert isinstance(why, dict)
    cells = {}
    for engine, state in entry.items():
        if engine not in ("number", "title", "why"):
            here = tuple(task for task in catalogue() if entry["number"] in task.topics and engine in task.solutions)
            beside = tuple(
                lab for lab in labs.catalogue().values() if (lab.topic, lab.engine) == (entry["number"], engine)
            )
            cells[engine] = Cell(str(state), here, beside, why.get(engine))
    return cells


@dataclass(frozen=True, slots=True)
class Claim:
    """One cell of the comparison: the word usually said, what is true now, and the task that proves it."""

    word: str
    now: str
    task: Task | None
    engine: str


@cache
def comparison() -> tuple[tuple[str, Mapping[str, Claim]], ...]:
    """Aspect by aspect, each with a claim per engine."""
    listed = tomllib.loads((FOLDER / "comparison.toml").read_text())["aspect"]
    known = {task.slug: task for task in catalogue()}
    return tuple(
        (
            entry["name"],
            {
                engine: Claim(claim["word"], claim["now"], known.get(claim["task"]), engine)
                for engine, claim in entry["engines"].items()
            },
        )
        for entry in listed
    )
