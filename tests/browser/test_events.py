"""Live events in a real Chromium: how soon an event is painted, a flood, a lost connection, limits, without JavaScript."""

import asyncio
import contextlib
import re
import statistics
import threading
import time
from collections.abc import Iterator

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.engines import ENGINES
from tests.browser.conftest import axe_violations
from tests.browser.test_walk import write
from tests.served import Served

WRITES = {
    "postgres": "NOTIFY orders, 'mark {}'",
    "mongodb": "db.orders.insertOne({{ mark: 'mark {}' }})",
    "redis": "PUBLISH orders 'mark {}'",
    "dynamodb": "PutItem {{ TableName: 'orders', Item: {{ id: {{ S: 'mark {}' }} }} }}",
}
TIMES = 21

PAINTED = """async ([source, mark]) => {
  const list = document.querySelector("#listen-form ~ live-events ol");
  document.getElementById("act").value = source;
  const seen = new Promise((resolve) => {
    const watch = new MutationObserver(() => {
      if (!list.textContent.includes(mark)) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));  // after the paint
    });
    watch.observe(list, { childList: true });
  });
  const began = performance.now();
  document.querySelector("#act-form [data-run-button]").click();
  return (await seen) - began;
}"""

FRAMES = """() => {
  window.frames_ms = [];
  let last = performance.now();
  const tick = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""


def listen(page: Page, path: str) -> None:
    """Open a scene and press Listen; the stream is there when this returns."""
    page.goto(path)
    page.locator("#listen[data-ready]").wait_for()
    page.locator("#act[data-ready]").wait_for()
    with page.expect_response(re.compile("/feed")):
        page.get_by_role("button", name="Listen").click()
    expect(page.locator(".event-side").first.locator("run-clock output")).to_contain_text("listening")


def live(page: Page) -> Locator:
    """What A heard."""
    return page.locator(".event-side").first.locator("live-events")


@pytest.mark.parametrize("engine", ENGINES)
def test_1_an_event_is_painted_within_100_ms_of_the_press(page: Page, engine: str) -> None:
    listen(page, f"/events/{engine}")
    page.wait_for_timeout(300)
    took = []
    for n in range(TIMES):
        took.append(page.evaluate(PAINTED, [WRITES[engine].format(n), f"mark {n}"]))
        expect(page.locator("#act-form [data-stop]")).to_be_disabled()
        page.wait_for_timeout(37)  # not in step with the server's rounds
    print(
        f"{engine}: from the press to the painted event, median {statistics.median(took):.0f} ms, most {max(took):.0f}"
    )
    assert statistics.median(took) < 100
    page.keyboard.press("ControlOrMeta+.")
    expect(page.locator("#listen-results")).to_contain_text(re.compile(f"{TIMES} (notif|chang|messag|record)"))


def run_beside(page: Page, source: str) -> None:
    """Run a source as the page's session, on a client that the page doesn't use."""
    fields = {
        "csrf_token": page.locator("#act-form [name=csrf_token]").input_value(),
        "source": source,
        "client": "main",
    }
    answer = page.request.post("/partials/redis/run", form=fields)
    assert answer.status == 200, answer.text()


def heap_mb(page: Page) -> float:
    """What the page's scripts hold, after a collection of garbage."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("HeapProfiler.collectGarbage")
    used: int = cdp.send("Runtime.getHeapUsage")["usedSize"]
    cdp.detach()
    return used / 1e6


