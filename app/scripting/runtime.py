"""Contexts of QuickJS in WebAssembly: made ready in advance, used for one run, never twice."""

import asyncio
import contextlib
import json
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import wasmtime
from quickjs_rs import Context, QuickJSError, Runtime

from app.core.errors import EngineBusy
from app.scripting import quickjs
from app.scripting.errors import ScriptFailed, ScriptStopped
from app.scripting.priority import Pace, be_usual

MAX_MEMORY_BYTES = 64 * 1024 * 1024
MAX_STACK_BYTES = 512 * 1024
READY_CONTEXTS = 4
HARD_STOP_AFTER_S = 0.3
"""How long after its deadline a script that QuickJS cannot interrupt is trapped."""
OWN_OPERATION = re.compile(r'\{"op":"(entropy|sleep)"')
POSITION = re.compile(r"eval_script:(\d+):(\d+)")

JS_FOLDER = Path(__file__).parent / "js"
CORE = ("core", "ejson", "console")
Host = Callable[[str, float], str]
"""Answers a call of the script, JSON for JSON, before a deadline in monotonic seconds; runs on the script's thread."""


@dataclass(frozen=True, slots=True)
class Image:
    """A context's memory after its prelude: restoring it is quicker than evaluating the prelude again.

    `lines` is the prelude's length; a statement's lines count on from there, which tells its frames from the prelude's.
    """

    memory: quickjs.Memory | None
    lines: int


class Script:
    """One context with its prelude, for one run. `evaluate` and `stop` are called on the app's loop."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._runtime = Runtime(memory_limit=MAX_MEMORY_BYTES, stack_limit=MAX_STACK_BYTES)
        quickjs.set_clock(self._runtime, self._over)
        self._context: Context = self._runtime.new_context()
        self._deadline = float("inf")
        self._stopped = threading.Event()
        self._fatal: BaseException | None = None
        self._host: Host | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._lost = False
        self._pace = Pace()
        if image.memory is not None:
            quickjs.restore(self._context, image.memory)
            quickjs.answer_host(self._context, "__host", self._call_host)
            self._presenter = quickjs.global_function(self._context, "__show")
            self._waker = quickjs.global_function(self._context, "__wake")

    @classmethod
    def image(cls, prelude: str) -> Image:
        """The memory of a context that has evaluated `prelude`."""
        script = cls(Image(None, 0))
        try:
            script._context.register("__host", script._call_host)
            script._context.eval(f"{prelude}\n;0")
            return Image(quickjs.capture(script._context), prelude.count("\n") + 1)
        finally:
            script.dispose()

    def bind(self, threads: ThreadPoolExecutor, host: Host) -> None:
        self._threads = threads
        self._host = host

    async def evaluate(self, code: str, *, seconds: float, line: int = 1, column: int = 1, show: str = "{}") -> str:
        """Evaluate a statement and give what the prelude's `__show` says of its value. Declarations last from call to call.

        `line` and `column` (in bytes) say where in its source the code begins, `show` is the JSON that `__show` gets.
        Raises ScriptFailed, ScriptStopped, or what a host operation raised.
        """
        padding = "\n" * (self._image.lines + line - 1) + " " * (column - 1)
        text = (padding + code).encode("utf-8", "replace").decode()
        deadline = time.monotonic() + seconds
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._evaluate, text, show, deadline)

    def stop(self) -> None:
        """End the script as soon as it asks: at its next bytecode, or when its host call returns."""
        self._stopped.set()

    def dispose(self) -> None:
        with contextlib.suppress(QuickJSError, *quickjs.ENGINE_ERRORS):
            self._runtime.close()

    def _over(self) -> bool:
        """Asked between bytecodes, on the script's thread."""
        self._pace.check()
        return self._stopped.is_set() or self._fatal is not None or time.monotonic() >= self._deadline

    def _evaluate(self, text: str, show: str, deadline: float) -> str:
        self._deadline = deadline
        self._pace.begin()
        try:
            if self._lost or self._over():
                raise ScriptStopped("stopped" if self._stopped.is_set() else "stack" if self._lost else "time")
            quickjs.set_hard_stop(self._context, deadline - time.monotonic() + HARD_STOP_AFTER_S)
            shown = self._show(text, show)
        except (quickjs.NeverSettles, *quickjs.ENGINE_ERRORS) as exc:
            raise self._why(exc) from exc
        finally:
            self._deadline = float("inf")
            self._pace.end()
        if self._fatal:
            raise self._fatal
        return shown

    def _show(self, text: str, show: str) -> str:
        context = self._context
        envelope = quickjs.settle(context, quickjs.evaluate(context, text), self._over, self._wake)
        answer = self._presenter.call(envelope, show)
        envelope.dispose()
        if answer.is_promise():
            answer = quickjs.settle(context, answer, self._over, self._wake)
        try:
            return str(answer.to_python())
        finally:
            answer.dispose()

    def _wake(self) -> bool:
        """Have a prelude with calls that go on meanwhile wait for one of them; False where none goes on."""
        if self._waker.type_of != "function":
            return False
        answer = self._waker.call()
        try:
            return bool(answer.to_python())
        finally:
            answer.dispose()

    def _why(self, exc: Exception) -> BaseException:
        """What the end of an evaluation means."""
        trap = exc.trap_code if isinstance(exc, wasmtime.Trap) else None
        self._lost = self._lost or isinstance(exc, wasmtime.Trap | wasmtime.WasmtimeError)
        if self._fatal is not None:
            return self._fatal
        if self._stopped.is_set():
            return ScriptStopped("stopped")
        if trap == wasmtime.TrapCode.INTERRUPT or time.monotonic() >= self._deadline:
            return ScriptStopped("time")
        if trap is not None or isinstance(exc, RecursionError):
            return ScriptStopped("stack")
        if "out of memory" in str(exc) or "qjs_alloc" in str(exc):
            return ScriptStopped("memory")
        return _failure(exc, self._image.lines)

    def _call_host(self, message: str) -> str:
        try:
            if self._stopped.is_set():
                raise ScriptStopped("stopped")
            own = OWN_OPERATION.match(message)
            if own:
                return self._own(own[1], message)
            assert self._host
            return self._host(message, self._deadline)
        except BaseException as exc:
            self._fatal = self._fatal or exc
            raise

    def _own(self, operation: str, message: str) -> str:
        """What needs no app: random bits, and sleep, but not past the deadline, nor when stopped."""
        if operation == "entropy":
            return json.dumps([secrets.randbits(32) for _ in range(3)])
        given = json.loads(message).get("ms")
        seconds = max(0.0, given) / 1000 if isinstance(given, int | float) else 0.0
        left = self._deadline - time.monotonic()
        if self._stopped.wait(min(seconds, left)):
            raise ScriptStopped("stopped")
        if seconds >= left:
            raise ScriptStopped("time")
        return "null"


