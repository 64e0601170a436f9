"""Every template with every kind of result, rendered alone: nothing is missing, nothing hostile comes alive."""

import re
import time
from typing import Any

import pytest

from app.web.render import environment
from app.web.views.diagram import draw
from app.web.views.document_trees import iso_date
from tests.fakes import diagram_of
from tests.web import samples

PAGES: dict[str, dict[str, Any]] = {
    "pages/home.html": samples.compared()
    | {"idle_minutes": 30, "task": {"slug": "x", "title": samples.HOSTILE[0], "summary": samples.HOSTILE[1]}},
    "pages/workbench.html": samples.workbench(),
    "pages/compare.html": samples.compared(),
    "pages/playground.html": samples.playground(),
    "pages/embed.html": samples.embedded(),
    "pages/manage.html": samples.managed(),
    "pages/changes.html": samples.changes(),
    "pages/deleted.html": samples.everywhere() | {"playground_id": "abcDEF123_-"},
    "pages/error.html": samples.everywhere()
    | {"status": 404, "problem": {"code": "not_found", "message": "There is no page here.", "hint": None}},
    "pages/api.html": samples.everywhere() | {"operations": [], "schemas": {}},
    "pages/diagram.html": samples.everywhere()
    | {"engine": samples.ENGINES[0], "drawing": draw(diagram_of(12)), "standalone": False},
}
KINDS: dict[str, dict[str, Any]] = {
    "rows": samples.ORDERS,
    "no rows": samples.ORDERS | {"rows": []},
    "no columns": samples.ORDERS | {"columns": [], "rows": [[]]},
    "documents": samples.DOCUMENTS,
    "no documents": samples.DOCUMENTS | {"documents": []},
    "items": samples.ITEMS,
    "reply": samples.REPLY,
    "status": samples.STATUS,
    "acknowledged": samples.ACKNOWLEDGED,
    "failed": samples.FAILED,
    "refused": samples.REFUSED,
    "stopped": samples.STOPPED,
    "plan": samples.ORDERS | {"plan": samples.PLAN},
    "unmeasured plan": samples.ORDERS | {"plan": samples.UNMEASURED},
}


def render(template: str, context: dict[str, Any]) -> str:
    return environment().get_template(template).render(context)


def results(*kinds: dict[str, Any], **more: Any) -> str:
    context = samples.everywhere() | {"engine": samples.ENGINES[0], "run": samples.run(*kinds, **more)}
    return render("partials/results.html", context)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("template", PAGES)
def test_pages_render_without_styles_or_scripts_inside(template: str) -> None:
    html = render(template, PAGES[template])
    assert not re.search(r"\b(?:src|href|action)=\"(?:javascript:|https?://(?!127\.0\.0\.1))", html)
    assert not re.search(r"<[^>]*\s(?:style|on\w+)=|<style", re.sub(r'"[^"]*"', '""', html))
    assert all(re.search(r"\bsrc=", tag) and 'nonce="bm9uY2U"' in tag for tag in re.findall(r"<script[^>]*>", html))
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("template", PAGES)
def test_htmx_attributes_carry_the_nonce(template: str) -> None:
    html = render(template, PAGES[template])
    for tag in re.findall(r"<[a-z-]+\s[^>]*\bhx-(?:get|post)=[^>]*>", html):
        assert 'hx-nonce="bm9uY2U"' in tag, tag
    assert "hx-on" not in html


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_result(kind: str) -> None:
    html = results(KINDS[kind])
    assert html.count("<section") == html.count("</section>") == 1
    assert words(results(samples.STATUS, KINDS[kind])).count("line 1") >= 1


def test_hostile_data_is_text() -> None:
    html = results(*samples.hostile_results())
    for tag in ("<script", "<svg onload", "<template", "alert(1)>", ">49<"):
        assert tag not in html
    assert html.count("<td") == html.count("</td>")
    assert html.count("&lt;script&gt;") > 10


def test_null_empty_and_the_word_null_are_apart() -> None:
    html = results(samples.rows([("a", "text")], [[None], [""], ["null"], ["empty"]]))
    assert html.count('<td class="void">') == 2
    assert "<td>null</td>" in html
    assert "<td>empty</td>" in html