def test_2_a_thousand_events_a_second_neither_freeze_nor_fill_the_page(page: Page) -> None:
    listen(page, "/events/redis")
    text = "x" * 60
    loop = f"EVAL \"for i = 1, 100 do redis.call('PUBLISH', 'orders', i .. ' {text}') end\" 0"
    run_beside(page, loop)
    expect(live(page).locator(".live-count")).to_contain_text("100 events")
    before_mb = heap_mb(page)
    page.evaluate(FRAMES)
    began = time.monotonic()
    for tenth in range(90):
        run_beside(page, loop)
        page.wait_for_timeout(max(0.0, (began + (tenth + 1) / 10 - time.monotonic()) * 1000))
    rate = 9_000 / (time.monotonic() - began)
    expect(live(page).locator(".live-count")).to_contain_text(
        "9,100 events · the last 500 are kept, 8,600 older ones dropped"
    )
    frames = page.evaluate("window.frames_ms.slice(1)")
    after_mb = heap_mb(page)
    figures = f"{rate:.0f} events/s; frames: median {statistics.median(frames):.0f} ms, longest {max(frames):.0f} ms; heap {before_mb:.1f} -> {after_mb:.1f} MB"
    print(figures)
    assert rate > 900, figures
    assert max(frames) < 500, figures
    assert after_mb - before_mb < 5, figures
    assert live(page).locator("li").count() == 500
    page.locator("#listen-form [data-stop]").click()
    expect(page.locator("#listen-results")).to_contain_text("9,100 messages")
    expect(page.locator("#listen-results")).to_contain_text("The last 200 of 9,100 messages")


