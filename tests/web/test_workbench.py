"""What the workbench's buttons do beside Run: explain, end a transaction, preview, format; each with and without JavaScript."""

import re

import pytest
from starlette.testclient import TestClient

from tests.fakes import FakeEngine
from tests.web.test_pages import text

STRIP = 'class="transaction'


@pytest.mark.parametrize("path", ["/alpha", "/partials/alpha/run"])
def test_explain_measures_and_runs(client: TestClient, path: str) -> None:
    html = client.post(path, data={"source": "say hello", "action": "explain", "explain": "none"}).text
    assert "Fake Scan" in html
    assert "measured" in text(html)
    assert "hello" in html
    assert "Fake Scan" not in client.post(path, data={"source": "say hello", "action": "run"}).text


@pytest.mark.parametrize("path", ["/alpha", "/partials/alpha/run"])
@pytest.mark.parametrize(("word", "said"), [("begin", "A transaction is open"), ("break", "until it is ended")])
def test_a_transaction_is_told_until_it_ends(client: TestClient, path: str, word: str, said: str) -> None:
    answer = client.post(path, data={"source": word}).text
    assert said in text(answer)
    offered = re.findall(r'form="run-form"\s+name="end"\s+value="(\w+)"', answer)
    assert offered == (["Commit", "Rollback"] if word == "begin" else ["Rollback"])
    assert said in text(client.get("/alpha").text), "a reload forgets the transaction"
    ended = client.post(path, data={"source": "say my text", "seed": "say my seed", "end": "Rollback"}).text
    assert "transaction none" in text(ended)
    assert STRIP not in ended
    reloaded = client.get("/alpha").text
    assert STRIP not in reloaded
    for kept in ("say my text", "say my seed", "transaction none"):
        assert kept in reloaded


def test_an_end_needs_no_source_and_runs_no_seed(client: TestClient, fakes: dict[str, FakeEngine]) -> None:
    client.post("/partials/alpha/run", data={"source": "begin\nmake x"})
    html = client.post("/partials/alpha/run", data={"source": "", "seed": "make seeded", "end": "Commit"}).text
    assert "transaction none" in text(html)
    assert list(fakes["alpha"].objects.values()) == [["x"]]


@pytest.mark.parametrize("path", ["/alpha", "/partials/alpha/run"])
def test_an_end_that_the_engine_has_not_is_refused(client: TestClient, path: str) -> None:
    assert client.post(path, data={"source": "x", "end": "DROP TABLE"}).status_code == 400


@pytest.mark.parametrize("path", ["/alpha", "/partials/alpha/run"])
@pytest.mark.parametrize("name", ["t1", 'my "table"', "{string}", "<b>", "é"])
def test_preview_runs_beside_the_editor(client: TestClient, path: str, name: str) -> None:
    client.post("/partials/alpha/run", data={"source": "make t1\nmake thing"})
    html = client.post(path, data={"source": "say kept", "preview": name}).text
    said = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    quoted = name.replace('"', '\\"').replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    assert f"{said} &#34;{quoted}&#34;" in html
    assert "say kept" in client.get("/alpha").text


def test_previews_are_offered_for_what_has_rows(client: TestClient) -> None:
    html = client.post("/partials/alpha/run", data={"source": "make t1\nmake other\nmake t 2"}).text
    assert re.findall(r'name="preview"\s+value="([^"]+)"', html) == ["t1", "&#34;t 2&#34;"]
    assert re.findall(r'data-insert="([^"]+)"', html) == ["t1", "&#34;t 2&#34;", "other"]
    assert 'data-object="t 2"' in html
    assert "schema-filter" not in html


def test_a_long_list_has_a_filter(client: TestClient) -> None:
    source = "\n".join(f"make t{number}" for number in range(13))
    assert "<schema-filter" in client.post("/partials/alpha/run", data={"source": source}).text


def test_an_engine_without_a_preview_says_so(client: TestClient, fakes: dict[str, FakeEngine]) -> None:
    fakes["alpha"].preview = ""  # type: ignore[misc]
    assert client.post("/partials/alpha/run", data={"preview": "t1"}).status_code == 400


def test_format_answers_with_the_text(client: TestClient) -> None:
    html = client.post("/partials/alpha/format", data={"source": "\n  say   <b>  \r\nrows  1"}).text
    assert "<html" not in html
    found = re.search(r"<textarea hidden data-formatted>\n(.*?)</textarea>", html, re.DOTALL)
    assert found
    assert found[1] == "\nsay &lt;b&gt;\nrows 1"


def test_format_without_javascript_keeps_results_and_seed(client: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "say remembered"})
    html = client.post("/alpha", data={"source": "say   x", "seed": "say  seed", "action": "format"}).text
    assert "\nsay x</textarea>" in html
    assert "\nsay  seed</textarea>" in html
    assert "remembered" in html


@pytest.mark.parametrize("path", ["/alpha", "/partials/alpha/format"])
def test_what_cannot_be_formatted_says_where(client: TestClient, path: str) -> None:
    html = client.post(path, data={"source": "say\nwhat ?", "action": "format"}).text
    assert "a question mark" in html
    assert "line 2, column 6" in text(html)
    assert 'data-error-offset="9"' in html
    assert "data-formatted" not in html


