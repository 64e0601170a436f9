"""Scripts across engines: ready ones, and those that sessions run: JavaScript that calls the session's own sandboxes.

A folder each in `app/scripts`, with `script.js`, `notes.md` (what it shows) and `script.toml`:

title = "Cache-aside"
order = 1
summary = "One sentence."
watch = "What to look at in the waterfall."

[[expect]]                 # what must come out, checked by the tests
span = "hit"
calls = 1                  # of the span; also `engine`, `connects`
less_than = "miss"         # another span, by `by` (ms, calls, bytes; calls unless said)
shows = "text"             # in the output
"""

import asyncio
import re
import time
import tomllib
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from app.config import Settings
from app.core.errors import (
    EngineBusy,
    InvalidRequest,
    NotFound,
    PlaygroundError,
    StatementError,
    StatementFailed,
    StatementStopped,
)
from app.core.results import ErrorInfo, plain
from app.playground.engines import Engines
from app.playground.running.runner import Runner
from app.playground.running.watching import RunEnd
from app.playground.scripts.pools import Opening, Pool
from app.playground.scripts.records import by_engine
from app.playground.scripts.runs import ScriptRun
from app.playground.store import RunRecord
from app.scripting.bridge import Bridge
from app.scripting.errors import ScriptFailed, ScriptStopped
from app.scripting.positions import offset_of
from app.scripting.runtime import MAX_MEMORY_BYTES, Script, calling_prelude
from app.scripting.runtime import Scripts as Runtime

FOLDER = Path(__file__).parents[2] / "scripts"
SLUG = "scripts"
"""What scripts are called where runs are counted by engine."""
MAX_MESSAGE_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class ReadyScript:
    slug: str
    title: str
    order: int
    summary: str
    watch: str
    notes: str
    source: str
    expect: tuple[dict[str, Any], ...]


@cache
def catalogue() -> dict[str, ReadyScript]:
    """All ready scripts by slug, in order."""
    found = [_read(folder) for folder in FOLDER.iterdir() if (folder / "script.toml").exists()]
    return {script.slug: script for script in sorted(found, key=lambda script: (script.order, script.slug))}


def _read(folder: Path) -> ReadyScript:
    told = tomllib.loads((folder / "script.toml").read_text())
    expect = tuple(told.pop("expect", ()))
    source = (folder / "script.js").read_text().rstrip("\n")
    return ReadyScript(folder.name, notes=(folder / "notes.md").read_text(), source=source, expect=expect, **told)


def script(slug: str) -> ReadyScript:
    """Raises NotFound."""
    try:
        return catalogue()[slug]
    except KeyError:
        raise NotFound(f"There is no script {slug!r}.") from None


