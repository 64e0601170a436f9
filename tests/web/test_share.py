"""Sharing over HTTP: links, keys, revisions, forks, differences, what is gone."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from app.playground.sharing.snapshots import Snapshots
from tests.fakes import FakeEngine
from tests.web.conftest import SETTINGS

FORM = {"title": "My title", "source_alpha": "say shared-thing", "source_beta": "rows 2"}


def shared(client: TestClient, **form: str) -> tuple[str, str]:
    """The path of a playground just shared, and its key."""
    answer = client.post("/share", data=FORM | form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"(/p/[\w-]{22})/manage\?key=([\w-]{32})", answer.headers["location"])
    assert found, answer.headers["location"]
    return found[1], found[2]


def manage(client: TestClient, path: str, key: str, **form: str) -> str:
    answer = client.post(f"{path}/manage", data={"key": key, **form})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_share_open_and_run_again(client: TestClient, script: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "say shared-thing"})
    path, _ = shared(client)
    again = client.post("/share", data=FORM, follow_redirects=False)
    assert again.headers["location"] == path
    partial = client.post("/partials/share", data=FORM)
    assert path in partial.text
    assert re.search(r"Without results:\s+Beta\.", partial.text)
    assert "shared this before" in partial.text
    answer = script.get(path)
    for expected in ("My title", "shared-thing", "rows 2"):
        assert expected in answer.text
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "same answer" in client.post(f"/partials{path}/alpha/run").text
    assert "not comparable" in client.post(f"/partials{path}/beta/run").text
    assert client.post(f"/partials{path}/gamma/run").status_code == 404
    assert client.post("/share", data={"title": "nothing"}).status_code == 400


def test_two_sessions_get_links_of_their_own(client: TestClient, script: TestClient) -> None:
    script.headers["sec-fetch-site"] = "same-origin"
    assert shared(client)[0] != shared(script)[0]


def test_another_answer_is_shown_line_by_line(client: TestClient, fakes: dict[str, FakeEngine]) -> None:
    client.post("/partials/alpha/run", data={"source": "say shared-thing\nrows 3"})
    path, _ = shared(client, source_alpha="say shared-thing\nrows 3")
    fakes["alpha"].first_row = 1
    fakes["alpha"].info = fakes["alpha"].info.__class__("2.0", "made up")
    for html in (client.post(f"/partials{path}/alpha/run").text, client.post(path, data={"engine": "alpha"}).text):
        said = " ".join(re.sub(r"<[^>]+>", " ", html).split())
        assert "then Alpha 1.0, now Alpha 2.0" in said
        assert "− 1 line" in said
        assert "differs" in said


def test_the_maker_edits_lists_and_sees_it_in_the_page(client: TestClient, script: TestClient) -> None:
    path, key = shared(client)
    html = manage(client, path, key, title=" New\ttitle ", notes="**bold** <script>alert(1)</script>", listed="on")
    assert "Saved." in html
    answer = script.get(path)
    assert "New title" in answer.text
    assert "<strong>bold</strong>" in answer.text
    assert "<script>alert" not in answer.text
    assert "x-robots-tag" not in answer.headers
    partial = client.post(f"/partials{path}/words", data={"key": key, "title": "Third", "notes": ""})
    assert "Saved." in partial.text
    assert "Third" in script.get(path).text
    assert "x-robots-tag" not in script.get(path).headers


@pytest.mark.parametrize("key", ["", "wrong", "x" * 10_000, "\ud83d"])
def test_without_the_key_nothing_is_changed(client: TestClient, key: str) -> None:
    path, _ = shared(client)
    assert client.get(f"{path}/manage", params={"key": key.encode("utf-8", "replace")}).status_code == 403
    for action in ("save", "delete", "revise"):
        form = {"key": key.encode("utf-8", "replace"), "action": action, "title": "stolen", "source_alpha": "rows 9"}
        assert client.post(f"{path}/manage", data=form).status_code == 403
    assert client.post(f"/partials{path}/words", data={"title": "stolen"}).status_code == 403
    assert "stolen" not in client.get(path).text


def test_a_revision_is_run_and_added_and_older_ones_stay(client: TestClient, script: TestClient) -> None:
    path, key = shared(client)
    manage(client, path, key, action="revise", source_alpha="say second-thing", source_beta="rows 2")
    assert "second-thing" in script.get(path).text
    assert "second-thing" in script.get(f"{path}/2").text
    assert "second-thing" not in script.get(f"{path}/1").text
    assert script.get(f"{path}/3").status_code == 404
    assert "shared without a result" not in script.get(f"{path}/2").text
    manage(client, path, key, action="revise", source_alpha="say second-thing", source_beta="rows 2")
    assert script.get(f"{path}/3").status_code == 404
    changes = script.get(f"{path}/changes", params={"revision": 2, "since": f"{path[3:]}/1"}).text
    assert "say shared-thing" in changes
    assert "say second-thing" in changes


def test_a_copy_names_its_parent_and_shows_what_changed(client: TestClient, script: TestClient) -> None:
    path, key = shared(client)
    for page in (f"/alpha?from={path[3:]}/1", f"/compare?from={path[3:]}"):
        html = script.get(page).text
        assert f'name="parent" value="{path[3:]}/1"' in html
        assert "say shared-thing" in html
    fork, _ = shared(client, source_alpha="say forked-thing", parent=f"{path[3:]}/1")
    html = script.get(fork).text
    assert f'href="{path}/1"' in html
    changes = script.get(f"{fork}/changes").text
    assert "forked-thing" in changes
    assert "shared-thing" in changes
    assert script.get(f"{path}/changes").status_code == 404
    manage(client, path, key, action="delete")
    assert script.get(fork).status_code == 200
    assert script.get(f"{fork}/changes").status_code == 410
    assert shared(client, source_alpha="say orphan", parent="nonsense")[0]


def test_deleted_at_once_and_shareable_again(client: TestClient, script: TestClient) -> None:
    path, key = shared(client)
    assert "gone from our store" in manage(client, path, key, action="delete")
    for address in (path, f"{path}/1", f"{path}/changes", f"/alpha?from={path[3:]}", f"{path}/manage?key={key}"):
        answer = script.get(address)
        assert answer.status_code == 410, address
        assert "deleted by its maker" in answer.text
        assert "My title" not in answer.text
    assert shared(client)[0] != path


def test_an_expired_one_is_gone_before_it_is_collected(client: TestClient, script: TestClient) -> None:
    path, key = shared(client)
    assert "now until" in manage(client, path, key, title="t", expires="7")
    assert "now until" in manage(client, path, key, title="t", expires="keep")
    store = client.app.state.services.store  # type: ignore[attr-defined]
    past = datetime.now(UTC) - timedelta(seconds=1)
    found = store._playgrounds[path[3:]]
    store._playgrounds[path[3:]] = found.__class__(**{**_fields(found), "expires_at": past})
    answer = script.get(path)
    assert answer.status_code == 410
    assert "expired" in answer.text
    assert client.post(f"{path}/manage", data={"key": key, "expires": "yesterday"}).status_code in (400, 410)


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}  # type: ignore[attr-defined]


def test_what_was_taken_down_says_so_and_is_not_shared_again(client: TestClient) -> None:
    path, _ = shared(client)
    snapshots: Snapshots = client.app.state.services.snapshots  # type: ignore[attr-defined]
    assert client.portal
    assert client.portal.call(snapshots.take_down, path[3:], "<b>spam</b>")
    answer = client.get(path)
    assert answer.status_code == 410
    assert "The reason given: &lt;b&gt;spam" in answer.text
    assert client.post("/share", data=FORM).status_code == 410
    assert not client.portal.call(snapshots.take_down, "nothing", "x")


def test_sharing_has_a_rate_limit(client: TestClient) -> None:
    for number in range(SETTINGS.max_shares_per_hour):
        assert client.post("/partials/share", data={"source_alpha": f"say {number}"}).status_code == 200
    answer = client.post("/partials/share", data={"source_alpha": "say more"})
    assert answer.status_code == 429
    assert "within an hour" in answer.text


@pytest.mark.parametrize("revision", ["0", "99999999999999999999", "-1"])
def test_odd_revisions_are_not_found(client: TestClient, revision: str) -> None:
    path, _ = shared(client)
    assert client.get(f"{path}/{revision}").status_code in (400, 404)


def test_a_chart_goes_with_what_is_shared(client: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "rows 3"})
    form = {"engine": "alpha", "source": "rows 3"}
    path, _ = shared(client, **form, charts='{"1": {"kind": "line", "x": 1, "y": [0]}}')
    assert "data-chart=" in client.get(path).text
    path, _ = shared(client, **form)
    assert "data-chart=" not in client.get(path).text
    for wrong in (
        "x",
        '{"1": {"kind": "pie", "x": 0, "y": []}}',
        '{"0": {"kind": "bar", "x": 0, "y": []}}',
        "1" * 5_000,
    ):
        assert client.post("/share", data=form | {"charts": wrong}).status_code == 400, wrong


def test_a_revision_keeps_the_charts_of_a_source_that_stays(client: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "rows 3"})
    chart = '{"1": {"kind": "line", "x": 1, "y": [0]}}'
    path, key = shared(client, engine="alpha", source="rows 3", charts=chart)
    manage(client, path, key, action="revise", source_alpha="rows 3")
    assert client.get(f"{path}/2").status_code == 404, "nothing changed"
    manage(client, path, key, action="revise", source_alpha="rows 3", seed_alpha="make t")
    assert "data-chart=" in client.get(f"{path}/2").text
    manage(client, path, key, action="revise", source_alpha="rows 2", seed_alpha="make t")
    assert "data-chart=" not in client.get(f"{path}/3").text
