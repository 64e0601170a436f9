"""Everything the edges call, built once per process."""

import asyncio
from dataclasses import dataclass, field

from app.config import Settings
from app.playground.comparing.timing import Timings
from app.playground.engines import Engines
from app.playground.files.exporting import Exports
from app.playground.labs.labs import Labs
from app.playground.running.runner import Runner
from app.playground.running.trials import Trials
from app.playground.running.watching import Pseudonyms
from app.playground.sandboxes.replicas import Replicas
from app.playground.sandboxes.sandboxes import Sandboxes
from app.playground.scripts.scripts import Scripts
from app.playground.sharing.pasted import PastedPlans
from app.playground.sharing.snapshots import Snapshots
from app.playground.state import State
from app.playground.store import Store
from app.playground.upkeep.janitor import Janitor
from app.playground.upkeep.retention import Retention
from app.playground.visitors.bans import Bans
from app.playground.visitors.consumption import Consumption
from app.playground.visitors.rates import Rates
from app.playground.visitors.sessions import Sessions


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