@dataclass(slots=True)
class _Going:
    """A script that a session runs. `over` is set when all that it began has ended."""

    script: Script | None = None
    bridge: Bridge | None = None
    stopping: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Scripts:
    """Runs scripts: one at a time per session, on connections of their own into its sandboxes."""

    def __init__(self, engines: Engines, runner: Runner, settings: Settings) -> None:
        self._engines = engines
        self._runner = runner
        self._settings = settings
        self._going: dict[str, _Going] = {}
        self._runtime: Runtime | None = None
        self._starting = asyncio.Lock()
        self._ends = AsyncExitStack()

    async def run(self, session_id: str, source: str, page: str = "") -> dict[str, Any]:
        """Run a script and give what it came to, as `docs/scripts.md` says. What goes wrong in it is in the result.

        `page`: the token of an open page, whose feed gets what is printed and how many calls there were. Raises InvalidRequest, EngineBusy.
        """
        size, most = len(source.encode("utf-8", "surrogatepass")), self._settings.max_source_bytes
        if size > most:
            raise InvalidRequest(f"The script has {size:,} bytes; the limit is {most:,} (max_source_bytes).")
        if session_id in self._going:
            raise EngineBusy("A script is already running here.", hint="Wait for its end, or press Stop.")
        going = self._going[session_id] = _Going()
        started_at, began = datetime.now(UTC), time.perf_counter()
        answer: dict[str, Any] = {"outcome": "internal_error", "calls": []}
        try:
            answer = await self._run(session_id, source, page, going)
        finally:
            del self._going[session_id]
            going.over.set()
            total_ms = (time.perf_counter() - began) * 1000
            outcome, calls = answer["outcome"], len(answer["calls"])
            record = RunRecord(session_id, SLUG, "main", source, "", outcome, calls, total_ms, started_at)
            reply_bytes = answer.get("stats", {}).get("reply_bytes", 0)
            self._runner.ended(RunEnd(record, _reason_of(answer), reply_bytes=reply_bytes))
        return answer

    async def stop(self, session_id: str) -> bool:
        """End the script that goes on, and what it began on the servers. False when none does."""
        going = self._going.get(session_id)
        if going is None:
            return False
        going.stopping = True
        if going.script is not None:
            going.script.stop()
        if going.bridge is not None:
            going.bridge.cancel()
        await going.over.wait()
        return True

    async def close(self) -> None:
        """Stop every script, and end the threads they run on."""
        for session_id in list(self._going):
            await self.stop(session_id)
        await self._ends.aclose()
        self._runtime = None

    async def _run(self, session_id: str, source: str, page: str, going: _Going) -> dict[str, Any]:
        settings = self._settings
        limits = replace(self._runner.limits, left_ms=settings.max_script_ms)
        runtime = await self._started()
        error: PlaygroundError | None = None
        async with AsyncExitStack() as places:

            async def enter(slug: str, opening: Opening) -> Pool:
                engine = self._engines.get(slug)
                place = await places.enter_async_context(self._runner.inside(session_id, slug))
                return Pool(engine, place.sandbox, limits, settings.max_script_connections, opening)

            with self._runner.feeds.speaker(session_id, page, SLUG, "main") as speaker:
                run = ScriptRun(limits, settings.max_script_calls, enter, speaker)
                going.bridge = Bridge(run.operations())
                going.script = await runtime.open(going.bridge.call)
                try:
                    await run.prepare(self._named_in(source))
                    if going.stopping:
                        raise StatementStopped.by_visitor()
                    await going.script.evaluate(source, seconds=settings.max_script_ms / 1000)
                except (ScriptFailed, ScriptStopped, PlaygroundError) as exc:
                    error = self._error(exc, source, run, stopping=going.stopping)
                finally:
                    total_ms = run.at_ms
                    runtime.close(going.script)
                    await run.end()
        return self._answer(source, run, error, total_ms)

    def _named_in(self, source: str) -> list[str]:
        """The engines that the source seems to call: their sandboxes are made ready before its clock starts."""
        names = {engine.slug: engine.script_name for engine in self._engines.standing() if engine.script_name}
        return [slug for slug, name in names.items() if re.search(rf"\b{name}\b", source)]

    def _answer(self, source: str, run: ScriptRun, error: PlaygroundError | None, total_ms: float) -> dict[str, Any]:
        calls = run.in_order()
        info = plain(ErrorInfo.of(error, source)) if isinstance(error, StatementError) else None
        return {
            "outcome": info["outcome"] if info else "ok",
            **({"error": info} if info else {}),
            "output": run.output.lines,
            "output_lost": run.output.lost,
            "spans": [asdict(span) for span in run.spans],
            "calls": [asdict(call) for call in calls],
            "engines": by_engine(calls, self._engines.standing()),
            "stats": {"total_ms": total_ms, "call_count": len(calls), "reply_bytes": run.reply_bytes},
        }

    def _error(self, exc: Exception, source: str, run: ScriptRun, *, stopping: bool) -> StatementError:
        """What the visitor is told of a script's end."""
        if stopping:
            return StatementStopped.by_visitor()
        if isinstance(exc, ScriptStopped):
            return self._stop_of(exc, run)
        if isinstance(exc, ScriptFailed):
            offset = offset_of(source, exc.line, exc.column)
            return run.error_of(exc.name, exc.message, offset) or StatementFailed(
                exc.message[:MAX_MESSAGE_CHARS] or exc.name, code=exc.name or "Error", offset=offset
            )
        if isinstance(exc, StatementError):
            return exc
        assert isinstance(exc, PlaygroundError)
        return StatementFailed(exc.message, code=exc.code, hint=exc.hint)

    def _stop_of(self, exc: ScriptStopped, run: ScriptRun) -> StatementError:
        settings = self._settings
        if exc.reason == "memory":
            return StatementStopped(
                f"Stopped: the script wanted more than {MAX_MEMORY_BYTES // 1024 // 1024} MB of memory.",
                code="script_memory",
                limit=("script_memory_bytes", MAX_MEMORY_BYTES),
            )
        if exc.reason == "stack":
            return StatementFailed("The script's calls or its data are nested too deep.", code="RangeError")
        if exc.reason == "stopped":
            return StatementStopped.by_visitor()
        detail = None
        if run.waiting:
            most = settings.max_script_connections
            detail = (
                f"{run.waiting:,} calls were waiting for a connection; "
                f"a script has {most} in each engine (max_script_connections)."
            )
        return StatementStopped(
            f"Stopped at the time limit of {settings.max_script_ms / 1000:g} s a script.",
            code="max_script_ms",
            detail=detail,
            limit=("max_script_ms", settings.max_script_ms),
        )

    async def _started(self) -> Runtime:
        """The threads and contexts that scripts run in, made when the first one comes."""
        async with self._starting:
            if self._runtime is None:
                files = [offer.engine.script_file() for offer in self._engines if offer.engine.script_name]
                made = Runtime(
                    calling_prelude(files),
                    max_running=self._settings.max_scripts,
                    wait_ms=self._settings.slot_wait_ms,
                )
                self._runtime = await self._ends.enter_async_context(made)
            return self._runtime


def _reason_of(answer: dict[str, Any]) -> str:
    """The limit or rule that ended it; "" where none did."""
    error = answer.get("error")
    if error is None or error["outcome"] == "failed":
        return ""
    return str(error.get("limit", {}).get("name") or error["code"])
