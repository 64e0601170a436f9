"""A diagram as plain geometry: boxes with a row per column, and lines between them that end in a crow's foot or a bar."""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from app.core.diagrams import Attribute, Diagram, Entity, Relation
from app.web.views.cells import cells, cut, plain
from app.web.views.layers import Part, depths, settle, split, untangle

CELL = 7.3
"""How wide one character of the code font is at 12 px."""
HEAD = 32
ROW = 22
PAD = 12
MARK = 24
TWO_MARKS = 44
GAP_X = 96
GAP_Y = 28
STUB = 26
FORK = 5
LINE_HEIGHT = 12
COLUMN_HEIGHT = 900
MAX_ENTITIES = 200
MAX_RELATIONS = 1_000
MAX_ROWS = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A column of a box: `y` is its middle, from the top of the box. `keys`: PK, FK, UQ."""

    name: str
    type: str
    keys: str
    title: str
    y: float


@dataclass(slots=True)
class Box:
    name: str
    title: str
    rows: list[Row]
    more: int
    indent: float
    width: float
    height: float
    ports: dict[str, float]
    forks: set[str] = field(default_factory=set)
    x: float = 0.0
    y: float = 0.0

    def port(self, attribute: str, *, required: bool | None = None) -> float:
        """Where a line of that column meets the box's side. `required`: of the reference that ends here, if one does."""
        fork = 0.0 if required is None or attribute not in self.forks else -FORK if required else FORK
        return self.y + self.ports.get(attribute, HEAD / 2 if not self.more else self.height - ROW / 2) + fork


@dataclass(frozen=True, slots=True)
class End:
    """The sign at a line's end. `mark` is a path; `ring` the middle of the circle that says "or none"."""

    x: float
    y: float
    mark: str
    ring: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Line:
    source: int
    target: int
    path: str
    ends: tuple[End, End]
    title: str


@dataclass(slots=True)
class Drawing:
    width: float
    height: float
    boxes: list[Box]
    lines: list[Line]
    left_out: int = 0
    relations_left_out: int = 0


@dataclass(slots=True)
class _Route:
    """A relation between the boxes `left` and `right`, and the parts it passes through. `forth`: the source is on the left."""

    relation: Relation
    left: int
    right: int
    forth: bool
    via: list[Part] = field(default_factory=list)

    def port(self, box: Box, *, left: bool) -> float:
        """Where the line meets the box on one of its sides."""
        if left == self.forth:
            return box.port(_attribute(self.relation, 0))
        return box.port(_attribute(self.relation, 1), required=self.relation.required)


def draw(diagram: Diagram) -> Drawing:
    """Lay a diagram out. At most MAX_ENTITIES boxes and MAX_RELATIONS lines are drawn; the rest is counted."""
    entities = diagram.entities[:MAX_ENTITIES]
    boxes = [_box(entity) for entity in entities]
    index = {entity.name: at for at, entity in enumerate(entities)}
    drawable = [r for r in diagram.relations if r.source in index and r.target in index]
    relations = drawable[:MAX_RELATIONS]
    pairs = list(dict.fromkeys((index[r.source], index[r.target]) for r in relations if r.source != r.target))
    related = sorted({node for pair in pairs for node in pair})
    alone = [node for node in range(len(boxes)) if node not in set(related)]
    _fork(boxes, relations, index)
    columns = _columns(boxes, related, pairs)
    column_of = {node: at for at, column in enumerate(columns) for node in column}
    parts: list[list[Part]] = [[Part(boxes[node].height, node) for node in column] for column in columns]
    routes = [_route(r, index, column_of) for r in relations if r.source != r.target]
    _link(parts, routes, boxes)
    untangle(parts)
    settle(parts, GAP_Y)
    edges, bottom = _place(boxes, parts)
    _shelve([boxes[node] for node in alone], edges[-1][1] if edges else 0, bottom + GAP_Y * 2 if edges else 0)
    lines = [_line(route, boxes, edges, column_of) for route in routes]
    lines += [_loop(r, index[r.source], boxes[index[r.source]]) for r in relations if r.source == r.target]
    width = max((box.x + box.width for box in boxes), default=0)
    height = max((box.y + box.height for box in boxes), default=0)
    loops = STUB * 2 if any(line.source == line.target for line in lines) else 0
    left_out = len(diagram.entities) - len(entities)
    return Drawing(width + loops, height, boxes, lines, left_out, len(drawable) - len(relations))


