"""The body of a snapshot: bounded by cutting the longest results, which then say so."""

import json
from typing import Any

import pytest

from app.core.errors import TooLarge
from app.playground.sharing.bodies import bounded

PLAN = {"raw": ["x" * 5_000], "root": {"raw": {"y": "x" * 5_000}, "children": [{"raw": {"z": 1}, "children": []}]}}


def pane(source: str = "select 1", **result: Any) -> dict[str, Any]:
    statement = {"text": source, "start": 0, "end": len(source), "line": 1}
    results = [{"statement": statement, **result}] if result else []
    return {"engine": "x", "source": source, "seed": "", "run": {"results": results, "not_run": []}}


@pytest.mark.parametrize(
    ("result", "part"),
    [
        ({"kind": "rows", "columns": [], "rows": [["x" * 10]] * 3_000}, "rows"),
        ({"kind": "documents", "documents": [{"a": "x" * 10}] * 3_000}, "documents"),
        ({"kind": "documents", "documents": [{"a": 1}] * 900, "plain": [{"a": 1}] * 900}, "plain"),
        ({"kind": "reply", "reply": {}, "text": "x" * 30_000}, "text"),
    ],
)
def test_the_longest_result_is_cut_and_says_so(result: dict[str, Any], part: str) -> None:
    short = pane(kind="rows", columns=[], rows=[["1"]])
    panes = bounded([pane(**result), short], 10_000)
    assert len(json.dumps(panes)) <= 10_000
    cut = panes[0]["run"]["results"][0]
    assert 0 < len(cut[part]) < len(result[part])
    assert cut["truncated"]["shown"] == len(cut[part])
    assert "10,000 bytes" in cut["truncated"]["message"]
    assert panes[1] == short


def test_raw_plans_go_first() -> None:
    panes = bounded([pane(kind="rows", columns=[], rows=[["1"]] * 50, plan=PLAN)], 5_000)
    result = panes[0]["run"]["results"][0]
    assert len(result["rows"]) == 50
    assert result["plan"]["root"]["children"][0] == {"raw": {}, "children": []}
    assert PLAN["root"]["raw"]


def test_what_fits_stays_as_it_is() -> None:
    panes = [pane(kind="rows", columns=[], rows=[["1"]] * 50, plan=PLAN)]
    assert bounded(panes, 100_000) is panes


def test_sources_alone_that_are_too_long_are_refused() -> None:
    with pytest.raises(TooLarge, match="max_share_bytes"):
        bounded([pane("x" * 5_000, kind="rows", columns=[], rows=[["1"]] * 50, plan=PLAN)], 4_000)
