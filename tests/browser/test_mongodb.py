"""MongoDB in a real browser: completion, the views of documents, a pipeline stage by stage, watching beside a second client."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import axe_violations
from tests.browser.test_walk import write
from tests.served import Served

RUN = "ControlOrMeta+Enter"
ORDERS = (
    "db.orders.drop(); db.orders.insertMany(Array.from({length: 25}, (_, i) => ({_id: i + 1, who: {name: 'Ada'}, total: i * 2})))\n"
    "db.orders.aggregate([{$match: {total: {$gte: 10}}}, {$group: {_id: '$who.name', n: {$sum: 1}}}])"
)


@pytest.fixture
def mongodb(page: Page) -> Page:
    page.goto("/mongodb")
    page.locator("#source .cm-content").wait_for()
    return page


def test_1_completion_knows_the_place(mongodb: Page) -> None:
    write(mongodb, ORDERS)
    mongodb.keyboard.press(RUN)
    expect(mongodb.locator("#schema")).to_contain_text("25 documents")
    options = mongodb.locator(".cm-tooltip-autocomplete li .cm-completionLabel")
    for typed, offered in (
        ("db.", "orders"),
        ("db.orders.ins", "insertOne"),
        ("db.orders.find().so", "sort"),
        ("db.orders.find({to", "total"),
        ("db.orders.find({total: {$gt", "$gte"),
        ("db.orders.aggregate([{$gro", "$group"),
        ("db.orders.aggregate([{$group: {_id: '$who.n", "who.name"),
        ("db.orders.aggregate([{$group: {_id: null, n: {$su", "$sum"),
        ("db.orders.updateOne({}, {$in", "$inc"),
        ("rs.st", "status"),
    ):
        write(mongodb, "")
        mongodb.keyboard.type(typed)
        expect(options.get_by_text(offered, exact=True).first).to_be_visible()
        mongodb.keyboard.press("Escape")


def test_2_documents_have_three_views_and_go_on(mongodb: Page) -> None:
    write(mongodb, ORDERS.split("\n", maxsplit=1)[0] + "\ndb.orders.find().sort({_id: 1})")
    mongodb.keyboard.press(RUN)
    result = mongodb.locator(".result").nth(-1)
    expect(result.locator(".documents").first).to_contain_text("who: { name: 'Ada' }")
    result.get_by_text("Table", exact=True).click()
    expect(result.locator("th", has_text="who.name")).to_be_visible()
    assert axe_violations(mongodb) == []
    result.get_by_text("Extended JSON", exact=True).click()
    expect(result.locator("pre")).to_contain_text('{"_id": {"$numberInt": "1"}')
    result.get_by_role("button", name="Next 20").click()
    expect(mongodb.locator(".result")).to_have_count(1)
    expect(mongodb.locator(".result")).to_contain_text("5 documents")


@pytest.mark.parametrize("javascript", [True, False])
def test_3_a_pipeline_stage_by_stage(browser: Browser, served: Served, javascript: bool) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{served.port}", java_script_enabled=javascript)
    page = context.new_page()
    page.goto("/mongodb")
    if javascript:
        write(page, ORDERS)
    else:
        page.locator("textarea[name=source]").first.fill(ORDERS)
    page.get_by_role("button", name="Run", exact=False).first.click()
    page.get_by_role("button", name="Stages").click()
    stages = page.locator(".stages > li")
    expect(stages).to_have_count(3)
    assert [text.split("\n")[0].split()[0] for text in stages.all_inner_texts()] == ["input", "$match", "$group"]
    expect(stages.nth(0)).to_contain_text("25 documents")
    expect(stages.nth(1)).to_contain_text("20 documents")
    expect(stages.nth(2)).to_contain_text("n: 20")
    context.close()


def test_4_changes_are_shown_while_a_second_client_makes_them(mongodb: Page) -> None:
    write(mongodb, "db.orders.watch()")
    mongodb.keyboard.press(RUN)
    expect(mongodb.locator("run-clock").first).to_contain_text("listening")
    mongodb.locator(".second > summary").click()
    second = mongodb.locator(".second .cm-content")
    second.click()
    mongodb.keyboard.press("ControlOrMeta+a")
    mongodb.keyboard.insert_text("db.orders.insertOne({_id: 'new'})")
    mongodb.locator(".second").get_by_role("button", name="Run").first.click()
    expect(mongodb.locator("body")).to_contain_text("orders insert")
    mongodb.get_by_role("button", name="Stop").first.click()
    expect(mongodb.locator("#results")).to_contain_text("1 change seen")
