"""Numbered walks through the workbench: keys, the palette, tabs, tables, charts, a second client."""

import re
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser, Page, expect

from app.engines import ENGINES
from tests.browser.conftest import axe_violations
from tests.browser.test_walk import write
from tests.served import Served


def open_engine(page: Page, engine: str) -> None:
    page.goto(f"/{engine}")
    page.locator("#source[data-ready]").wait_for()


def test_1_the_statement_at_the_cursor_and_what_is_selected(page: Page) -> None:
    open_engine(page, "postgres")
    write(page, "select 'eins' as a;\nselect 'zwei😀' as b;\nselect 'drei' as c")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Alt+Enter")
    results = page.locator("#results")
    expect(results).to_contain_text("zwei")
    expect(results).not_to_contain_text("eins")
    page.keyboard.press("ControlOrMeta+Home")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Alt+Enter")
    expect(results).to_contain_text("eins")
    expect(results).not_to_contain_text("drei")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(results).to_contain_text("drei")


def test_2_everything_has_a_name_in_the_palette(page: Page) -> None:
    open_engine(page, "postgres")
    page.keyboard.press("ControlOrMeta+k")
    field = page.get_by_role("combobox", name="Name of a page")
    expect(field).to_be_focused()
    field.fill("redis stream")
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text("Redis: Streams")
    page.keyboard.press("Enter")
    page.wait_for_url("**/redis?example=*")
    page.locator("#source[data-ready]").wait_for()
    page.keyboard.press("ControlOrMeta+k")
    field.fill("side")
    page.keyboard.press("Enter")
    expect(page.locator("#sidebar")).to_be_hidden()
    page.keyboard.press("ControlOrMeta+k")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()


def test_3_tabs_keep_their_texts(page: Page) -> None:
    open_engine(page, "postgres")
    first = page.evaluate("document.getElementById('source').value")
    page.keyboard.press("Alt+n")
    page.keyboard.insert_text("select 'in my tab'")
    expect(page.get_by_role("tab", name="Source 2")).to_have_attribute("aria-selected", "true")
    page.reload()
    page.locator("#source[data-ready]").wait_for()
    expect(page.locator("#source .cm-content")).to_have_text("select 'in my tab'")
    page.get_by_role("tab", name="Source 2").dblclick()
    page.get_by_label("Name of the tab").fill("Mine")
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Mine").press("ArrowLeft")
    assert page.evaluate("document.getElementById('source').value") == first
    page.get_by_role("tab", name="Mine").click()
    page.get_by_role("tab", name="Mine").press("Delete")
    expect(page.get_by_role("tab")).to_have_count(0)
    page.keyboard.press("Alt+Shift+n")
    expect(page.locator("#source .cm-content")).to_have_text("select 'in my tab'")


def test_4_a_table_is_sorted_filtered_walked_and_looked_into(page: Page) -> None:
    open_engine(page, "postgres")
    write(
        page,
        "select n, 10 - n as back, case when n % 2 = 0 then json_build_object('n', n, 'pad', repeat('x', 80)) end as doc"
        " from generate_series(1, 12) n",
    )
    page.keyboard.press("ControlOrMeta+Enter")
    table = page.locator("#results data-table")
    first = table.locator("tbody tr:not([hidden])").first
    table.get_by_role("button", name=re.compile("^back")).click()
    expect(first).to_contain_text("12")
    table.get_by_role("button", name=re.compile("^back")).click()
    expect(table.locator("th[aria-sort=descending]")).to_contain_text("back")
    expect(first).to_contain_text("9")
    page.get_by_label("Show the fetched rows that have this").fill('"n"')
    expect(page.locator("#results .view-note")).to_contain_text("6 of 12 rows fetched")
    expect(page.locator("#results .view-note")).to_contain_text("sorted in the browser by back")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    table.locator("tbody td[tabindex='0']").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.locator("#cell-dialog pre")).to_contain_text('"n": 2,')
    expect(page.locator("#cell-dialog span.quiet")).to_contain_text("row 2 · json")
    page.keyboard.press("Escape")
    expect(table.locator("td:focus")).to_have_count(1)


