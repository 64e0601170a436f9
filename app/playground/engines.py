"""The engines on offer: which stand, which could not start and how to mend that."""

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from app.core.engine import Engine
from app.core.errors import EngineUnavailable, NotFound

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Offer:
    """An engine and its state. `reason` and `fix` say why it does not stand and what mends it."""

    engine: Engine
    ready: bool = False
    reason: str | None = None
    fix: str | None = None
    start_ms: float | None = None


class Engines:
    """All engines of this process. Entering starts them at the same time; one that fails leaves the others standing."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._offers = {slug: Offer(engine) for slug, engine in engines.items()}

    async def __aenter__(self) -> Self:
        await asyncio.gather(*(self.start(slug) for slug in self._offers))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        standing = [offer.engine for offer in self._offers.values() if offer.ready]
        for outcome in await asyncio.gather(
            *(engine.__aexit__(kind, error, traceback) for engine in standing), return_exceptions=True
        ):
            if isinstance(outcome, BaseException):
                log.error("an engine did not stop in good order", exc_info=outcome)

    async def start(self, slug: str) -> None:
        """Start one engine; what goes wrong is kept as its reason."""
        offer = self._offers[slug]
        began = time.perf_counter()
        try:
            await offer.engine.__aenter__()
        except EngineUnavailable as exc:
            offer.reason, offer.fix = exc.message, exc.hint
            log.error("%s did not start: %s", offer.engine.label, exc.message)
        except Exception as exc:
            offer.reason, offer.fix = f"{offer.engine.label} did not start: {exc}", "Run `sandtable doctor`."
            log.exception("%s did not start", offer.engine.label)
        else:
            offer.ready, offer.reason, offer.fix = True, None, None
            offer.start_ms = (time.perf_counter() - began) * 1000

    async def retry_failed(self) -> None:
        """Try again those that could not start, and servers that were away."""
        for slug, offer in self._offers.items():
            if not offer.ready:
                await self.start(slug)
            else:
                await offer.engine.tend()

    def get(self, slug: str) -> Engine:
        """The standing engine of a slug. Raises NotFound, or EngineUnavailable with the reason and the fix."""
        offer = self.offer(slug)
        if not offer.ready:
            raise EngineUnavailable(offer.reason or f"{offer.engine.label} is still starting.", hint=offer.fix)
        return offer.engine

    def offer(self, slug: str) -> Offer:
        if slug not in self._offers:
            raise NotFound(f"There is no engine {slug!r} here; there are {', '.join(self._offers)}.")
        return self._offers[slug]

    def __iter__(self) -> Iterator[Offer]:
        return iter(self._offers.values())

    def standing(self) -> list[Engine]:
        return [offer.engine for offer in self._offers.values() if offer.ready]
