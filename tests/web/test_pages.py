"""Pages and partials, with and without JavaScript, on fake engines."""

import asyncio
import re

import pytest
from starlette.testclient import TestClient

from app.config import Settings
from app.main import create_app
from app.playground.tasks import tasks
from app.stores.memory import MemoryStore
from tests.fakes import FakeEngine
from tests.web.conftest import SETTINGS


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_home_page_has_a_door_per_engine(client: TestClient) -> None:
    html = client.get("/").text
    assert 'href="/alpha"' in html
    assert 'href="/beta"' in html
    assert 'href="/compare"' in html


def test_the_workbench_opens_with_an_example(client: TestClient) -> None:
    assert "say hello" in client.get("/alpha").text
    html = client.get("/alpha?example=seeded").text
    assert "say seeded" in html
    assert "make thing" in html


def test_a_partial_is_no_page_and_a_page_is_whole(client: TestClient) -> None:
    partial = client.post("/partials/alpha/run", data={"source": "rows 3"}).text
    page = client.post("/alpha", data={"source": "rows 3", "action": "run"}).text
    assert "<html" not in partial
    assert page.count("<html") == 1
    for html in (partial, page):
        assert "3 rows" in text(html)


def test_null_and_empty_are_told_apart(client: TestClient) -> None:
    html = client.post("/partials/alpha/run", data={"source": "rows 2"}).text
    assert "null" in html.lower()
    assert "empty" in html.lower()


def test_truncation_is_said_with_the_number(client: TestClient) -> None:
    assert "Cut at 100 rows." in client.post("/partials/alpha/run", data={"source": "rows 500"}).text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nonsense", ["unknown command nonsense", "F001", "line 1"]),
        ("refuse because", ["because", "no_such_rule", "Do something else."]),
        ("sleep 5000", ["0.4 s"]),
    ],
)
def test_errors_say_what_and_where(client: TestClient, source: str, words: list[str]) -> None:
    answer = client.post("/partials/alpha/run", data={"source": f"{source}\nsay never"})
    assert answer.status_code == 200
    for word in words:
        assert word.lower() in text(answer.text).lower()
    assert "not run" in text(answer.text).lower()


def test_the_schema_follows_the_run(client: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "make customers"})
    assert "customers" in client.get("/partials/alpha/schema").text
    assert "customers" not in client.get("/partials/beta/schema").text


def test_a_reload_shows_the_last_source_and_results(client: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "say remember-me\r\nrows 1"})
    html = client.get("/alpha").text
    assert "say remember-me\nrows 1" in html
    assert "1 row" in text(html)


def test_reset_drops_the_sandbox(client: TestClient, fakes: dict[str, FakeEngine]) -> None:
    client.post("/partials/alpha/run", data={"source": "make x"})
    assert len(fakes["alpha"].live) == 1
    assert client.post("/partials/alpha/reset").status_code == 200
    assert fakes["alpha"].live == set()
    client.post("/partials/alpha/run", data={"source": "make x"})
    answer = client.post("/alpha", data={"action": "reset"}, follow_redirects=False)
    assert answer.status_code == 303
    assert fakes["alpha"].live == set()


def test_the_server_going_away_is_a_clear_error(client: TestClient) -> None:
    answer = client.post("/partials/alpha/run", data={"source": "vanish"})
    assert answer.status_code == 503
    assert "The fake server is gone." in answer.text


def test_compare_without_javascript_runs_all(client: TestClient) -> None:
    html = client.post("/compare", data={"source_alpha": "rows 2", "source_beta": "nonsense", "action": "run"}).text
    assert "2 rows" in text(html)
    assert "unknown command nonsense" in text(html)


def test_a_pane_answers_alone(client: TestClient) -> None:
    html = client.post("/partials/compare/beta/run", data={"source": "rows 4"}).text
    assert "4 rows" in text(html)
    assert "<html" not in html


def test_an_engine_that_is_away_leaves_the_other_standing(fakes: dict[str, FakeEngine]) -> None:
    fakes["beta"].broken = True
    settings = Settings(engines=("alpha", "beta"), allowed_hosts=("testserver",))
    app = create_app(settings, engines=fakes, store=MemoryStore())
    with TestClient(app, headers={"sec-fetch-site": "same-origin"}) as client:
        assert client.get("/readyz").status_code == 503
        page = text(client.get("/beta").text)
        assert "The fake has no binary." in page
        assert "Install the fake." in page
        assert client.post("/partials/beta/run", data={"source": "say x"}).status_code == 503
        assert client.post("/partials/alpha/run", data={"source": "say x"}).status_code == 200


def test_the_rate_limit_says_how_long_to_wait() -> None:
    settings = Settings(engines=("alpha",), allowed_hosts=("testserver",), run_burst=2, runs_per_second=1)
    app = create_app(settings, engines={"alpha": FakeEngine(settings, "alpha")}, store=MemoryStore())
    with TestClient(app, headers={"sec-fetch-site": "same-origin"}) as client:
        client.get("/alpha")
        answers = [client.post("/partials/alpha/run", data={"source": "say x"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "More than 2 runs within 2 s" in answers[-1].text
        assert "retry-after" in answers[-1].headers


def test_new_sessions_are_limited_by_address() -> None:
    settings = Settings(engines=("alpha",), allowed_hosts=("testserver",), max_sessions_per_hour=2)
    app = create_app(settings, engines={"alpha": FakeEngine(settings, "alpha")}, store=MemoryStore())
    with TestClient(app) as client:
        statuses = []
        for _ in range(4):
            client.cookies.clear()
            statuses.append(client.post("/api/v1/run", json={"engine": "alpha", "source": "say x"}).status_code)
        assert statuses == [200, 200, 429, 429]


@pytest.mark.parametrize("error", [RuntimeError("secret-internal-detail"), asyncio.CancelledError()])
def test_unexpected_errors_hide_their_cause(fakes: dict[str, FakeEngine], error: BaseException) -> None:
    """One of them is that something was cancelled which a request had waited for."""

    async def explode(*_: object) -> None:
        raise error

    fakes["alpha"].create = explode  # type: ignore[method-assign, assignment]
    settings = Settings(engines=("alpha",), allowed_hosts=("testserver",))
    app = create_app(settings, engines={"alpha": fakes["alpha"]}, store=MemoryStore())
    with TestClient(app, headers={"sec-fetch-site": "same-origin"}, raise_server_exceptions=False) as client:
        answer = client.post("/partials/alpha/run", data={"source": "say x"})
        assert answer.status_code == 500
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "secret-internal-detail" not in answer.text
        answer = client.post("/api/v1/run", json={"engine": "alpha", "source": "say x"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")


def test_the_style_page_is_for_development_only(client: TestClient) -> None:
    assert client.get("/styleguide").status_code == 404
    app = create_app(SETTINGS.model_copy(update={"development": True}), engines={}, store=MemoryStore())
    with TestClient(app) as developing:
        html = developing.get("/styleguide").text
    for token in ("paper", "text-xxl", "radius-l"):
        assert token in html


def test_the_palette_lists_every_place_and_each_can_be_opened(client: TestClient) -> None:
    listed = client.get("/palette.json").json()
    groups = {entry["group"]: entry["href"] for entry in listed}
    assert set(groups) == {"page", "engine", "example", "task"}
    pages = [entry["href"] for entry in listed if entry["group"] == "page"]
    assert {"/tasks", "/topics", "/comparison", "/explain"} < set(pages)
    assert len([entry for entry in listed if entry["group"] == "task"]) == len(tasks.catalogue())
    for href in [*pages, *groups.values()]:
        assert client.get(href).status_code == 200, href
