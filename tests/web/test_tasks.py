"""The catalogue's pages, exercises, the comparison's partials: on a fake engine under a real one's name."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.playground.tasks import tasks
from app.stores.memory import MemoryStore
from app.web.views.plotting import plot
from tests.fakes import FakeEngine
from tests.web.conftest import SETTINGS

NAMES = ("postgres", "redis")


@pytest.fixture
def shop() -> Iterator[TestClient]:
    settings = SETTINGS.model_copy(update={"engines": NAMES})
    engines = {slug: FakeEngine(settings, slug) for slug in NAMES}
    with TestClient(
        create_app(settings, engines=engines, store=MemoryStore()), headers={"sec-fetch-site": "same-origin"}
    ) as client:
        yield client


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


PAGES = ("/tasks", "/topics", "/comparison", "/compare?task=best-sellers", "/tasks/best-sellers", "/datasets/shop")


@pytest.mark.parametrize(
    "path", [*PAGES, "/tasks/best-sellers?mode=exercise", "/tasks/best-sellers?mode=exercise&engine=redis"]
)
def test_pages(shop: TestClient, path: str) -> None:
    answer = shop.get(path)
    assert answer.status_code == 200
    assert "<style" not in answer.text
    assert " style=" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/tasks/nothing",
        "/datasets/nothing",
        "/compare?task=nothing",
        "/compare?dataset=nothing",
        "/compare?dataset=shop&size=XL",
        "/compare?dataset=shop&size=999",
    ],
)
def test_what_is_not_there(shop: TestClient, path: str) -> None:
    assert shop.get(path).status_code == 404


@pytest.mark.parametrize(
    ("query", "some", "others"),
    [
        ("q=best+sellers", "best-sellers", "revenue-by-category"),
        ("engine=redis", "best-sellers", "revenue-by-category"),
        ("topic=5", "revenue-by-category", "best-sellers"),
        ("topic=x&level=2", "best-sellers", None),
    ],
)
def test_the_catalogue_is_filtered(shop: TestClient, query: str, some: str, others: str | None) -> None:
    html = shop.get(f"/tasks?{query}").text
    assert f'data-task="{some}"' in html
    assert others is None or f'data-task="{others}"' not in html


def test_the_catalogue_without_a_match_says_so(shop: TestClient) -> None:
    assert "No task matches" in shop.get("/tasks?q=xyzzy<script>").text


def test_an_exercise_says_what_differs(shop: TestClient) -> None:
    html = shop.post("/partials/tasks/rank-of-one/check", data={"engine": "postgres", "source": "rows 2"}).text
    assert "Not yet" in html
    assert "expected" in html
    assert "data-solves" not in html
    page = shop.post("/tasks/rank-of-one", data={"engine": "postgres", "source": "rows 2"}).text
    assert "Not yet" in page
    assert "rows 2</textarea>" in page


def test_an_exercise_for_an_engine_without_a_solution(shop: TestClient) -> None:
    assert (
        shop.post("/partials/tasks/revenue-by-category/check", data={"engine": "redis", "source": "x"}).status_code
        == 404
    )


def test_two_engines_are_chosen(shop: TestClient) -> None:
    html = shop.get("/compare?engine=postgres&engine=redis").text
    assert 'name="source_postgres"' in html
    assert 'name="source_redis"' in html


def test_the_verdict_tells_answers_apart(shop: TestClient) -> None:
    form = {"source_postgres": "rows 2", "source_redis": "rows 3", "data": "", "task": ""}
    for slug in NAMES:
        shop.post(f"/partials/compare/{slug}/run", data={"source": form[f"source_{slug}"]})
    assert "Not the same answer" in shop.post("/partials/compare/verdict", data=form).text
    shop.post("/partials/compare/redis/run", data={"source": "rows 2"})
    assert "Same answer" in shop.post("/partials/compare/verdict", data=form | {"source_redis": "rows 2"}).text


def test_a_comparison_as_markdown(shop: TestClient) -> None:
    form = {"source_postgres": "rows 2", "source_redis": "nonsense ```", "title": "Two | rows"}
    for slug in NAMES:
        shop.post(f"/partials/compare/{slug}/run", data={"source": form[f"source_{slug}"]})
    answer = shop.post("/compare/markdown", data=form)
    assert answer.headers["content-type"].startswith("text/markdown")
    assert "# Two | rows" in answer.text
    assert "| n | empty |" in answer.text
    assert "````" in answer.text


def test_repeat_is_bounded_and_says_what_failed(shop: TestClient) -> None:
    form = {"source_postgres": "rows 2", "source_redis": "nonsense", "rounds": "5"}
    said = words(shop.post("/partials/compare/repeat", data=form).text)
    assert "5 rounds of 5" in said
    assert "5 runs did not complete" in said
    assert shop.post("/partials/compare/repeat", data=form | {"rounds": "5000"}).status_code == 400


def test_a_task_with_no_dataset_does_not_grow(shop: TestClient) -> None:
    assert shop.post("/partials/compare/growth", data={"source_postgres": "rows 2"}).status_code == 400


def test_every_task_has_its_pages(shop: TestClient) -> None:
    for task in tasks.catalogue():
        assert shop.get(f"/tasks/{task.slug}").status_code == 200


def test_a_plot_has_whole_decades_and_names_apart() -> None:
    drawn = plot({"a": [(10, 1), (900, 90)], "b": [(10, 0), (900, 91)]}, "ms")
    assert [label for _, label in drawn["x"]] == ["10", "100", "1,000"]
    assert drawn["y"][0][1] == "0.001"
    assert abs(drawn["labels"]["a"] - drawn["labels"]["b"]) >= 14
    assert plot({"a": []}, "ms")["lines"] == {}


def test_the_pages_of_datasets_show_one_record_of_each_kind(shop: TestClient) -> None:
    html = shop.get("/datasets/shop").text
    assert re.search(r'aria-label="5 entities of this \S+ sandbox and 5 relations"', html)
