"""The order and places of a diagram's parts: columns from what is referenced (left) to what refers (right)."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

SWEEPS = 6
Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True, eq=False)
class Part:
    """Something a column holds: a box, or with `box` None a line on its way through. `y` is its top."""

    height: float
    box: int | None = None
    y: float = 0.0
    left: list["Part"] = field(default_factory=list)
    right: list["Part"] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def depths(count: int, references: Iterable[tuple[int, int]]) -> list[int]:
    """How far right each node stands: right of all it refers to. The references that close a cycle are not counted."""
    targets: defaultdict[int, list[int]] = defaultdict(list)
    sources: defaultdict[int, list[int]] = defaultdict(list)
    for source, target in references:
        targets[source].append(target)
        sources[target].append(source)
    found: dict[int, int] = {}
    on_the_way: set[int] = set()

    def depth(node: int) -> int:
        if node not in found:
            on_the_way.add(node)
            found[node] = max((depth(target) + 1 for target in targets[node] if target not in on_the_way), default=0)
            on_the_way.discard(node)
        return found[node]

    for node in range(count):
        depth(node)
    # What refers to nothing stands beside the nearest that refers to it.
    for node in range(count):
        if not targets[node] and sources[node]:
            found[node] = min(found[source] for source in sources[node]) - 1
    return [found[node] for node in range(count)]


def split(nodes: Sequence[int], heights: Sequence[float], gap: float, most: float) -> list[list[int]]:
    """The nodes of one depth in as many columns as keep each about `most` high."""
    total = sum(heights[node] + gap for node in nodes)
    wanted = total / max(1, -(-total // most))
    columns: list[list[int]] = [[]]
    filled = 0.0
    for node in nodes:
        if columns[-1] and filled + heights[node] / 2 > wanted:
            columns.append([])
            filled = 0.0
        columns[-1].append(node)
        filled += heights[node] + gap
    return columns


def untangle(columns: list[list[Part]]) -> None:
    """Order each column by where its neighbours stand, back and forth."""
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for at, column in list(enumerate(columns))[:: 1 if forth else -1]:
            beside = columns[at - 1] if forth and at else columns[at + 1] if not forth and at + 1 < len(columns) else []
            places = {id(part): place for place, part in enumerate(beside)}
            own = {id(part): place for place, part in enumerate(column)}

            def wish(
                part: Part,
                places: dict[int, int] = places,
                own: dict[int, int] = own,
                forth: bool = forth,
                scale: float = len(beside) / max(1, len(column)),
            ) -> float:
                return _mean([places[id(n)] for n in (part.left if forth else part.right)], own[id(part)] * scale)

            column.sort(key=wish)


def settle(columns: list[list[Part]], gap: float) -> None:
    """Give each part its `y`: level with its neighbours, never closer than `gap` to the one above, the topmost at 0."""
    for column in columns:
        _stack(column, gap, lambda _part: 0.0)
    for sweep in range(SWEEPS):
        for column in columns[:: 1 if sweep % 2 == 0 else -1]:
            _stack(column, gap, lambda part: _mean([n.middle for n in (*part.left, *part.right)], part.middle))
    top = min((part.y for column in columns for part in column), default=0.0)
    for column in columns:
        for part in column:
            part.y -= top


def _stack(column: list[Part], gap: float, wish: Callable[[Part], float]) -> None:
    """The places nearest to the wished middles, in order and apart: neighbours that collide share their mean wish."""
    offsets, offset = [], 0.0
    groups: list[tuple[float, int]] = []  # the mean of a group's wishes, and how many are in it
    for part in column:
        mean, size = wish(part) - part.height / 2 - offset, 1
        while groups and groups[-1][0] >= mean:
            before, count = groups.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        groups.append((mean, size))
        offsets.append(offset)
        offset += part.height + gap
    starts = [mean for mean, size in groups for _ in range(size)]
    for part, start, offset in zip(column, starts, offsets, strict=True):
        part.y = start + offset


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