def _box(entity: Entity) -> Box:
    rows = [_row(attribute, HEAD + (at + 0.5) * ROW) for at, attribute in enumerate(entity.attributes[:MAX_ROWS])]
    more = len(entity.attributes) - len(rows)
    name = cut(entity.name)
    widest = max([cells(name) * 1.1, *(cells(row.name) + cells(row.type) + 2 for row in rows)])
    height = HEAD + (len(rows) + (more > 0)) * ROW + 6
    ports = {attribute.name: row.y for attribute, row in zip(entity.attributes, rows, strict=False)}
    indent = PAD + (TWO_MARKS if any(" " in row.keys for row in rows) else MARK)
    return Box(name, plain(entity.name), rows, more, indent, max(144, indent + widest * CELL + PAD), height, ports)


def _fork(boxes: list[Box], relations: list[Relation], index: dict[str, int]) -> None:
    """Where lines of both kinds of end refer to one column, those that may have none meet it a little lower."""
    kinds: defaultdict[tuple[int, str], set[bool]] = defaultdict(set)
    for relation in relations:
        kinds[index[relation.target], _attribute(relation, 1)].add(relation.required)
    for (node, attribute), found in kinds.items():
        if len(found) > 1:
            boxes[node].forks.add(attribute)


def _attribute(relation: Relation, side: int) -> str:
    """The first column of a relation, of its source (0) or target (1)."""
    return relation.attributes[0][side] if relation.attributes else ""


def _row(attribute: Attribute, y: float) -> Row:
    short = {"primary key": "PK", "foreign key": "FK", "unique": "UQ"}
    keys = [short[mark] for mark in short if mark in attribute.marks]
    title = plain(", ".join([f"{attribute.name} {attribute.type}", *attribute.marks]))
    return Row(cut(attribute.name), cut(attribute.type, 24), " ".join(keys[:2]), title, y)


def _columns(boxes: list[Box], related: list[int], pairs: list[tuple[int, int]]) -> list[list[int]]:
    place = {node: at for at, node in enumerate(related)}
    depth = depths(len(related), [(place[source], place[target]) for source, target in pairs])
    heights = [box.height for box in boxes]
    columns: list[list[int]] = []
    for level in range(max(depth, default=-1) + 1):
        nodes = [node for node in related if depth[place[node]] == level]
        if nodes:
            columns += split(nodes, heights, GAP_Y, COLUMN_HEIGHT)
    return columns


def _route(relation: Relation, index: dict[str, int], column_of: dict[int, int]) -> _Route:
    source, target = index[relation.source], index[relation.target]
    if column_of[target] < column_of[source]:
        return _Route(relation, target, source, forth=False)
    return _Route(relation, source, target, forth=True)


def _link(columns: list[list[Part]], routes: list[_Route], boxes: list[Box]) -> None:
    """Let each line pass through the columns between its boxes; lines to one column of a box on the left go together."""
    of_box = {part.box: (at, part) for at, column in enumerate(columns) for part in column}
    shared: dict[tuple[int, float, int], Part] = {}
    for route in routes:
        (first, left), (last, right) = of_box[route.left], of_box[route.right]
        port = route.port(boxes[route.left], left=True)
        for column in range(first + 1, last):
            key = (route.left, port, column)
            if key not in shared:
                shared[key] = Part(LINE_HEIGHT)
                columns[column].append(shared[key])
            route.via.append(shared[key])
        for one, other in pairwise([left, *route.via, right]):
            if other not in one.right:
                one.right.append(other)
                other.left.append(one)


