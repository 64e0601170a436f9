"""Numbered walks through the whole product, in a real browser."""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.served import Served

SOURCES = {
    "postgres": (
        "drop table if exists walk; create table walk as select 'w' || n as walked from generate_series(1, 2) n; select * from walk",
        "w2",
        "walk",
    ),
    "mongodb": (
        "db.walk.drop(); db.walk.insertMany([{n: 1}, {n: 2, walked: 'w2'}]); db.walk.find({n: 2})",
        "w2",
        "walk",
    ),
    "redis": ("SET walk w2\nGET walk", "w2", "walk"),
    "dynamodb": (
        "CreateTable {TableName: 'walk', KeySchema: [{AttributeName: 'pk', KeyType: 'HASH'}], "
        "AttributeDefinitions: [{AttributeName: 'pk', AttributeType: 'S'}], BillingMode: 'PAY_PER_REQUEST'}\n"
        "PutItem {TableName: 'walk', Item: {pk: 'a', walked: 'w2'}}\n"
        "GetItem {TableName: 'walk', Key: {pk: 'a'}}",
        "w2",
        "walk",
    ),
}


def write(page: Page, source: str, editor: str = "source") -> None:
    """Put a source into an editor the way a person does: click, select all, type over it."""
    content = page.locator(f"#{editor} .cm-content")
    content.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(source)


@pytest.mark.parametrize("engine", SOURCES)
def test_1_open_run_reload_reset(page: Page, engine: str) -> None:
    source, answer, thing = SOURCES[engine]
    page.goto("/")
    page.locator(f'.door[href="/{engine}"]').click()
    page.locator("#source .cm-content").wait_for()
    page.locator("#source .cm-content").press("ControlOrMeta+Enter")
    expect(page.locator("#results .run-summary .pill.ok")).to_be_visible()
    write(page, source)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results")).to_contain_text(answer)
    expect(page.locator("#schema")).to_contain_text(thing)
    page.reload()
    expect(page.locator("#results")).to_contain_text(answer)
    expect(page.locator("#source .cm-content")).to_contain_text(source.split("\n")[0][:30])
    page.get_by_role("button", name="Reset").first.click()
    page.locator("#reset-dialog .danger").click()
    expect(page.locator("#results")).to_contain_text("fresh, empty sandbox")
    expect(page.locator("#schema")).not_to_contain_text(thing)


def test_2_an_error_is_marked_in_the_editor(page: Page) -> None:
    page.goto("/postgres")
    write(page, "select 1;\nselect nonsense_column from pg_class;\nselect 3")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .pill.failed")).to_be_visible()
    expect(page.locator("#results")).to_contain_text("42703")
    expect(page.locator("#results .not-run")).to_contain_text("1 statement not run")
    expect(page.locator("#source .cm-error, #source [class*=error]").first).to_be_visible()


def test_3_stop_ends_a_run(page: Page) -> None:
    page.goto("/postgres")
    write(page, "select pg_sleep(4)")
    began = time.monotonic()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator(".answers > run-clock output")).to_be_visible()
    page.locator("#run-form [data-stop]").click()
    expect(page.locator("#results .error.stopped")).to_be_visible()
    expect(page.locator("#results")).to_contain_text("Stopped by you")
    assert time.monotonic() - began < 3


def test_4_the_limit_is_said_with_its_number(page: Page) -> None:
    page.goto("/postgres")
    write(page, "select pg_sleep(30)")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .error.stopped")).to_be_visible(timeout=9_000)
    expect(page.locator("#results")).to_contain_text("5 s")
    write(page, "select n from generate_series(1, 5000) n")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .cut")).to_contain_text("1,000")


def test_5_compare_the_quick_starts(page: Page) -> None:
    page.goto("/compare?example=quick-start")
    page.get_by_role("button", name=re.compile("Run all")).first.click()
    for engine in SOURCES:
        expect(page.locator(f"#row-{engine} .pill.ok")).to_be_visible()
        expect(page.locator(f"#results-{engine} .run-summary")).to_be_visible()


def test_6_panes_run_at_the_same_time(page: Page) -> None:
    page.goto("/compare")
    write(page, "select pg_sleep(3)", "source-postgres")
    for engine in ("mongodb", "redis", "dynamodb"):
        write(page, {"mongodb": "1 + 1", "redis": "PING", "dynamodb": "ListTables {}"}[engine], f"source-{engine}")
    began = time.monotonic()
    page.keyboard.press("ControlOrMeta+Enter")
    for engine in ("mongodb", "redis", "dynamodb"):
        expect(page.locator(f"#row-{engine} .pill.ok")).to_be_visible()
    others = time.monotonic() - began
    expect(page.locator("#row-postgres .pill.ok")).to_be_visible()
    whole = time.monotonic() - began
    assert others < 2.5
    assert 3 <= whole < 5, (others, whole)


