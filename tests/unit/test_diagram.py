"""The layout of diagrams: boxes apart, lines from box to box, whatever is drawn."""

import re
from itertools import combinations

import pytest

from app.core.diagrams import Attribute, Diagram, Entity, Relation
from app.web.views.cells import cut, plain
from app.web.views.diagram import MAX_ENTITIES, MAX_RELATIONS, MAX_ROWS, Box, Drawing, draw
from app.web.views.layers import depths
from tests.fakes import diagram_of

HOSTILE = ("<script>alert(1)</script>", '"><svg onload=alert(1)>', "a\x00b\x1bc\ud800", "]]>", "表" * 60, "", "x" * 500)


def related(*pairs: str, columns: int = 3) -> Diagram:
    names = sorted({name for pair in pairs for name in pair.split(">")})
    attributes = (Attribute("id", "integer", ("primary key",)), *(Attribute(f"c{n}", "text") for n in range(columns)))
    relations = [Relation(*pair.split(">"), attributes=(("c0", "id"),)) for pair in pairs]
    return Diagram(tuple(Entity(name, attributes) for name in names), tuple(relations))


STAR = related(*(f"t{n:02}>hub" for n in range(29)))
CHAIN = related(*(f"t{n:02}>t{n - 1:02}" for n in range(1, 30)))
SKIPPING = related("b>a", "c>b", "d>c", "d>a", "e>a", "e>d")
CYCLE = related("a>b", "b>c", "c>a", "d>a", "a>d")
DRAWN = {
    "nothing": Diagram((), ()),
    "one": related("a>a"),
    "pair": related("a>b"),
    "both ways": related("a>b", "b>a"),
    "cycle": CYCLE,
    "skipping": SKIPPING,
    "star": STAR,
    "chain": CHAIN,
    "wide": related("a>b", columns=90),
    "thirty": diagram_of(30),
    "alone": Diagram(tuple(Entity(f"t{n}", ()) for n in range(30)), ()),
    "hostile": Diagram(
        tuple(Entity(name, (Attribute(name, name, (name, "primary key")),)) for name in HOSTILE),
        tuple(Relation(name, other, ((name, other),)) for name, other in combinations(HOSTILE, 2)),
    ),
    "no columns named": Diagram((Entity("a", ()), Entity("b", ())), (Relation("a", "b", ()), Relation("a", "a", ()))),
    "target not there": Diagram((Entity("a", ()),), (Relation("a", "elsewhere", (("x", "y"),)),)),
}


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def on_side(box: Box, x: float, y: float) -> bool:
    return x in (box.x, box.x + box.width) and box.y <= y <= box.y + box.height


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]


@pytest.fixture(params=DRAWN)
def drawing(request: pytest.FixtureRequest) -> Drawing:
    return draw(DRAWN[request.param])


def test_no_boxes_overlap(drawing: Drawing) -> None:
    assert all(apart(one, other) for one, other in combinations(drawing.boxes, 2))
    for box in drawing.boxes:
        assert 0 <= box.x <= box.x + box.width <= drawing.width
        assert 0 <= box.y <= box.y + box.height <= drawing.height


def test_lines_end_at_their_boxes(drawing: Drawing) -> None:
    for line in drawing.lines:
        source, target = line.ends
        assert on_side(drawing.boxes[line.source], source.x, source.y), line
        assert on_side(drawing.boxes[line.target], target.x, target.y), line
        at = numbers(line.path)[:2]
        assert any(abs(at[0] - end.x) < 0.1 and abs(at[1] - end.y) < 0.1 for end in line.ends)


def test_every_relation_has_a_line() -> None:
    for name, diagram in DRAWN.items():
        known = {entity.name for entity in diagram.entities}
        expected = sum(1 for relation in diagram.relations if {relation.source, relation.target} <= known)
        assert len(draw(diagram).lines) == expected, name


def test_a_line_ends_at_the_row_of_its_column() -> None:
    drawing = draw(related("a>b"))
    (line,) = drawing.lines
    box = drawing.boxes[line.source]
    row = next(row for row in box.rows if row.name == "c0")
    assert line.ends[0].y == box.y + row.y


def test_what_is_referenced_stands_left() -> None:
    by_name = {box.name: box for box in draw(SKIPPING).boxes}
    assert by_name["a"].x < by_name["b"].x < by_name["c"].x < by_name["d"].x < by_name["e"].x
    assert depths(3, [(1, 0), (2, 1), (2, 0)]) == [0, 1, 2]
    assert depths(3, [(0, 1), (1, 2), (2, 0)]) == [2, 1, 0]
    assert depths(4, [(1, 0), (2, 1), (2, 3)]) == [0, 1, 2, 1]


def test_long_lines_pass_between_the_boxes() -> None:
    drawing = draw(SKIPPING)
    by_name = {box.name: box for box in drawing.boxes}
    (line,) = [line for line in drawing.lines if drawing.boxes[line.source] is by_name["e"] and line.target == 0]
    for level in re.findall(r"(-?[\d.]+)H", line.path):
        y = float(level.split()[-1])
        for name in "bcd":
            assert not by_name[name].y <= y <= by_name[name].y + by_name[name].height


def test_a_star_is_no_tower() -> None:
    drawing = draw(STAR)
    assert drawing.height < 2 * drawing.width


def test_ends_tell_how_many() -> None:
    entities = (Entity("a", (Attribute("x", "int"),)), Entity("b", (Attribute("x", "int"),)))
    kinds = {}
    for required in (True, False):
        for one in (True, False):
            (line,) = draw(Diagram(entities, (Relation("a", "b", (("x", "x"),), required, one),))).lines
            kinds[required, one] = tuple((end.mark.count("v10"), end.ring is not None) for end in line.ends)
    assert kinds == {
        (True, True): ((1, True), (2, False)),
        (True, False): ((0, True), (2, False)),
        (False, True): ((1, True), (1, True)),
        (False, False): ((0, True), (1, True)),
    }


def test_what_is_too_much_is_counted() -> None:
    many = Diagram(tuple(Entity(f"t{n}", ()) for n in range(MAX_ENTITIES + 7)), ())
    assert draw(many).left_out == 7
    dense = related(*(f"t{n:02}>t{m:02}" for n in range(50) for m in range(n)))
    drawing = draw(dense)
    assert (len(drawing.lines), drawing.relations_left_out) == (MAX_RELATIONS, 225)
    wide = draw(related("a>a", columns=MAX_ROWS + 4)).boxes[0]
    assert (len(wide.rows), wide.more) == (MAX_ROWS, 5)


def test_no_text_breaks_xml() -> None:
    assert plain("a\x00\n\x1b") == "a␀␊␛"
    assert plain("\ud800\ufffe\u202e") == "\ufffd" * 3
    assert plain("é表🙂") == "é表🙂"


def test_both_kinds_of_end_at_one_column_stand_apart() -> None:
    entities = tuple(Entity(name, (Attribute("x", "int"),)) for name in "abc")
    relations = (Relation("a", "c", (("x", "x"),), required=True), Relation("b", "c", (("x", "x"),)))
    one, other = (line.ends[1].y for line in draw(Diagram(entities, relations)).lines)
    assert one + 10 == other


def test_long_names_are_cut_by_their_width() -> None:
    assert cut("x" * 40) == "x" * 40
    assert cut("x" * 41) == "x" * 39 + "…"
    assert cut("表" * 40) == "表" * 19 + "…"
