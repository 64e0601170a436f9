"""A real Chromium on a real app with four real engines."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.install import chromium
from tests.served import Served

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    folder = Path(tempfile.mkdtemp(prefix="sandtable-browser-"))
    folder.chmod(0o755)
    server = Served(folder / "data")
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.end()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module only: Playwright keeps a loop running, beside which pytest could run no asynchronous test."""
    binary = chromium()
    assert binary, "no Chromium: run `make browser`"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=binary, args=ARGUMENTS)
        yield launched
        launched.close()


class Watch:
    """What a page must never do: ask another host, log an error, run a stranger's script."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.foreign: list[str] = []
        self.errors: list[str] = []
        context.on("request", lambda r: r.url.startswith((origin, "data:", "blob:")) or self.foreign.append(r.url))
        context.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        context.on("weberror", lambda e: self.errors.append(str(e.error)))
        context.on("dialog", lambda d: (self.errors.append(f"dialog: {d.message}"), d.dismiss()))


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """A page in a clean profile; at its end nothing foreign was asked and nothing went wrong in the console."""
    origin = f"http://127.0.0.1:{served.port}"
    context = browser.new_context(base_url=origin, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(10_000)
    watch = Watch(context, origin)
    yield context.new_page()
    context.close()
    assert watch.foreign == []
    assert [error for error in watch.errors if "Failed to load resource" not in error] == []


def axe_violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds wrong with the page as it is now: each rule with the first places."""
    violations = Axe().run(page).response["violations"]
    return [(rule["id"], [node["html"][:120] for node in rule["nodes"][:3]]) for rule in violations]