def test_7_share_and_open_in_a_clean_profile(page: Page, browser: Browser, served: Served) -> None:
    page.goto("/redis")
    write(page, "SET shared yes-it-is\nGET shared")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results")).to_contain_text("yes-it-is")
    page.get_by_role("button", name="Share", exact=True).click()
    link = page.locator("#share-link").input_value()
    assert re.search(r"/p/[\w-]{22}$", link)
    for javascript in (True, False):
        context = browser.new_context(java_script_enabled=javascript)
        visitor = context.new_page()
        visitor.goto(link)
        expect(visitor.locator(".frozen .results").first).to_contain_text("yes-it-is")
        visitor.get_by_role("button", name="Run again").first.click()
        expect(visitor.locator(".now")).to_contain_text("yes-it-is")
        expect(visitor.locator(".differs")).to_contain_text("same answer")
        context.close()


def test_8_everything_works_without_javascript(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{served.port}", java_script_enabled=False)
    page = context.new_page()
    page.goto("/postgres")
    page.locator("#source textarea").fill("select 'no' || 'script' as answer")
    page.locator("#run-form .toolbar button[value=run]").click()
    expect(page.locator("#results")).to_contain_text("noscript")
    expect(page.locator("#source textarea")).to_have_value("select 'no' || 'script' as answer")
    page.goto("/compare")
    for engine, source in {
        "postgres": "select 1",
        "mongodb": "1",
        "redis": "PING",
        "dynamodb": "ListTables {}",
    }.items():
        page.locator(f"#source-{engine} textarea").fill(source)
    page.get_by_role("button", name=re.compile("Run all")).first.click()
    expect(page.locator("#summary .pill.ok")).to_have_count(4)
    context.close()


@pytest.mark.parametrize(
    "value",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<div hx-get="/healthz" hx-trigger="load" hx-target="#status">x</div>',
        "</td><template shadowrootmode=open>",
    ],
)
def test_9_markup_in_a_result_is_text(page: Page, value: str) -> None:
    asked: list[str] = []
    page.goto("/postgres")
    page.on("request", lambda request: asked.append(request.url))
    write(page, f"select '{value}' as \"<b onmouseover=alert(1)>c</b>\"")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results table")).to_contain_text(value)
    page.wait_for_timeout(300)
    assert not [url for url in asked if "healthz" in url]


