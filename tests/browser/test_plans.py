"""Plans in a real browser: a suggested index tried by keyboard, a pasted plan shown and shared."""

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.test_walk import write
from tests.served import Served

TEXT = (Path(__file__).parents[1] / "plans/postgres/18/parallel.txt").read_text()
FILL = (
    "drop table if exists tried; create table tried (id int, who int);"
    "insert into tried select g, g % 500 from generate_series(1, 20000) g; analyze tried"
)


def test_1_an_index_is_tried_kept_and_the_runs_compared(page: Page) -> None:
    page.goto("/postgres")
    write(page, FILL)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .pill.ok")).to_be_visible()
    write(page, "select * from tried where who = 42")
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    page.get_by_role("button", name="Try the index").press("Enter")
    trial = page.locator(".trial")
    expect(trial.locator(".changes")).to_contain_text("500× less")
    expect(trial).to_contain_text("rolled back")
    trial.get_by_role("button", name="Keep the index").press("Enter")
    expect(page.locator("#results")).to_contain_text("CREATE INDEX")
    expect(page.locator("#source .cm-line")).to_have_text("select * from tried where who = 42")
    assert "select * from tried where who = 42</textarea>" in page.request.get("/postgres").text()
    page.locator("#source .cm-content").press("ControlOrMeta+Shift+Enter")
    expect(page.locator("#results .plan")).to_contain_text("Bitmap Heap Scan")
    page.get_by_role("link", name="Compare with an earlier run").click()
    page.get_by_role("radio", name="Run 2 as the first").check()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".run-pair")).to_contain_text("same answer")
    expect(page.locator(".run-pair .changes")).to_contain_text("500× less")


def test_2_a_plan_from_elsewhere_is_shown_and_shared(page: Page) -> None:
    page.goto("/explain")
    page.get_by_label("The plan").fill(TEXT)
    page.get_by_role("button", name="Show the plan").press("Enter")
    expect(page.locator(".plan-step").filter(has_text="Parallel Seq Scan")).to_contain_text("by 3 processes")
    page.get_by_role("button", name="Share").last.click()
    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".plan-step").filter(has_text="Parallel Seq Scan")).to_be_visible()


def test_3_without_javascript_too(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{served.port}", java_script_enabled=False)
    page = context.new_page()
    page.goto("/postgres")
    source = page.locator("#source textarea")
    source.fill(FILL)
    page.locator("#run-form .toolbar button[value=run]").click()
    page.locator("#source textarea").fill("select * from tried\nwhere who = 42")
    page.get_by_role("button", name="Explain").click()
    page.locator("#results label", has_text="Table").click()
    expect(page.locator("#results .steps")).to_be_visible()
    page.get_by_role("button", name="Try the index").click()
    expect(page.locator(".trial .changes")).to_contain_text("500× less")
    page.get_by_role("button", name="Keep the index").click()
    expect(page.locator("#results")).to_contain_text("CREATE INDEX")
    expect(page.locator("#source textarea")).to_have_value("select * from tried\nwhere who = 42")
    page.goto("/explain")
    page.get_by_label("The plan").fill(TEXT)
    page.get_by_role("button", name="Show the plan").click()
    expect(page.locator(".plan-step").first).to_be_visible()
    context.close()
