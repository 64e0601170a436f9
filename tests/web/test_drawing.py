"""The diagram page and its file, for every size of sandbox and for hostile names."""

import re
from xml.etree import ElementTree as ET

import pytest
from starlette.testclient import TestClient

from app.core.diagrams import Attribute, Diagram, Entity, Relation
from app.web.views.diagram import MAX_ENTITIES
from tests.fakes import FakeEngine, diagram_of
from tests.web.test_pages import text

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ("<script>alert(1)</script>", '"><svg onload=alert(1)>', "]]>&amp;", "{{7*7}}", "a\x00\x1b\ud800b", "'")


def filled(client: TestClient, engine: FakeEngine, diagram: Diagram) -> None:
    client.post("/partials/alpha/run", data={"source": "make t1"})
    engine.drawn = diagram


@pytest.mark.parametrize("count", [1, 2, 30, MAX_ENTITIES + 3])
def test_a_sandbox_is_drawn(client: TestClient, fakes: dict[str, FakeEngine], count: int) -> None:
    filled(client, fakes["alpha"], diagram_of(count))
    html = client.get("/alpha/diagram").text
    drawn = min(count, MAX_ENTITIES)
    assert html.count('class="entity"') == drawn
    assert "table_0" in html
    assert not re.search(r"\sstyle=|<style", html)
    assert ("3 more tables not drawn" in text(html)) == (count > MAX_ENTITIES)
    answer = client.get("/alpha/diagram.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["content-disposition"] == 'attachment; filename="alpha-diagram.svg"'
    root = ET.fromstring(answer.text)
    assert root.tag == f"{SVG}svg"
    assert sum(g.get("class") == "entity" for g in root.iter(f"{SVG}g")) == drawn
    assert not any("style" in element.attrib for element in root.iter())


def test_hostile_names_stay_text(client: TestClient, fakes: dict[str, FakeEngine]) -> None:
    entities = tuple(Entity(name, (Attribute(name, name, (name,)),)) for name in HOSTILE)
    relations = tuple(Relation(name, HOSTILE[0], ((name, name),)) for name in HOSTILE)
    filled(client, fakes["alpha"], Diagram(entities, relations))
    html = client.get("/alpha/diagram").text
    for bad in ("<script>alert", "<svg onload", ">49<"):
        assert bad not in html
    root = ET.fromstring(client.get("/alpha/diagram.svg").text)
    names = [element.text for element in root.iter(f"{SVG}text")]
    assert HOSTILE[0] in names
    assert "a␀␛\ufffdb" in names
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg",
        "g",
        "rect",
        "path",
        "circle",
        "text",
        "title",
    }


def test_an_empty_sandbox_says_what_to_do(client: TestClient, fakes: dict[str, FakeEngine]) -> None:
    for _ in range(2):
        html = client.get("/alpha/diagram").text
        assert "Nothing to draw yet" in html
        assert 'href="/alpha"' in html
        assert client.get("/alpha/diagram.svg").status_code == 404
        assert not fakes["alpha"].live, "looking makes no sandbox"
    filled(client, fakes["alpha"], Diagram((), ()))
    assert "Nothing to draw yet" in client.get("/alpha/diagram").text


def test_only_engines_that_draw_have_one(client: TestClient, fakes: dict[str, FakeEngine]) -> None:
    assert 'href="/beta/diagram"' in client.get("/beta").text
    fakes["beta"].draws = False  # type: ignore[misc]
    assert 'href="/beta/diagram"' not in client.get("/beta").text
    for path in ("/beta/diagram", "/beta/diagram.svg", "/gamma/diagram"):
        assert client.get(path).status_code == 404
