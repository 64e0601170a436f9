"""The JavaScript sandbox by itself: state, presentation, bounds, and each private part of quickjs-rs we touch."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from quickjs_rs import Runtime

from app.core.errors import EngineBusy, EngineUnavailable
from app.scripting import priority, quickjs
from app.scripting.bridge import GRACE_S, Bridge
from app.scripting.errors import HostFailure, ScriptFailed, ScriptStopped
from app.scripting.runtime import Script, Scripts, prelude_files

PRELUDE = """
publish("host", (op, fields) => ask(op, fields ?? {}));
fix("__show", ({ value }, limits) => {
  const shown = (v) => toJson({ text: inspect(v), limits: fromJson(limits) });
  return value instanceof Promise ? value.then(shown) : shown(value);
});
"""


@pytest.fixture(scope="module")
async def scripts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scripts]:
    shell = tmp_path_factory.mktemp("engine") / "shell"
    shell.mkdir()
    (shell / "show.js").write_text(PRELUDE)
    async with Scripts(prelude_files(str(shell.parent / "engine.py"), ["show"]), max_running=2, wait_ms=100) as made:
        yield made


class Session:
    """A script, what it printed, and a bridge with a few operations."""

    def __init__(self) -> None:
        self.printed: list[str] = []
        self.waiting = asyncio.Event()
        self.bridge = Bridge(
            {"print": self._print, "echo": self._echo, "hang": self._hang, "fail": self._fail, "down": self._down}
        )
        self.script: Script

    async def _print(self, request: dict[str, Any]) -> str:
        self.printed.append(request["text"])
        return "null"

    async def _echo(self, request: dict[str, Any]) -> str:
        return json.dumps(request.get("value"))

    async def _hang(self, request: dict[str, Any]) -> str:
        self.waiting.set()
        await asyncio.sleep(60)
        return "null"

    async def _fail(self, request: dict[str, Any]) -> str:
        raise HostFailure({"name": "SomeError", "message": "no", "code": 5})

    async def _down(self, request: dict[str, Any]) -> str:
        raise EngineUnavailable("gone")

    async def value(self, code: str, seconds: float = 1.0, **place: int) -> str:
        text: str = json.loads(await self.script.evaluate(code, seconds=seconds, **place))["text"]
        return text


@pytest.fixture
async def session(scripts: Scripts) -> AsyncIterator[Session]:
    made = Session()
    made.script = await scripts.open(made.bridge.call)
    yield made
    scripts.close(made.script)


VALUES = [
    ("1 + 1", "2"),
    ("'a'", "'a'"),
    ('"it\'s"', '"it\'s"'),
    ("undefined", "undefined"),
    ("null", "null"),
    ("-0", "-0"),
    ("({ a: [1, { b: 2 }], 'c d': 'x' })", "{ a: [ 1, { b: 2 } ], 'c d': 'x' }"),
    ("[]", "[]"),
    ("new Set([1])", "Set(1) { 1 }"),
    ("new (class Point { x = 1 })()", "Point { x: 1 }"),
    ("let o = {}; o.self = o; o", "{ self: [Circular] }"),
    ("[[[[[[[[1]]]]]]]]", "[ [ [ [ [ [ [Array] ] ] ] ] ] ]"),
    ("new Error('x')", "Error: x"),
    ("Symbol('s')", "Symbol(s)"),
    ("5n", "5n"),
    ("new Date(0)", "ISODate('1970-01-01T00:00:00.000Z')"),
    ("Array.from({ length: 102 }, () => 1).length", "102"),
    (
        "EJSON.stringify({ a: 1, b: 0.5, c: [new Date(5)] })",
        '\'{"a":1,"b":{"$numberDouble":"0.5"},"c":[{"$date":{"$numberLong":"5"}}]}\'',
    ),
    ("EJSON.stringify({ a: 1 }, { relaxed: false })", '\'{"a":{"$numberInt":"1"}}\''),
    ('EJSON.parse(\'{"a":{"$numberDouble":"1.5"}}\').a', "1.5"),
    ("await Promise.resolve(7)", "7"),
    ("Promise.resolve(7)", "7"),
    ("host('echo', { value: [1, 'é𝒳', null] })", "[ 1, 'é𝒳', null ]"),
]


@pytest.mark.parametrize(("code", "text"), VALUES, ids=[v[0][:40] for v in VALUES])
async def test_values(session: Session, code: str, text: str) -> None:
    assert await session.value(code) == text


async def test_declarations_last_from_statement_to_statement(session: Session) -> None:
    await session.value("const x = await Promise.resolve(3)")
    await session.value("let y = 4; function f() { return x + y }")
    await session.value("class A {}")
    assert await session.value("f()") == "7"
    with pytest.raises(ScriptFailed, match="redeclaration"):
        await session.value("const x = 1")
    assert await session.value("const host = 5; host") == "5", "what the prelude published may be shadowed"


async def test_printing_in_order(session: Session) -> None:
    await session.value("print(1, 'a'); console.log('%s-%d', 'x', 2, [3]); printjson({ a: 1 })")
    assert session.printed == ["1 a", "x-2 [ 3 ]", "{ a: 1 }"]


async def test_errors_have_the_place_in_the_source(session: Session) -> None:
    for code, line, column in (("null.x", 7, 5), ("\n  nope", 8, 3), ("'é' + nope", 7, 12)):
        with pytest.raises(ScriptFailed) as caught:
            await session.value(code, line=7, column=5)
        assert (caught.value.line, caught.value.column) == (line, column)
    with pytest.raises(ScriptFailed) as caught:
        await session.value("host('fail')", line=3)
    assert (caught.value.name, caught.value.message, caught.value.line) == ("SomeError", "no", 3)
    failure = session.bridge.failure_of("SomeError", "no")
    assert failure is not None
    assert failure.fields["code"] == 5


async def test_host_failures_can_be_caught_and_fatal_ones_not(session: Session) -> None:
    assert await session.value("try { host('fail') } catch (e) { e.name + e.code }") == "'SomeError5'"
    with pytest.raises(EngineUnavailable):
        await session.value("try { host('down') } catch (e) {} for (;;) {}")


async def test_unknown_operations_and_odd_texts(session: Session) -> None:
    with pytest.raises(ScriptFailed, match="unknown host operation"):
        await session.value("host('nonsense')")
    assert await session.value("host('echo', { value: 'a\\ud800' })") == "'a?'"
    assert await session.value("'\ud800'.length") == "1"


async def test_a_host_call_waits_at_most_the_time_left(session: Session) -> None:
    began = time.monotonic()
    with pytest.raises(ScriptStopped) as caught:
        await session.value("for (;;) { try { host('hang') } catch (e) {} }", seconds=0.3)
    assert caught.value.reason == "time"
    assert time.monotonic() - began < 0.3 + GRACE_S + 0.3


async def test_sleep_counts(session: Session) -> None:
    began = time.monotonic()
    await session.value("sleep(50)")
    assert time.monotonic() - began >= 0.05
    with pytest.raises(ScriptStopped, match="time"):
        await session.value("try { sleep(60000) } catch (e) {}", seconds=0.2)


@pytest.mark.parametrize(
    "code", ["for (;;) {}", "sleep(60000)", "host('hang')", "try { host('hang') } catch (e) { for (;;); }"]
)
async def test_stop(session: Session, code: str) -> None:
    task = asyncio.create_task(session.value(code, seconds=30))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    session.script.stop()
    session.bridge.cancel()
    with pytest.raises(ScriptStopped) as caught:
        await task
    assert caught.value.reason == "stopped"
    assert time.monotonic() - began < 0.3
    with pytest.raises(ScriptStopped, match="stopped"):
        await session.value("1")


async def test_the_loop_is_never_blocked(session: Session) -> None:
    task = asyncio.create_task(session.value("for (;;) {}", seconds=0.5))
    longest = 0.0
    while not task.done():
        began = time.monotonic()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - began)
    assert longest < 0.1
    assert isinstance(task.exception(), ScriptStopped)


async def test_a_native_loop_is_trapped(session: Session) -> None:
    """Holds `install` and `set_hard_stop`: without the epoch this would run for hours."""
    began = time.monotonic()
    with pytest.raises(ScriptStopped, match="time"):
        await session.value("Array.prototype.indexOf.call({ length: 1e15 }, 1)", seconds=0.2)
    assert time.monotonic() - began < 1.5
    with pytest.raises(ScriptStopped):
        await session.value("1")


async def test_many_microtasks_come_to_their_end(session: Session) -> None:
    """Holds `settle`: the library's own drive gives up after 100,000."""
    code = "await (async () => { let i = 0; for (; i < 150000; i++) await null; return i })()"
    assert await session.value(code, seconds=10) == "150000"


