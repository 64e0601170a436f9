"""The runner's own promises, on a fake engine."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.config import Settings
from app.core.errors import EngineBusy, EngineUnavailable, InvalidRequest, StatementStopped, TooLarge
from app.playground import services
from app.playground.engines import Engines
from app.playground.running.runner import RunRequest
from app.playground.services import Services
from app.stores.memory import MemoryStore
from tests.fakes import FakeClient, FakeEngine

SETTINGS = Settings(engines=("fake",), max_run_ms=300, max_source_bytes=1_000, max_runs_per_engine=2, slot_wait_ms=50)


@pytest.fixture
async def built() -> AsyncIterator[Services]:
    async with Engines({"fake": FakeEngine(SETTINGS)}) as engines:
        made = services.build(SETTINGS, engines, MemoryStore(), b"secret")
        await made.store.open_session("s")
        yield made
        await made.runner.close()


async def run(built: Services, source: str, session: str = "s", **more: str) -> dict:
    return await built.runner.run(session, RunRequest("fake", source, **more))  # type: ignore[arg-type]


async def test_results_come_in_order_with_their_statements(built: Services) -> None:
    answer = await run(built, "say a\n\nrows 2")
    assert [r["kind"] for r in answer["results"]] == ["rows", "rows"]
    assert answer["results"][0]["notices"] == [{"severity": "print", "message": "a"}]
    assert answer["results"][1]["statement"] == {"text": "rows 2", "start": 7, "end": 13, "line": 3}
    assert answer["results"][1]["rows"] == [["0", ""], ["1", None]]
    assert answer["not_run"] == []


async def test_the_first_failure_ends_the_run_and_names_its_place(built: Services) -> None:
    answer = await run(built, "say a\nnonsense\nsay b\nsay c")
    error = answer["results"][-1]["error"]
    assert (error["outcome"], error["code"], error["line"], error["column"], error["position"]) == (
        "failed",
        "F001",
        2,
        1,
        6,
    )
    assert [s["text"] for s in answer["not_run"]] == ["say b", "say c"]
    assert answer["stats"]["outcome"] == "failed"


async def test_the_time_limit_is_the_run_s_not_the_statement_s(built: Services) -> None:
    answer = await run(built, "sleep 200\nsleep 200\nsay never")
    error = answer["results"][1]["error"]
    assert error["outcome"] == "stopped"
    assert error["limit"] == {"name": "max_run_ms", "value": 300}
    assert len(answer["not_run"]) == 1


async def test_a_client_that_overstays_is_ended_by_the_net(built: Services) -> None:
    began = asyncio.get_running_loop().time()
    answer = await run(built, "overstay")
    assert answer["results"][0]["error"]["limit"]["name"] == "max_run_ms"
    assert asyncio.get_running_loop().time() - began < 3


async def test_stop_ends_the_run_and_the_rest_is_not_run(built: Services) -> None:
    task = asyncio.create_task(run(built, "sleep 250\nsay never"))
    await asyncio.sleep(0.05)
    assert await built.runner.stop("s", "fake")
    answer = await task
    assert answer["results"][0]["error"]["code"] == "stopped"
    assert len(answer["not_run"]) == 1
    assert not await built.runner.stop("s", "fake")


async def test_one_run_at_a_time_per_client(built: Services) -> None:
    task = asyncio.create_task(run(built, "sleep 100"))
    await asyncio.sleep(0.02)
    with pytest.raises(EngineBusy):
        await run(built, "say hello")
    assert (await task)["results"][0]["status"] == "slept"


async def test_a_full_engine_answers_busy(built: Services) -> None:
    for session in ("a", "b", "c"):
        await built.store.open_session(session)
    tasks = [asyncio.create_task(run(built, "sleep 250", session)) for session in ("a", "b")]
    await asyncio.sleep(0.02)
    with pytest.raises(EngineBusy, match="no free slot"):
        await run(built, "say hello", "c")
    await asyncio.gather(*tasks)


async def test_a_seed_runs_once_in_a_fresh_sandbox(built: Services) -> None:
    await run(built, "make old")
    assert (await run(built, "say x", seed="make seeded"))["results"][0]["kind"] == "rows"
    place = await built.sandboxes.get("s", "fake")
    assert [o.name for o in await built.engines.get("fake").inspect(place.sandbox)] == ["seeded"]
    await run(built, "make more", seed="make seeded")
    place = await built.sandboxes.get("s", "fake")
    assert [o.name for o in await built.engines.get("fake").inspect(place.sandbox)] == ["seeded", "more"]


async def test_a_first_run_with_a_seed_takes_the_sandbox_that_was_made_for_it(built: Services) -> None:
    engine = built.engines.get("fake")
    answer = await run(built, "say x", seed="make one")
    assert "replaced" not in answer
    assert len(engine.live) == 1


async def test_another_seed_says_that_what_was_there_is_gone(built: Services) -> None:
    await run(built, "make own")
    assert (await run(built, "say x", seed="make one"))["replaced"] is True
    assert (await run(built, "say x", seed="make more"))["replaced"] is True
    assert "replaced" not in await run(built, "say x", seed="make more")
    assert (await run(built, "say x", seed="make two"))["replaced"] is True
    place = await built.sandboxes.get("s", "fake")
    assert [o.name for o in await built.engines.get("fake").inspect(place.sandbox)] == ["two"]


async def test_a_seed_that_failed_begins_anew(built: Services) -> None:
    assert (await run(built, "say x", seed="make one\nnonsense"))["seed_error"]
    assert (await run(built, "say x", seed="make two"))["replaced"] is True
    place = await built.sandboxes.get("s", "fake")
    assert [o.name for o in await built.engines.get("fake").inspect(place.sandbox)] == ["two"]


async def test_a_seed_runs_again_where_the_server_lost_the_sandbox(
    built: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(built, "make more", seed="make seeded")
    engine = built.engines.get("fake")
    place = await built.sandboxes.get("s", "fake")
    lost = place.sandbox.namespace
    monkeypatch.setattr(engine, "lost", lambda sandbox: "It is gone." if sandbox.namespace == lost else "")
    answer = await run(built, "say x", seed="make seeded")
    assert answer["results"][0]["notices"][0] == {
        "severity": "warning",
        "message": "It is gone. The seed was run again.",
    }
    place = await built.sandboxes.get("s", "fake")
    assert [o.name for o in await engine.inspect(place.sandbox)] == ["seeded"]
    again = await run(built, "say x", seed="make seeded")
    assert [notice["severity"] for notice in again["results"][0]["notices"]] == ["print"]


async def test_a_seed_that_fails_is_told_and_the_source_is_not_run(built: Services) -> None:
    answer = await run(built, "say x", seed="make a\nnonsense")
    assert answer["seed_error"]["error"]["code"] == "F001"
    assert answer["results"] == []


async def test_sources_over_the_limits_are_not_run(built: Services) -> None:
    with pytest.raises(TooLarge, match=r"1,001 bytes.*1,000"):
        await run(built, "x" * 1_001)
    built.settings.model_copy()
    with pytest.raises(TooLarge, match="seed"):
        await run(built, "say x", seed="x" * 1_001)


async def test_too_many_statements_are_not_run() -> None:
    settings = Settings(max_statements=2)
    async with Engines({"fake": FakeEngine(settings)}) as engines:
        made = services.build(settings, engines, MemoryStore(), b"secret")
        await made.store.open_session("s")
        with pytest.raises(InvalidRequest, match="3 statements; the limit is 2"):
            await run(made, "say a\nsay b\nsay c")


async def test_explain_adds_plans(built: Services) -> None:
    answer = await run(built, "say x", explain="measure")
    assert answer["results"][0]["plan"]["root"]["label"] == "Fake Scan"
    assert answer["results"][0]["plan"]["measured"] is True


async def test_every_run_is_logged_also_when_it_could_not_finish(built: Services) -> None:
    await run(built, "say x")
    with pytest.raises(EngineUnavailable):
        await run(built, "vanish")
    await built.runner.close()
    assert isinstance(built.store, MemoryStore)
    assert [(r.source, r.outcome) for r in built.store._runs] == [("say x", "ok"), ("vanish", "engine_unavailable")]


async def test_reset_gives_a_fresh_sandbox(built: Services) -> None:
    await run(built, "make old")
    before = (await built.sandboxes.get("s", "fake")).sandbox
    await built.runner.reset("s", "fake")
    await built.sandboxes.close()
    after = (await built.sandboxes.get("s", "fake")).sandbox
    engine = built.engines.get("fake")
    assert isinstance(engine, FakeEngine)
    assert before.namespace != after.namespace
    assert engine.live == {after.namespace}


async def test_idle_sandboxes_and_orphans_are_dropped() -> None:
    settings = Settings(sandbox_idle_ms=1_000)
    engine = FakeEngine(settings)
    engine.live.add("orphan")
    async with Engines({"fake": engine}) as engines:
        made = services.build(settings, engines, MemoryStore(), b"secret")
        await made.store.open_session("s")
        await run(made, "make x")
        assert await made.sandboxes.drop_orphans(engine) == 1
        assert await made.sandboxes.expire_idle(engine) == 0
        await asyncio.sleep(1.1)
        assert await made.sandboxes.expire_idle(engine) == 1
        assert engine.live == set()
        assert await made.sandboxes.find("s", "fake") is None


async def test_a_plan_that_cannot_be_had_leaves_the_result(built: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async def explain(*_: object, **__: object) -> None:
        raise StatementStopped.by_time(300)

    monkeypatch.setattr(FakeClient, "explain", explain)
    for before in (True, False):
        monkeypatch.setattr(FakeEngine, "explains_before_run", before)
        result = (await run(built, "say x", explain="plan"))["results"][0]
        assert result["rows"] == [["x"]]
        assert "0.3 s" in result["plan_note"]


async def test_what_streams_has_a_limit_and_slots_of_its_own(built: Services) -> None:
    stopped = asyncio.create_task(run(built, "listen 2\nsay after"))
    others = [asyncio.create_task(run(built, "sleep 250", session)) for session in ("o1", "o2")]
    await asyncio.sleep(0.4)  # past the limit of a run
    assert not stopped.done(), "a streaming statement was ended at the limit of a run"
    assert [(await other)["stats"]["outcome"] for other in others] == ["ok", "ok"]
    assert await built.runner.stop("s", "fake")
    answer = await stopped
    assert [message["text"] for message in answer["results"][0]["messages"]] == ["number 0", "number 1"]
    assert [statement["text"] for statement in answer["not_run"]] == ["say after"]
    assert answer["stats"]["outcome"] == "stopped"


async def test_time_spent_listening_is_not_taken_from_the_rest(built: Services) -> None:
    built.runner.limits = replace(built.runner.limits, max_stream_ms=500)
    answer = await run(built, "listen 1\nsay after")
    assert [r["kind"] for r in answer["results"]] == ["status", "rows"]


async def test_a_page_hears_its_run_and_a_second_client_keeps_the_last_run(built: Services) -> None:
    reader = built.runner.feeds.follow("s", "page-token", 0)
    await anext(reader)
    await run(built, "say first")
    going = asyncio.create_task(run(built, "listen 1", client="A", page="page-token"))
    heard = [event async for batch in _two(reader) for event in batch.events]
    assert [(event["kind"], event["client"]) for event in heard] == [("listening", "A"), ("message", "A")]
    await built.runner.stop("s", "fake", "A")
    await going
    last = built.runner.last("s", "fake")
    assert last
    assert last["source"] == "say first"


async def _two(reader: AsyncIterator) -> AsyncIterator:  # type: ignore[type-arg]
    """Batches until two events came."""
    heard = 0
    while heard < 2:
        batch = await anext(reader)
        if batch is not None:
            heard += len(batch.events)
            yield batch


@pytest.mark.parametrize(
    ("part", "ran"),
    [
        ((0, 0), ["say a"]),
        ((5, 5), ["say a"]),
        ((6, 6), ["say b"]),
        ((19, 19), ["say c"]),
        ((2, 7), ["say a", "say b"]),
        ((5, 6), []),
        ((0, 99), ["say a", "say b", "say c"]),
    ],
)
async def test_a_part_of_a_source_keeps_its_place(built: Services, part: tuple[int, int], ran: list[str]) -> None:
    source = "say a\nsay b\n\nsay c"
    answer = await built.runner.run("s", RunRequest("fake", source, part=part, shown=(source, "")))
    assert [result["statement"]["text"] for result in answer["results"]] == ran
    assert all(source[r["statement"]["start"] :].startswith(r["statement"]["text"]) for r in answer["results"])
    last = built.runner.last("s", "fake")
    assert last
    assert last["source"] is None, "a part would be shared as the whole"
    assert last["shown"] == (source, "")
