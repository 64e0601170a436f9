"""The history of a session, and imports, over HTTP."""

import re

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import SETTINGS


def ids(html: str) -> list[str]:
    return re.findall(r'name="run"\s+value="(\d+)"', html)


def test_runs_are_listed_opened_compared_and_deleted(client: TestClient, script: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "say <b>one</b>", "seed": "make t"})
    client.post("/partials/beta/run", data={"source": "nonsense"})
    html = client.get("/history").text
    newest, oldest = ids(html)
    assert "say &lt;b&gt;one" in html
    assert "failed" in html
    assert ids(client.get("/history?engine=alpha").text) == [oldest]
    opened = client.get(f"/alpha?run={oldest}").text
    assert "say &lt;b&gt;one" in opened
    assert "make t" in opened
    assert client.get(f"/beta?run={oldest}").status_code == 404
    changed = client.get("/history/changes", params={"run": [newest, oldest]}).text
    assert "nonsense" in changed
    assert client.get("/history/changes", params={"run": [newest]}).status_code == 400
    for stranger in (f"/alpha?run={oldest}", f"/history/changes?run={oldest}&run={newest}"):
        assert script.get(stranger).status_code == 404
    client.post("/history", data={"run": [newest]})
    assert ids(client.get("/history").text) == [oldest]
    client.post("/history", data={"action": "delete_all"})
    assert "Nothing was run yet" in client.get("/history").text
    assert "&lt;b&gt;one" not in client.get("/alpha").text


def test_nobody_deletes_another_s_runs(client: TestClient, script: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "say mine"})
    (run,) = ids(client.get("/history").text)
    script.get("/history")
    token = re.search(r'name="csrf_token" value="([^"]+)"', script.get("/import").text)
    assert token
    script.post("/history", data={"run": [run], "csrf_token": token[1]})
    script.post("/history", data={"action": "delete_all", "csrf_token": token[1]})
    assert ids(client.get("/history").text) == [run]


def test_older_runs_are_on_further_pages(client: TestClient) -> None:
    store = client.app.state.services.store  # type: ignore[attr-defined]
    client.post("/partials/alpha/run", data={"source": "say first"})
    for _ in range(60):
        store._run_id += 1
        store._runs.append(store._runs[0].__class__(**{**_fields(store._runs[0]), "id": store._run_id}))
    html = client.get("/history").text
    assert len(ids(html)) == 50
    older = re.search(r'href="(/history\?before=\d+)"', html)
    assert older
    assert len(ids(client.get(older[1]).text)) == 11


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}  # type: ignore[attr-defined]


CSV = "id,name\n1,Ada\n2,<script>alert(1)</script>\n"


def test_a_file_becomes_seeds_that_open_in_the_workbench(client: TestClient) -> None:
    answer = client.post("/import", files={"file": ("My people.csv", CSV, "text/csv")}, data={"engine": "beta"})
    assert answer.status_code == 200
    html = answer.text
    assert "2 rows" in html
    assert "<script>alert" not in html
    assert "make my_people" in html
    assert html.index('aria-label="Seed for Beta"') < html.index('aria-label="Seed for Alpha"')
    assert re.search(r'aria-label="Type of id">\s*<option value="integer"\s+selected', html)
    opened = client.post("/alpha", data={"action": "open", "seed": "make my_people\nsay 1 Ada"})
    assert "say 1 Ada" in opened.text
    assert "make my_people" not in client.get("/history").text


def test_types_and_key_as_the_visitor_sets_them(client: TestClient) -> None:
    form = {"text": CSV, "form": "csv", "kind": ["text", "integer"], "key": "", "name": "x", "total": "9"}
    html = client.post("/import", data=form).text
    assert "2 values did not fit" in html
    assert "9 rows" in html
    assert "say 1 None" in html


@pytest.mark.parametrize(
    ("form", "status"),
    [({}, 400), ({"text": "  "}, 400), ({"text": CSV, "form": "xlsx"}, 400), ({"text": CSV, "kind": ["a", "b"]}, 400)],
)
def test_what_is_not_taken(client: TestClient, form: dict[str, str], status: int) -> None:
    assert client.post("/import", data=form).status_code == status


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"text": '[{"a": "\\ud800"}]'}, 200),
        ({"text": '[{"\\ud800": 1}]'}, 200),
        ({"text": 'a\n"""\\ud800"""\n', "form": "csv", "kind": ["json"]}, 200),
        ({"text": '[{"a": 1e99999999999999999999}]'}, 200),
        ({"text": '[{"a": ' + "[" * 900 + "]" * 900 + "}]"}, 400),
        ({"text": "[" * 5_000}, 400),
    ],
)
def test_odd_json_is_taken_or_refused_in_words(client: TestClient, form: dict[str, str], status: int) -> None:
    assert client.post("/import", data=form).status_code == status


def test_rows_are_counted_up_to_a_million(client: TestClient) -> None:
    answer = client.post("/import", files={"file": ("a.csv", "a\n" + "1\n" * 1_100_000, "text/csv")})
    assert "At least 1,000,000 rows" in answer.text
    assert "of at least 1,000,000: as many as a seed may have" in answer.text


def test_files_may_be_longer_than_other_bodies(client: TestClient) -> None:
    text = "id,name\n" + "".join(f"{n},{'x' * 30}\n" for n in range(5_000))
    assert len(text) > SETTINGS.max_body_bytes
    answer = client.post("/import", files={"file": ("a.csv", text, "text/csv")})
    assert answer.status_code == 200
    assert "5,000 rows" in answer.text
    assert "as many as a seed may have" in answer.text
    huge = client.post("/import", files={"file": ("a.csv", b"x" * 20_000_000, "text/csv")})
    assert huge.status_code == 413
    assert "max_import_bytes" in huge.text