def test_5_numbers_become_a_chart(page: Page) -> None:
    open_engine(page, "postgres")
    write(page, "select 'd' || n as day, n * n as visits, -n as loss from generate_series(1, 8) n")
    page.keyboard.press("ControlOrMeta+Enter")
    page.get_by_role("button", name="Chart").click()
    chart = page.locator("#results .chart")
    expect(chart.locator("rect")).to_have_count(8)
    chart.get_by_role("checkbox", name="loss").check()
    expect(chart.locator("rect")).to_have_count(16)
    chart.get_by_label("Kind").select_option("line")
    expect(chart.locator(".series path")).to_have_count(2)
    expect(chart.locator("svg")).to_have_attribute("aria-label", "day against visits, loss, 8 rows")
    page.get_by_role("button", name="Share").click()
    link = page.locator("#share-dialog input").first.input_value()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Chart").click()
    expect(chart).to_have_count(0)
    page.goto(link)
    expect(page.locator(".frozen .chart svg")).to_have_attribute("aria-label", "day against visits, loss, 8 rows")


def test_12_what_cannot_be_right_is_marked_while_it_is_written(page: Page) -> None:
    open_engine(page, "postgres")
    write(page, "select (1 + 2, '(' as quoted -- (")
    expect(page.locator("#source .cm-lint")).to_have_count(1)
    expect(page.locator("#source .cm-lint")).to_have_attribute("title", "This ( is not closed")
    open_engine(page, "redis")
    write(page, "GTE key\nGET key\n")
    expect(page.locator("#source .cm-lint")).to_have_attribute("title", "There is no command GTE")


def test_6_messages_arrive_while_a_second_client_publishes(page: Page) -> None:
    open_engine(page, "redis")
    write(page, "SUBSCRIBE news")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#run-form [data-stop]")).to_be_enabled()
    page.locator("#second > summary").click()
    page.locator("#second-source[data-ready]").wait_for()
    write(page, "PUBLISH news <b>hello</b>", "second-source")
    expect(page.locator(".answers > run-clock output")).to_contain_text("of 120 s, listening")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#second-results")).to_contain_text("(integer) 1")
    live = page.locator(".answers > live-events")
    expect(live).to_contain_text("<b>hello</b>")
    expect(live.locator(".live-count")).to_have_text("1 event")
    expect(page.locator("#second-form [data-stop]")).to_be_disabled()
    page.keyboard.press("ControlOrMeta+.")  # this client is done, so the key stops the other one
    expect(page.locator("#results")).to_contain_text("hello")
    expect(live).to_be_hidden()


def test_7_results_stand_beside_the_editor(page: Page) -> None:
    open_engine(page, "mongodb")
    page.get_by_role("button", name="Results beside the editor").click()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .run-summary .pill.ok")).to_be_visible()
    editor, results = page.locator("#run-form").bounding_box(), page.locator("#results").bounding_box()
    assert editor
    assert results
    assert results["x"] >= editor["x"] + editor["width"] - 1
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-layout", "beside")


def test_8_the_editor_as_the_visitor_likes_it(page: Page) -> None:
    open_engine(page, "postgres")
    page.locator("h1").click()
    page.keyboard.press("?")
    page.get_by_label("Size of the text").select_option("18")
    page.get_by_label("Keys of Vim").check()
    page.keyboard.press("Escape")
    expect(page.locator("#source .cm-content")).to_have_css("font-size", "18px")
    content = page.locator("#source .cm-content")
    content.click()
    page.keyboard.type("ggdG")
    expect(content).to_have_text("")
    page.reload()
    page.locator("#source[data-ready]").wait_for()
    content.click()
    page.keyboard.type("iselect 1")
    expect(content).to_contain_text("select 1")


