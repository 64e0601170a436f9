"""The pictures of the README and the documents, made anew from the app as it is: `make screenshots`."""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.install import chromium
from tests.served import ROOT, Served

FOLDER = ROOT / "docs" / "screenshots"
DESKTOP = {"width": 1440, "height": 900}
PLANNED = (
    "SELECT p.name AS planet, count(*) AS moons, max(m.radius_km) AS largest FROM moons AS m "
    "JOIN planets AS p ON p.id = m.planet_id WHERE m.radius_km > 100 GROUP BY p.name ORDER BY moons DESC"
)
PHONE = {"width": 390, "height": 844}


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="sandtable-screenshots-"))
    folder.chmod(0o755)
    server = Served(folder / "data")
    FOLDER.mkdir(exist_ok=True)
    try:
        server.wait_until_ready()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            _take(browser, f"http://127.0.0.1:{server.port}")
            browser.close()
    finally:
        server.end()
        shutil.rmtree(folder)


def _take(browser: Browser, origin: str) -> None:
    light = browser.new_context(base_url=origin, viewport=DESKTOP, color_scheme="light")  # type: ignore[arg-type]
    page = light.new_page()
    page.goto("/")
    _run(page, "[data-run-all]", "#summary .pill >> nth=3")
    _keep(page, "start")
    page = browser.new_context(base_url=origin, viewport=DESKTOP, color_scheme="light").new_page()  # type: ignore[arg-type]
    for engine in ("postgres", "mongodb", "redis", "dynamodb"):
        _open(page, f"/{engine}")
        _run(page, "#run-form [data-run-button]", "#results .run-summary")
        _keep(page, engine)
    _open(page, "/postgres")
    page.evaluate("document.getElementById('source').value = PLANNED".replace("PLANNED", repr(PLANNED)))
    _run(page, "[data-explain-button]", "#results .plan")
    page.locator("#results .plan").last.evaluate("plan => plan.closest('.result').scrollIntoView()")
    _keep(page, "plan")
    _open(page, "/compare?task=best-sellers", "source-postgres")
    _run(page, "[data-run-all]", "#summary .pill >> nth=3")
    _keep(page, "compare")
    page.locator("button[form=compare-form]").first.click()
    page.locator("#share-dialog input").first.wait_for()
    link = page.locator("#share-dialog input").first.input_value()
    page.goto("/tasks/best-sellers")
    _keep(page, "task")
    page.goto(link)
    page.wait_for_timeout(1_000)
    _keep(page, "shared")
    _open(page, "/labs/postgres/lost-update-refused")
    _run(page, "[data-play]", "#timeline .pill.ok")
    page.locator("#timeline").scroll_into_view_if_needed()
    _keep(page, "lab")
    light.close()
    dark = browser.new_context(base_url=origin, viewport=DESKTOP, color_scheme="dark")  # type: ignore[arg-type]
    page = dark.new_page()
    _open(page, "/mongodb")
    page.get_by_role("button", name="Results beside the editor").click()
    _run(page, "#run-form [data-run-button]", "#results .run-summary")
    _keep(page, "dark")
    dark.close()
    phone = browser.new_context(base_url=origin, viewport=PHONE, color_scheme="light", has_touch=True)  # type: ignore[arg-type]
    page = phone.new_page()
    _open(page, "/redis")
    _run(page, ".bottom-bar [data-run-button]", "#results .run-summary")
    _keep(page, "phone")
    phone.close()


def _open(page: Page, path: str, editor: str = "source") -> None:
    page.goto(path)
    page.locator(f"#{editor}[data-ready]").wait_for()


def _run(page: Page, button: str, done: str) -> None:
    page.locator(button).first.click()
    page.locator(done).last.wait_for(state="attached", timeout=20_000)
    page.wait_for_timeout(600)


def _keep(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png")
    print(f"docs/screenshots/{name}.png")


if __name__ == "__main__":
    main()
