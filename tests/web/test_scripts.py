"""The pages and the API of scripts, on fake engines."""

import threading
import time

from starlette.testclient import TestClient

from app.playground.running.watching import RunEnd
from app.playground.scripts import scripts
from tests.web.test_pages import text

SOURCE = """
print("a <b>bold</b> line");
await measure("both", () => Promise.all([alpha.run("say hello"), beta.run("rows 3")]));
await alpha.run("nonsense").catch((error) => print(error.code));
"""


def test_every_ready_script_has_its_page(client: TestClient) -> None:
    listed = client.get("/scripts").text
    for slug, script in scripts.catalogue().items():
        assert f'href="/scripts/{slug}"' in listed
        html = client.get(f"/scripts/{slug}").text
        assert script.watch in text(html)
        assert "What it shows" in html
    assert client.get("/scripts/none").status_code == 404


def test_a_link_carries_a_script_and_runs_nothing(client: TestClient) -> None:
    html = client.get("/scripts/own", params={"source": "print('<i>x</i>')"}).text
    assert "&lt;i&gt;x&lt;/i&gt;" in html
    assert "The waterfall appears here" in html
    assert client.get("/scripts/own", params={"source": "x" * 7_000}).status_code in (400, 422)


def test_a_script_runs_with_and_without_javascript(client: TestClient) -> None:
    part = client.post("/partials/scripts/run", data={"source": SOURCE}).text
    page = client.post("/scripts", data={"source": SOURCE}).text
    assert "<!doctype" not in part.lower()
    for html in (part, page):
        said = text(html)
        assert "a &lt;b&gt;bold&lt;/b&gt; line" in html
        assert "F001" in said
        assert "Alpha 1.0: 2 calls" in said
        assert "Beta 1.0: 1 call" in said
        assert "failed: unknown command nonsense" in said
        assert html.count('<th scope="rowgroup"') == 1
        assert 'scope="col"' in html
    assert "Copy link" in page
    assert "&lt;b&gt;bold" in page


def test_what_goes_wrong_is_said_with_its_place(client: TestClient) -> None:
    html = client.post("/partials/scripts/run", data={"source": "1;\nawait alpha.run('refuse this rule')"}).text
    assert "Refused by Sandtable" in html
    assert 'data-error-line="2"' in html
    assert "Do something else." in html
    html = client.post("/partials/scripts/run", data={"source": "x" * 10_001}).text
    assert "10,001 bytes; the limit is 10,000 (max_source_bytes)" in html


def test_an_engine_that_is_gone_is_an_error_of_the_script(client: TestClient) -> None:
    answer = client.post("/api/v1/scripts", json={"source": "await alpha.run('vanish')"}).json()
    assert (answer["outcome"], answer["error"]["code"]) == ("failed", "engine_unavailable")
    assert [call["outcome"] for call in answer["calls"] if call["kind"] == "call"] == ["failed"]


def test_the_api_gives_every_call(script: TestClient) -> None:
    answer = script.post("/api/v1/scripts", json={"source": SOURCE})
    assert answer.status_code == 200
    data = answer.json()
    assert (data["outcome"], data["output_lost"]) == ("ok", 0)
    assert [line["text"] for line in data["output"]] == ["a <b>bold</b> line", "F001"]
    (span,) = data["spans"]
    assert (span["name"], span["calls"], span["rows"]) == ("both", 2, 4)
    calls = [call for call in data["calls"] if call["kind"] == "call"]
    assert [(call["engine"], call["shown"], call["rows"], call["outcome"]) for call in calls] == [
        ("alpha", "say hello", 1, "ok"),
        ("beta", "rows 3", 3, "ok"),
        ("alpha", "nonsense", None, "failed"),
    ]
    assert calls[2]["note"] == "unknown command nonsense"
    assert [call["number"] for call in data["calls"]] == list(range(1, len(data["calls"]) + 1))
    assert {engine["engine"]: engine["calls"] for engine in data["engines"]} == {"alpha": 2, "beta": 1}
    assert script.post("/api/v1/scripts", content="x", headers={"content-type": "text/plain"}).status_code in (400, 422)
    assert "/api/v1/scripts" in script.get("/api/openapi.json").json()["paths"]


def test_a_cut_answer_is_marked(client: TestClient) -> None:
    answer = client.post("/api/v1/scripts", json={"source": "await alpha.run('rows 200')"}).json()
    assert [call["note"] for call in answer["calls"] if call["kind"] == "call"] == ["Cut at 100 rows."]
    assert [call["outcome"] for call in answer["calls"] if call["kind"] == "call"] == ["cut"]


def test_stop_ends_the_script_of_the_session(client: TestClient) -> None:
    client.get("/scripts")
    answers: list[dict[str, object]] = []
    source = "for (;;) { await alpha.run('sleep 300'); }"
    thread = threading.Thread(
        target=lambda: answers.append(client.post("/api/v1/scripts", json={"source": source}).json())
    )
    thread.start()
    until = time.monotonic() + 10
    while not client.app.state.services.scripts._going and time.monotonic() < until:  # type: ignore[attr-defined]
        time.sleep(0.02)
    time.sleep(0.2)
    busy = client.post("/partials/scripts/run", data={"source": "print(1)"}).text
    assert "A script is already running here." in busy
    assert client.post("/partials/scripts/stop").status_code == 204
    thread.join(10)
    (answer,) = answers
    assert answer["outcome"] == "stopped"
    assert answer["error"]["message"] == "Stopped by you."  # type: ignore[index]


def test_a_script_is_told_to_the_watchers_of_runs(client: TestClient) -> None:
    ends: list[RunEnd] = []
    client.app.state.services.runner.watchers.append(ends.append)  # type: ignore[attr-defined]
    client.post("/api/v1/scripts", json={"source": "await alpha.run('say x')"})
    client.post("/api/v1/scripts", json={"source": "for (;;) alpha.run('say x')"})
    assert [(end.record.engine, end.record.outcome, end.reason) for end in ends] == [
        ("scripts", "ok", ""),
        ("scripts", "stopped", "max_script_calls"),
    ]
    assert ends[0].reply_bytes == 5


def test_forms_of_strangers_are_refused(script: TestClient) -> None:
    for path in ("/scripts", "/partials/scripts/run", "/partials/scripts/stop"):
        answer = script.post(path, data={"source": "print(1)"}, headers={"origin": "https://elsewhere.example"})
        assert answer.status_code == 403, path