class Line:
    """Between the browser and the app: can cut the page's event stream, and keep it cut for a while."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._streams: set[asyncio.StreamWriter] = set()
        self._cut = False
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        assert self._ready.wait(5)

    def _serve(self) -> None:
        async def begin() -> asyncio.Server:
            return await asyncio.start_server(self._connected, "127.0.0.1", 0)

        server = self._loop.run_until_complete(begin())
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, app = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            await asyncio.gather(self._pass(reader, app, writer), self._pass(up, writer, None))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._streams.discard(writer)
            for one in (writer, app):
                one.close()

    async def _pass(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, browser: asyncio.StreamWriter | None
    ) -> None:
        while data := await source.read(65_536):
            if browser is not None and b"GET /feed" in data:
                self._streams.add(browser)
                if self._cut:
                    raise ConnectionResetError
            to.write(data)
            await to.drain()
        to.close()

    def cut(self) -> None:
        def now() -> None:
            self._cut = True
            for writer in self._streams:
                writer.transport.abort()

        self._loop.call_soon_threadsafe(now)

    def mend(self) -> None:
        self._cut = False

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


@pytest.fixture
def line(served: Served) -> Iterator[Line]:
    made = Line(served.port)
    yield made
    made.end()


def test_3_a_lost_connection_resumes_and_says_what_was_missed(browser: Browser, line: Line) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{line.port}")
    page = context.new_page()
    listen(page, "/events/redis")
    run_beside(page, "PUBLISH orders before")
    expect(live(page)).to_contain_text("before")
    note = live(page).locator(".live-note")
    line.cut()
    expect(note).to_contain_text("The connection was lost")
    run_beside(page, "PUBLISH orders meanwhile-1\nPUBLISH orders meanwhile-2")
    expect(live(page).locator("ol")).not_to_contain_text("meanwhile")
    line.mend()
    expect(live(page)).to_contain_text("meanwhile-2")
    expect(note).to_be_hidden()
    assert [t for t in live(page).locator("li span:last-child").all_inner_texts() if "-" in t or t == "before"] == [
        "before",
        "meanwhile-1",
        "meanwhile-2",
    ]
    expect(live(page).locator(".live-count")).to_have_text("3 events")

    line.cut()
    expect(note).to_contain_text("The connection was lost")
    run_beside(page, "EVAL \"for i = 1, 2500 do redis.call('PUBLISH', 'orders', i) end\" 0")
    line.mend()
    expect(live(page).locator(".live-count")).to_contain_text("500 missed")
    expect(live(page).locator("li").last).to_contain_text("2500")
    page.locator("#listen-form [data-stop]").click()
    expect(page.locator("#listen-results")).to_contain_text("2,503 messages")
    context.close()


def test_4_of_fifty_event_streams_three_are_served_and_the_page_says_why(page: Page, served: Served) -> None:
    page.goto("/events/redis")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{served.port}", cookies=cookies) as http,
        contextlib.ExitStack() as open_,
    ):
        answers = [open_.enter_context(http.stream("GET", f"/feed?page=a-page-{n:04}")) for n in range(50)]
        assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 47
        said = "This session follows 3 pages already (max_feeds_per_session)."
        answers[3].read()
        assert answers[3].json()["error"]["message"] == said
        page.locator("#listen[data-ready]").wait_for()
        page.get_by_role("button", name="Listen").click()
        expect(live(page).locator(".live-note")).to_contain_text(said)
        page.wait_for_timeout(500)  # nothing tells the page that it listens
        run_beside(page, "PUBLISH orders told-at-the-end")
        page.locator("#listen-form [data-stop]").click()
        expect(page.locator("#listen-results .messages-again")).to_contain_text("told-at-the-end")


def test_5_by_keyboard_paused_filtered_copied_cleared(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/events/redis/pattern")
    page.locator("#listen[data-ready]").wait_for()
    page.locator("#act[data-ready]").wait_for()
    page.locator("#listen .cm-content").click()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("run-clock output").first).to_contain_text("listening")
    page.wait_for_timeout(300)
    page.locator("#act .cm-content").click()
    page.keyboard.press("ControlOrMeta+Enter")
    events = live(page).locator("li:visible")
    expect(events).to_have_count(2)
    expect(events.first).to_contain_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3} \+\d+ ms orders.de 1 shipped$"))
    expect(page.locator("#announcer")).to_contain_text("shipped")
    assert axe_violations(page) == []

    live(page).get_by_role("searchbox").fill("orders.fr")
    expect(events).to_have_count(1)
    live(page).get_by_role("button", name="Copy").press("Enter")
    expect(page.locator("#announcer")).to_have_text("Copied 1 events.")
    assert page.evaluate("navigator.clipboard.readText()").endswith("orders.fr\t2 shipped")
    live(page).get_by_role("searchbox").fill("")

    pause = live(page).get_by_role("button", name="Pause")
    pause.press("Space")
    expect(pause).to_have_attribute("aria-pressed", "true")
    write(page, "PUBLISH orders.es <b>3</b>", "act")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(live(page).locator(".live-count")).to_have_text("3 events · paused, 1 wait")
    expect(events).to_have_count(2)
    pause.press("Space")
    expect(events).to_have_count(3)
    expect(events.last).to_contain_text("<b>3</b>")

    live(page).get_by_role("button", name="Clear").press("Enter")
    expect(live(page).locator(".live-count")).to_have_text("No events yet")
    page.keyboard.press("ControlOrMeta+.")
    expect(page.locator("#listen-results")).to_contain_text("3 messages")
    expect(page.locator("#listen-form [data-stop]")).to_be_disabled()


def test_6_without_javascript_the_events_are_in_the_answer(browser: Browser, served: Served) -> None:
    origin = f"http://127.0.0.1:{served.port}"
    context = browser.new_context(base_url=origin, java_script_enabled=False)
    listening, doing = context.new_page(), context.new_page()
    listening.goto("/events/postgres")
    expect(listening.locator("noscript p")).to_contain_text("what A hears is shown when its listening ends")
    listening.get_by_role("button", name="Listen").click(no_wait_after=True)
    doing.goto("/events/postgres")
    doing.wait_for_timeout(1_000)
    doing.get_by_role("button", name="Do something").click()
    expect(doing.locator("#act-results")).to_contain_text("ROLLBACK")
    doing.get_by_role("button", name="Stop A").click()
    expect(listening.locator("#listen-results .messages")).to_contain_text("hello", timeout=10_000)
    expect(listening.locator("#listen-results")).to_contain_text("2 notifications")
    context.close()


def test_7_listen_in_the_workbench_offers_to_show_what_comes(page: Page) -> None:
    page.goto("/postgres")
    page.locator("#source[data-ready]").wait_for()
    write(page, "LISTEN orders")
    page.keyboard.press("ControlOrMeta+Enter")
    page.get_by_role("button", name="Show notifications as they come").click()
    expect(page.locator(".answers > run-clock output")).to_contain_text("listening")
    page.locator("#second > summary").click()
    page.locator("#second-source[data-ready]").wait_for()
    write(page, "NOTIFY orders, 'from the other one'", "second-source")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator(".answers > live-events")).to_contain_text("from the other one")
    expect(page.locator("#second-form [data-stop]")).to_be_disabled()
    page.keyboard.press("ControlOrMeta+.")
    expect(page.locator("#results")).to_contain_text("1 notification")
