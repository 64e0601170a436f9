"""Every ready lab on the real engines: what must come out, and the same order of things each time."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import EngineBusy, InvalidRequest, SandboxExpired, StatementFailed
from app.engines import ENGINES
from app.playground import services
from app.playground.labs import labs
from app.playground.labs.steps import read
from app.playground.services import Services
from app.stores.memory import MemoryStore
from app.web.views.timeline import lay_out, summary
from tests.fakes import FakeEngine
from tests.standing import Standing

AGAIN = 2


@pytest.fixture
def engine(request: pytest.FixtureRequest, slug: str) -> Engine:
    """The engine of the lab `slug`."""
    started: Engine = request.getfixturevalue(labs.lab(slug).engine)
    return started


@pytest.fixture
async def built(engine: Engine, settings: Settings) -> AsyncIterator[Services]:
    made = services.build(settings, Standing({engine.slug: engine}), MemoryStore(), b"secret")
    await made.store.open_session("s")
    yield made
    await made.labs.close()
    await made.runner.reset("s", engine.slug)
    await made.sandboxes.close()


def interleaving(run: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What happened, in which order, without times and addresses."""
    return [
        (s["number"], s["row"], s["end_row"], s["state"], s["released_by"], bool(s["waits_for"])) for s in run["steps"]
    ]


@pytest.mark.parametrize("slug", labs.catalogue())
async def test_a_ready_lab_comes_out_as_it_says(built: Services, slug: str) -> None:
    lab = labs.lab(slug)
    run = await built.labs.play("s", lab.engine, lab.source)
    assert run["over"]
    for expected in lab.expect:
        step = run["steps"][expected["step"] - 1]
        told = f"{slug}, step {step['number']}: {step['state']}, {summary(step['result'])}"
        state = expected.get("state")
        if state == "waits":
            assert step["waits_for"], told
            assert step["end_row"] > step["row"], told
        elif state:
            assert step["state"] == state, told
            assert step["waits_for"] is None, told
        if code := expected.get("code"):
            assert step["result"]["error"]["code"] == code, told
        if shows := expected.get("shows"):
            assert shows in json.dumps(step["result"], ensure_ascii=False) or shows in summary(step["result"]), told
        if by := expected.get("released_by"):
            assert step["released_by"] == by, told
    assert lay_out(run).boxes
    for _ in range(AGAIN):
        assert interleaving(await built.labs.play("s", lab.engine, lab.source)) == interleaving(run)


@pytest.mark.parametrize("slug", ["lost-update", "blocking-pop", "write-waits-for-transaction", "conditional-write"])
async def test_stepping_gives_what_playing_gives(built: Services, slug: str) -> None:
    lab = labs.lab(slug)
    played = await built.labs.play("s", lab.engine, lab.source)
    for _ in played["steps"]:
        run = await built.labs.step("s", lab.engine, lab.source)
    assert run["over"]
    assert interleaving(run) == interleaving(played)


@pytest.mark.parametrize("slug", ["select-for-update"])
async def test_both_waiting_for_ever_are_ended(built: Services, slug: str) -> None:
    source = """CREATE TABLE t (n int PRIMARY KEY);
-- A: BEGIN; LOCK t;
-- B: BEGIN; LOCK t;
-- B: SELECT 1;
-- B: ROLLBACK;"""
    run = await built.labs.play("s", "postgres", source)
    assert [step["state"] for step in run["steps"]] == ["done", "done", "done", "stopped", "failed", "done"]
    run = await built.labs.play("s", "postgres", "-- A: SELECT 1;\n-- B: SELECT 2;")
    assert [step["state"] for step in run["steps"]] == ["done", "done"]


THREE = "-- A: SELECT pg_sleep(0.05);\n-- B: SELECT 2;\n-- A: SELECT 3;"
later = pytest.mark.parametrize("later_s", [0, 0.02, 0.06, 0.12])
on_postgres = pytest.mark.parametrize("slug", ["deadlock"])


@on_postgres
@later
async def test_steps_pressed_at_once_are_taken_one_after_the_other(built: Services, later_s: float) -> None:
    async def step(wait_s: float) -> int:
        await asyncio.sleep(wait_s)
        at: int = (await built.labs.step("s", "postgres", THREE))["at"]
        return at

    assert await asyncio.gather(step(0), step(later_s)) in ([1, 2], [2, 1])
    assert await asyncio.gather(step(0), step(later_s)) in ([3, 1], [1, 3])
    await built.labs.end("s", "postgres")
    assert built.runner.streams["postgres"].in_use == 0


