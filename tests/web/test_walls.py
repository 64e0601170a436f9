"""Each point of the web's walls, on the whole app: headers, cookies, keys, counts, markup in every place, one log line for a refusal."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.logs import JsonFormatter
from app.main import create_app
from app.stores.memory import MemoryStore
from tests.fakes import FakeEngine
from tests.web.conftest import SETTINGS

MARKUP = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</td><template shadowrootmode=open>",
    "' onmouseover='alert(1)",
    '<b hx-get="/partials/alpha/reset" hx-trigger="load">',
]

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self' 'nonce-N'",
    "style-src": "'self' 'nonce-N'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def app_with(**settings: Any) -> TestClient:
    settings = SETTINGS.model_copy(update=settings)
    fakes = {slug: FakeEngine(settings, slug) for slug in settings.engines}
    app = create_app(settings, engines=fakes, store=MemoryStore())
    return TestClient(app, base_url="https://testserver", headers={"sec-fetch-site": "same-origin"})


@pytest.fixture
def tls() -> Iterator[TestClient]:
    with app_with(secure_cookies=True) as client:
        yield client


def run(client: TestClient, source: str = "say x") -> int:
    status: int = client.post("/partials/alpha/run", data={"source": source}).status_code
    return status


@pytest.mark.parametrize(
    "path", ["/", "/alpha", "/nothing", "/static/nothing.js", "/partials/alpha/schema", "/healthz"]
)
def test_the_policy_word_for_word(tls: TestClient, path: str) -> None:
    headers = tls.get(path).headers
    policy = re.sub(r"nonce-[\w-]{22}", "nonce-N", headers["content-security-policy"])
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == DIRECTIVES
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["permissions-policy"].count("=()") >= 5
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "server" not in headers
    assert len(headers["x-request-id"]) == 16


def test_pages_are_not_cached_and_assets_are(tls: TestClient) -> None:
    html = tls.get("/").text
    assert tls.get("/").headers["cache-control"] == "no-store"
    asset = re.search(r'href="(/static/app-[^"]+\.css)"', html)
    assert asset
    assert "immutable" in tls.get(asset[1]).headers["cache-control"]


def test_no_page_holds_an_inline_script_a_style_attribute_or_a_foreign_address(tls: TestClient) -> None:
    run(tls, "make t\nsay x\nrows 3\nwrong")
    for path in ("/", "/alpha", "/compare", "/api/docs", "/nothing"):
        html = tls.get(path).text
        assert re.findall(r"\sstyle\s*=", html) == [], path
        assert re.findall(r"\son[a-z]+\s*=", html) == [], path
        assert [tag for tag in re.findall(r"<script[^>]*>", html) if "src=" not in tag and "json" not in tag] == []
        assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]+', html) == [], path


def test_behind_tls_the_cookie_is_bound_to_the_host(tls: TestClient) -> None:
    cookie = tls.get("/alpha").headers["set-cookie"]
    assert cookie.startswith("__Host-sandtable=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"):
        assert f"; {part}" in cookie
    assert "Domain" not in cookie


def test_a_session_survives_a_change_of_keys_and_ends_with_the_old_one() -> None:
    with app_with(secret_key=SecretStr("one")) as old:
        run(old)
        value = old.cookies["sandtable"]
    for keys, kept in ((("one",), True), ((), False)):
        with app_with(secret_key=SecretStr("two"), previous_secret_keys=keys) as new:
            new.cookies.set("sandtable", value)
            answer = new.get("/alpha")
            assert ("set-cookie" not in answer.headers) is kept


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "127.0.0.1.nip.example", "", "testserver@evil"]
)
def test_hosts_that_are_not_ours(tls: TestClient, host: str) -> None:
    assert tls.get("/", headers={"host": host}).status_code == 400


def test_a_burst_then_the_rate_and_then_a_wait() -> None:
    with app_with(run_burst=10, runs_per_second=2) as client:
        assert [run(client) for _ in range(11)] == [200] * 10 + [429]
        answer = client.post("/api/v1/run", json={"engine": "beta", "source": "say x"})
        assert answer.status_code == 429, "the limit is the session's, whatever the engine"
        assert answer.json()["error"]["code"] == "rate_limited"
        assert int(answer.headers["retry-after"]) >= 1


def test_new_sessions_are_counted_by_address() -> None:
    with app_with(max_sessions_per_hour=3) as client:
        statuses = []
        for _ in range(4):
            client.cookies.clear()
            statuses.append(run(client))
        assert statuses == [200, 200, 200, 429]
        assert client.get("/alpha").status_code == 200, "reading is still allowed"


@pytest.mark.parametrize(
    ("length", "status"),
    [("32000000", 413), ("-1", 413), ("1e9", 413), ("９", 413), ("50001", 413), ("10", 200)],
)
def test_what_a_body_says_of_its_length(tls: TestClient, length: str, status: int) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "content-length": length.encode()}  # type: ignore[dict-item]
    answer = tls.post("/partials/alpha/run", content=b"source=say", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == status


@pytest.mark.parametrize("given", ["a\r\nset-cookie: x=1", "short", "x" * 65, "ünïcode-id", "'; drop table--"])
def test_a_request_id_is_taken_only_if_it_looks_like_one(tls: TestClient, given: str) -> None:
    answer = tls.get("/healthz", headers={"x-request-id": given.encode("latin-1")})  # type: ignore[dict-item]
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
    assert (
        tls.get("/healthz", headers={"x-request-id": "from-the-proxy-1"}).headers["x-request-id"] == "from-the-proxy-1"
    )


@pytest.mark.parametrize("path", ["/alpha%0d%0aset-cookie:%20x=1", "/p/%0d%0ax", "/%00", "/alpha\\..\\.."])
def test_line_ends_in_a_path_split_no_header(tls: TestClient, path: str) -> None:
    answer = tls.get(path, follow_redirects=False)
    assert answer.status_code == 404
    assert "x=1" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize(
    "path", ["/p/%00", "/p/%C3%AE", "/p/x?revision=99999999999", "/api/v1/playgrounds/x?revision=2147483648"]
)
def test_links_that_no_store_could_hold_are_not_found(tls: TestClient, path: str) -> None:
    assert tls.get(path).status_code == 404


@pytest.mark.parametrize("markup", MARKUP)
def test_markup_is_text_wherever_it_shows(tls: TestClient, markup: str) -> None:
    """Cells, column names, documents, replies, keys in the sidebar, statuses, errors, rules, titles, the editor, problems."""
    commands = ("say", "documents", "reply", "make", "refuse", "print", "")
    for command in commands:
        source = f"{command} {markup}".strip()
        pages = [
            tls.post("/partials/alpha/run", data={"source": source, "explain": "plan"}),
            tls.post("/partials/compare/alpha/run", data={"source": source}),
            tls.post("/alpha", data={"source": source, "seed": f"make {markup}"}),
            tls.get("/partials/alpha/schema"),
            tls.get("/alpha"),
            tls.get("/alpha", params={"example": markup, "from": markup}),
            tls.get("/partials/alpha/browse", params={"path": markup, "cursor": markup}),
            tls.get(f"/{markup}"),
            tls.post("/partials/share", data={"title": markup, "source_alpha": source}),
            tls.post("/share", data={"title": markup, "source_alpha": source}),
        ]
        for page in pages:
            assert markup not in page.text, (command, page.url)


def test_each_refusal_is_one_line_that_names_no_secret(
    tls: TestClient, script: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    run(tls)
    cookie = tls.cookies["__Host-sandtable"]
    refusals = [
        lambda: tls.post("/alpha", data={"source": "my secret"}, headers={"sec-fetch-site": "cross-site"}),
        lambda: tls.get("/p/" + "A" * 22),
        lambda: tls.post("/partials/alpha/run", data={"source": "x" * 60_000}),
        lambda: tls.get("/a%0Ab%1b"),
        lambda: tls.post("/api/v1/run", json={"engine": "nothing", "source": "my secret"}),
    ]
    for refused in refusals:
        caplog.clear()
        with caplog.at_level(logging.INFO):
            answer = refused()
        assert answer.status_code >= 400
        lines = [JsonFormatter().format(record) for record in caplog.records if record.name.startswith("app")]
        assert len(lines) == 1, lines
        assert "\n" not in lines[0]
        assert json.loads(lines[0])["message"].startswith(("GET", "POST"))
        assert "secret" not in lines[0]
        assert cookie not in lines[0]


def test_a_wrong_method_is_told_the_right_ones(tls: TestClient) -> None:
    answer = tls.request("TRACE", "/readyz")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