PAGES = (
    "/",
    "/postgres",
    "/mongodb",
    "/redis",
    "/dynamodb",
    "/compare",
    "/tasks",
    "/tasks/best-sellers",
    "/topics",
    "/comparison",
    "/labs",
    "/events/postgres",
    "/events/dynamodb",
    "/explain",
    "/api/docs",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_9_no_page_breaks_a_rule_of_accessibility(browser: Browser, served: Served, scheme: str) -> None:
    """axe-core's rules, WCAG A and AA among them, on every page; on the workbenches with results and plans."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{served.port}", color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    found = {}
    for path in PAGES:
        page.goto(path)
        if path.strip("/") in ENGINES:
            page.locator("#source[data-ready]").wait_for()
            page.keyboard.press("ControlOrMeta+Shift+Enter")
            page.locator("#results .run-summary").wait_for(state="attached")
        if violations := axe_violations(page):
            found[path] = violations
    context.close()
    assert found == {}


def test_10_a_lab_is_stepped_by_keyboard_and_played(page: Page) -> None:
    page.goto("/labs")
    page.get_by_role("link", name=re.compile("^Lost update: read")).click()
    page.locator("#source[data-ready]").wait_for()
    page.locator("#source .cm-content").click()
    timeline = page.locator("#timeline")
    for step in range(1, 7):
        page.keyboard.press("ControlOrMeta+Enter")
        expect(timeline.locator(".run-summary")).to_contain_text(f"{step} of 9 steps")
    expect(timeline.locator(".run-summary .pill")).to_have_text("B waits")
    expect(timeline.locator("svg.timeline .wait")).to_contain_text("waits for A")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(timeline.locator("svg.timeline")).to_contain_text("6 goes on")
    page.get_by_role("button", name="Play").click()
    expect(timeline.locator(".run-summary .pill")).to_have_text("done")
    expect(timeline.locator("svg.timeline")).to_contain_text("(90)")
    assert axe_violations(page) == []


def test_11_a_lab_works_without_javascript(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{served.port}", java_script_enabled=False)
    page = context.new_page()
    page.goto("/labs/redis/watch-optimistic")
    page.get_by_role("button", name="Step").click()
    expect(page.locator("#timeline")).to_contain_text("1 of 12 steps")
    page.get_by_role("button", name="Step").click()
    expect(page.locator("#timeline")).to_contain_text("2 of 12 steps")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("svg.timeline")).to_contain_text("(nil)")
    expect(page.locator("h1")).to_have_text("WATCH: optimistic locking")
    context.close()


def test_14_a_labs_link_and_its_figure(page: Page) -> None:
    page.goto("/labs/redis/watch-optimistic")
    page.locator("#source[data-ready]").wait_for()
    script = page.locator("#source textarea").input_value()
    page.get_by_role("button", name="Play").press("Enter")
    expect(page.locator("svg.timeline")).to_contain_text("(nil)")
    with page.expect_download() as saved:
        page.get_by_role("button", name="SVG").press("Enter")
    figure = ET.parse(saved.value.path()).getroot()
    assert figure.tag == "{http://www.w3.org/2000/svg}svg"
    assert all(rect.get("fill") for rect in figure.iter("{http://www.w3.org/2000/svg}rect"))
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.locator("[data-lab-link]").press("Enter")
    expect(page.locator("[data-lab-link]")).to_have_text("Not copied: the link is in the address bar")
    page.reload()
    expect(page.locator("#source textarea")).to_have_value(script)
    write(page, "-- A:\n" + "x" * 5_900 + "\n" * 100)
    page.locator("[data-lab-link]").press("Enter")
    expect(page.locator("[data-lab-link]")).to_contain_text("of 6,000 characters")


def test_13_a_cell_that_is_laid_out_gives_its_own_text(page: Page) -> None:
    values = [
        "\\x" + "00ff" * 40,
        '{"long": 12345678901234567890, "kept": "' + "x" * 60 + '"}',
        "{" + ",".join(map(str, range(40))) + "}",
        "\n\n" + "text " * 60,
    ]
    types = ("bytea", "json", "int[]", "text")
    open_engine(page, "postgres")
    write(
        page, "select " + ", ".join(f"'{v}'::{t} as c{n}" for n, (v, t) in enumerate(zip(values, types, strict=True)))
    )
    page.keyboard.press("ControlOrMeta+Enter")
    page.locator("#results tbody td[tabindex='0']").focus()
    for value in values:
        page.keyboard.press("Enter")
        assert page.locator("#cell-dialog pre").evaluate("(pre) => pre.textContent") == value
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowRight")


def test_15_a_long_answer_scrolls_in_its_own_place(page: Page) -> None:
    open_engine(page, "mongodb")
    write(page, "db.orders.find({ total: 1 })\n" * 8)
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    expect(page.locator("#results .view-tabs")).to_have_count(8)
    page.locator("#results .view-tabs input:checked").last.focus()
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    expect(page.locator("#results .view-tabs").last).to_be_in_viewport()


def test_16_on_a_phone(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{served.port}", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto("/labs/redis/watch-optimistic")
    page.get_by_role("button", name="Step").press("Enter")
    expect(page.locator("#timeline")).to_contain_text("1 of 12 steps")
    open_engine(page, "redis")
    page.get_by_text("Second client", exact=True).press("Enter")
    write(page, "ECHO second", editor="second-source")
    page.locator("#second-form").get_by_role("button", name="Run").press("Enter")
    expect(page.locator("#second-results")).to_contain_text("second")
    write(page, "ECHO " + "x" * 900)
    page.keyboard.press("ControlOrMeta+Enter")
    page.get_by_role("button", name="Share").press("Enter")
    manage = page.locator("#manage-link").input_value()
    page.goto("/history")
    assert page.locator(".runs tbody tr").first.bounding_box()["height"] < 150  # type: ignore[index]
    page.goto(manage)
    page.locator(".revise .cm-line").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()
