"""Shared playgrounds in numbers: opening one of 10,000, and a popular link whose seed is heavy.

`python -m bench.share [playgrounds]` prints the figures and ends by itself.
"""

import asyncio
import http.client
import json
import os
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.config import Settings
from app.playground.running.runner import RunRequest
from app.playground.services import Services
from app.playground.sharing.bodies import SCHEMA
from app.playground.sharing.snapshots import Shared
from app.playground.store import Playground
from bench.serving import run, serving

OPENINGS = 300
AGAIN = 8
SOURCES = {
    "postgres": "select n, n * n as square, md5(n::text) as hash from generate_series(1, 40) n",
    "mongodb": "db.t.insertMany(Array.from({length: 15}, (_, n) => ({_id: n, text: 'x'.repeat(40)}))); db.t.find()",
    "redis": "RPUSH l 1 2 3 4 5\nLRANGE l 0 -1",
}
HEAVY = (
    "create table heavy as select n, md5(n::text) as hash, repeat('x', 40) as text from generate_series(1, {rows}) n;"
    "alter table heavy add primary key (n); create index on heavy (hash); analyze heavy"
)
TARGET_MS = 10


async def fill(services: Services, count: int) -> list[str]:
    """Playgrounds of three engines with their results, as a visitor shares them; all but the first are copies of it."""
    await services.store.open_session("bench")
    for slug, source in SOURCES.items():
        await services.runner.run("bench", RunRequest(slug, source, explain="plan"))
    shared = [Shared(slug, source) for slug, source in SOURCES.items()]
    link = await services.snapshots.share("bench", shared, title="A bench", notes="Some **notes**")
    body = {"schema": SCHEMA, "panes": link.opened.panes}
    ids = [link.opened.id]
    for number in range(count - 1):
        identity = f"bench{number:017d}"
        ids.append(identity)
        await services.store.add_playground(Playground(identity, "bench", datetime.now(UTC), "A bench", "notes"), body)
    print(f"{count:,} playgrounds of 3 engines, {len(json.dumps(body)):,} bytes each, load {os.getloadavg()[0]:.1f}")
    return ids


def figures(name: str, values: list[float], target: float | None = None) -> None:
    p95 = statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    beside = f"{target:>10.0f}" if target else ""
    print(f"{name:<56} {statistics.median(values):>9.2f} {p95:>9.2f}{beside}")


async def openings(services: Services, port: int, ids: list[str]) -> None:
    print(f"{'milliseconds':<56} {'median':>9} {'p95':>9}{'target':>10}")
    chosen = ids[:: max(1, len(ids) // OPENINGS)]
    stored, opened = [], []
    for identity in chosen:
        began = time.perf_counter()
        await services.store.open_playground(identity)
        stored.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        await services.snapshots.open(identity)
        opened.append((time.perf_counter() - began) * 1000)
    figures("the store alone", stored)
    figures("opened, its body brought up to date", opened, TARGET_MS)
    figures("GET /p/ID.json, whole request", await asyncio.to_thread(asked, port, chosen, ".json"), TARGET_MS)
    figures("GET /p/ID, the whole page as HTML", await asyncio.to_thread(asked, port, chosen, ""))


def asked(port: int, ids: list[str], suffix: str) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    took = []
    for identity in ids:
        began = time.perf_counter()
        connection.request("GET", f"/p/{identity}{suffix}")
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    return took


async def popular(services: Services) -> None:
    """The same link run again by visitors who have never been here."""
    for rows in (20_000, 100_000):
        request = RunRequest("postgres", "select count(*) from heavy", HEAVY.format(rows=rows))
        took = []
        for visitor in range(AGAIN):
            session = f"visitor-{rows}-{visitor}"
            await services.store.open_session(session)
            began = time.perf_counter()
            answer: dict[str, Any] = await services.runner.run(session, request)
            took.append((time.perf_counter() - began) * 1000)
            assert "seed_error" not in answer, answer["seed_error"]["error"]["message"]
            assert answer["results"][0]["rows"] == [[str(rows)]]
            await services.runner.reset(session, "postgres")
        print(f"a seed of {rows:,} rows and two indexes, first visitor: {took[0]:,.0f} ms")
        figures("  those after: first run in a new session, a copy", took[1:])
        plain = []
        for visitor in range(AGAIN // 2):
            session = f"plain-{rows}-{visitor}"
            await services.store.open_session(session)
            began = time.perf_counter()
            # A comment makes it another seed, which nobody ran before.
            await services.runner.run(session, RunRequest("postgres", request.source, f"{request.seed} -- {visitor}"))
            plain.append((time.perf_counter() - began) * 1000)
            await services.runner.reset(session, "postgres")
        figures("  the seed run each time", plain)


async def main(folder: Path, count: int) -> None:
    settings = Settings(data_dir=folder / "data", engines=("postgres", "mongodb", "redis"), max_run_ms=20_000)
    async with serving(settings) as (services, port):
        ids = await fill(services, count)
        if count > 1:
            await openings(services, port, ids)
        await popular(services)


if __name__ == "__main__":
    run(lambda folder: main(folder, int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
