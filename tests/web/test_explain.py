"""The page for pasted plans, on the real readers of the engines, which need no server."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.core.plans import Plan
from app.engines.mongodb import explained as mongodb
from app.engines.postgres.plans import explained as postgres
from app.main import create_app
from app.playground.sharing.pasted import MAX_PASTED_BYTES
from app.stores.memory import MemoryStore
from tests.fakes import FakeEngine
from tests.web.conftest import SETTINGS

TEXT = "Seq Scan on orders  (cost=0.00..18.50 rows=1 width=4) (actual time=0.010..0.020 rows=2 loops=1)\n  Filter: (a = '<script>')"
DOCUMENT = '{"queryPlanner": {"namespace": "a.b", "winningPlan": {"stage": "COLLSCAN"}}}'


class Postgres(FakeEngine):
    reads_plans = True

    @classmethod
    def read_plan(cls, text: str) -> Plan:
        return postgres.read(text)


class Mongo(FakeEngine):
    reads_plans = True
    plan_marks = ("queryPlanner",)

    @classmethod
    def read_plan(cls, text: str) -> Plan:
        return mongodb.read(text)


@pytest.fixture
def readers() -> Iterator[TestClient]:
    engines = {"alpha": Postgres(SETTINGS, "alpha"), "beta": Mongo(SETTINGS, "beta")}
    generous = SETTINGS.model_copy(update={"max_body_bytes": 2_000_000})
    app = create_app(generous, engines=engines, store=MemoryStore())
    with TestClient(app, headers={"sec-fetch-site": "same-origin"}) as client:
        yield client


def test_the_empty_page(readers: TestClient) -> None:
    page = readers.get("/explain")
    assert page.status_code == 200
    assert 'name="text"' in page.text
    assert "plan-step" not in page.text


@pytest.mark.parametrize(("text", "label"), [(TEXT, "Seq Scan"), (DOCUMENT, "COLLSCAN")])
def test_whose_plan_it_is_is_found_out(readers: TestClient, text: str, label: str) -> None:
    page = readers.post("/explain", data={"text": text.replace("\n", "\r\n")})
    assert page.status_code == 200
    assert f'<span class="step-label">{label}</span>' in page.text
    assert "<script>'" not in page.text
    assert "Try the index" not in page.text


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"text": ""}, 400, "nothing to read"),
        ({"text": "select"}, 200, "select"),
        ({"text": "{"}, 400, "not read as"),
        ({"text": TEXT, "engine": "beta"}, 400, "not read as an explain document"),
        ({"text": TEXT, "engine": "nonsense"}, 400, "can be pasted of"),
        ({"text": "x" * (MAX_PASTED_BYTES + 1)}, 413, "the limit is 1,000,000"),
    ],
)
def test_what_is_wrong_is_said_and_the_text_is_kept(
    readers: TestClient, form: dict[str, str], status: int, said: str
) -> None:
    page = readers.post("/explain", data=form)
    assert page.status_code == status
    assert said in page.text
    if status == 400:
        assert f"\n{form['text'][:50]}".replace("'", "&#39;").replace("<", "&lt;").replace(">", "&gt;") in page.text


def test_it_is_shared_like_a_playground(readers: TestClient) -> None:
    shared = readers.post(
        "/explain", data={"text": TEXT, "title": "Slow <b>", "action": "share"}, follow_redirects=False
    )
    assert shared.status_code == 303
    found = re.match(r"(/p/[\w-]{22})/manage\?key=", shared.headers["location"])
    assert found
    assert readers.get(shared.headers["location"]).status_code == 200
    stranger = TestClient(readers.app)
    page = stranger.get(found[1])
    assert page.status_code == 200
    assert "Slow &lt;b&gt;" in page.text
    assert "Seq Scan" in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    again = readers.post(
        "/explain", data={"text": TEXT, "title": "Slow <b>", "action": "share"}, follow_redirects=False
    )
    assert again.headers["location"] == found[1]
    other = readers.post("/explain", data={"text": TEXT + " ", "action": "share"}, follow_redirects=False)
    assert found[1] not in other.headers["location"]


def test_engines_that_read_no_plans_are_not_offered(client: TestClient) -> None:
    page = client.post("/explain", data={"text": TEXT})
    assert page.status_code == 400
    assert "no engine here" in page.text


NESTED = "(" * 900 + "a = 1" + " AND b = 2)" * 900
SCAN = '{"Node Type": "Seq Scan", "Alias": "t", "Relation Name": "t"}'
STAGE = '{"queryPlanner": {"namespace": "a.b", "winningPlan": {"stage": "COLLSCAN", "x": %s}}}'


@pytest.mark.parametrize(
    "text",
    [
        '[{"Plan":{"Node Type":"Seq Scan","Foo":NaN}}]',
        '[{"Plan":{"Node Type":"Seq Scan","Foo":[1e999]}}]',
        f'[{{"Plan":{{"Node Type":"Seq Scan","Foo":1{"0" * 400}}}}}]',
        '[{"Plan":{"Node Type":"Seq \\ud800","\\udfff":["\\ud83d", "\\ud83d\\ude00"]}}]',
        '- Plan: \n    Node Type: "Seq Scan"\n    Foo: nan\n    Bar: "\\ud800"',
        f"Seq Scan on t\n  Foo: {'9' * 400}.0",
        f'[{{"Plan":{{"Node Type":"Nested Loop","Join Filter":"{NESTED}","Plans":[{SCAN},{SCAN}]}}}}]',
        STAGE % "NaN",
        STAGE % "-Infinity",
        STAGE % '{"$numberDouble": "Infinity"}',
        STAGE % f"1{'0' * 400}",
        STAGE % '"\\ud800"',
        (STAGE % "'\\ud800'").replace('"', "'"),
        (STAGE % "5, nReturned: 1e308, docsExamined: Infinity").replace('"', "'"),
    ],
)
def test_what_json_or_utf_8_has_not_is_refused_or_shown_and_shared(readers: TestClient, text: str) -> None:
    shown = readers.post("/explain", data={"text": text})
    assert shown.status_code in (200, 400)
    shared = readers.post("/explain", data={"text": text, "action": "share"}, follow_redirects=False)
    assert shared.status_code == (303 if shown.status_code == 200 else 400)
    if shared.status_code == 303:
        assert readers.get(shared.headers["location"].partition("/manage")[0]).status_code == 200