async def test_every_slot_taken_is_said(scripts: Scripts, session: Session) -> None:
    second = await scripts.open(lambda _, __: "null")
    with pytest.raises(EngineBusy):
        await scripts.open(lambda _, __: "null")
    scripts.close(second)
    third = await scripts.open(lambda _, __: "null")
    scripts.close(third)


async def test_contexts_share_nothing_but_the_prelude(scripts: Scripts) -> None:
    shown = set()
    for _ in range(6):
        made = Session()
        made.script = await scripts.open(made.bridge.call)
        assert await made.value("typeof leak") == "'undefined'"
        shown.add(await made.value("Math.random()"))
        await made.value("globalThis.leak = 1; Array.prototype.map = null; Object.prototype.evil = 1; 0")
        scripts.close(made.script)
        await asyncio.sleep(0.02)
    assert len(shown) == 6, "each context draws its own seed"


async def test_what_a_script_sees(session: Session) -> None:
    seen = await session.value(
        "[typeof process, typeof require, typeof __host, typeof std, typeof os, typeof fetch, typeof WebAssembly]"
    )
    assert set(seen.replace("'undefined'", "").replace(",", "").split()) == {"[", "]"}
    with pytest.raises(ScriptFailed):
        await session.value("'use strict'; __show = 1")
    with pytest.raises(ScriptFailed):
        await session.value("await import('x')")


