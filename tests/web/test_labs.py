"""The pages of labs, on fake engines."""

from starlette.testclient import TestClient

from app.playground.labs import labs
from tests.web.test_pages import text


def test_every_engine_takes_a_script_of_one_s_own(client: TestClient) -> None:
    assert 'href="/labs/alpha"' in client.get("/labs").text
    html = client.get("/labs/alpha", params={"source": "-- A: say <b>one</b>"}).text
    assert "&lt;b&gt;one&lt;/b&gt;" in html
    assert client.get("/labs/alpha", params={"source": "x" * 7_000}).status_code in (400, 422)


def test_stepping_and_playing_with_and_without_javascript(client: TestClient) -> None:
    script = "make thing\n-- A: say one\n-- B:\nnonsense\n-- A: say <i>three</i>"
    page = text(client.post("/labs/alpha", data={"source": script, "action": "step"}).text)
    assert "1 of 3 steps" in page
    part = client.post("/partials/labs/alpha", data={"source": script, "action": "step"}).text
    assert "2 of 3 steps" in text(part)
    assert "unknown command nonsense" in part
    played = client.post("/partials/labs/alpha", data={"source": script, "action": "play"}).text
    assert "3 of 3 steps" in text(played)
    assert "<i>" not in played
    assert "The timeline appears here" in client.post("/partials/labs/alpha", data={"action": "end"}).text


def test_long_statements_and_answers_are_cut_and_say_so(client: TestClient) -> None:
    script = f"-- A:\nsay {'x' * 8_000}\n-- B:\nrows 90"
    html = client.post("/partials/labs/alpha", data={"source": script, "action": "play"}).text
    assert len(html) < 16_000
    assert html.count("… 6,004 characters more") == 2  # in the title of the box, and in words
    assert "… 8,004 characters in all" in html
    assert html.count("… 6,002 characters more") == 1  # the answer, in words
    assert "86 rows more" in text(html)


def test_what_can_t_be_played_is_said(client: TestClient) -> None:
    for script, said in (("say one", "names no connection"), ("nonsense\n-- A: say x", "Line 1: unknown command")):
        html = client.post("/partials/labs/alpha", data={"source": script, "action": "play"})
        assert html.status_code == 200
        assert said in html.text


def test_to_begin_anew_counts_against_no_limit_and_keeps_the_script(client: TestClient) -> None:
    script = "-- A:\nsay one\n-- B:\nsay two"
    client.post("/partials/labs/alpha", data={"source": script, "action": "step"})
    for _ in range(40):  # run_burst is 30
        answer = client.post("/labs/alpha", data={"source": script, "action": "end"})
        assert answer.status_code == 200
    assert "say two" in answer.text
    assert "1 of 2 steps" in text(client.post("/labs/alpha", data={"source": script, "action": "step"}).text)
    steps = [client.post("/partials/labs/alpha", data={"source": script, "action": "play"}) for _ in range(60)]
    assert 429 in {answer.status_code for answer in steps}


def test_unknown_labs_are_not_found(client: TestClient) -> None:
    slug = next(iter(labs.catalogue()))
    for path in ("/labs/alpha/none", f"/labs/alpha/{slug}", "/labs/gamma"):
        assert client.get(path).status_code == 404


def shared(client: TestClient, **data: str) -> str:
    """The path of a lab just shared."""
    went = client.post("/labs/alpha", data=data | {"action": "share"}, follow_redirects=False)
    assert went.status_code == 303
    return went.headers["location"].partition("/manage")[0]


def test_a_lab_is_shared_with_its_timeline_and_opens_in_every_form(client: TestClient) -> None:
    script = "make thing\n-- A:\nsay one\n-- B:\nsay <b>two</b>"
    client.post("/partials/labs/alpha", data={"source": script, "action": "play"})
    part = client.post("/partials/labs/alpha/share", data={"source": script}).text
    assert 'id="share-link"' in part
    path = shared(client, source=script)
    assert path in part
    client.cookies.clear()
    opened = client.get(path)
    page = text(opened.text)
    assert "The timeline is as it was then" in page
    assert "2 of 2 steps" in page
    assert "<b>two" not in opened.text
    assert opened.headers["x-robots-tag"] == "noindex"
    markdown = client.get(f"{path}.md").text
    assert "1. A: say one: done" in markdown, markdown
    document = client.get(f"{path}.json").json()
    assert document["lab"]["source"] == script
    assert [step["state"] for step in document["lab"]["run"]["steps"]] == ["done", "done"]
    for form in ("zip", "svg", "png"):
        assert client.get(f"{path}.{form}").status_code == 200
    assert client.get(f"{path}/embed").status_code == 404  # a frame has panes only
    played = client.post("/partials/labs/alpha", data={"source": script, "action": "play"}).text
    assert "2 of 2 steps" in text(played)


def test_a_lab_changed_since_it_was_played_is_shared_without_a_timeline(client: TestClient) -> None:
    client.post("/partials/labs/alpha", data={"source": "-- A: say one", "action": "play"})
    page = text(client.get(shared(client, source="-- A: say two")).text)
    assert "It was shared without a timeline" in page
    assert "say two" in page
    nothing = client.post("/labs/alpha", data={"source": " ", "action": "share"})
    assert (nothing.status_code, "the script is empty" in nothing.text) == (400, True)
