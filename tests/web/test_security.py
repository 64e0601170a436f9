"""Hostile requests: forged cookies, foreign origins and hosts, oversized bodies, markup in data."""

import re
import time

import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.testclient import TestClient

from app.playground.visitors.sessions import MAX_AGE_S
from app.web.security import Signer

MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{7*7}}",
    "</td><template shadowrootmode=open>",
]


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    for path in ("/", "/alpha", "/compare", "/nothing-here", "/healthz", "/api/docs"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_a_nonce_is_never_used_twice(client: TestClient) -> None:
    policies = {client.get("/").headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3


def test_the_session_cookie_is_closed(client: TestClient) -> None:
    cookie = client.get("/").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize(
    "value", ["forged", "a.b.c", URLSafeTimedSerializer("other", salt="sandtable.session").dumps("x")]
)
def test_a_forged_cookie_gives_a_new_session(client: TestClient, value: str) -> None:
    client.cookies.set("sandtable", value)
    assert "sandtable=" in client.get("/alpha").headers["set-cookie"]


def test_a_cookie_signed_for_another_purpose_is_not_a_session() -> None:
    signer = Signer(["key"], secure=False)
    assert signer.read_session(signer.form_token("someone")) is None


def test_an_old_key_still_reads_and_the_new_one_signs() -> None:
    old, both = Signer(["one"], secure=False), Signer(["one", "two"], secure=True)
    value = old.session_cookie("id").split(";")[0].split("=", 1)[1]
    assert both.read_session(value) == "id"
    fresh = both.session_cookie("id")
    assert fresh.startswith("__Host-sandtable=")
    assert "Secure" in fresh
    assert old.read_session(fresh.split(";")[0].split("=", 1)[1]) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "same-origin", "origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site", "origin": "null"},
        {"sec-fetch-site": "same-origin", "origin": "http://["},
        {"origin": "testserver"},
    ],
)
def test_a_request_from_elsewhere_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    for path in ("/partials/alpha/run", "/alpha", "/share", "/compare"):
        answer = client.post(path, data={"source": "make x"}, headers=headers)
        assert answer.status_code == 403, path
    assert client.post("/api/v1/run", json={"engine": "alpha", "source": "say x"}, headers=headers).status_code == 403


def test_a_form_of_a_page_without_referrer_comes_with_origin_null(client: TestClient) -> None:
    assert client.post("/alpha", data={"source": "say x"}, headers={"origin": "null"}).status_code == 200


def test_an_origin_of_null_alone_is_refused(script: TestClient) -> None:
    answer = script.post("/api/v1/run", json={"engine": "alpha", "source": "say x"}, headers={"origin": "null"})
    assert answer.status_code == 403


def test_a_form_without_browser_headers_needs_its_token(script: TestClient) -> None:
    page = script.get("/alpha").text
    data = {"source": "say hello"}
    assert script.post("/partials/alpha/run", data=data).status_code == 403
    token = re.search(r'name="csrf_token"\s+value="([^"]+)"', page)
    assert token
    assert script.post("/partials/alpha/run", data=data | {"csrf_token": token[1]}).status_code == 200
    script.cookies.clear()
    assert script.post("/partials/alpha/run", data=data | {"csrf_token": token[1]}).status_code == 403


def test_the_api_takes_json_only(script: TestClient) -> None:
    body = '{"engine": "alpha", "source": "say x"}'
    assert script.post("/api/v1/run", content=body, headers={"content-type": "text/plain"}).status_code == 400
    assert script.post("/api/v1/run", content=body, headers={"content-type": "application/json"}).status_code == 200


def test_a_foreign_host_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_bodies_over_the_limit_and_without_length_are_refused(client: TestClient) -> None:
    answer = client.post("/partials/alpha/run", data={"source": "x" * 60_000})
    assert answer.status_code == 413
    assert "50,000" in answer.text

    def chunks():  # type: ignore[no-untyped-def]
        yield b"source=say+x"

    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/partials/alpha/run", content=chunks(), headers=headers).status_code == 411


@pytest.mark.parametrize("path", ["/p/../../etc/passwd", "/p/" + "A" * 22, "/static/../pyproject.toml", "/.git/config"])
def test_guessed_paths_are_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("markup", MARKUP)
def test_markup_in_data_is_text_everywhere(client: TestClient, markup: str) -> None:
    for command in ("say", "documents", "reply", "make", "refuse", ""):
        source = f"{command} {markup}".strip()
        for html in (
            client.post("/partials/alpha/run", data={"source": source}).text,
            client.post("/partials/compare/alpha/run", data={"source": source}).text,
            client.post("/alpha", data={"source": source}).text,
            client.get("/alpha").text,
            client.get("/compare").text,
        ):
            assert markup not in html or markup == "{{7*7}}", command
            assert "49" not in re.findall(r">\s*49\s*<", html)
    client.post("/partials/alpha/run", data={"source": f"say {markup}"})
    shared = client.post("/share", data={"title": markup, "source_alpha": f"say {markup}"}).text
    assert markup not in shared or markup == "{{7*7}}"


def test_an_expired_cookie_gives_a_new_session(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(["key"], secure=False)
    value = signer.session_cookie("someone").split(";")[0].split("=", 1)[1]
    assert signer.read_session(value) == "someone"
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + MAX_AGE_S + 2)
    assert signer.read_session(value) is None


def test_control_characters_in_a_source_come_back_as_text(client: TestClient) -> None:
    html = client.post("/partials/alpha/run", data={"source": "say a\x1b[31mred\x07\r\nrows 1"}).text
    assert "1 row" in html
    assert "\x1b" not in client.get("/alpha").headers.get("set-cookie", "")
