"""Recent runs, and two of them beside each other."""

import re

from starlette.testclient import TestClient

from app.playground.running.recent import KEPT_RUNS


def run(client: TestClient, source: str, action: str = "run") -> None:
    assert client.post("/partials/alpha/run", data={"source": source, "action": action}).status_code == 200


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_there_is_nothing_to_compare_at_first(client: TestClient) -> None:
    run(client, "say a")
    assert "There are not two runs yet" in client.get("/alpha/runs").text


def test_the_last_two_are_compared_without_being_asked(client: TestClient) -> None:
    run(client, "rows 2", "explain")
    run(client, "rows 3\nsay b", "explain")
    page = words(client.get("/alpha/runs").text)
    assert "Run 1 and run 2" in page
    assert "the answer differs" in page
    assert "in run 2 only" in page
    assert page.count("Fake Scan") == 2


def test_two_are_chosen(client: TestClient) -> None:
    for source in ("say a", "say b", "say a"):
        run(client, source)
    same = words(client.get("/alpha/runs", params={"first": 1, "second": 3}).text)
    assert "same answer" in same
    assert "need a plan" in same
    assert "the answer differs" in words(client.get("/alpha/runs", params={"first": 1, "second": 2}).text)


def test_only_so_many_are_kept_and_they_go_with_the_sandbox(client: TestClient) -> None:
    for number in range(KEPT_RUNS + 3):
        run(client, f"say {number}")
    assert client.get("/alpha/runs").text.count('name="first"') == KEPT_RUNS
    assert client.get("/alpha/runs", params={"first": 1, "second": 5}).status_code == 404
    client.post("/partials/alpha/reset")
    assert "There are not two runs yet" in client.get("/alpha/runs").text


def test_others_do_not_see_them(client: TestClient) -> None:
    for source in ("say secret", "say mine"):
        run(client, source)
    stranger = TestClient(client.app)
    assert "secret" not in stranger.get("/alpha/runs").text


def test_hostile_sources_are_text(client: TestClient) -> None:
    for source in ("say <script>alert(1)</script>", 'say "><svg onload=alert(1)>'):
        run(client, source)
    page = client.get("/alpha/runs").text
    assert "<script>alert" not in page
    assert "<svg onload" not in page


def test_the_same_statement_many_times_is_told(client: TestClient) -> None:
    run(client, "\n".join(f"rows {n}" for n in range(1, 7)))
    answer = client.post("/partials/alpha/run", data={"source": "\n".join(f"rows {n}" for n in range(1, 7))}).text
    assert "6 statements of this source differ in their values alone" in words(answer)
    answer = client.post("/partials/alpha/run", data={"source": "\n".join(f"rows {n}" for n in range(1, 4))}).text
    assert "differ in their values alone" not in words(answer)