def test_the_guard_refuses_a_late_installation() -> None:
    """In a process of its own: in this one other threads use QuickJS."""
    late = "from quickjs_rs import Runtime; from app.scripting import quickjs; Runtime().new_context().eval('1'); quickjs.install()"
    done = subprocess.run([sys.executable, "-c", late], capture_output=True, text=True, check=False)
    assert "RuntimeError: QuickJS was used before" in done.stderr


def test_a_captured_state_is_restored() -> None:
    quickjs.install()
    with Runtime() as runtime:
        first = runtime.new_context()
        first.register("ask", lambda text: f"first {text}")
        first.eval(
            "globalThis.n = 1; globalThis.next = (() => { let k = 5; return () => ++k })(); globalThis.big = 'x'.repeat(3e6); 0"
        )
        memory = quickjs.capture(first)
        first.eval("n = 99; next(); 0")
        for _ in range(2):
            again = runtime.new_context()
            quickjs.restore(again, memory)
            quickjs.answer_host(again, "ask", lambda text: f"again {text}")
            assert again.eval("[n, next(), big.length, ask('me')]") == [1, 6, 3_000_000, "again me"]


def test_the_clock_decides() -> None:
    quickjs.install()
    over = threading.Event()
    with Runtime() as runtime:
        quickjs.set_clock(runtime, over.is_set)
        context = runtime.new_context(timeout=0.001)
        assert context.eval("let i = 0; while (i < 3e6) i++; i") == 3_000_000, "the library's own deadline is off"
        threading.Timer(0.1, over.set).start()
        with pytest.raises(Exception, match="interrupted"):
            context.eval("for (;;) {}")


async def test_the_bridge_refuses_after_its_deadline() -> None:
    called: list[int] = []

    async def operation(request: dict[str, Any]) -> str:
        called.append(1)
        return "1"

    bridge = Bridge({"x": operation})
    call: Callable[[str, float], Awaitable[str]] = lambda m, d: asyncio.to_thread(bridge.call, m, d)  # noqa: E731
    with pytest.raises(ScriptStopped):
        await call('{"op":"x"}', time.monotonic() - 1)
    assert called == []
    assert await call('{"op":"x"}', time.monotonic() + 1) == "1"
    assert "error" in json.loads(await call("[]", time.monotonic() + 1))


def test_prelude_sources_are_there() -> None:
    for path in prelude_files(str(Path(__file__)), []):
        assert path.is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="policies of threads are Linux's")
def test_a_thread_that_computes_for_long_gives_way_until_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priority, "GIVE_WAY_AFTER_S", -1.0)
    seen: list[int] = []

    def work() -> None:
        def now() -> int:
            return os.sched_getscheduler(threading.get_native_id())

        pace = priority.Pace()
        pace.begin()
        seen.append(now())
        pace.check()
        seen.append(now())
        pace.end()
        seen.append(now())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    usual = seen[0]
    assert seen == [usual, os.SCHED_IDLE if priority.POSSIBLE else usual, usual]
