"""What a page costs in Chromium: bytes, first paint, the time from a key to the next paint, and from Run to its result on the screen.

python -m bench.browser
"""

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.install import chromium
from tests.served import Served

PAGES = ("/", "/postgres", "/mongodb", "/redis", "/dynamodb", "/compare")
TIMES = 15

# The time from an event to the paint after it, as INP counts it: two frames after its handlers.
TO_PAINT = """event => new Promise(done => addEventListener(event, () => {
  const from = performance.now();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
}, {capture: true, once: true}))"""

RUN_TO_RESULT = """() => new Promise(done => {
  const results = document.getElementById("results");
  results.replaceChildren();
  const from = performance.now();
  new MutationObserver((_, observer) => {
    if (!results.querySelector("td:not(.row-number)")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
  }).observe(results, {childList: true, subtree: true});
  document.querySelector("#run-form [data-run-button]").click();
})"""


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="sandtable-bench-"))
    folder.chmod(0o755)
    server = Served(folder / "data")
    try:
        server.wait_until_ready()
        _measure(f"http://127.0.0.1:{server.port}")
    finally:
        server.end()
        shutil.rmtree(folder)


def _measure(origin: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        print("page          requests  kB over the wire  first contentful paint ms (median)")
        for path in PAGES:
            _load(browser, origin, path)
        context = browser.new_context(base_url=origin, viewport={"width": 1440, "height": 900})
        page = _open(context)
        _report("a key in the editor to the next paint", lambda: _key(page))
        page.evaluate("document.getElementById('source').value = 'select 1'")
        page.evaluate(RUN_TO_RESULT)
        _report("SELECT 1, from Run to its result on the screen", lambda: page.evaluate(RUN_TO_RESULT), wait_ms=600)
        browser.close()


def _open(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/postgres")
    page.locator("#source[data-ready]").wait_for()
    return page


def _load(browser: Browser, origin: str, path: str) -> None:
    paints, sizes, requests = [], [], 0
    for _ in range(5):
        context = browser.new_context(base_url=origin, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        received: list[float] = []
        session.on(
            "Network.loadingFinished", lambda event, received=received: received.append(event["encodedDataLength"])
        )
        page.goto(path)
        page.wait_for_timeout(1_000)
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
        paints.append(paint)
        sizes.append(sum(received))
        requests = len(received)
        context.close()
    print(f"{path:<12} {requests:>9} {statistics.median(sizes) / 1000:>17.0f} {statistics.median(paints):>35.0f}")


def _key(page: Page) -> float:
    page.locator("#source .cm-content").focus()
    page.evaluate(f"() => {{ window.painted = ({TO_PAINT})('keydown'); }}")
    page.keyboard.press("x")
    took: float = page.evaluate("window.painted")
    return took


def _report(what: str, measure: Callable[[], float], wait_ms: int = 50) -> None:
    times = []
    for _ in range(TIMES):
        times.append(measure())
        time.sleep(wait_ms / 1000)
    times.sort()
    print(f"{what}: median {statistics.median(times):.0f} ms, worst of {TIMES} {times[-1]:.0f} ms")


if __name__ == "__main__":
    main()
