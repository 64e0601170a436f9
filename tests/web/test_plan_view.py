"""The plan on the page: what each view says, hostile texts, plans that were frozen by an earlier version, and its speed."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.core.plan_difference import difference
from app.core.plan_encoding import encode_plan
from app.core.plans import Condition, Plan, PlanNode
from app.engines.postgres.plans.plan import plan_of
from app.playground.running.trials import TriedIndex
from app.web.render import environment
from app.web.views.plan_text import as_markdown, as_text
from app.web.views.plan_view import change_view, ms, plan_view
from tests.web import samples

RECORDED = json.loads((Path(__file__).parents[1] / "plans/postgres/18/plans.json").read_text())


def recorded(name: str) -> dict[str, Any]:
    return encode_plan(plan_of(RECORDED[name][0], measured=True))


def page(plan: dict[str, Any]) -> str:
    result = samples.ORDERS | {"plan": plan}
    context = samples.everywhere() | {"engine": samples.ENGINES[0], "run": samples.run(result)}
    return environment().get_template("partials/results.html").render(context)


def wide(count: int) -> dict[str, Any]:
    """A plan of that many steps: a chain of joins, each with a scan."""
    node = PlanNode(label="Seq Scan", access="full scan", target="t0", total_ms=1.0, own_ms=1.0)
    for number in range(1, count // 2):
        scan = PlanNode(
            label="Index Scan",
            access="index scan",
            target=f"table_{number}",
            index=f"table_{number}_pkey",
            conditions=(Condition("key", "Index Cond", f"(id = t{number}.parent_id)"),),
            estimated_rows=10.0,
            returned_rows=1_000.0,
            examined_rows=2_000.0,
            loops=10,
            own_ms=1.0,
            total_ms=1.0,
            cost=8.5,
            cost_unit="planner cost",
            raw={"Node Type": "Index Scan", "Index Name": f"table_{number}_pkey"},
        )
        node = PlanNode(
            label="Nested Loop",
            access="join",
            method="nested loop",
            own_ms=0.5,
            total_ms=number * 2.0,
            returned_rows=100.0,
            cost=10.0 * number,
            children=(node, scan),
        )
    return encode_plan(Plan(root=node, access="index scan", measured=True, server_ms=100.0, raw={"Plan": "…"}))


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_plan_renders(name: str) -> None:
    html = page(recorded(name))
    steps = len(plan_view(recorded(name)).steps)
    assert html.count('class="plan-step') == steps
    assert not re.search(r"<[^>]*\sstyle=", re.sub(r'"[^"]*"', '""', html))
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_shares_hot_steps_and_badges() -> None:
    view = plan_view(recorded("misestimate"))
    assert view.by == "time"
    assert sum(step.share for step in view.steps) == pytest.approx(1)
    assert [step.label for step in view.steps if step.hot] == ["Seq Scan"]
    scan = view.steps[1]
    assert (scan.factor, scan.ratio) == ("167× more", "100")
    assert "50,000 rows of orders to keep 500" in scan.sentence


def test_without_times_the_bars_are_costs() -> None:
    explained = {
        "Plan": {"Node Type": "Limit", "Total Cost": 10.0, "Plans": [{"Node Type": "Seq Scan", "Total Cost": 9.0}]}
    }
    view = plan_view(encode_plan(plan_of(explained, measured=False)))
    assert (view.by, [step.bar for step in view.steps]) == ("cost", ["10.0", "90.0"])


def test_without_either_there_are_no_bars_and_no_flame() -> None:
    view = plan_view(encode_plan(Plan(root=PlanNode(label="GET", access="key lookup"), access="key lookup")))
    assert (view.by, view.blocks) == ("", [])
    assert "flame" not in page(encode_plan(Plan(root=PlanNode(label="GET", access="key lookup"), access="key lookup")))


@pytest.mark.parametrize("name", ["parallel", "cte", "init plan", "append partitions"])
def test_blocks_of_the_flame_lie_within_their_parents(name: str) -> None:
    blocks = plan_view(recorded(name)).blocks
    for block in blocks[1:]:
        above = [other for other in blocks if other.row == block.row - 1]
        assert any(o.x - 0.01 <= block.x and block.x + block.width <= o.x + o.width + 0.01 for o in above)


def test_text_and_markdown() -> None:
    view = plan_view(recorded("hash join"))
    text, markdown = as_text(view), as_markdown(view)
    assert "-> Hash Join" in text
    assert "Hash Cond: " in text
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(view.steps)
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_hostile_texts_stay_text(text: str) -> None:
    node = PlanNode(
        label=text, access="full scan", target=f"{text}|\n`{text}", index=text, role=text, warnings=(text,), own_ms=1.0,
        total_ms=1.0, conditions=(Condition("filter", text, text),),
    )  # fmt: skip
    encoded = encode_plan(Plan(root=node, access="full scan", raw={text: text}, note=text))
    html = page(encoded)
    for tag in ("<script", "<svg onload", "<template", "alert(1)>", ">49<"):
        assert tag not in html
    table = [line for line in as_markdown(plan_view(encoded)).splitlines() if line.startswith("|")]
    assert len(table) == 3


def test_a_plan_frozen_by_the_first_version_is_still_shown() -> None:
    html = page(samples.PLAN)
    assert "Nested Loop" in html or "Hash Join" in html
    assert page(samples.UNMEASURED)


def test_two_hundred_steps_render_in_under_50_ms() -> None:
    plan = wide(200)
    page(plan)
    times = []
    for _ in range(5):
        began = time.process_time()
        html = page(plan)
        times.append((time.process_time() - began) * 1000)
    assert html.count('class="plan-step') >= 199
    assert min(times) < 50, times


def test_trying_an_index_needs_a_run_that_suggests_it(client: TestClient) -> None:
    client.post("/partials/alpha/run", data={"source": "say a", "action": "explain"})
    asked = {"number": "1", "index": "CREATE INDEX x ON y (z)"}
    for path in ("/partials/alpha/try-index", "/alpha/try-index"):
        response = client.post(path, data=asked)
        assert response.status_code == 400
        assert "suggests no such index" in response.text


def test_the_two_plans_of_a_trial_render_beside_each_other() -> None:
    before, after = recorded("seq scan"), recorded("index scan")
    tried = TriedIndex(
        "select 1", "CREATE INDEX a ON b (c);", "DROP INDEX a;", "Tried.", before, after, difference(before, after)
    )
    context = samples.everywhere() | {"engine": samples.ENGINES[0], "trial": tried, "number": 1}
    context |= {"source": "\n\nselect 1 <b>", "seed": "create b"}
    html = environment().get_template("pages/trial.html").render(context)
    assert html.count('class="plan-step') == 2
    assert html.count("marked") == 2
    assert '<textarea name="source" hidden>\n\n\nselect 1 &lt;b&gt;</textarea>' in html
    assert re.search(r'class="better">[\d,.]+× faster', html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (100.0, 1.0, ("100× faster", "better")),
        (1.0, 3.0, ("3× slower", "worse")),
        (1.0, 1.05, ("about the same", "")),
        (None, 1.0, ("", "")),
        (1.0, 0.0, ("", "")),
    ],
)
def test_what_became_of_a_time(before: float | None, after: float | None, said: tuple[str, str]) -> None:
    root = PlanNode(label="x", access="full scan")
    plans = [encode_plan(Plan(root=root, access="full scan", server_ms=value)) for value in (before, after)]
    ((_, _, _, *found),) = change_view(difference(*plans).changes)
    assert tuple(found) == said


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "under 1 ms"),
        (0.004, "under 0.01 ms"),
        (0.25, "0.25 ms"),
        (12.34, "12.3 ms"),
        (1234, "1,234 ms"),
        (12_340, "12.3 s"),
    ],
)
def test_times_are_written_as_in_results(value: float, written: str) -> None:
    assert ms(value) == written
    assert (
        environment().from_string('{% from "macros/format.html" import ms %}{{ ms(value) }}').render(value=value)
        == written
    )
