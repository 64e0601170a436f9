"""The admin port: figures for Prometheus, who runs what, kill and ban."""

import re
import threading
import time
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from app.web.admin import create_admin
from tests.web.conftest import SETTINGS

TOKEN = "a-long-admin-token"


@pytest.fixture
def admin(client: TestClient) -> Iterator[TestClient]:
    settings = SETTINGS.model_copy(update={"admin_token": _secret(TOKEN)})
    with TestClient(create_admin(settings, client.app), follow_redirects=False) as admin:  # type: ignore[arg-type]
        admin.auth = ("operator", TOKEN)
        admin.headers["sec-fetch-site"] = "same-origin"
        yield admin


def _secret(value: str):  # type: ignore[no-untyped-def]
    from pydantic import SecretStr

    return SecretStr(value)


def figures(admin: TestClient) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    answer = admin.get("/metrics", auth=None)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def session_of(admin: TestClient) -> str:
    found = re.search(r"<code>([0-9a-f]{16})</code>", admin.get("/").text)
    assert found
    return found[1]


def test_runs_are_counted_by_engine_outcome_and_reason(client: TestClient, admin: TestClient) -> None:
    for source in ("say a", "wrong", "refuse x", "sleep 9999"):
        client.post("/partials/alpha/run", data={"source": source})
    client.post("/partials/beta/run", data={"source": "say b"})
    found = figures(admin)
    for outcome in ("ok", "failed", "refused", "stopped"):
        assert found["sandtable_runs_total", "alpha", outcome] == 1, outcome
    assert found["sandtable_run_ends_total", "alpha", "max_run_ms"] == 1
    assert found["sandtable_run_ends_total", "alpha", "no_such_rule"] == 1
    assert found["sandtable_run_seconds_count", "alpha", "false"] == 4
    assert found["sandtable_run_seconds_sum", "alpha", "false"] > 0.3
    assert found["sandtable_source_bytes_total", "beta"] == 5
    assert found["sandtable_sandboxes", "alpha", "live"] == found["sandtable_sandboxes_here", "beta"] == 1
    assert found["sandtable_answers_total", "partials", "200"] == 5
    assert found["sandtable_engine_up", "alpha"] == found["sandtable_store_up",] == 1


def test_slots_in_use_and_waiting_are_told_while_they_are(client: TestClient, admin: TestClient) -> None:
    thread = threading.Thread(
        target=client.post, args=("/partials/alpha/run",), kwargs={"data": {"source": "sleep 300"}}
    )
    thread.start()
    until = time.monotonic() + 5
    while figures(admin)["sandtable_slots_in_use", "alpha", "run"] != 1:
        assert time.monotonic() < until
    assert "(running)" in admin.get("/").text
    thread.join()
    assert figures(admin)["sandtable_slots_in_use", "alpha", "run"] == 0
    assert figures(admin)["sandtable_slots", "alpha", "run"] == 16


@pytest.mark.parametrize("auth", [None, ("operator", "wrong"), ("operator", ""), ("", TOKEN + "x")])
def test_without_the_token_there_are_only_figures(admin: TestClient, auth: tuple[str, str] | None) -> None:
    admin.auth = None
    for method, path in (("GET", "/"), ("POST", "/kill"), ("POST", "/ban"), ("POST", "/lift")):
        answer = admin.request(method, path, auth=auth, data={} if method == "POST" else None)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert admin.get("/metrics").status_code == 200


@pytest.mark.parametrize("sign_in", [b"Basic a", b"Basic \xe9", b"Basic", b"Bearer x", b"\xff"])
def test_a_sign_in_that_is_none_is_asked_for_again(admin: TestClient, sign_in: bytes) -> None:
    admin.auth = None
    assert admin.get("/", headers={"authorization": sign_in}).status_code == 401


def test_an_unset_token_lets_nobody_in(client: TestClient) -> None:
    with TestClient(create_admin(SETTINGS, client.app)) as admin:  # type: ignore[arg-type]
        assert admin.get("/", auth=("operator", "")).status_code == 404


def test_another_site_cannot_use_the_operators_sign_in(admin: TestClient) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example", "sec-fetch-site": ""}):
        answer = admin.post("/ban", data={"address": "1.2.3.4", "minutes": 5}, headers=headers)
        assert answer.status_code == 403


def test_the_public_port_has_neither_figures_nor_admin_pages(client: TestClient) -> None:
    for path in ("/metrics", "/admin", "/kill", "/ban"):
        assert client.get(path).status_code in (404, 405), path


def test_a_sandbox_is_killed(client: TestClient, admin: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "make table_x"})
    assert "table_x" in client.get("/partials/alpha/schema").text
    answer = admin.post("/kill", data={"session": session_of(admin), "engine": "alpha"})
    assert answer.status_code == 303
    assert "table_x" not in client.get("/partials/alpha/schema").text


def test_a_banned_session_runs_nothing_until_it_is_lifted(client: TestClient, admin: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "say a"})
    session = session_of(admin)
    admin.post("/ban", data={"session": session, "minutes": 5, "reason": "Too many loops."})
    answer = client.post("/partials/alpha/run", data={"source": "say a"})
    assert answer.status_code == 403
    assert "switched off for you until" in answer.text
    assert "Too many loops." in answer.text
    assert f"session {session}" in admin.get("/").text
    admin.post("/lift", data={"subject": f"session {session}"})
    assert client.post("/partials/alpha/run", data={"source": "say a"}).status_code == 200


def test_a_banned_address_runs_nothing_with_any_session(client: TestClient, admin: TestClient) -> None:
    admin.post("/ban", data={"address": "testclient", "minutes": 5})
    client.cookies.clear()
    assert client.post("/api/v1/run", json={"engine": "alpha", "source": "say a"}).status_code == 403
    admin.post("/lift", data={"subject": "address testclient"})
    assert client.post("/api/v1/run", json={"engine": "alpha", "source": "say a"}).status_code == 200


def test_sessions_are_shown_by_pseudonym_alone(client: TestClient, admin: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "say a"})
    cookie = client.cookies["sandtable"]
    html = admin.get("/").text
    assert cookie not in html
    assert client.app.state.signer.read_session(cookie) not in html  # type: ignore[attr-defined]
