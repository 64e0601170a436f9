"""Every ready script on the real engines, twice, and its point."""

from typing import Any

import pytest

from app.playground.scripts import scripts
from app.web.views.waterfall import lay_out
from tests.scripts.conftest import Player

TIMES = 3
"""A figure in milliseconds may be off once on a busy machine: the script is then run again."""


def span_of(run: dict[str, Any], name: str) -> dict[str, Any]:
    return next(span for span in run["spans"] if span["name"] == name)


def calls_in(run: dict[str, Any], span: dict[str, Any], engine: str) -> int:
    within = [call for call in run["calls"] if span["start_ms"] <= call["start_ms"] <= span["start_ms"] + span["ms"]]
    return sum(call["engine"] == engine and call["kind"] == "call" for call in within)


def check(run: dict[str, Any], expected: dict[str, Any]) -> None:
    printed = "\n".join(line["text"] for line in run["output"])
    if shows := expected.get("shows"):
        assert shows in printed
        return
    span = span_of(run, expected["span"])
    if engine := expected.get("engine"):
        assert calls_in(run, span, engine) == expected["calls"], (span, engine)
    elif "calls" in expected:
        assert span["calls"] == expected["calls"], span
    if "connects" in expected:
        assert span["connects"] == expected["connects"], span
    if other := expected.get("less_than"):
        by = expected.get("by", "calls")
        assert span[by] < span_of(run, other)[by], (span, span_of(run, other))


@pytest.mark.parametrize("slug", scripts.catalogue())
async def test_a_ready_script_shows_its_point(player: Player, slug: str) -> None:
    """The first run makes everything new, the second finds what it left."""
    script = scripts.script(slug)
    for _ in range(2):
        for left in reversed(range(TIMES)):
            run = await player.run(script.source)
            assert run["outcome"] == "ok", run["error"]
            assert {call["outcome"] for call in run["calls"]} <= {"ok", "failed"}
            try:
                for expected in script.expect:
                    check(run, expected)
                break
            except AssertionError:
                if not left or not any(expected.get("by") == "ms" for expected in script.expect):
                    raise
        assert sum(len(part.rows) for part in lay_out(run).parts) == len(run["calls"])


def test_the_catalogue_has_what_was_asked_for_and_each_says_what_to_look_at() -> None:
    asked = {
        "cache-aside", "write-through", "write-behind", "invalidation", "stampede", "outbox", "rate-limiting", "sessions",
        "n-plus-one", "connection-reuse",
    }  # fmt: skip
    assert asked <= set(scripts.catalogue())
    for script in scripts.catalogue().values():
        assert script.expect, script.slug
        assert script.watch, script.slug
        assert script.notes.strip(), script.slug
