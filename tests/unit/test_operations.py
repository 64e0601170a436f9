"""Rates, bans, pseudonyms, the window of consumption, log lines."""

import asyncio
import json
import logging
import time
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from app.config import Settings
from app.core.errors import EngineBusy, RateLimited
from app.core.sandbox import Sandbox
from app.logs import JsonFormatter, auditor, request_id
from app.playground import services
from app.playground.engines import Engines
from app.playground.running.slots import Slots
from app.playground.running.watching import Pseudonyms, RunEnd
from app.playground.sandboxes.replicas import Replicas
from app.playground.sandboxes.sandboxes import Sandboxes
from app.playground.store import RunRecord
from app.playground.visitors.bans import Banned, Bans, address_group
from app.playground.visitors.consumption import WINDOW_S, Consumption
from app.playground.visitors.rates import Rates
from app.stores.memory import MemoryStore
from tests.fakes import FakeEngine

SETTINGS = Settings(run_burst=3, runs_per_second=1, max_sessions_per_hour=2)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def end(session: str = "s", outcome: str = "ok", ms: float = 10.0, source: str = "select 1") -> RunEnd:
    return RunEnd(RunRecord(session, "alpha", "main", source, "", outcome, 1, ms, NOW), "max_run_ms", None, 50)


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_household_counts_as_one(address: str, group: str) -> None:
    assert address_group(address) == group


async def test_the_rate_limit_says_how_long_to_wait() -> None:
    rates = Rates(SETTINGS)
    for _ in range(3):
        await rates.count_run("s")
    with pytest.raises(RateLimited) as caught:
        await rates.count_run("s")
    assert "More than 3 runs within 3 s" in caught.value.message
    assert caught.value.hint in ("Try again in 3 s.", "Try again in 2 s.")
    await rates.count_run("another")


async def test_new_sessions_are_counted_by_household() -> None:
    rates = Rates(SETTINGS)
    for last in ("1", "2"):
        await rates.count_session(f"2001:db8::{last}")
    with pytest.raises(RateLimited):
        await rates.count_session("2001:db8::3")
    await rates.count_session("2001:db8:0:1::3")


async def test_shared_rates_that_are_away_leave_each_process_its_own_count() -> None:
    rates = Rates(SETTINGS.model_copy(update={"rates_url": "redis://127.0.0.1:1"}))
    for _ in range(3):
        await rates.count_run("s")
    with pytest.raises(RateLimited):
        await rates.count_run("s")
    assert rates.shared_failures == 1, "asked once, then not again for a while"


async def test_a_ban_ends() -> None:
    store = MemoryStore()
    bans = Bans(store)
    await bans.ban_session("s", 5, "why")
    await bans.ban_address("2001:db8::1", 5, "")
    for session, address in (("s", "192.0.2.1"), ("t", "2001:db8::2")):
        with pytest.raises(Banned):
            bans.check(session, address)
    bans.check("t", "192.0.2.1")
    other = Bans(store)
    other.check("s", "192.0.2.1")
    await other.refresh()
    with pytest.raises(Banned):
        other.check("s", "192.0.2.1")
    await bans.ban_session("s", 0, "over at once")
    bans.check("s", "192.0.2.1")
    assert [ban.subject for ban in bans.current()] == ["address 2001:db8::/64"]


def test_consumption_forgets_after_its_window() -> None:
    now = 1000.0
    consumption = Consumption(lambda: now)
    consumption(end(ms=30))
    consumption(end(ms=12, outcome="stopped"))
    use = consumption.of("s")
    assert (use.runs, use.total_ms, use.reply_bytes, use.stopped, use.engines) == (2, 42, 100, 1, {"alpha"})
    now += WINDOW_S + 1
    assert consumption.of("s").runs == 0
    assert consumption.sessions() == set()
    consumption(end(session="t"))
    assert list(consumption._runs) == ["t"]


def test_a_pseudonym_is_the_same_for_a_session_and_a_key() -> None:
    one, other = Pseudonyms(b"key"), Pseudonyms(b"other")
    assert one.of("s") == one.of("s") != other.of("s")
    assert "s" * 18 not in one.of("s" * 18)