def test_format_is_for_engines_that_do(client: TestClient, fakes: dict[str, FakeEngine]) -> None:
    assert 'value="format"' in client.get("/beta").text
    fakes["beta"].formats = False  # type: ignore[misc]
    assert 'value="format"' not in client.get("/beta").text
    assert client.post("/partials/beta/format", data={"source": "x"}).status_code == 400
    assert client.post("/partials/alpha/format", data={"source": "x" * 10_001}).status_code == 413


def test_a_paste_of_another_language_is_offered_in_this_one(client: TestClient) -> None:
    html = client.post("/partials/alpha/offer", data={"source": "speak <x>"}).text
    assert "This reads like Old &lt;b&gt;." in html
    assert "say &lt;x&gt;" in html
    assert "a &lt;i&gt;pause&lt;/i&gt;" in html
    assert client.post("/partials/alpha/offer", data={"source": "say x"}).text.strip() == ""


@pytest.mark.parametrize(("source", "given"), [("speak x", "say x"), ("say y", "say y")])
def test_a_translation_goes_into_the_editor(client: TestClient, source: str, given: str) -> None:
    html = client.post("/partials/alpha/translate", data={"source": source}).text
    assert f"data-formatted>\n{given}</textarea>" in html
    html = client.post("/alpha", data={"source": source, "action": "translate"}).text
    assert f"\n{given}</textarea>" in html


def test_translation_is_for_engines_that_do(client: TestClient, fakes: dict[str, FakeEngine]) -> None:
    assert "data-offer-ask" in client.get("/beta").text
    fakes["beta"].translates = False  # type: ignore[misc]
    assert "data-offer-ask" not in client.get("/beta").text
    for what in ("offer", "translate"):
        assert client.post(f"/partials/beta/{what}", data={"source": "x"}).status_code == 400
        assert client.post(f"/partials/alpha/{what}", data={"source": "x" * 10_001}).status_code == 413


def test_the_rest_of_a_result_is_run_beside_the_editor_s_text(client: TestClient) -> None:
    html = client.post("/partials/alpha/run", data={"source": "pages 1"}).text
    assert re.search(r'form="run-form"\s+name="more"\s+value="pages 2"', html)
    html = client.post("/alpha", data={"source": "pages 1", "more": "pages 2"}).text
    assert "page 2" in text(html)
    assert "pages 1" in html


@pytest.mark.parametrize("path", ["/alpha", "/partials/alpha/run"])
def test_a_second_client_has_results_of_its_own(client: TestClient, path: str) -> None:
    client.post("/alpha", data={"source": "say first"})
    html = client.post(path, data={"source": "begin", "client": "A"}).text
    assert 'id="alpha-second-r1"' in html
    assert re.search(r'form="second-form"\s+name="end"', html), "its transaction ends in its own form"
    assert "say first" in client.get("/alpha").text


def test_the_tree_opens_page_by_page(client: TestClient) -> None:
    client.post("/alpha", data={"source": "make t"})
    first = client.get("/partials/alpha/browse", params={"path": "shelf"}).text
    assert "&lt;b&gt;first&lt;/b&gt;" in first
    assert "cursor=second%20%26%20last" in first
    assert "path=shelf" in first
    assert re.search(r'<count-down data-ms="3700000"[^>]*>1 h 1 min</count-down>', first)
    assert 'href="/alpha/export?path=shelf"' in first
    last = client.get("/partials/alpha/browse", params={"path": "shelf", "cursor": "second & last"}).text
    assert 'data-insert="shelf:last"' in last
    assert ">last</button>" in last
    assert "cursor=" not in last
    assert client.get("/partials/alpha/browse", params={"path": "<b>"}).status_code == 404


def test_what_lies_at_a_path_is_a_file_to_keep(client: TestClient) -> None:
    assert client.get("/alpha/export", params={"path": "shelf"}).status_code == 404, "there is no sandbox yet"
    client.post("/alpha", data={"source": "make t"})
    answer = client.get("/alpha/export", params={"path": "shelf"})
    assert answer.text == "make <b>again</b>\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="alpha-shelf.')
    answer = client.get("/alpha/export", params={"path": 'x/"\r\nevil: 1'})
    assert answer.status_code == 404
    assert "evil" not in answer.headers


def test_words_are_kept_by_version(client: TestClient) -> None:
    address = re.findall(r'<meta name="words" content="([^"]+)"', client.get("/alpha").text)[0]
    answer = client.get(address)
    assert answer.json() == [{"name": "say", "kind": "command", "detail": "say TEXT", "info": "Says it."}]
    assert "max-age" in answer.headers["cache-control"]
    assert client.get("/words/alpha.json?version=0").headers["cache-control"] == "no-store"


def test_events_are_only_for_their_page(client: TestClient) -> None:
    assert client.get("/feed").status_code == 400
    assert client.get("/feed", params={"page": "x"}).status_code == 400
