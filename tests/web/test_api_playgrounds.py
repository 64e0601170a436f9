"""The API of playgrounds, and the client commands' way of speaking to it."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.web.security import Signer

API = "/api/v1/playgrounds"
PANES = [{"engine": "alpha", "source": "say one", "seed": "make t"}, {"engine": "beta", "source": "rows 2"}]


def made(script: TestClient, **more: Any) -> dict[str, Any]:
    answer = script.post(API, json={"title": "T", "notes": "*n*", "panes": PANES} | more)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def key_of(created: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {created['key']}"}


def test_make_read_and_run_again(script: TestClient) -> None:
    created = made(script)
    assert created["manage"] == f"{created['link']}/manage?key={created['key']}"
    read = script.get(f"{API}/{created['id']}").json()
    assert read == {name: value for name, value in created.items() if name not in ("key", "manage")}
    assert read["panes"][0]["run"]["results"][0]["rows"] == [["one"]]
    assert script.get(f"/p/{created['id']}.json").json() == read
    again = script.post(f"{API}/{created['id']}/run", json={}).json()
    assert [(pane["engine"], pane["differs"]) for pane in again] == [("alpha", False), ("beta", False)]


def test_without_a_run_the_last_one_is_frozen(script: TestClient) -> None:
    script.post("/api/v1/run", json={"engine": "beta", "source": "rows 2"})
    created = made(script, run=False)
    assert created["panes"][0]["run"] is None
    assert len(created["panes"][1]["run"]["results"][0]["rows"]) == 2


def test_revise_change_and_delete_with_the_key(script: TestClient) -> None:
    created = made(script)
    address = f"{API}/{created['id']}"
    revised = script.post(
        f"{address}/revisions", json={"panes": [{"engine": "alpha", "source": "say two"}]}, headers=key_of(created)
    )
    assert (revised.status_code, revised.json()["revision"], len(revised.json()["panes"])) == (201, 2, 1)
    assert len(script.get(address, params={"revision": 1}).json()["panes"]) == 2
    changed = script.patch(address, json={"listed": True, "expires_in_days": 7}, headers=key_of(created)).json()
    assert (changed["title"], changed["listed"], changed["expires_at"] is not None) == ("T", True, True)
    assert script.delete(address, headers=key_of(created)).status_code == 204
    gone = script.get(address)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "gone")


def test_without_the_key_nothing_changes(script: TestClient) -> None:
    created = made(script)
    address = f"{API}/{created['id']}"
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": created["key"]}):
        assert script.patch(address, json={"title": "x"}, headers=headers).status_code == 403
        assert script.delete(address, headers=headers).status_code == 403
        assert script.post(f"{address}/revisions", json={"panes": PANES}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"panes": []}, 400),
        ({"panes": [{"engine": "gamma", "source": "x"}]}, 404),
        ({"panes": [PANES[0], PANES[0]]}, 400),
        ({"panes": [{"engine": "alpha", "source": " "}]}, 400),
        ({"panes": PANES, "more": 1}, 400),
        ({"panes": [{"engine": "alpha", "source": "x" * 20_000}]}, 413),
        ({"panes": PANES, "notes": "x" * 30_000}, 413),
    ],
)
def test_bodies_that_are_not_taken(script: TestClient, body: dict[str, Any], status: int) -> None:
    answer = script.post(API, json=body)
    assert answer.status_code == status, answer.text
    assert set(answer.json()["error"]) <= {"code", "message", "hint"}


def test_a_form_of_another_site_is_not_taken(script: TestClient) -> None:
    body = '{"panes": [{"engine": "alpha", "source": "say x"}]}'
    assert script.post(API, content=body, headers={"content-type": "text/plain"}).status_code == 400
    for site in ("cross-site", "same-site"):
        answer = script.post(API, content=body, headers={"content-type": "application/json", "sec-fetch-site": site})
        assert answer.status_code == 403


def test_taking_down_needs_the_secret_key(client: TestClient, script: TestClient) -> None:
    created = made(script)
    address = f"{API}/{created['id']}/takedown"
    order = f"takedown {created['id']}"
    signer: Signer = client.app.state.signer  # type: ignore[attr-defined]
    bad = [
        created["key"],
        Signer(["other"], secure=False).operator_token(order),
        signer.operator_token("takedown x"),
        signer.form_token(order),
    ]
    for token in bad:
        answer = script.post(address, json={"reason": "r"}, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 403
    headers = {"authorization": f"Bearer {signer.operator_token(order)}"}
    assert script.post(address, json={"reason": "spam"}, headers=headers).status_code == 204
    assert script.post(address, json={"reason": "spam"}, headers=headers).status_code == 404
    assert "The reason given: spam" in script.get(created["link"]).text


def test_the_api_is_described(script: TestClient) -> None:
    described = script.get("/api/openapi.json").json()["paths"]
    assert {"post"} == set(described[API])
    assert {"get", "patch", "delete"} == set(described[f"{API}/{{playground_id}}"])
    assert not [path for path in described if "takedown" in path]
