"""Translate from SQL: the page, the form without JavaScript, the way from the workbench, the API. On fake engines, which answer nothing of use."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.engines import ENGINES
from app.main import create_app
from app.stores.memory import MemoryStore
from tests.fakes import FakeEngine
from tests.web.conftest import SETTINGS

TEA = "SELECT name, price FROM products WHERE category = 'tea' ORDER BY price DESC"


@pytest.fixture
def shop() -> Iterator[TestClient]:
    settings = SETTINGS.model_copy(update={"engines": ENGINES})
    engines = {slug: FakeEngine(settings, slug) for slug in ENGINES}
    with TestClient(
        create_app(settings, engines=engines, store=MemoryStore()), headers={"sec-fetch-site": "same-origin"}
    ) as client:
        yield client


def states(html: str) -> dict[str, str]:
    return dict(re.findall(r'<li data-engine="(\w+)" data-state="(\w+)"', html))


def test_the_page_fills_the_panes_and_claims_nothing(shop: TestClient) -> None:
    answer = shop.get("/translate", params={"sql": TEA})
    assert answer.status_code == 200
    assert states(answer.text) == {
        "postgres": "reference",
        "mongodb": "waiting",
        "redis": "waiting",
        "dynamodb": "waiting",
    }
    assert "db.products.aggregate" in answer.text
    assert "SORT category:tea" in answer.text
    assert "by-category" in answer.text
    assert "same answer" not in answer.text
    assert " style=" not in answer.text


def test_a_form_runs_and_says_what_came(shop: TestClient) -> None:
    """The fakes can load no dataset, which is told."""
    answer = shop.post("/translate", data={"source_postgres": TEA, "data": "shop:S"})
    assert states(answer.text)["postgres"] == "differs"
    assert states(answer.text)["mongodb"] == "unproven"
    assert "could not be loaded" in answer.text
    assert "same answer" not in answer.text
    edited = {f"source_{slug}": "edited" for slug in ENGINES} | {"data": "shop:S", "translated": TEA}
    assert set(states(shop.post("/partials/compare/verdict", data=edited).text).values()) == {"edited"}


def test_without_chosen_data_nothing_is_run(shop: TestClient) -> None:
    answer = shop.post("/translate", data={"source": TEA})
    assert set(states(answer.text).values()) == {"reference", "waiting"}


def test_what_is_not_carried_over_says_why(shop: TestClient) -> None:
    answer = shop.get("/translate", params={"sql": "SELECT category, count(*) FROM products GROUP BY category"})
    assert states(answer.text)["redis"] == states(answer.text)["dynamodb"] == "refused"
    assert "GROUP BY: Redis does not aggregate" in answer.text


def test_what_can_not_be_read_keeps_the_form(shop: TestClient) -> None:
    answer = shop.post(
        "/translate", data={"source_postgres": "SELECT FROM FROM", "source_redis": "GET a", "data": "shop:S"}
    )
    assert "can&#39;t be read" in answer.text
    assert "GET a" in answer.text


def test_the_workbench_opens_the_page(shop: TestClient) -> None:
    assert 'hx-post="/partials/translate"' in shop.get("/postgres").text
    assert 'hx-post="/partials/translate"' not in shop.get("/redis").text
    answer = shop.post("/partials/translate", data={"source": TEA})
    assert answer.headers["hx-redirect"].startswith("/translate?sql=SELECT")
    refused = shop.post("/partials/translate", data={"source": "SELECT * FROM moons"})
    assert refused.status_code == 400
    assert "no dataset has moons" in refused.text


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"sql": "SELECT 1"}, 400, "names no table"),
        ({"sql": TEA, "dataset": "nothing"}, 404, "no dataset"),
        ({"sql": "x" * 4_001}, 400, "4000"),
        ({"sql": TEA, "else": 1}, 400, "else"),
    ],
)
def test_the_api_refuses(shop: TestClient, body: dict[str, object], status: int, words: str) -> None:
    answer = shop.post("/api/v1/translate", json=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def test_the_api_gives_sources_losses_and_verdicts(shop: TestClient) -> None:
    answer = shop.post("/api/v1/translate", json={"sql": "SELECT max(name) FROM users"}).json()
    assert answer["dataset"] == "shop"
    assert answer["translations"]["mongodb"]["verdict"] == "not run"
    assert answer["translations"]["redis"]["verdict"] == "refused"
    assert answer["translations"]["redis"]["losses"]
    ran = shop.post("/api/v1/translate", json={"sql": TEA, "dataset": "shop:S", "run": True}).json()
    assert ran["translations"]["dynamodb"]["verdict"] == "unproven"
