"""What eight hostile sessions do to a ninth: its `SELECT 1` through the JSON API, alone and beside them.

`python -m bench.neighbours [seconds under load]` ends by itself, 20 s after the app stands at the default of 12 s.
"""

import asyncio
import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from app.config import Settings
from app.core import priority
from app.core.turns import USUAL_NS, set_turn
from bench.serving import run, serving

TARGET_RATIO = 3.0
VISIT = "visit"
ATTACK = "--attack"
IDLE_S = 5.0
WARM_UP = 50
PAUSE_S = 0.002
HOSTILE = {
    "endless loop": "DO $$ BEGIN LOOP NULL; END LOOP; END $$",
    "loop that swallows the cancel": "DO $$ BEGIN LOOP BEGIN PERFORM count(*) FROM generate_series(1, 1000000); "
    "EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$",
    "endless join": "SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d",
    "sort in memory": "SET work_mem = '512MB'; SELECT count(*) FROM (SELECT md5(g::text) AS a "
    "FROM generate_series(1, 3000000) g ORDER BY a) s",
    "sort on disk": "SELECT count(*) FROM (SELECT md5(g::text) AS a FROM generate_series(1, 600000) g ORDER BY a) s",
    "temporary tables": "DO $$ BEGIN LOOP CREATE TEMP TABLE big AS SELECT repeat('x', 1000) "
    "FROM generate_series(1, 20000); DROP TABLE big; END LOOP; END $$",
    "locks": "DO $$ BEGIN FOR i IN 1..20000 LOOP EXECUTE format('CREATE TABLE t%s (a int)', i); END LOOP; END $$",
    "notices": "DO $$ BEGIN LOOP RAISE NOTICE 'again'; END LOOP; END $$",
}


class Session:
    """One visitor of the JSON API, with a connection and a cookie of its own."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"content-type": "application/json"}

    def run(self, source: str) -> tuple[int, str]:
        """The HTTP status and the run's outcome, or the error's code."""
        body = json.dumps({"engine": "postgres", "source": source})
        self._connection.request("POST", "/api/v1/run", body, self._headers)
        response = self._connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        if cookie := response.headers.get("set-cookie"):
            self._headers["cookie"] = cookie.split(";")[0]
        return response.status, answer["stats"]["outcome"] if "stats" in answer else answer["error"]["code"]


def attack(port: int, source: str, ending: threading.Event, outcomes: dict[str, int]) -> None:
    session = Session(port)
    while not ending.is_set():
        _, outcome = session.run(source)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1


def sample(session: Session, seconds: float) -> tuple[list[float], int]:
    """Milliseconds of each `SELECT 1` for so long, and how many were turned away."""
    taken, refused = [], 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        status, _ = session.run("SELECT 1")
        taken.append((time.perf_counter() - began) * 1000)
        refused += status != 200
        time.sleep(PAUSE_S)
    return taken, refused


def percentiles(values: list[float]) -> tuple[float, float, float]:
    cuts = statistics.quantiles(values, n=100)
    return cuts[49], cuts[94], cuts[98]


def attack_together(port: int) -> None:
    """All hostile sessions at once, until the standard input ends; then what came of them, as JSON."""
    set_turn(0, USUAL_NS, priority.USUAL)
    ending = threading.Event()
    outcomes: dict[str, dict[str, int]] = {name: {} for name in HOSTILE}
    threads = [
        threading.Thread(target=attack, args=(port, source, ending, outcomes[name])) for name, source in HOSTILE.items()
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ending.set()
    for thread in threads:
        thread.join(30)
    print(json.dumps(outcomes))


def measure(port: int, seconds: float) -> None:
    priority.go_first()  # it stands for a machine of its own, which waits for no core of this one
    ninth = Session(port)
    for _ in range(WARM_UP):
        ninth.run("SELECT 1")
    idle, _ = sample(ninth, IDLE_S)
    # In a process of their own: what they read would keep this one's Python from seeing its answer.
    command = priority.usual([sys.executable, "-m", "bench.neighbours", ATTACK, str(port)])
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as attackers:
        time.sleep(2)
        loaded, refused = sample(ninth, seconds)
        told, _ = attackers.communicate()
    print(f"{'':<12}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'runs':>8}")
    for name, values in (("idle", idle), ("under load", loaded)):
        p50, p95, p99 = percentiles(values)
        print(f"{name:<12}{p50:>9.2f}{p95:>9.2f}{p99:>9.2f}{len(values):>8}")
    ratio = percentiles(loaded)[2] / percentiles(idle)[2]
    print(f"ratio of the p99s {ratio:.1f} (target: at most {TARGET_RATIO:g}); turned away: {refused}")
    for name, counted in json.loads(told).items():
        print(f"  {name}: {', '.join(f'{count} {outcome}' for outcome, count in sorted(counted.items()))}")


async def main(folder: Path, seconds: float) -> None:
    settings = Settings(data_dir=folder / "data", engines=("postgres",), run_burst=100_000, runs_per_second=100_000)
    async with serving(settings) as (_, port):
        load = os.getloadavg()[0]
        print(f"{os.cpu_count()} cores, load before {load:.1f}, {settings.max_runs_per_engine} slots", flush=True)
        # The visitors are a process of their own: in the app's, they would wait for each other's turn in Python.
        visit = [sys.executable, "-m", "bench.neighbours", VISIT, str(port), str(seconds)]
        visitors = await asyncio.create_subprocess_exec(*visit, start_new_session=True)
        await visitors.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == [ATTACK]:
        attack_together(int(sys.argv[2]))
    elif sys.argv[1:2] == [VISIT]:
        measure(int(sys.argv[2]), float(sys.argv[3]))
    else:
        run(lambda folder: main(folder, float(sys.argv[1]) if len(sys.argv) > 1 else 12.0))
