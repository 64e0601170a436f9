"""What is kept of last runs is bounded in number and in bytes."""

import pytest

from app.playground.running import kept
from app.playground.running.kept import Kept


def test_the_newest_of_each_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_KEPT", 2)
    runs: Kept[str] = Kept()
    for session, value in (("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")):
        runs.keep(session, "redis", value, 1)
    assert [runs.of(session, "redis") for session in "abc"] == ["3", None, "4"]
    assert runs.engines_of("a") == ["redis"]


def test_large_ones_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_BYTES", 100)
    runs: Kept[str] = Kept()
    for session, size in (("a", 40), ("b", 40), ("c", 60)):
        runs.keep(session, "redis", session, size)
    assert [runs.of(session, "redis") for session in "abc"] == [None, "b", "c"]
    runs.forget("b", "redis")
    runs.forget("b", "redis")
    runs.keep("d", "redis", "d", 40)
    assert runs.of("c", "redis") == "c"
    runs.keep("e", "redis", "e", 1_000)
    assert [runs.of(session, "redis") for session in "cde"] == [None, None, "e"]
