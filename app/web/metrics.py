"""What Prometheus is told. Counters as things happen, gauges when it asks."""

import asyncio
import logging
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from app import __version__
from app.core.errors import PlaygroundError
from app.playground.engines import Offer
from app.playground.running.watching import RunEnd
from app.playground.services import Services
from app.playground.store import StoreUnavailable

log = logging.getLogger(__name__)

RUN_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
STATES = ("live", "ready", "dropping")


class Metrics:
    """A watcher of runs and of answers, with a registry of its own. `restarts` counts those of our servers, by name."""

    def __init__(self) -> None:
        self.restarts: Mapping[str, int] = {}
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Gauge("sandtable_info", "The version that runs.", ["version"], registry=registry).labels(__version__).set(1)
        self._runs = Counter("sandtable_runs", "Runs that are over.", ["engine", "outcome"], registry=registry)
        self._ends = Counter(
            "sandtable_run_ends",
            "Runs ended by a limit, a rule or the visitor.",
            ["engine", "reason"],
            registry=registry,
        )
        self._seconds = Histogram(
            "sandtable_run_seconds",
            "From the request's admission to its results; streaming runs apart.",
            ["engine", "streamed"],
            buckets=RUN_BUCKETS_S,
            registry=registry,
        )
        self._server_seconds = Histogram(
            "sandtable_run_server_seconds",
            "Of a run, in the engine's server, where it tells.",
            ["engine"],
            buckets=RUN_BUCKETS_S,
            registry=registry,
        )
        self._source_bytes = Counter("sandtable_source_bytes", "Sources that were run.", ["engine"], registry=registry)
        self._reply_bytes = Counter("sandtable_reply_bytes", "Results of runs.", ["engine"], registry=registry)
        self._answers = Counter("sandtable_answers", "Answers over HTTP.", ["kind", "status"], registry=registry)
        self._answer_seconds = Histogram(
            "sandtable_answer_seconds", "Until an answer begins.", ["kind"], buckets=RUN_BUCKETS_S, registry=registry
        )

        def gauge(name: str, what: str, *labels: str) -> Gauge:
            return Gauge(f"sandtable_{name}", what, labels, registry=registry)

        self._up = gauge("engine_up", "1 while the engine answers.", "engine")
        self._store_up = gauge("store_up", "1 while the store that lasts answers.")
        self._archive_fails = gauge("store_archive_fails", "1 while the store's log can't be archived and piles up.")
        self._draining = gauge("draining", "1 while this process finishes its work to end.")
        self._server_up = gauge("server_up", "1 while one of an engine's several servers answers.", "engine", "server")
        self._server_sandboxes = gauge("server_sandboxes", "Sandboxes on it.", "engine", "server")
        self._sandboxes = gauge("sandboxes", "Sandboxes in the store.", "engine", "state")
        self._here = gauge("sandboxes_here", "Sandboxes that this process works with.", "engine")
        self._clients = gauge("clients", "Connections into sandboxes that are open.", "engine")
        self._slots = gauge("slots", "Runs that may go on at the same time.", "engine", "kind")
        self._in_use = gauge("slots_in_use", "Runs going on.", "engine", "kind")
        self._waiting = gauge("slots_waiting", "Runs that wait for a slot.", "engine", "kind")
        self._feeds = gauge("feeds", "Pages that are sent live events.")
        self._bans = gauge("bans", "Bans in force.")
        self._restarts = gauge(
            "server_restarts", "Times a server of ours died and came back, since the start.", "server"
        )
        self._rate_failures = gauge("shared_rates_failures", "Times the shared rate limits could not be reached.")

    def run_ended(self, end: RunEnd) -> None:
        engine = end.record.engine
        self._runs.labels(engine, end.record.outcome).inc()
        if end.reason:
            self._ends.labels(engine, end.reason).inc()
        self._seconds.labels(engine, str(end.streamed).lower()).observe(end.record.total_ms / 1000)
        if end.server_ms is not None:
            self._server_seconds.labels(engine).observe(end.server_ms / 1000)
        self._source_bytes.labels(engine).inc(len(end.record.source.encode("utf-8", "surrogatepass")))
        self._reply_bytes.labels(engine).inc(end.reply_bytes)

    def answered(self, path: str, status: int, seconds: float) -> None:
        """An answer began."""
        kind = _kind(path)
        self._answers.labels(kind, str(status)).inc()
        self._answer_seconds.labels(kind).observe(seconds)

    async def text(self, services: Services) -> bytes:
        """Everything, in Prometheus' text format."""
        offers = list(services.engines)
        ups = await asyncio.gather(*map(_answers, offers))
        for offer, up in zip(offers, ups, strict=True):
            self._look_at(services, offer, up=up)
        await self._look_at_store(services)
        for server, count in self.restarts.items():
            self._restarts.labels(server).set(count)
        self._draining.set(services.state.draining)
        self._feeds.set(services.runner.feeds.reader_count)
        self._bans.set(len(services.bans.current()))
        self._rate_failures.set(services.rates.shared_failures)
        return generate_latest(self.registry)

    def _look_at(self, services: Services, offer: Offer, *, up: bool) -> None:
        slug = offer.engine.slug
        self._up.labels(slug).set(up)
        self._here.labels(slug).set(sum(place.sandbox.engine == slug for place in services.sandboxes.live()))
        self._clients.labels(slug).set(offer.engine.open_clients)
        for server in offer.engine.servers():
            if server.name:
                self._server_up.labels(slug, server.name).set(server.up)
                self._server_sandboxes.labels(slug, server.name).set(server.sandboxes or 0)
        for kind, slots in (("run", services.runner.slots[slug]), ("stream", services.runner.streams[slug])):
            self._slots.labels(slug, kind).set(slots.count)
            self._in_use.labels(slug, kind).set(slots.in_use)
            self._waiting.labels(slug, kind).set(slots.waiting)

    async def _look_at_store(self, services: Services) -> None:
        try:
            counts = await services.store.count_sandboxes()
            self._archive_fails.set(await services.store.archive_fails())
        except StoreUnavailable as exc:
            log.warning("no figures of the store: %s", exc)
            self._store_up.set(0)
            return
        self._store_up.set(services.store_note is None)
        for offer in services.engines:
            for state in STATES:
                self._sandboxes.labels(offer.engine.slug, state).set(counts.get((offer.engine.slug, state), 0))


async def _answers(offer: Offer) -> bool:
    if not offer.ready:
        return False
    try:
        await offer.engine.check()
    except PlaygroundError:
        return False
    return True


def _kind(path: str) -> str:
    """A few kinds of paths: a label for each path would have no end."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return (
        first
        if first in ("api", "partials", "static", "events", "words", "p", "share", "healthz", "readyz", "servingz")
        else "page"
    )
