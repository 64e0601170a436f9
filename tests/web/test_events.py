"""The pages of live events, on fake engines: what they refuse, and what is told without JavaScript."""

import pytest
from starlette.testclient import TestClient

from app.playground import scenes
from app.playground.scenes import Scene
from tests.web.test_pages import text


@pytest.fixture(autouse=True)
def one_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake engine has one, whose text is hostile."""
    scene = Scene("news", "News <i>today</i>", "alpha", "Summary.", "Look.", "wait 20", "say <b>act</b>", ("act",))
    known = scenes.scenes
    monkeypatch.setattr("app.web.routes.scenes.scenes", lambda slug: (scene,) if slug == "alpha" else known(slug))
    monkeypatch.setattr(
        "app.web.routes.scenes.scene", lambda _, slug: scene if slug == "news" else scenes.scene("alpha", slug)
    )


def test_a_scene_is_a_page_and_is_listed(client: TestClient) -> None:
    for path in ("/events/alpha", "/events/alpha/news"):
        page = client.get(path).text
        assert "News &lt;i&gt;today&lt;/i&gt;" in page
        assert "<b>act" not in page
        assert page.count("<live-events") == 2
    assert client.get("/events", follow_redirects=False).headers["location"] == "/labs#labs-events"
    for path in ("/events/alpha/none", "/events/beta", "/events/gamma"):
        assert client.get(path).status_code == 404


def test_both_clients_run_with_and_without_javascript(client: TestClient) -> None:
    for name, said in (("A", "one"), ("B", "two")):
        part = client.post("/partials/events/alpha", data={"source": f"say {said}", "client": name}).text
        assert said in text(part)
        page = client.post("/events/alpha", data={"source": f"say {said}", "client": name, "slug": "news"}).text
        assert said in text(page)
    stopped = client.post(
        "/events/alpha", data={"client": "A", "action": "stop", "slug": "news"}, follow_redirects=False
    )
    assert (stopped.status_code, stopped.headers["location"]) == (303, "/events/alpha/news")


def test_no_other_client_and_no_strangers_form(client: TestClient) -> None:
    assert client.post("/events/alpha", data={"source": "say x", "slug": "news"}).status_code == 400
    assert client.post("/events/alpha", data={"source": "say x", "client": "C", "slug": "news"}).status_code == 400
    for path in ("/events/alpha", "/partials/events/alpha"):
        crossed = client.post(path, data={"source": "say x", "client": "A"}, headers={"origin": "http://evil.example"})
        assert crossed.status_code == 403
