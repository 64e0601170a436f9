"""Exports over HTTP: as shown, whole, of a shared playground; what is gone or not to be had."""

import json

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import SETTINGS
from tests.web.test_share import shared


def ran(client: TestClient, source: str) -> str:
    """The address of the exports of a run."""
    answer = client.post("/partials/alpha/run", data={"source": source})
    assert answer.status_code == 200
    kept = client.app.state.services.runner._last  # type: ignore[attr-defined]
    return f"/export/alpha/{next(reversed(kept._values.values()))[0]['id']}"


@pytest.mark.parametrize("suffix", ["csv", "tsv", "json", "ndjson", "sql"])
def test_as_shown(client: TestClient, suffix: str) -> None:
    base = ran(client, "rows 3")
    answer = client.get(f"{base}/1.{suffix}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="alpha-1.{suffix}"'
    assert "2" in answer.text


def test_a_cut_result_says_so_in_name_and_file(client: TestClient) -> None:
    base = ran(client, "rows 1000")
    answer = client.get(f"{base}/1.csv")
    assert f'"alpha-1-first-{SETTINGS.max_rows}.csv"' in answer.headers["content-disposition"]
    assert answer.text.splitlines()[-1] == f"# Cut at {SETTINGS.max_rows} rows."
    whole = client.post(f"{base}/1.ndjson")
    assert whole.headers["content-disposition"] == 'attachment; filename="alpha-1-whole.ndjson"'
    assert [json.loads(line)["n"] for line in whole.text.splitlines()][-1] == "999"
    assert "run again" in client.get("/alpha").text


def test_copies_as_markdown(client: TestClient) -> None:
    base = ran(client, "rows 2\nsay <b>")
    one = client.get(f"{base}/1.md?source=1")
    assert one.headers["content-type"].startswith("text/markdown")
    assert one.text.startswith("```sql\nrows 2\n```\n\n| n | empty |")
    both = client.get(f"{base}.md").text
    assert "## Alpha 1.0" in both
    assert "\\<b\\>" in both


@pytest.mark.parametrize(
    ("path", "status"),
    [("/2.csv", 404), ("/0.csv", 404), ("/1.xlsx", 404), ("/1.csv/x", 404), ("x/1.csv", 410), ("x.md", 404)],
)
def test_what_is_not_to_be_had(client: TestClient, path: str, status: int) -> None:
    assert client.get(ran(client, "rows 2") + path).status_code == status


def test_only_the_last_run_and_only_one_s_own(client: TestClient, script: TestClient) -> None:
    base = ran(client, "rows 2")
    assert script.get(f"{base}/1.csv").status_code == 410
    assert script.post(f"{base}/1.csv").status_code == 403
    ran(client, "rows 3")
    assert client.get(f"{base}/1.csv").status_code == 410


def test_a_statement_that_may_change_something_is_not_run_again(client: TestClient) -> None:
    base = ran(client, "make x\nsay x")
    assert client.get(f"{base}/1.csv").status_code == 404
    answer = client.post(f"{base}/2.csv")
    assert answer.status_code == 400
    assert "not run again" in answer.text


def test_of_a_shared_playground(client: TestClient, script: TestClient) -> None:
    ran(client, "rows 2")
    path, _ = shared(client, source_alpha="rows 2")
    answer = script.get(f"{path}/1/alpha/1.csv")
    assert answer.text == 'n,empty\r\n0,""\r\n1,\r\n'
    assert f'href="{path}/1/alpha/1.csv"' in script.get(path).text
    for missing in ("beta/1.csv", "alpha/2.csv", "gamma/1.csv"):
        assert script.get(f"{path}/1/{missing}").status_code == 404