def _place(boxes: list[Box], columns: list[list[Part]]) -> tuple[list[tuple[float, float]], float]:
    """Give the boxes of columns their places. Gives the columns' sides and how far down they reach."""
    edges: list[tuple[float, float]] = []
    bottom = x = 0.0
    for column in columns:
        width = max(boxes[part.box].width for part in column if part.box is not None)
        for part in column:
            bottom = max(bottom, part.y + part.height)
            if part.box is not None:
                box = boxes[part.box]
                box.x, box.y, box.width = x, part.y, width
        edges.append((x, x + width))
        x += width + GAP_X
    return edges, bottom


def _shelve(boxes: list[Box], width: float, top: float) -> None:
    """Boxes without a relation, side by side below the others."""
    room = max(width, 1100, math.sqrt(sum((box.width + GAP_X) * (box.height + GAP_Y) for box in boxes)) * 1.4)
    x, y, tallest = 0.0, top, 0.0
    for box in boxes:
        if x and x + box.width > room:
            x, y, tallest = 0.0, y + tallest + GAP_Y, 0.0
        box.x, box.y = x, y
        x, tallest = x + box.width + GAP_X / 2, max(tallest, box.height)


def _line(route: _Route, boxes: list[Box], edges: list[tuple[float, float]], column_of: dict[int, int]) -> Line:
    left, right = boxes[route.left], boxes[route.right]
    start = (left.x + left.width, route.port(left, left=True))
    end = (right.x, route.port(right, left=False))
    path = [f"M{_n(start[0])} {_n(start[1])}h{STUB}"]
    at = (start[0] + STUB, start[1])
    for column, part in enumerate(route.via, column_of[route.left] + 1):
        path += [_curve(at, (edges[column][0], part.middle)), f"H{_n(edges[column][1])}"]
        at = (edges[column][1], part.middle)
    path += [_curve(at, (end[0] - STUB, end[1])), f"h{STUB}"]
    places = ((*start, 1), (*end, -1)) if route.forth else ((*end, -1), (*start, 1))
    source, target = (route.left, route.right) if route.forth else (route.right, route.left)
    return Line(source, target, "".join(path), _ends(route.relation, *places), _title(route.relation))


def _loop(relation: Relation, node: int, box: Box) -> Line:
    """A box's relation to itself, on its right side."""
    x, one = box.x + box.width, box.port(_attribute(relation, 0))
    other = box.port(_attribute(relation, 1), required=relation.required)
    if one == other:
        one, other = one + ROW / 4, other - ROW / 4
    path = f"M{_n(x)} {_n(one)}h{STUB}C{_n(x + STUB + 24)} {_n(one)} {_n(x + STUB + 24)} {_n(other)} {_n(x + STUB)} {_n(other)}h-{STUB}"
    return Line(node, node, path, _ends(relation, (x, one, 1), (x, other, 1)), _title(relation))


def _ends(relation: Relation, source: tuple[float, float, int], target: tuple[float, float, int]) -> tuple[End, End]:
    """At the source: none or many of it (a crow's foot), or none or one; at the target: one, or none or one (a bar)."""
    x, y, out = source
    tip = x + 12 * out
    foot = f"M{_n(tip)} {_n(y)}L{_n(x)} {_n(y - 6)}M{_n(tip)} {_n(y)}L{_n(x)} {_n(y + 6)}"
    many = End(x, y, _bar(x + 9 * out, y) if relation.one else foot, (x + 17 * out, y))
    x, y, out = target
    bar = _bar(x + 9 * out, y)
    one = End(x, y, bar + _bar(x + 14 * out, y), None) if relation.required else End(x, y, bar, (x + 17 * out, y))
    return many, one


def _bar(x: float, y: float) -> str:
    return f"M{_n(x)} {_n(y - 5)}v10"


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    middle = _n((start[0] + end[0]) / 2)
    return f"C{middle} {_n(start[1])} {middle} {_n(end[1])} {_n(end[0])} {_n(end[1])}"


def _title(relation: Relation) -> str:
    pairs = ", ".join(f"{plain(source)} → {plain(target)}" for source, target in relation.attributes)
    return f"{plain(relation.source)} refers to {plain(relation.target)} ({pairs})"


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
