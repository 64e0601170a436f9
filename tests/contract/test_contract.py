"""The engine contract on every real engine, started by itself and reached by URL: walls, limits, errors, state, nothing left behind."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import InvalidRequest, StatementError
from app.core.limits import Limits
from app.core.results import ErrorInfo, Message, Notice, Result, encode
from app.core.sandbox import Sandbox
from app.engines import ENGINES
from app.engines.several import Several
from tests.contract.samples import Samples, missing, samples

TREASURE = "treasure-of-a"


def behind(engine: Engine, sandbox: Sandbox) -> Engine:
    """The engine of the one server that holds the sandbox."""
    return engine.members[sandbox.server].engine if isinstance(engine, Several) else engine


@dataclass
class Subject:
    """An engine under test with its samples and two sandboxes of different visitors."""

    engine: Engine
    samples: Samples
    a: Sandbox
    b: Sandbox
    settings: Settings

    def limits(self, **changes: int) -> Limits:
        s = self.settings
        given: dict[str, Any] = {
            "max_run_ms": s.max_run_ms,
            "left_ms": s.max_run_ms,
            "max_rows": s.max_rows,
            "max_reply_bytes": s.max_reply_bytes,
        }
        return Limits(**(given | changes))

    async def run(
        self, sandbox: Sandbox, source: str, *, client: str = "main", limits: Limits | None = None
    ) -> list[Result]:
        """Run a source as the runner does, up to the first statement that does not complete."""
        limits = limits or self.limits()
        live = await self.engine.client(sandbox, client)
        try:
            statements = self.engine.split(source)
        except StatementError as exc:
            return [Result(kind="error", statement=None, error=ErrorInfo.of(exc, source))]  # type: ignore[arg-type]
        results: list[Result] = []
        await live.begin(source, limits)
        try:
            for statement in statements:
                notices: list[Notice] = []
                messages: list[Message] = []
                try:
                    async for event in live.run(statement, limits):
                        if isinstance(event, Result):
                            results.append(event)
                        elif isinstance(event, Notice):
                            notices.append(event)
                        elif isinstance(event, Message):
                            messages.append(event)
                    results[-1].notices = [*notices, *results[-1].notices]
                except StatementError as exc:
                    results.append(Result(kind="error", statement=statement, error=ErrorInfo.of(exc, source)))
                    break
        finally:
            await live.finish()
        return results

    async def works(self, sandbox: Sandbox, within_s: float = 1.0) -> bool:
        """Whether the server says, within a while, that it works for the sandbox: between two calls it does not."""
        until = time.monotonic() + within_s
        while not await self.samples.running(behind(self.engine, sandbox), sandbox):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.002)
        return True

    async def quiet(self, sandbox: Sandbox, within_s: float = 1.0) -> bool:
        """Whether the server says, within a while, that nothing of the sandbox runs."""
        until = time.monotonic() + within_s
        while await self.samples.running(behind(self.engine, sandbox), sandbox):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.05)
        return True


BY_URL = ("postgres_by_url", "postgres_on_several", "mongodb_by_url", "dynamodb_by_url")


@pytest.fixture(params=[*ENGINES, *BY_URL])
def engine(request: pytest.FixtureRequest) -> Engine:
    started: Engine = request.getfixturevalue(request.param)
    return started


@pytest.fixture
async def subject(engine: Engine, settings: Settings) -> AsyncIterator[Subject]:
    made = Subject(engine, samples(engine.slug), engine.new_sandbox(), engine.new_sandbox(), settings)
    for sandbox in (made.a, made.b):
        await engine.create(sandbox)
    yield made
    for sandbox in (made.a, made.b):
        await engine.close_clients(sandbox)
        await engine.drop(sandbox)


def shown(results: list[Result]) -> str:
    return json.dumps([encode(r) for r in results if r.kind != "error"], ensure_ascii=False)


def test_every_engine_has_samples() -> None:
    assert missing() == []


async def test_create_and_drop_are_idempotent(subject: Subject) -> None:
    engine, sandbox = subject.engine, subject.engine.new_sandbox()
    await engine.drop(sandbox)
    await engine.create(sandbox)
    await engine.create(sandbox)
    results = await subject.run(sandbox, subject.samples.write)
    assert all(r.kind != "error" for r in results), results
    assert await subject.samples.exists(behind(engine, sandbox), sandbox)
    await engine.close_clients(sandbox)
    await engine.drop(sandbox)
    await engine.drop(sandbox)
    assert not await subject.samples.exists(behind(engine, sandbox), sandbox)
    assert sandbox.namespace not in await engine.namespaces()


async def test_what_is_written_can_be_read_and_inspected(subject: Subject) -> None:
    written = await subject.run(subject.a, subject.samples.write)
    assert all(r.kind != "error" for r in written), written
    read = await subject.run(subject.a, subject.samples.read)
    assert shown(read).count(TREASURE) >= 1
    assert read[-1].stats.total_ms is not None
    names = [thing.name for thing in await subject.engine.inspect(subject.a)]
    assert subject.samples.object_name in names
    usage = await subject.engine.usage(subject.a)
    assert usage.objects >= 1
    assert usage.bytes > 0


async def test_a_fresh_sandbox_is_empty(subject: Subject) -> None:
    assert await subject.engine.inspect(subject.b) == []


async def test_a_neighbour_cannot_reach_it(subject: Subject) -> None:
    await subject.run(subject.a, subject.samples.write)
    for intrusion in subject.samples.intrusions:
        source = intrusion.replace("{namespace}", subject.a.namespace)
        results = await subject.run(subject.b, source)
        assert TREASURE not in json.dumps([encode(r) for r in results]), source
        assert subject.a.namespace not in shown(results), source
        assert subject.a.secret not in json.dumps([encode(r) for r in results]), source
    assert TREASURE in shown(await subject.run(subject.a, subject.samples.read)), "the neighbour changed it"


async def test_both_use_the_same_names_without_meeting(subject: Subject) -> None:
    await subject.run(subject.a, subject.samples.write)
    await subject.run(subject.b, subject.samples.write.replace(TREASURE, "treasure-of-b"))
    assert "treasure-of-b" not in shown(await subject.run(subject.a, subject.samples.read))
    assert TREASURE not in shown(await subject.run(subject.b, subject.samples.read))


async def test_dropping_one_leaves_the_other(subject: Subject) -> None:
    await subject.run(subject.a, subject.samples.write)
    await subject.run(subject.b, subject.samples.write)
    await subject.engine.close_clients(subject.b)
    await subject.engine.drop(subject.b)
    assert TREASURE in shown(await subject.run(subject.a, subject.samples.read))


async def test_two_clients_of_one_sandbox_see_the_same_data(subject: Subject) -> None:
    await subject.run(subject.a, subject.samples.write, client="A")
    assert TREASURE in shown(await subject.run(subject.a, subject.samples.read, client="B"))
    assert await subject.engine.client(subject.a, "A") is await subject.engine.client(subject.a, "A")
    assert await subject.engine.client(subject.a, "A") is not await subject.engine.client(subject.a, "B")
    with pytest.raises(InvalidRequest):
        await subject.engine.client(subject.a, "C")


async def test_two_clients_run_at_the_same_time(subject: Subject) -> None:
    await subject.run(subject.a, subject.samples.write)
    waiting = subject.samples.waiting or subject.samples.forever
    long_run = asyncio.create_task(subject.run(subject.a, waiting, client="A"))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    assert TREASURE in shown(await subject.run(subject.a, subject.samples.read, client="B"))
    assert time.monotonic() - began < 0.7
    await long_run


async def test_a_client_keeps_its_own_state(subject: Subject) -> None:
    if subject.samples.remember is None:
        assert subject.samples.recall is None
        return
    assert subject.samples.recall is not None
    await subject.run(subject.a, subject.samples.remember, client="A")
    assert "remembered" in shown(await subject.run(subject.a, subject.samples.recall, client="A"))
    assert "remembered" not in shown(await subject.run(subject.a, subject.samples.recall, client="B"))


async def test_an_error_is_translated_with_its_position(subject: Subject) -> None:
    results = await subject.run(subject.a, subject.samples.failing)
    error = results[-1].error
    assert error is not None
    assert error.outcome == "failed"
    assert error.position == subject.samples.failing_offset
    assert error.code
    assert error.message
    assert error.line is not None


async def test_the_time_limit_holds_on_the_server(subject: Subject) -> None:
    began = time.monotonic()
    results = await subject.run(subject.a, subject.samples.forever)
    took = time.monotonic() - began
    error = results[-1].error
    assert error is not None, results
    assert error.outcome == "stopped"
    assert error.limit == {"name": "max_run_ms", "value": subject.settings.max_run_ms}
    assert took < subject.settings.max_run_ms / 1000 + 1
    assert await subject.quiet(subject.a)
    after = await subject.run(subject.a, subject.samples.write)
    assert all(r.kind != "error" for r in after), "usable at once after"


async def test_stop_ends_the_work_on_the_server(subject: Subject) -> None:
    task = asyncio.create_task(subject.run(subject.a, subject.samples.forever))
    await asyncio.sleep(0.3)
    assert await subject.works(subject.a)
    client = await subject.engine.client(subject.a)
    await client.stop()
    assert await subject.quiet(subject.a)
    error = (await task)[-1].error
    assert error is not None
    assert (error.outcome, error.code) == ("stopped", "stopped")
    await (await subject.engine.client(subject.a)).stop()
    after = await subject.run(subject.a, subject.samples.write)
    assert all(r.kind != "error" for r in after), "usable at once after"


async def test_rows_over_the_limit_are_cut_and_said(subject: Subject) -> None:
    results = await subject.run(subject.a, subject.samples.many, limits=subject.limits(max_run_ms=5_000, left_ms=5_000))
    last = results[-1]
    assert last.error is None, last.error
    assert last.truncated is not None
    assert last.truncated.limit == "max_rows"
    assert last.truncated.shown == subject.settings.max_rows
    assert f"{subject.settings.max_rows:,}" in last.truncated.message or "1000" in last.truncated.message


async def test_bytes_over_the_limit_are_cut_and_said(subject: Subject) -> None:
    results = await subject.run(subject.a, subject.samples.big, limits=subject.limits(max_run_ms=5_000, left_ms=5_000))
    last = results[-1]
    assert len(json.dumps([encode(r) for r in results])) < 3 * subject.settings.max_reply_bytes
    if last.error is not None:
        assert last.error.limit is not None
        assert last.error.limit["name"] == "max_reply_bytes"
    else:
        assert last.truncated is not None
        assert last.truncated.limit == "max_reply_bytes"
        assert last.reply_bytes <= 1.2 * subject.settings.max_reply_bytes


async def test_a_plan_is_given_or_its_absence_explained(subject: Subject) -> None:
    await subject.run(subject.a, subject.samples.write)
    client = await subject.engine.client(subject.a)
    (statement,) = subject.engine.split(subject.samples.read)
    limits = subject.limits()
    await client.begin(subject.samples.read, limits)
    try:
        if not subject.engine.explains_before_run:
            async for _ in client.run(statement, limits):
                pass
        plan = await client.explain(statement, limits, measure=True)
    finally:
        await client.finish()
    assert plan.access
    assert plan.root.label
    assert plan.returned is None or plan.returned >= 0


async def test_parked_clients_come_back(subject: Subject) -> None:
    await subject.engine.park(0)  # those of other tests
    await subject.run(subject.a, subject.samples.write)
    await asyncio.sleep(0.02)
    assert await subject.engine.park(1, busy=frozenset({subject.a.namespace})) == 0
    assert await subject.engine.park(1) >= 1
    assert TREASURE in shown(await subject.run(subject.a, subject.samples.read))


async def test_examples_run(subject: Subject) -> None:
    """The opening example twice, since Run is pressed again; all others once, with their seeds."""
    limits = subject.limits(max_run_ms=5_000, left_ms=5_000)
    opening, *others = subject.engine.examples()
    for source in filter(None, (opening.seed, opening.source, opening.source)):
        results = await subject.run(subject.a, source, limits=limits)
        assert all(r.kind != "error" for r in results), [r.error for r in results if r.error]
    for example in others:
        sandbox = subject.engine.new_sandbox()
        await subject.engine.create(sandbox)
        for source in filter(None, (example.seed, example.source)):
            results = await subject.run(sandbox, source, limits=limits)
            failed = [r.error for r in results if r.error and r.error.outcome != "refused"]
            shows_an_error = "refuse" in (example.title + example.note).lower()
            assert shows_an_error or not failed, (example.slug, failed)
        await subject.engine.close_clients(sandbox)
        await subject.engine.drop(sandbox)
