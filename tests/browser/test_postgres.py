"""What the PostgreSQL editor knows, in a real browser: completion by context, another database's SQL offered in PostgreSQL's words."""

from playwright.sync_api import Page, expect

from tests.browser.test_walk import write

TABLES = "drop table if exists visits, customers; create table customers (id int, full_name text); create table visits (customer_id int, at date)"
MYSQL = "SELECT IFNULL(`full_name`, '-') FROM `customers` LIMIT 0, 10"
COMPLETED = [
    ("select * from ", "c", "", "customers"),
    ("select c.", "", " from customers c", "id"),
    ("select fu", "l", " from customers", "full_name"),
    ("select string", "_", "", "string_agg"),
    ("set work", "_", "", "work_mem"),
    ("select 1::num", "e", "", "numeric"),
    ("sele", "c", "", "select"),
    ("\\d cus", "t", "", "customers"),
]
PASTE = """(text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.querySelector("#source .cm-content").dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def test_completion_by_context(page: Page) -> None:
    page.goto("/postgres")
    write(page, TABLES)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#schema")).to_contain_text("visits")
    for before, key, after, first in COMPLETED:
        write(page, before + after)
        for _ in after:
            page.keyboard.press("ArrowLeft")
        page.keyboard.press(key or "Control+Space")
        option = page.locator(".cm-tooltip-autocomplete li .cm-completionLabel").first
        expect(option).to_have_text(first)
        page.keyboard.press("Escape")


def test_a_paste_from_mysql_is_offered_and_a_failing_one_too(page: Page) -> None:
    page.goto("/postgres")
    write(page, TABLES)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#schema")).to_contain_text("customers")
    write(page, " ")
    page.evaluate(PASTE, MYSQL)
    expect(page.locator("#offer")).to_contain_text("This reads like MySQL.")
    page.locator("#offer [data-dismiss-offer]").click()
    expect(page.locator("#offer .offer")).to_have_count(0)
    page.keyboard.press("ControlOrMeta+Enter")
    page.locator("#results [data-translate]").click()
    expect(page.locator("#source .cm-content")).to_contain_text("COALESCE")
    page.locator("#source .cm-content").press("ControlOrMeta+Enter")
    expect(page.locator("#results")).to_contain_text("0 rows")
    expect(page.locator("#results .error")).to_have_count(0)
