"""Scripts across engines as a visitor uses them."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import axe_violations
from tests.served import Served


def write(page: Page, source: str) -> None:
    page.locator("#source[data-ready]").wait_for()
    page.evaluate("source => { document.getElementById('source').value = source; }", source)
    page.locator("#source .cm-content").click()


def test_1_a_ready_script_is_run_by_keyboard_and_drawn(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Scripts").click()
    page.get_by_role("link", name=re.compile("^Cache-aside")).click()
    page.locator("#source[data-ready]").wait_for()
    page.locator("#source .cm-content").click()
    page.keyboard.press("ControlOrMeta+Enter")
    waterfall = page.locator("#waterfall")
    expect(waterfall.locator(".run-summary .pill")).to_have_text("done")
    expect(waterfall.locator(".script-output")).to_contain_text("hit:  1 call")
    expect(waterfall.locator("th[scope=rowgroup]")).to_have_text(["miss", "hit"])
    expect(waterfall.get_by_role("row", name=re.compile("redis: GET cache:user:7"))).to_have_count(2)
    expect(page.locator("#announcer")).to_contain_text("Done, ")
    bars = waterfall.locator(".took").evaluate_all("bars => bars.map((bar) => bar.getBoundingClientRect().width)")
    assert all(width >= 1 for width in bars)
    assert axe_violations(page) == []


def test_2_progress_is_seen_and_stop_ends_it_by_keyboard(page: Page) -> None:
    page.goto("/scripts/own")
    write(page, "for (let n = 0; ; n++) { print('round', n); await redis.incr('browser:n'); await sleep(100); }")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("run-clock output")).to_contain_text(re.compile(r"calls: \d"))
    expect(page.locator("live-events")).to_contain_text("round 3")
    page.keyboard.press("ControlOrMeta+.")
    expect(page.locator("#waterfall .run-summary .pill")).to_have_text("stopped")
    expect(page.locator("#waterfall .error")).to_contain_text("Stopped by you.")
    expect(page.locator("#waterfall .script-output")).to_contain_text("round 0")


def test_3_an_error_is_marked_in_the_editor(page: Page) -> None:
    page.goto("/scripts/own")
    write(page, "print(1);\nawait pg.query('SELEC 1');")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#waterfall .error")).to_contain_text("line 2")
    expect(
        page.locator("#source .cm-lintRange-error, #source .cm-error-line, #source .cm-lint-marker-error")
    ).not_to_have_count(0)


def test_4_a_link_carries_the_script(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/scripts/own")
    write(page, "print('from the link');")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    page.locator("#source[data-ready]").wait_for()
    expect(page.locator("#waterfall")).to_contain_text("The waterfall appears here")
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".script-output")).to_contain_text("from the link")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_5_on_a_phone_nothing_leaves_the_screen(browser: Browser, served: Served, scheme: str) -> None:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{served.port}",
        viewport={"width": 390, "height": 844},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto("/scripts/stampede")
    page.locator("#source[data-ready]").wait_for()
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#waterfall .run-summary .pill")).to_have_text("done")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    inside = page.locator(".waterfall").evaluate("box => box.scrollWidth <= box.clientWidth")
    assert inside
    assert axe_violations(page) == []
    context.close()


def test_6_it_works_without_javascript(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{served.port}", java_script_enabled=False)
    page = context.new_page()
    page.goto("/scripts/n-plus-one")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("h1")).to_have_text("N+1 against batch")
    expect(page.locator(".script-output")).to_contain_text("BatchGetItem: 1 call,")
    expect(page.locator(".waterfall tbody tr")).not_to_have_count(0)
    context.close()