def test_10_the_keyboard_reaches_everything(page: Page) -> None:
    page.goto("/postgres")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    content = page.locator("#source .cm-content")
    content.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(content).not_to_be_focused()
    seen = set()
    for _ in range(60):
        seen.add(page.evaluate("document.activeElement.getAttribute('name') || document.activeElement.className"))
        page.keyboard.press("Shift+Tab")
    assert {"action", "explain"} <= seen


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/postgres",
        "/mongodb",
        "/redis",
        "/dynamodb",
        "/postgres/diagram",
        "/compare",
        "/explain",
        "/postgres/runs",
        "/api/docs",
        "/nothing-here",
    ],
)
def test_11_nothing_is_wider_than_the_screen(page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_12_explain_by_keyboard(page: Page) -> None:
    page.goto("/postgres")
    write(page, "select count(*) from generate_series(1, 10)")
    page.keyboard.press("ControlOrMeta+Shift+Enter")
    expect(page.locator("#results .plan")).to_contain_text("measured")
    step = page.locator("#results .plan-step summary").first
    expect(step).to_contain_text("Makes 1 row out of 10.")
    step.press("Enter")
    expect(page.locator("#results .plan-step dl").first).to_contain_text("time by itself")
    page.locator("#results .plan .view-tabs input:checked").press("ArrowRight")
    expect(page.locator("#results .plan .steps")).to_be_visible()
    page.locator("#results .plan .view-tabs input:checked").press("ArrowRight")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download SVG").press("Enter")
    assert "Function Scan" in Path(saved.value.path()).read_text()
    page.locator("#results .plan .view-tabs input:checked").press("ArrowLeft")
    expect(page.locator("#results .rows")).to_be_visible()
    expect(page.locator("#source .cm-line")).to_have_count(1)
    page.locator("select[name=explain]").select_option("plan")
    page.reload()
    expect(page.locator("select[name=explain]")).to_have_value("plan")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .plan")).to_contain_text("not executed")
    page.goto("/redis")
    expect(page.locator("select[name=explain]")).to_have_value("none")


def test_13_a_transaction_stays_open_until_a_button_ends_it(page: Page) -> None:
    page.goto("/postgres")
    write(page, "drop table if exists kept; create table kept (n int); begin; insert into kept values (1)")
    page.keyboard.press("ControlOrMeta+Enter")
    strip = page.locator("#results .transaction")
    expect(strip).to_contain_text("A transaction is open")
    expect(page.locator("#announcer")).to_contain_text("A transaction is open")
    page.reload()
    strip.get_by_role("button", name="Commit").click()
    expect(page.locator("#results")).to_contain_text("COMMIT")
    expect(strip).to_have_count(0)
    expect(page.locator("#source .cm-content")).to_contain_text("insert into kept")
    write(page, "begin; delete from kept; select nonsense")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(strip).to_contain_text("nothing of it will happen")
    expect(strip.get_by_role("button")).to_have_count(1)
    strip.get_by_role("button", name="Rollback").focus()
    page.keyboard.press("Enter")
    expect(strip).to_have_count(0)
    page.reload()
    expect(strip).to_have_count(0)
    expect(page.locator("#source .cm-content")).to_contain_text("select nonsense")
    write(page, "table kept")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results")).to_contain_text("1 row")


@pytest.mark.parametrize("engine", ["postgres", "mongodb", "dynamodb"])
def test_14_names_go_into_the_editor_and_show_their_rows(page: Page, engine: str) -> None:
    source, answer, thing = SOURCES[engine]
    page.goto(f"/{engine}")
    write(page, source)
    page.keyboard.press("ControlOrMeta+Enter")
    name = page.locator(f'#schema [data-object="{thing}"] [data-insert="{thing}"]').first
    expect(name).to_be_visible()
    write(page, "-- ")
    name.click()
    content = page.locator("#source .cm-content")
    expect(content).to_have_text(f"-- {thing}")
    expect(content).to_be_focused()
    name.dblclick()
    expect(page.locator("#results")).to_contain_text(answer)
    expect(content).to_have_text(f"-- {thing}")
    preview = page.get_by_role("button", name=f"Preview {thing}")
    preview.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#results")).to_contain_text(answer)


def test_15_related_tables_are_drawn(page: Page) -> None:
    page.goto("/postgres/diagram")
    expect(page.locator("#main")).to_contain_text("Nothing to draw yet")
    page.goto("/postgres")
    write(
        page,
        "drop table if exists b, a; create table a (id int primary key); create table b (a_id int not null references a)",
    )
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results .pill.ok")).to_be_visible()
    page.get_by_role("link", name="Diagram").click()
    expect(page.locator(".entity")).to_have_count(2)
    expect(page.locator(".relation")).to_have_count(1)
    expect(page.locator(".relation title")).to_have_text("b refers to a (a_id → id)")
    drawing = page.locator(".drawing")
    before = drawing.get_attribute("viewBox")
    page.locator("pan-zoom").focus()
    for key in ("+", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        after = drawing.get_attribute("viewBox")
        assert after != before, key
        before = after
    expect(page.locator("[data-scale]")).to_have_text("125 %")
    box = page.locator("pan-zoom").bounding_box()
    assert box
    page.mouse.move(box["x"] + 400, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 200, steps=4)
    page.mouse.up()
    assert drawing.get_attribute("viewBox") != before
    page.get_by_role("button", name="Show all of it").click()
    expect(page.locator("[data-scale]")).to_have_text("100 %")
    with page.expect_download() as download:
        page.get_by_role("link", name="SVG").click()
    assert download.value.suggested_filename == "postgres-diagram.svg"
    assert download.value.path().read_text().startswith("<svg xmlns=")


def test_16_format_is_one_step_to_undo(page: Page) -> None:
    source = "select   a,b from   generate_series(1,2) as t(a),   (select 3) as u(b) where a>1"
    page.goto("/postgres")
    write(page, source)
    content = page.locator("#source .cm-content")
    page.keyboard.press("Shift+Alt+f")
    expect(page.locator("#announcer")).to_have_text("Formatted.")
    expect(page.locator("#source .cm-line")).not_to_have_count(1)
    expect(content).to_be_focused()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#results")).to_contain_text("1 row")
    page.keyboard.press("ControlOrMeta+z")
    expect(content).to_have_text(source)
    write(page, "select 'never ended")
    page.get_by_role("button", name="Format").click()
    expect(page.locator("#results .error")).to_be_visible()
    expect(content).to_contain_text("select 'never ended")


def test_17_the_new_buttons_work_without_javascript(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{served.port}", java_script_enabled=False)
    page = context.new_page()
    page.goto("/postgres")
    source = page.locator("#source textarea")
    source.fill("create table plain (n int); begin; insert into plain values (7)")
    page.get_by_role("button", name="Explain").click()
    page.get_by_role("button", name="Commit").click()
    expect(page.locator("#results")).to_contain_text("COMMIT")
    expect(source).to_have_value("create table plain (n int); begin; insert into plain values (7)")
    page.get_by_role("button", name="Preview plain").click()
    expect(page.locator("#results .rows")).to_contain_text("7")
    page.get_by_role("button", name="Format").click()
    expect(source).not_to_have_value("create table plain (n int); begin; insert into plain values (7)")
    page.get_by_role("link", name="Diagram").click()
    expect(page.locator(".entity")).to_contain_text("plain")
    context.close()
