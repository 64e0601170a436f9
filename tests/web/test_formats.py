"""A shared playground in other forms, and inside pages of other sites."""

import io
import json
import time
import zipfile
from xml.etree import ElementTree as ET

import pytest
from starlette.testclient import TestClient

from app.web.security import EMBED_MAX_AGE_S
from tests.web.test_share import shared

HOSTILE = '"><script>alert(1)</script> & \x07'


@pytest.fixture
def path(client: TestClient) -> str:
    """Of a playground with a hostile title, source and result."""
    source = "say <b>one</b> | two\nrows 3"
    client.post("/partials/alpha/run", data={"source": source, "seed": "make t"})
    return shared(client, title=HOSTILE, source_alpha=source, seed_alpha="make t", source_beta="")[0]


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("md", "text/markdown; charset=utf-8"),
        ("json", "application/json"),
        ("zip", "application/zip"),
        ("svg", "image/svg+xml"),
        ("png", "image/png"),
    ],
)
def test_forms(script: TestClient, path: str, form: str, kind: str) -> None:
    for address in (f"{path}.{form}", f"{path}/1.{form}"):
        answer = script.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == kind
        assert answer.headers["x-robots-tag"] == "noindex"
        assert "set-cookie" not in answer.headers
    assert script.get(f"{path}/2.{form}").status_code == 404
    assert script.get(f"{path}.exe").status_code == 404


def test_markdown_shows_text_as_text(script: TestClient, path: str) -> None:
    said = script.get(f"{path}.md").text
    for part in ("```sql\nmake t\n```", "## Alpha 1.0", "| n | empty |", "\\<b\\>one\\</b\\> \\| two"):
        assert part in said
    assert '\n# "\\>\\<script\\>' in f"\n{said}"


@pytest.mark.parametrize(
    ("accept", "markdown"),
    [
        ("text/markdown", True),
        ("text/markdown, text/html;q=0.5", True),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("text/html, text/markdown;q=0.9", False),
        ("*/*", False),
        ("text/markdown;q=x", False),
        (",;,;" * 1_000, False),
    ],
)
def test_markdown_by_accept(script: TestClient, path: str, accept: str, markdown: bool) -> None:
    answer = script.get(path, headers={"accept": accept})
    assert answer.headers["content-type"].startswith("text/markdown") is markdown


def test_the_zip_holds_the_files_and_the_whole(script: TestClient, path: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(script.get(f"{path}.zip").content))
    assert sorted(archive.namelist()) == [
        "README.md",
        "alpha/seed.fake",
        "alpha/source.fake",
        "compose.yaml",
        "playground.json",
    ]
    assert archive.read("alpha/seed.fake") == b"make t"
    data = json.loads(archive.read("playground.json"))
    assert data["panes"][0]["run"]["results"][1]["rows"][2] == ["2", ""]
    assert data == script.get(f"{path}.json").json()


def test_the_picture_is_well_formed_and_has_no_markup_of_a_visitor(script: TestClient, path: str) -> None:
    tree = ET.fromstring(script.get(f"{path}.svg").content)
    tags = {element.tag.rsplit("}", 1)[-1] for element in tree.iter()}
    assert tags == {"svg", "rect", "text"}
    assert any("<script>" in (element.text or "") for element in tree.iter())
    assert script.get(f"{path}.png").content.startswith(b"\x89PNG")


def test_previews_of_the_link(script: TestClient, path: str) -> None:
    html = script.get(path).text
    assert f'<meta property="og:image" content="http://testserver{path}.png">' in html
    assert '<meta property="og:title" content="&#34;&gt;&lt;script&gt;' in html
    assert "application/json+oembed" in html


def test_oembed(script: TestClient, path: str) -> None:
    answer = script.get("/oembed", params={"url": f"http://testserver{path}", "maxwidth": 300})
    assert answer.json()["html"].startswith(f'<iframe src="http://testserver{path}/embed" width="300"')
    for url in (
        "http://elsewhere" + path,
        "http://testserver/p/nothing",
        "http://testserver/alpha",
        "javascript:x",
        "http://[",
    ):
        assert script.get("/oembed", params={"url": url}).status_code == 404
    assert script.get("/oembed", params={"url": f"http://testserver{path}", "format": "xml"}).status_code == 400


def test_only_the_embed_may_be_framed_and_it_has_no_cookie(script: TestClient, path: str) -> None:
    answer = script.get(f"{path}/embed")
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    assert "<script>alert" not in answer.text
    for address in (path, f"{path}.svg", "/alpha", "/"):
        assert "frame-ancestors 'none'" in script.get(address).headers["content-security-policy"]


def token_of(html: str) -> str:
    return html.split('name="token" value="')[1].split('"', maxsplit=1)[0]


def test_an_embed_runs_in_a_session_of_its_own(client: TestClient, path: str) -> None:
    token = token_of(client.get(f"{path}/embed").text)
    for _ in range(2):
        partial = client.post(f"/partials{path}/embed/alpha", data={"token": token})
        assert "same answer" in partial.text
        assert "set-cookie" not in partial.headers
    page = client.post(f"{path}/embed", data={"token": token, "engine": "alpha", "theme": "dark"})
    assert 'data-theme="dark"' in page.text
    assert "same answer" in page.text
    assert client.post(f"/partials{path}/embed/beta", data={"token": token}).status_code == 404
    assert 'name="token" value=""' in client.get(f"{path}/embed?run=false").text
    assert client.get(f"{path}/embed?engine=beta").status_code == 404


def test_forged_and_old_tokens_run_nothing(client: TestClient, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_of(client.get(f"{path}/embed").text)
    session = client.cookies["sandtable"]
    for forged in ("", "x", session, token[:-1], token + "x"):
        assert client.post(f"/partials{path}/embed/alpha", data={"token": forged}).status_code == 403
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + EMBED_MAX_AGE_S + 2)
    answer = client.post(f"/partials{path}/embed/alpha", data={"token": token})
    assert answer.status_code == 403
    assert "Reload" in answer.text


def test_what_language_models_are_told(script: TestClient) -> None:
    said = script.get("/llms.txt").text
    assert "http://testserver/api/v1/playgrounds" in said
    assert "0.4 s a run" in said
