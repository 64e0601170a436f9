"""Plans that were pasted: read, shown, and shared like a playground. Nothing is run."""

import asyncio
from dataclasses import dataclass
from typing import Any

from app.config import Settings
from app.core.errors import InvalidRequest, StatementError, TooLarge
from app.core.plan_encoding import encode_plan
from app.playground.engines import Engines

MAX_PASTED_BYTES = 1_000_000
DETECT = "detect"


@dataclass(frozen=True, slots=True)
class Pasted:
    """A plan as it was pasted, and as it was read. `engine` is the one whose output it is."""

    engine: str
    text: str
    plan: dict[str, Any]


class PastedPlans:
    """Reads what was pasted by the rules of the engine named, or of the first one that it reads like."""

    def __init__(self, engines: Engines, settings: Settings) -> None:
        self._engines = engines
        self.max_bytes = min(MAX_PASTED_BYTES, settings.max_body_bytes)

    def readers(self) -> list[str]:
        """The engines whose plans can be pasted."""
        return [offer.engine.slug for offer in self._engines if offer.engine.reads_plans]

    async def read(self, text: str, engine: str = DETECT) -> Pasted:
        """Raises InvalidRequest, with what is wrong, and TooLarge."""
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self.max_bytes:
            raise TooLarge(f"What was pasted has {size:,} bytes; the limit is {self.max_bytes:,}.")
        if not text.strip():
            raise InvalidRequest("There is nothing to read: paste a plan first.")
        slugs = self.readers()
        if engine == DETECT:
            engine = self._detected(text)
        if engine not in slugs:
            raise InvalidRequest(f"Plans can be pasted of {', '.join(slugs) or 'no engine here'}.")
        reader = self._engines.offer(engine).engine
        try:
            plan = await asyncio.to_thread(lambda: encode_plan(reader.read_plan(text)))
        except StatementError as exc:
            raise InvalidRequest(exc.message, hint=exc.hint) from exc
        return Pasted(engine, text, plan)

    def _detected(self, text: str) -> str:
        readers = [offer.engine for offer in self._engines if offer.engine.reads_plans]
        marked = [reader for reader in readers if any(mark in text for mark in reader.plan_marks)]
        found = [*marked, *(reader for reader in readers if not reader.plan_marks)]
        return found[0].slug if found else ""
