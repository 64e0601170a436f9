"""Everything the edges call, built once per process."""

import asyncio
from dataclasses import dataclass, field

from app.config import Settings
from app.playground.bans import Bans
from app.playground.consumption import Consumption
from app.playground.engines import Engines
from app.playground.exporting import Exports
from app.playground.janitor import Janitor
from app.playground.labs import Labs
from app.playground.pasted import PastedPlans
from app.playground.rates import Rates
from app.playground.replicas import Replicas
from app.playground.retention import Retention
from app.playground.runner import Runner
from app.playground.sandboxes import Sandboxes
from app.playground.scripts import Scripts
from app.playground.sessions import Sessions
from app.playground.snapshots import Snapshots
from app.playground.state import State
from app.playground.store import Store
from app.playground.timing import Timings
from app.playground.trials import Trials
from app.playground.watching import Pseudonyms


@dataclass(frozen=True, slots=True)
class Services:
    """`store_note` says in a sentence when the store is not the one that lasts."""

    settings: Settings
    engines: Engines
    store: Store
    sandboxes: Sandboxes
    runner: Runner
    snapshots: Snapshots
    exports: Exports
    sessions: Sessions
    janitor: Janitor
    rates: Rates
    bans: Bans
    consumption: Consumption
    pseudonyms: Pseudonyms
    state: State
    trials: Trials
    timings: Timings
    replicas: Replicas
    pasted: PastedPlans
    labs: Labs
    scripts: Scripts
    store_note: str | None = None
    importing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """One file is read at a time: 16 MB of text take far more as values."""


def build(
    settings: Settings, engines: Engines, store: Store, secret: bytes, store_note: str | None = None, host: str = "here"
) -> Services:
    """`host` names this machine's data directory."""
    replicas = Replicas(store, settings, host)
    sandboxes = Sandboxes(engines, store, settings, replicas)
    runner = Runner(engines, sandboxes, store, settings)
    rates, bans, consumption = Rates(settings), Bans(store), Consumption()
    runner.watchers.append(consumption)
    snapshots = Snapshots(store, runner, settings, secret)
    return Services(
        settings=settings,
        engines=engines,
        store=store,
        sandboxes=sandboxes,
        runner=runner,
        snapshots=snapshots,
        exports=Exports(engines, runner, settings),
        sessions=Sessions(store, rates, bans),
        janitor=Janitor(engines, sandboxes, snapshots, bans, Retention(store, settings), settings),
        rates=rates,
        bans=bans,
        consumption=consumption,
        pseudonyms=Pseudonyms(secret),
        state=State(),
        trials=Trials(runner),
        timings=Timings(runner),
        replicas=replicas,
        pasted=PastedPlans(engines, settings),
        labs=Labs(engines, sandboxes, runner, settings),
        scripts=Scripts(engines, runner, settings),
        store_note=store_note,
    )