def _failure(exc: Exception, prelude_lines: int) -> ScriptFailed:
    if isinstance(exc, quickjs.NeverSettles):
        return ScriptFailed("Error", "This promise can never settle: nothing is left to run.")
    if not isinstance(exc, quickjs.JSError):
        return ScriptFailed("Error", f"The script could not be run: {exc}")
    name, message, stack = exc.args
    line = column = None
    for found in POSITION.finditer(stack or ""):
        if int(found[1]) > prelude_lines:
            line, column = int(found[1]) - prelude_lines, int(found[2])
            break
    return ScriptFailed(name, message, line=line, column=column)


class Scripts:
    """A prelude, contexts ready with it, and the threads they run on: one for each running script."""

    def __init__(self, prelude: Sequence[Path], *, max_running: int, wait_ms: int) -> None:
        self._prelude = prelude
        self._wait_ms = wait_ms
        self._max_running = max_running
        self._threads: ThreadPoolExecutor
        self._slots = asyncio.Semaphore(max_running)
        self._ready: deque[Script] = deque()
        self._image = Image(None, 0)
        self._tidying: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._threads = ThreadPoolExecutor(self._max_running, "script", initializer=be_usual)
        await asyncio.get_running_loop().run_in_executor(self._threads, self._warm)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.gather(*self._tidying, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown)
        while self._ready:
            self._ready.pop().dispose()

    async def open(self, host: Host) -> Script:
        """A fresh context, with a thread kept for it until `close`. Raises EngineBusy when every thread is taken for long."""
        try:
            await asyncio.wait_for(self._slots.acquire(), self._wait_ms / 1000)
        except TimeoutError:
            raise EngineBusy("Every script thread is busy.", hint="Try again in a few seconds.") from None
        if self._ready:
            script = self._ready.popleft()
        else:
            script = await asyncio.get_running_loop().run_in_executor(self._threads, Script, self._image)
        script.bind(self._threads, host)
        return script

    def close(self, script: Script) -> None:
        """The script's run is over. Its memory is given back, and the next context made, without anyone waiting."""
        script.stop()
        task = asyncio.create_task(self._tidy(script))
        self._tidying.add(task)
        task.add_done_callback(self._tidying.discard)

    async def _tidy(self, script: Script) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._replace, script)
        finally:
            self._slots.release()

    def _replace(self, script: Script) -> None:
        script.dispose()
        if len(self._ready) < READY_CONTEXTS:
            self._ready.append(Script(self._image))

    def _warm(self) -> None:
        quickjs.install()
        text = "\n".join(path.read_text() for path in self._prelude)
        self._image = Script.image(f"(function () {{\n'use strict';\n{text}\n}})();")
        self._ready.extend(Script(self._image) for _ in range(2))


def prelude_files(module_file: str, names: Sequence[str]) -> list[Path]:
    """The engine-independent sources, then those in the folder `shell` beside a module."""
    shell = Path(module_file).parent / "shell"
    return [*(JS_FOLDER / f"{name}.js" for name in CORE), *(shell / f"{name}.js" for name in names)]


def calling_prelude(engines: Sequence[Path]) -> list[Path]:
    """The sources for scripts that call engines and may wait for several at the same time; `engines` are the engines' own."""
    return [*(JS_FOLDER / f"{name}.js" for name in (*CORE, "calls")), *engines]
