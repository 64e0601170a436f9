"""Walks through sharing: open, run again, copy, manage, delete, with and without JavaScript; inside another site; a file dropped in."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_walk import write
from tests.served import Served

PARENT = """<!DOCTYPE html><title>A course</title><h1>Another site</h1>
<iframe src="{link}/embed?theme={theme}" width="100%" height="120" frameborder="0" title="x"></iframe>
<script>addEventListener("message", (e) => {{ if (e.data?.sandtable === "height") for (const f of
document.querySelectorAll("iframe")) if (f.contentWindow === e.source) f.height = e.data.height; }});</script>"""


class Parent(BaseHTTPRequestHandler):
    """A page of another site, with whatever it was last given."""

    html = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(self.html.encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Parent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def shared(served: Served, engine: str, source: str, **more: str) -> dict:  # type: ignore[type-arg]
    body = {"panes": [{"engine": engine, "source": source}], **more}
    answer = served.http.post("/api/v1/playgrounds", json=body)
    assert answer.status_code == 201, answer.text
    made: dict = answer.json()  # type: ignore[type-arg]
    return made


def test_1_share_name_it_find_it_again_and_delete_it(page: Page) -> None:
    page.goto("/postgres")
    write(page, "select 'walked' as word, clock_timestamp()::text as at")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results")).to_contain_text("walked")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.locator("#share-dialog")
    expect(dialog.locator("#share-link")).to_be_focused()
    link = dialog.locator("#share-link").input_value()
    dialog.get_by_label("Title").fill("A walk")
    dialog.get_by_label("Notes").fill("Some **bold** notes")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator("#words-saved")).to_contain_text("Saved")
    page.goto(link)
    expect(page.locator("h1")).to_have_text("A walk")
    expect(page.locator(".notes strong")).to_have_text("bold")
    page.get_by_role("button", name="Run again").click()
    expect(page.locator(".differs")).to_contain_text("differs")
    expect(page.locator(".answer-differs .gone").first).to_be_visible()
    expect(page.locator(".answer-differs")).to_contain_text("then PostgreSQL 18")
    page.get_by_role("link", name="Manage").click()
    page.get_by_role("button", name="Delete the playground").click()
    expect(page.locator("h1")).to_have_text("Deleted")
    page.goto(link)
    expect(page.locator("h1")).to_contain_text("deleted by its maker")


def test_2_edit_a_copy_and_see_what_changed(page: Page, served: Served) -> None:
    made = shared(served, "postgres", "select 1 as one\nunion all\nselect 2", title="The original")
    page.goto(made["link"])
    page.get_by_role("link", name="Edit a copy").click()
    expect(page.locator(".editor-hint")).to_contain_text("A copy of The original")
    write(page, "select 1 as one\nunion all\nselect 3")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .rows")).to_contain_text("3")
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".lineage")).to_contain_text("Made from another playground")
    page.get_by_role("link", name="what changed").click()
    expect(page.locator(".difference").first.locator("tr.gone")).to_contain_text("select 2")
    expect(page.locator(".difference").first.locator("tr.new")).to_contain_text("select 3")
    expect(page.locator(".difference")).to_have_count(2)


def test_3_all_of_it_without_javascript(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{served.port}", java_script_enabled=False)
    page = context.new_page()
    page.goto("/redis")
    page.locator("#source textarea").fill("SET plain words\nGET plain")
    page.locator(".toolbar button[value=run]").first.click()
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator("h1")).to_contain_text("Manage")
    manage = page.url
    link = page.locator("#share-link").input_value()
    page.get_by_label("Title").fill("Plain")
    page.get_by_role("button", name="Save").click()
    page.locator("#source-redis textarea").fill("SET plain other\nGET plain")
    page.get_by_role("button", name="Run and add as a revision").click()
    expect(page.locator(".revisions li")).to_have_count(2)
    page.goto(link)
    expect(page.locator(".results").first).to_contain_text("other")
    page.get_by_role("button", name="Run again").first.click()
    expect(page.locator(".differs")).to_contain_text("same answer")
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.locator(".results").first).to_contain_text("words")
    page.goto(manage)
    page.get_by_role("button", name="Delete the playground").click()
    assert page.goto(link).status == 410  # type: ignore[union-attr]
    context.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_4_inside_a_page_of_another_site(browser: Browser, served: Served, site: str, javascript: bool) -> None:
    made = shared(served, "postgres", "select n as embedded from generate_series(1, 12) n", title='"><b>T')
    link = made["link"].replace("127.0.0.1", "localhost")
    Parent.html = PARENT.format(link=link, theme="dark")
    context = browser.new_context(java_script_enabled=javascript)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto(site)
    frame = page.frame_locator("iframe")
    expect(frame.locator(".results")).to_contain_text("12 rows")
    frame.get_by_role("button", name="Run").click()
    expect(frame.locator(".differs")).to_contain_text("same answer")
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
    if javascript:
        page.wait_for_function("document.querySelector('iframe').clientHeight > 400")
        inside = frame.locator("body").evaluate("document.documentElement.scrollHeight")
        assert abs(inside - page.locator("iframe").evaluate("f => f.clientHeight")) <= 2
    assert context.cookies() == []
    assert errors == []
    context.close()


def test_5_only_the_embed_may_be_framed(browser: Browser, served: Served, site: str) -> None:
    link = shared(served, "redis", "PING")["link"].replace("127.0.0.1", "localhost")
    Parent.html = f'<iframe src="{link}"></iframe>'
    page = browser.new_page()
    with page.expect_console_message(lambda m: "frame-ancestors" in m.text):
        page.goto(site)
    page.close()


def test_6_the_snippet_on_the_page_is_safe_to_paste(page: Page, served: Served) -> None:
    made = shared(served, "redis", "PING", title='"><script>alert(1)</script>')
    page.goto(made["link"])
    snippet = page.locator("#snippet").input_value()
    assert "<script>alert" not in snippet
    assert re.match(r'<iframe src="http://127\.0\.0\.1:\d+/p/[\w-]{22}/embed" ', snippet)


DROP = """([selector, name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "text/csv" }));
  const target = document.querySelector(selector);
  for (const type of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


@pytest.mark.parametrize("selector", ["#source .cm-content", "#import-form"])
def test_7_a_csv_is_dropped_in_and_becomes_a_table(page: Page, selector: str) -> None:
    page.goto("/postgres" if "source" in selector else "/import?engine=postgres")
    page.locator(selector).wait_for()
    page.evaluate(DROP, [selector, "people list.csv", "id,born\n1,1815-12-10\n2,1906-12-09\n"])
    expect(page.locator("#columns h2")).to_have_text("2 rows, 2 columns")
    expect(page.get_by_label("Type of born")).to_have_value("date")
    page.get_by_label("Type of born").select_option("text")
    page.get_by_role("button", name="Make the seeds again").click()
    expect(page.get_by_label("Type of born")).to_have_value("text")
    page.get_by_role("button", name="Open in PostgreSQL").click()
    expect(page.locator("#seed .cm-content")).to_contain_text("people_list")
    write(page, "select count(*), min(born) from people_list")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .rows")).to_contain_text("1815-12-10")


def test_8_history_and_drafts(page: Page, served: Served) -> None:
    page.goto("/redis")
    for source in ("PING first", "PING second"):
        write(page, source)
        page.keyboard.press("ControlOrMeta+Enter")
        expect(page.locator("#results")).to_contain_text(source.split()[1])
    write(page, "PING 'a draft that fails")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .error")).to_be_visible()
    page.context.clear_cookies()
    page.reload()
    expect(page.locator("#source .cm-content")).to_have_text("PING 'a draft that fails")
    other = page.context.new_page()
    page.close()
    other.goto("/redis")
    expect(other.locator("#source .cm-content")).to_have_text("PING 'a draft that fails")
    for source in ("PING third", "PING fourth"):
        write(other, source)
        other.keyboard.press("ControlOrMeta+Enter")
        expect(other.locator("#results")).to_contain_text(source.split()[1])
    other.get_by_role("link", name="Your runs").click()
    boxes = other.locator("input[name=run]")
    expect(boxes).to_have_count(2)
    boxes.nth(0).check()
    boxes.nth(1).check()
    other.get_by_role("button", name="Compare two").click()
    expect(other.locator("tr.gone")).to_contain_text("third")
    expect(other.locator("tr.new")).to_contain_text("fourth")
    other.go_back()
    other.get_by_role("link", name="PING third").click()
    expect(other.locator("#source .cm-content")).to_have_text("PING third")
    other.goto("/history")
    other.get_by_role("button", name="Delete all of them").click()
    expect(other.locator("#main")).to_contain_text("Nothing was run yet")