@on_postgres
@later
async def test_play_beside_a_step_waits_for_it(built: Services, later_s: float) -> None:
    async def play() -> int:
        await asyncio.sleep(later_s)
        at: int = (await built.labs.play("s", "postgres", THREE))["at"]
        return at

    stepped, played = await asyncio.gather(built.labs.step("s", "postgres", THREE), play())
    assert (stepped["at"], played) == (1, 3)
    await built.labs.end("s", "postgres")
    assert built.runner.streams["postgres"].in_use == 0


@on_postgres
async def test_a_press_that_would_wait_for_long_is_told_so(engine: Engine, settings: Settings) -> None:
    hasty = settings.model_copy(update={"slot_wait_ms": 50})
    built = services.build(hasty, Standing({engine.slug: engine}), MemoryStore(), b"secret")
    await built.store.open_session("s")
    slow = asyncio.create_task(built.labs.step("s", "postgres", "-- A: SELECT pg_sleep(0.8);\n-- B: SELECT 2;"))
    await asyncio.sleep(0.3)
    for press in (built.labs.step, built.labs.play):
        with pytest.raises(EngineBusy, match="still at work; nothing was done"):
            await press("s", "postgres", THREE)
    with pytest.raises(EngineBusy):
        await built.labs.end("s", "postgres")
    assert (await slow)["steps"][0]["state"] == "done"
    await built.labs.close()
    assert built.runner.streams["postgres"].in_use == 0
    await built.runner.reset("s", "postgres")
    await built.sandboxes.close()


@on_postgres
async def test_a_step_that_fails_ends_the_lab(built: Services) -> None:
    await built.labs.step("s", "postgres", THREE)
    await built.runner.reset("s", "postgres")  # in another tab
    await built.sandboxes.close()
    with pytest.raises(SandboxExpired):
        await built.labs.step("s", "postgres", THREE)
    assert built.runner.streams["postgres"].in_use == 0
    assert (await built.labs.step("s", "postgres", THREE))["at"] == 1


@on_postgres
async def test_a_lab_that_nobody_steps_ends(built: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labs, "IDLE_S", 0.3)
    for at in (1, 2):
        assert (await built.labs.step("s", "postgres", THREE))["at"] == at
        await asyncio.sleep(0.15)
    assert built.runner.streams["postgres"].in_use == 1
    await asyncio.sleep(0.5)
    assert built.runner.streams["postgres"].in_use == 0


def test_every_engine_has_labs_and_there_are_twenty() -> None:
    assert {lab.engine for lab in labs.catalogue().values()} == set(ENGINES)
    assert len(labs.catalogue()) >= 20


def test_a_script_is_read_with_its_places() -> None:
    engine = FakeEngine(Settings())
    source = "make t\n-- A: say one\n-- B:\nsay two\n  -- A:  say three\nsay four"
    script = read(engine, source)
    assert script.setup == "make t\n"
    assert [(name, s.text.strip(), s.line) for name, s in script.steps] == [
        ("A", "say one", 2),
        ("B", "say two", 4),
        ("A", "say three", 5),
        ("A", "say four", 6),
    ]
    for _, statement in script.steps:
        assert source[statement.start : statement.end].strip() == statement.text.strip()


def test_a_script_without_markers_or_with_too_many_steps_is_refused() -> None:
    engine = FakeEngine(Settings())
    with pytest.raises(InvalidRequest, match="names no connection"):
        read(engine, "say one")
    with pytest.raises(InvalidRequest, match="61 steps; the limit is 60"):
        read(engine, "-- A:\n" + "say x\n" * 61)


@pytest.mark.parametrize("slug", ["deadlock"])
async def test_a_setup_that_fails_is_said_with_its_place(built: Services, slug: str) -> None:
    with pytest.raises(StatementFailed) as caught:
        await built.labs.play("s", "postgres", "SELECT 1;\nSELEC 2;\n-- A: SELECT 3;")
    assert caught.value.offset == 10


@on_postgres
async def test_all_steps_together_have_the_reply_limit_of_a_run(built: Services, slug: str) -> None:
    step = "-- A: SELECT repeat('x', 600000);"
    run = await built.labs.play("s", "postgres", "\n".join([step] * 3))
    cut = [step["result"].get("truncated", {}).get("limit") for step in run["steps"]]
    assert cut == [None, "max_reply_bytes", "max_reply_bytes"]
