"""Redis in a real browser: completion and hints, the tree of keys, both views of a reply, listening beside a second client."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_walk import write

RUN = "ControlOrMeta+Enter"


@pytest.fixture
def redis(page: Page) -> Page:
    page.goto("/redis")
    page.locator("#source .cm-content").wait_for()
    return page


def test_1_completion_knows_the_place(redis: Page) -> None:
    write(redis, "MSET user:1:name Ada user:2:name Linus")
    redis.keyboard.press(RUN)
    expect(redis.locator("#schema")).to_contain_text("user:")
    options = redis.locator(".cm-tooltip-autocomplete li")
    for typed, offered in (
        ("hgeta", "HGETALL"),
        ("XGROUP cr", "CREATE"),
        ("SET k v E", "EXAT"),
        ("GET user:1", "user:1:"),
    ):
        write(redis, "")
        redis.keyboard.type(typed)
        expect(options.filter(has_text=offered).first).to_be_visible()
        redis.keyboard.press("Escape")
    write(redis, "")
    redis.keyboard.type("ZADD board 1 ")
    expect(redis.locator(".cm-signature")).to_contain_text("score member [score member ...]")


def test_2_the_tree_opens_stays_open_and_counts_down(redis: Page) -> None:
    write(redis, "HSET moon:europa planet Jupiter\nSET moon:name Io EX 50")
    redis.keyboard.press(RUN)
    redis.locator('#schema details[data-path="0/tree/moon:"] > summary').click()
    key = redis.locator('#schema details[data-path="0/key/moon:europa"] > summary')
    key.press("Enter")
    expect(redis.locator("#schema")).to_contain_text("Jupiter")
    left = redis.locator("#schema count-down")
    expect(left).to_have_text(re.compile(r"^4\d s$"))
    before = left.inner_text()
    expect(left).not_to_have_text(before, timeout=3_000)
    write(redis, "HSET moon:europa planet Saturn")
    redis.keyboard.press(RUN)
    expect(redis.locator("#schema")).to_contain_text("Saturn")
    with redis.expect_download() as download:
        redis.locator('#schema a[href*="export?path=0/key/moon%3Aeuropa"]').focus()
        redis.keyboard.press("Enter")
    assert download.value.path().read_text() == "DEL moon:europa\nHSET moon:europa planet Saturn\n"


def test_3_a_reply_in_two_views_and_the_choice_is_remembered(redis: Page) -> None:
    write(redis, "HSET h f v doc '{\"a\": 1}'\nHGETALL h")
    redis.keyboard.press(RUN)
    result = redis.locator("#redis-r2")
    expect(result.locator("pre.reply")).to_contain_text('1# "f" => "v"')
    result.get_by_text("Typed", exact=True).click()
    expect(result.locator("th").nth(1)).to_contain_text("field")
    expect(result.locator("td", has_text="doc")).to_be_visible()
    redis.reload()
    expect(redis.locator("#redis-r2 td", has_text="doc")).to_be_visible()


def test_4_messages_arrive_while_a_second_client_publishes(redis: Page) -> None:
    write(redis, "SUBSCRIBE news")
    redis.keyboard.press(RUN)
    expect(redis.locator("run-clock").first).to_contain_text("listening")
    redis.locator("#second > summary").click()
    write(redis, "PUBLISH news 'the first'", "second-source")
    redis.keyboard.press(RUN)
    expect(redis.locator("#second-results")).to_contain_text("(integer) 1")
    expect(redis.locator("live-events").first).to_contain_text("the first")
    redis.locator("#run-form [data-stop]").click()
    expect(redis.locator("#results")).to_contain_text("1 message")
    expect(redis.locator("#results .pill.ok")).to_have_count(1)


def test_5_an_open_multi_ends_by_a_button(redis: Page) -> None:
    write(redis, "MULTI\nSET k v\nINCR n")
    redis.keyboard.press(RUN)
    expect(redis.locator(".transaction")).to_be_visible()
    expect(redis.locator("#results")).to_contain_text("QUEUED")
    redis.get_by_role("button", name="EXEC").click()
    expect(redis.locator("#results")).to_contain_text("(integer) 1")
    expect(redis.locator(".transaction")).to_have_count(0)
    expect(redis.locator("#source .cm-content")).to_contain_text("MULTI")
