"""MongoDB: what the shell costs over the driver, how fast a script writes, and what two endless loops do to a neighbour.

`python -m bench.mongodb [rounds]` ends by itself after about 40 s.
"""

import asyncio
import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.config import Settings
from app.engines.mongodb.admin import database_of
from app.playground.services import Services
from bench.serving import run, serving

WARM_UP = 20
IDLE_S = 4.0
LOADED_S = 8.0
PAUSE_S = 0.002
TARGET_RATIO = 3.0
SEED = (
    "db.c.insertMany(Array.from({length: 200}, (_, i) => ({_id: i, name: 'n' + i, at: new Date(i), tags: ['a', 'b']})))"
)
READ = "db.c.find()"
WRITES = {
    "1,000 insertOne in a loop": (
        "db.w.drop(); const began = Date.now(); for (let i = 0; i < 1000; i++) db.w.insertOne({i, name: 'x'})\nDate.now() - began",
        2_000,
    ),
    "insertMany of 10,000": (
        "db.w.drop(); const began = Date.now(); const r = db.w.insertMany(Array.from({length: 10000}, (_, i) => ({i, name: 'x'})))\nDate.now() - began",
        1_000,
    ),
}
LOOP = "while (true) {}"


class Session:
    """One visitor of the JSON API, with a connection and a cookie of its own."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"content-type": "application/json"}

    def run(self, source: str) -> dict[str, Any]:
        body = json.dumps({"engine": "mongodb", "source": source})
        self._connection.request("POST", "/api/v1/run", body, self._headers)
        response = self._connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        if cookie := response.headers.get("set-cookie"):
            self._headers["cookie"] = cookie.split(";")[0]
        assert response.status == 200, answer
        return answer


def p(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


async def overhead(services: Services, session: Session, rounds: int) -> None:
    await asyncio.to_thread(session.run, SEED)
    (owner,) = {key[0] for key in services.sandboxes._places}
    sandbox = (await services.sandboxes.get(owner, "mongodb")).sandbox
    engine: Any = services.engines.get("mongodb")
    collection = (await engine._motor(sandbox))[database_of(sandbox.namespace)]["c"]
    raw, ours = [], []
    for number in range(WARM_UP + rounds):
        began = time.perf_counter()
        await collection.find().limit(20).to_list(20)
        driver_ms = (time.perf_counter() - began) * 1000
        api_ms = await asyncio.to_thread(timed, lambda: session.run(READ))
        if number >= WARM_UP:
            raw.append(driver_ms)
            ours.append(api_ms)
    added = statistics.median(ours) - statistics.median(raw)
    print(f"{'':<28}{'p50 ms':>9}{'p95 ms':>9}")
    print(f"{'find of 20, motor alone':<28}{p(raw, 50):>9.2f}{p(raw, 95):>9.2f}")
    print(f"{'find of 20, JSON API':<28}{p(ours, 50):>9.2f}{p(ours, 95):>9.2f}")
    print(f"added at the median: {added:.2f} ms (target: at most 8)")


def writes(session: Session) -> None:
    for name, (source, target) in WRITES.items():
        took = []
        for _ in range(3):
            answer = session.run(source)
            assert answer["stats"]["outcome"] == "ok", answer
            took.append(int(answer["results"][-1]["text"]))
        print(f"{name}: {min(took)} to {max(took)} ms (target: {target:,})")


def sample(session: Session, seconds: float) -> list[float]:
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        taken.append(timed(lambda: session.run("db.c.findOne({_id: 1})")))
        time.sleep(PAUSE_S)
    return taken


def neighbours(port: int, session: Session) -> None:
    idle = sample(session, IDLE_S)
    ending = threading.Event()

    def loop() -> None:
        hostile = Session(port)
        while not ending.is_set():
            hostile.run(LOOP)

    threads = [threading.Thread(target=loop) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    loaded = sample(session, LOADED_S)
    ending.set()
    for thread in threads:
        thread.join(30)
    print(f"{'findOne of a neighbour':<28}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'runs':>8}")
    for name, values in (("idle", idle), ("beside two endless loops", loaded)):
        print(f"{name:<28}{p(values, 50):>9.2f}{p(values, 95):>9.2f}{p(values, 99):>9.2f}{len(values):>8}")
    print(f"ratio of the p99s: {p(loaded, 99) / p(idle, 99):.1f} (target: at most {TARGET_RATIO:g})")


async def main(folder: Path, rounds: int) -> None:
    settings = Settings(
        data_dir=folder / "data", engines=("postgres", "mongodb"), run_burst=100_000, runs_per_second=100_000
    )
    async with serving(settings) as (services, port):
        session = Session(port)
        await overhead(services, session, rounds)
        await asyncio.to_thread(writes, session)
        await asyncio.to_thread(neighbours, port, session)


if __name__ == "__main__":
    run(lambda folder: main(folder, int(sys.argv[1]) if len(sys.argv) > 1 else 200))