def test_documents_read_as_in_their_shell() -> None:
    said = words(results(samples.DOCUMENTS)).replace("&#39;", "'")
    for part in (
        "ObjectId( '65f0c0ffee65f0c0ffeeabcd' )",
        "ISODate( '2023-11-14T22:13:20.123Z' )",
        "Decimal128( '1284.50' )",
        "Long( '9007199254740993' )",
    ):
        assert part in said
    assert "$oid" in results(samples.ITEMS)


@pytest.mark.parametrize(
    ("ms", "iso"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (2**63 - 1, "292278994-08-17T07:12:55.807Z"),
    ],
)
def test_dates_of_every_year(ms: int, iso: str) -> None:
    assert iso_date(ms) == iso


@pytest.mark.parametrize(
    ("kind", "title"), [("failed", "Failed in PostgreSQL"), ("refused", "Refused by Sandtable"), ("stopped", "Stopped")]
)
def test_who_said_no(kind: str, title: str) -> None:
    assert title in words(results(KINDS[kind]))


def test_an_error_points_at_its_place() -> None:
    html = results(samples.FAILED)
    assert 'data-error-offset="7"' in html
    assert "<mark>nmae</mark>" in html
    assert "line 1, column 8" in html


def test_what_was_not_run_is_listed() -> None:
    html = results(samples.FAILED, not_run=(samples.statement("SELECT 1", 20, 3), samples.statement("SELECT 2", 30, 4)))
    assert "2 statements not run" in words(html)
    assert "1 of 3 statements" in words(html)


def test_a_failed_seed_is_said_and_marked_in_the_seed() -> None:
    html = results(seed_error=samples.FAILED)
    assert "The seed failed" in html
    assert 'data-error-in="seed"' in html
    assert "Nothing to run" not in html


def test_a_run_that_could_not_begin() -> None:
    problem = {
        "code": "engine_busy",
        "message": "PostgreSQL has no free slot right now; nothing was run.",
        "hint": "Try again.",
    }
    context = samples.compared() | {"panes": samples.panes(postgres={"engine": "postgres", "error": problem})}
    said = words(render("pages/compare.html", context))
    assert said.count("no free slot right now") == 2


def test_the_answer_to_run_brings_status_and_sidebar() -> None:
    html = render("partials/run.html", samples.workbench())
    assert re.findall(r'<hx-partial hx-target="([^"]+)"', html) == ["#status", "#schema"]


def test_the_answer_to_a_pane_brings_its_row() -> None:
    html = render(
        "partials/compare_run.html",
        samples.everywhere()
        | {
            "engine": samples.ENGINES[2],
            "run": samples.run(samples.REPLY),
            "pane": samples.panes(redis=samples.run(samples.REPLY))[2],
        },
    )
    assert '<hx-partial hx-target="#row-redis" hx-swap="outerHTML">' in html


@pytest.mark.parametrize(("differs", "said"), [(True, "differs"), (False, "same answer"), (None, "not comparable")])
def test_running_again_says_whether_it_differs(differs: bool | None, said: str) -> None:
    context = samples.everywhere() | {
        "engine": samples.ENGINES[0],
        "pane": {"run": samples.run(samples.ORDERS)},
        "again": {"run": samples.run(samples.ORDERS), "differs": differs, "differences": [samples.changed()]},
    }
    assert said in words(render("partials/again.html", context))


def test_an_engine_that_is_down_says_why_and_what_mends_it() -> None:
    down = samples.ENGINES[0] | {
        "ready": False,
        "version": None,
        "reason": "No binary.",
        "fix": "Run `sandtable doctor`.",
    }
    context = samples.workbench(
        engine=down, engines=[down, *samples.ENGINES[1:]], run=None, schema=[], sandbox=samples.NO_SANDBOX
    )
    said = words(render("pages/workbench.html", context))
    assert "PostgreSQL is not running. No binary." in said
    assert "To mend it: Run `sandtable doctor`." in said


@pytest.mark.parametrize("kind", [samples.THOUSAND, samples.MANY_DOCUMENTS])
def test_a_thousand_of_them_render_fast(kind: dict[str, Any]) -> None:
    results(kind)
    began = time.perf_counter()
    html = results(kind)
    assert time.perf_counter() - began < 0.5
    assert "1,000" in html


def test_no_javascript_is_needed_for_the_forms() -> None:
    html = render("pages/workbench.html", samples.workbench())
    assert '<form id="run-form"' in html
    for action in ("run", "stop", "reset"):
        assert re.search(rf'name="action"\s+value="{action}"', html), action
    assert 'name="source_redis"' in render("pages/compare.html", samples.compared())