def test_the_audit_line_has_no_source(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sandtable.audit"):
        auditor(Pseudonyms(b"key"))(end(source="select 'my secret'\n\x1b[31m"))
    request_id.set("req-12345678")
    line = JsonFormatter().format(caplog.records[-1])
    request_id.set("")
    assert "\n" not in line
    assert "secret" not in line
    facts = json.loads(line)
    assert facts["session"] == Pseudonyms(b"key").of("s")
    assert (facts["engine"], facts["outcome"], facts["reason"], facts["request"]) == (
        "alpha",
        "ok",
        "max_run_ms",
        "req-12345678",
    )
    assert (facts["source_bytes"], facts["reply_bytes"]) == (24, 50)


async def test_a_slot_that_does_not_come_free_is_refused_and_counted() -> None:
    slots = Slots(FakeEngine(SETTINGS, "alpha"), 1, 50)
    async with slots.one():
        waiting = asyncio.create_task(slots.one().__aenter__())
        await asyncio.sleep(0.01)
        assert (slots.in_use, slots.waiting) == (1, 1)
        with pytest.raises(EngineBusy):
            await waiting
    assert (slots.in_use, slots.waiting) == (0, 0)


async def test_a_clock_that_is_set_back_shuts_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rates, now = Rates(SETTINGS), time.time()
    for _ in range(3):
        await rates.count_run("s")
    monkeypatch.setattr("time.time", lambda: now - 3600)
    for _ in range(3):
        await rates.count_run("s")
    with pytest.raises(RateLimited):
        await rates.count_run("s")


@pytest.mark.parametrize("jump_s", [-7200.0, 7200.0])
async def test_a_clock_that_is_set_ends_no_sandbox_in_use(monkeypatch: pytest.MonkeyPatch, jump_s: float) -> None:
    store, engine = MemoryStore(), FakeEngine(SETTINGS, "alpha")
    engines = Engines({"alpha": engine})
    async with engines:
        sandboxes = Sandboxes(engines, store, SETTINGS, Replicas(store, SETTINGS, "here"))
        await store.open_session("s")
        place = await sandboxes.get("s", "alpha")
        moment = datetime.now(UTC) + timedelta(seconds=jump_s)
        real = time.time

        class Jumped(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return moment

        monkeypatch.setattr("app.playground.sandboxes.sandboxes.datetime", Jumped)
        monkeypatch.setattr("time.time", lambda: real() + jump_s)
        assert await sandboxes.expire_idle(engine) == 0
        assert engine.live == {place.sandbox.namespace}
        moment += timedelta(milliseconds=SETTINGS.sandbox_idle_ms + 1_000)
        monkeypatch.setattr("app.playground.sandboxes.sandboxes.CLOCK_SLACK_S", 1e9)  # this time it really passed
        assert await sandboxes.expire_idle(engine) == 1


class Slow(FakeEngine):
    """Says when it is asked to drop, and drops when it may."""

    def __init__(self, slug: str) -> None:
        super().__init__(SETTINGS, slug)
        self.asked, self.may, self.dropped = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def drop(self, sandbox: Sandbox) -> None:
        self.asked.set()
        await self.may.wait()
        await super().drop(sandbox)
        self.dropped.set()


async def test_a_server_that_is_slow_to_drop_holds_up_no_other_engine() -> None:
    settings = SETTINGS.model_copy(update={"sandbox_idle_ms": 0, "janitor_interval_ms": 20})
    slow, other = Slow("alpha"), Slow("beta")
    other.may.set()
    async with Engines({"alpha": slow, "beta": other}) as engines:
        made = services.build(settings, engines, MemoryStore(), b"secret")
        await made.store.open_session("s")
        await made.sandboxes.get("s", "alpha")
        made.janitor.start()
        try:
            async with asyncio.timeout(5):
                await slow.asked.wait()
                await made.sandboxes.get("s", "beta")
                await other.dropped.wait()
                assert slow.live
                slow.may.set()
                await slow.dropped.wait()
        finally:
            await made.janitor.stop()


async def test_a_client_that_is_used_while_others_are_parked_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine(SETTINGS, "alpha")
    first, second = engine.new_sandbox(), engine.new_sandbox()
    clients = [await engine.client(sandbox) for sandbox in (first, second)]
    await asyncio.sleep(0.02)
    close = type(clients[0]).close

    async def visitor_comes(client: object) -> None:
        await close(clients[0])
        assert await engine.client(second) is clients[1]

    monkeypatch.setattr(clients[0], "close", lambda: visitor_comes(clients[0]))
    assert await engine.park(10) == 1
    assert await engine.client(second) is clients[1]
