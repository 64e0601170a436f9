"""Everything the edges call, built once per process."""

from dataclasses import dataclass

from app.config import Settings
from app.playground.engines import Engines
from app.playground.janitor import Janitor
from app.playground.rates import Rates
from app.playground.runner import Runner
from app.playground.sandboxes import Sandboxes
from app.playground.sessions import Sessions
from app.playground.snapshots import Snapshots
from app.playground.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    """`store_note` says in a sentence when the store is not the one that lasts."""

    settings: Settings
    engines: Engines
    store: Store
    sandboxes: Sandboxes
    runner: Runner
    snapshots: Snapshots
    sessions: Sessions
    janitor: Janitor
    store_note: str | None = None


def build(settings: Settings, engines: Engines, store: Store, secret: bytes, store_note: str | None = None) -> Services:
    sandboxes = Sandboxes(engines, store, settings)
    runner = Runner(engines, sandboxes, store, settings)
    return Services(
        settings=settings,
        engines=engines,
        store=store,
        sandboxes=sandboxes,
        runner=runner,
        snapshots=Snapshots(store, runner, settings, secret),
        sessions=Sessions(store, Rates(settings)),
        janitor=Janitor(engines, sandboxes, settings),
        store_note=store_note,
    )
