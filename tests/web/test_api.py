"""The JSON API as `design.md` describes it, on fake engines."""

import pytest
from starlette.testclient import TestClient

from app.web.routes.api import RunOut


def call(client: TestClient, **body: object) -> dict:
    answer = client.post("/api/v1/run", json={"engine": "alpha"} | body)
    assert answer.status_code == 200, answer.text
    RunOut.model_validate(answer.json())
    return answer.json()


def test_a_run_has_the_documented_shape(script: TestClient) -> None:
    run = call(script, source="rows 2\ndocuments x\nreply y\nmake z\nnonsense\nsay never", explain="plan")
    assert [r["kind"] for r in run["results"]] == ["rows", "documents", "reply", "status", "error"]
    assert run["engine"] == "alpha"
    assert run["version"] == "1.0"
    assert run["results"][0]["columns"] == [{"name": "n", "type": "int"}, {"name": "empty", "type": "text"}]
    assert run["results"][0]["plan"]["examined_per_returned"] is None
    assert run["results"][0]["stats"].keys() == {"server_ms", "server_ms_source", "total_ms", "row_count"}
    assert run["results"][0]["stats"]["server_ms"] is None
    assert len(run["not_run"]) == 1


def test_without_a_cookie_a_session_comes_with_the_answer_and_lasts(script: TestClient) -> None:
    answer = script.post("/api/v1/run", json={"engine": "alpha", "source": "make x"})
    assert "set-cookie" in answer.headers
    again = script.post("/api/v1/run", json={"engine": "alpha", "source": "say x"})
    assert "set-cookie" not in again.headers
    assert "x" in script.get("/partials/alpha/schema").text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"engine": "oracle", "source": "x"}, 404, "not_found"),
        ({"engine": "alpha"}, 400, "invalid_request"),
        ({"engine": "alpha", "source": "x", "more": 1}, 400, "invalid_request"),
        ({"engine": "alpha", "source": "x", "explain": "maybe"}, 400, "invalid_request"),
        ({"engine": "alpha", "source": "x" * 10_001}, 413, "too_large"),
    ],
)
def test_bad_requests_name_the_rule(script: TestClient, body: dict, status: int, code: str) -> None:
    answer = script.post("/api/v1/run", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code


def test_health_and_readiness(script: TestClient) -> None:
    assert script.get("/healthz").json() == {"status": "ok"}
    ready = script.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["engines"]["alpha"]["ready"] is True
    assert ready.json()["engines"]["alpha"]["version"] == "1.0"


def test_the_description_covers_every_route_and_field(script: TestClient) -> None:
    page = script.get("/api/docs").text
    for word in ("/api/v1/run", "/healthz", "/readyz", "server_ms_source", "explain", "seed", "dataset"):
        assert word in page
    assert script.get("/api/openapi.json").json()["info"]["title"] == "Sandtable"
