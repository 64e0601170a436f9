"""What quickjs-rs does not offer in public, in one place: a clock of our own, a hard stop, and promises driven to their end.

QuickJS asks its interrupt handler between bytecodes only: `Array.prototype.indexOf.call({length: 1e15}, 1)` runs in its C code
and would hold a thread for hours. WebAssembly epochs end that too; the price is about 8% and the context.
The library's `eval_async` gives up on a promise after 100,000 microtasks, and its deadline cannot be moved once it runs.
These functions touch private names of quickjs-rs 0.2; `tests/unit/test_scripting.py` holds each of them.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import quickjs_rs._engine as quickjs_engine
import quickjs_rs._wasmtime as quickjs_wasmtime
import wasmtime
from quickjs_rs import Context, Runtime

TICK_S = 0.1
NEVER_TICKS = 1 << 40
MAX_INSTANCE_BYTES = 96 * 1024 * 1024
FULFILLED, REJECTED = 1, 2
PAGE_BYTES = 4_096
WASM_PAGE_BYTES = 65_536

Value = quickjs_engine.QjsHandle
JSError = quickjs_engine.JSError
"""`args` are name, message and stack."""
ENGINE_ERRORS = (quickjs_engine.QuickJSError, wasmtime.WasmtimeError, wasmtime.Trap, RecursionError)

_install_lock = threading.Lock()


class NeverSettles(Exception):
    """A promise is pending and no job is left that could settle it."""


class _GuardedLinker:
    """The library's linker, with an epoch deadline and a memory bound set before an instance's first instruction."""

    def __init__(self, linker: wasmtime.Linker) -> None:
        self._linker = linker

    def instantiate(self, store: wasmtime.Store, module: wasmtime.Module) -> wasmtime.Instance:
        store.set_epoch_deadline(NEVER_TICKS)
        store.set_limits(memory_size=MAX_INSTANCE_BYTES)
        return self._linker.instantiate(store, module)


def install() -> None:
    """Compile QuickJS with epoch interruption, once in a process and before its first use. Takes about 0.4 s."""
    with _install_lock:
        shared: dict[Any, Any] = quickjs_wasmtime._SHARED_ARTIFACTS  # noqa: SLF001
        if isinstance(getattr(shared.get("quickjs"), "linker", None), _GuardedLinker):
            return
        if quickjs_wasmtime._SHARED_ENGINE is not None:  # noqa: SLF001
            raise RuntimeError("QuickJS was used before app.scripting.quickjs.install()")
        config = wasmtime.Config()
        config.epoch_interruption = True
        engine = wasmtime.Engine(config)
        quickjs_wasmtime._SHARED_ENGINE = engine  # noqa: SLF001
        artifact = quickjs_engine._quickjs_artifact()  # noqa: SLF001
        linker: Any = _GuardedLinker(artifact.linker)
        shared["quickjs"] = quickjs_wasmtime.SharedWasmArtifact(artifact.module, linker, artifact.build_id)
        threading.Thread(target=_tick, args=(engine,), name="wasm-epoch", daemon=True).start()


@dataclass(frozen=True, slots=True)
class Memory:
    """An instance's memory as it was: the pages that are not all zero, as the library's own snapshots keep them all."""

    runs: tuple[tuple[int, bytearray], ...]
    size: int
    stack_pointer: int


def capture(context: Context) -> Memory:
    """The whole state of a context between evaluations."""
    instance = context._engine_ctx._inst  # noqa: SLF001
    image = bytes(instance.mem.read(instance.store, 0, instance.mem.data_len(instance.store)))
    runs: list[tuple[int, bytearray]] = []
    for at in range(0, len(image), PAGE_BYTES):
        page = image[at : at + PAGE_BYTES]
        if page.count(0) == len(page):
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == at:
            runs[-1][1].extend(page)
        else:
            runs.append((at, bytearray(page)))
    return Memory(tuple(runs), len(image), instance.sp.value(instance.store))


def restore(context: Context, memory: Memory) -> None:
    """Put a captured state into a context in which nothing has run yet: its other pages are still zero."""
    instance = context._engine_ctx._inst  # noqa: SLF001
    missing = memory.size - instance.mem.data_len(instance.store)
    if missing > 0:
        instance.mem.grow(instance.store, -(-missing // WASM_PAGE_BYTES))
    for at, run in memory.runs:
        instance.mem.write(instance.store, run, at)
    instance.sp.set_value(instance.store, memory.stack_pointer)


def answer_host(context: Context, name: str, function: Callable[[str], str]) -> None:
    """Let `function` answer calls of a host function that the restored state has registered under this name."""
    number = context._next_fn_id  # noqa: SLF001
    context._next_fn_id += 1  # noqa: SLF001
    context._host_registry[number] = function  # noqa: SLF001
    context._engine_ctx._inst.name_to_fn_id[name] = number  # noqa: SLF001


def set_clock(runtime: Runtime, over: Callable[[], bool]) -> None:
    """Let `over` alone decide when a script is interrupted."""
    runtime._engine_rt.set_interrupt_handler(over)  # noqa: SLF001


def set_hard_stop(context: Context, seconds: float) -> None:
    """Trap whatever runs in the context `seconds` from now, native loops included. Call between evaluations."""
    store: wasmtime.Store = context._engine_ctx._inst.store  # noqa: SLF001
    store.set_epoch_deadline(int(seconds / TICK_S) + 2)


def evaluate(context: Context, code: str) -> Value:
    """Begin a statement in the global scope, `await` allowed. Gives the promise of its `{value}`."""
    return context._engine_ctx.eval_handle(code, promise=True)  # noqa: SLF001


def settle(context: Context, promise: Value, over: Callable[[], bool], wake: Callable[[], bool]) -> Value:
    """Run the context's jobs until the promise has its value. Raises JSError when it is rejected, or NeverSettles.

    `wake` is called when no job is left: it waits for something to happen that makes one, and is False when nothing can.
    """
    engine = context._engine_ctx  # noqa: SLF001
    try:
        while (state := engine.promise_state(promise)) not in (FULFILLED, REJECTED):
            if (engine.run_pending_jobs() <= 0 and not wake()) or over():
                raise NeverSettles
        result = engine.promise_result(promise)
        if state == REJECTED:
            raise _thrown(result)
        return result
    finally:
        promise.dispose()


def global_function(context: Context, name: str) -> Value:
    with_globals = context._engine_ctx.global_object()  # noqa: SLF001
    try:
        return with_globals.get(name)
    finally:
        with_globals.dispose()


def _thrown(reason: Value) -> JSError:
    """What a promise was rejected with. Only an Error's own texts and plain values are read: an object may be endless."""
    kind = reason.type_of
    if kind == "object" and isinstance(_text_of(reason, "name"), str):
        return JSError(_text_of(reason, "name"), _text_of(reason, "message") or "", _text_of(reason, "stack"))
    what = f"{reason.to_python()!r:.200}" if kind in ("string", "number", "boolean") else f"a value of type {kind}"
    return JSError("Error", f"Something that is not an Error was thrown: {what}", None)


def _text_of(value: Value, key: str) -> str | None:
    found = value.get(key)
    try:
        text = found.to_python() if found.type_of == "string" else None
        return text if isinstance(text, str) else None
    finally:
        found.dispose()


def _tick(engine: wasmtime.Engine) -> None:
    while True:
        time.sleep(TICK_S)
        engine.increment_epoch()
