"""Exports of a session's own results: as they were shown, or whole, for which the query is run again."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import EngineBusy, Gone, InvalidRequest, NotFound
from app.core.limits import Limits
from app.core.results import Result, Statement, encode
from app.playground.engines import Engines
from app.playground.files.exports import FORMATS, Export, cut_of
from app.playground.files.tables import table_of
from app.playground.running.runner import Runner

MAX_PART_BYTES = 16_000_000
MAX_PART_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A result of a session's last run. `again`: whether an export may run its statement again for more than was shown."""

    engine: Engine
    result: dict[str, Any]
    again: bool


class Exports:
    """What a visitor may take away of the last run of an engine."""

    def __init__(self, engines: Engines, runner: Runner, settings: Settings) -> None:
        self._engines = engines
        self._runner = runner
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.max_exports)

    def shown(self, session_id: str, slug: str, run_id: str, number: int) -> Shown:
        """A result of a run by its number, from 1. Raises Gone when the run is no longer kept, NotFound where nothing is to export."""
        run = self._runner.last(session_id, slug)
        if run is None or run["id"] != run_id:
            raise Gone(
                "This run is no longer kept: only an engine's last run can be exported.",
                hint="Run it again, then export.",
            )
        results = run["results"]
        if not 1 <= number <= len(results) or table_of(results[number - 1]) is None:
            raise NotFound("There is no table, document or reply of that number in this run.")
        result = results[number - 1]
        engine = self._engines.get(slug)
        return Shown(engine, result, bool(result.get("reads")))

    async def whole(self, session_id: str, shown: Shown, suffix: str) -> AsyncGenerator[str, None]:
        """The statement's whole result as a file, read part by part as it is written.

        The first part is read before anything is written, so that what goes wrong at once has an answer of its own; what goes
        wrong later ends the file in the middle.
        """
        if not shown.again:
            raise InvalidRequest(
                "This statement is not run again for an export: it may change something, or needs what ran before it.",
                hint="Export what was shown.",
            )
        if self._slots.locked():
            raise EngineBusy(
                f"{self._settings.max_exports} exports are being made; nothing was run.", hint="Try again soon."
            )
        async with self._slots, self._runner.borrow(session_id, shown.engine.slug) as client:
            export = Export(FORMATS[suffix]())
            read_bytes, began, cut = 0, time.monotonic(), None
            async with aclosing(client.export(_statement(shown.result), self._limits())) as parts:
                async for part in parts:
                    read_bytes += part.reply_bytes
                    cut = self._cut(part, read_bytes, began, export.count)
                    yield export.write(encode(part))
                    if cut:
                        break
            yield export.end(cut)

    def _limits(self) -> Limits:
        s = self._settings
        return Limits(
            max_run_ms=s.max_export_ms,
            max_rows=MAX_PART_ROWS,
            max_reply_bytes=min(MAX_PART_BYTES, s.max_export_bytes),
            left_ms=s.max_export_ms,
        )

    def _cut(self, part: Result, read_bytes: int, began: float, before: int) -> str | None:
        """Why the export ends with this part, though there is more."""
        count = before + len(part.rows or part.documents or ())
        if part.truncated:
            return f"Cut after {count:,}: {part.truncated.message}"
        if read_bytes >= self._settings.max_export_bytes:
            return f"Cut after {count:,}: an export reads at most {self._settings.max_export_bytes:,} bytes (max_export_bytes)."
        if (time.monotonic() - began) * 1000 >= self._settings.max_export_ms:
            return f"Cut after {count:,}: an export takes at most {self._settings.max_export_ms / 1000:g} s (max_export_ms)."
        return None


def is_cut(result: dict[str, Any]) -> bool:
    """Whether there is more than a result shows."""
    return cut_of(result) is not None or "more" in result


def _statement(result: dict[str, Any]) -> Statement:
    return Statement(**result["statement"])
