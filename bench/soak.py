"""Mixed load from many sessions for minutes: memory, leaks and errors. `python -m bench.soak --minutes 30`."""

import argparse
import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx2 as httpx
import psutil

from bench.serving import run

SESSIONS = 100
SAMPLE_S = 10.0
THINK_S = (0.5, 4.0)
RUNS = (20, 60)
"""Of each session, before another visitor takes its place."""
IDLE_MS = 20_000

LOAD = {
    "postgres": [
        "create table if not exists t (n int, x text); insert into t select i, md5(i::text) from generate_series(1, 200) i; select count(*) from t",
        "select x, count(*) from t group by x order by 2 desc limit 20",
        "begin; update t set n = n + 1 where n < 10",
        "rollback",
        "select pg_sleep(0.05); select repeat('x', 2000000)",
        "selec wrong",
        "do $$ begin loop end loop; end $$",
    ],
    "mongodb": [
        "db.t.insertMany([...Array(100).keys()].map(n => ({n, x: 'x'.repeat(50)}))); db.t.countDocuments()",
        "db.t.aggregate([{$group: {_id: {$mod: ['$n', 7]}, c: {$sum: 1}}}])",
        "db.t.find().limit(20)",
        "while (true) {}",
        "db.t.find({$where: '1'})",
    ],
    "redis": [
        "INCR n\nGET n",
        "RPUSH l a b c\nLRANGE l 0 -1",
        'EVAL "while true do end" 0',
        "SET big x\nAPPEND big yyyyyyyyyyyyyyyy",
        "WRONG",
    ],
    "dynamodb": [
        "ListTables {}",
        'CreateTable {"TableName": "t", "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "AttributeDefinitions": '
        '[{"AttributeName": "k", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"}',
        "INSERT INTO \"t\" VALUE {'k': 'a'}; SELECT * FROM \"t\"",
        "SELECT * FROM",
    ],
}


class App:
    """`sandtable serve` as a process, with generous rates and short lives, so that a few minutes see many sandboxes end."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.admin_port = self.port + 1
        self.data = folder / "data"
        environment = {
            **os.environ,
            "SANDTABLE_SANDBOX_IDLE_MS": str(IDLE_MS),
            "SANDTABLE_CLIENT_IDLE_MS": "10000",
            "SANDTABLE_JANITOR_INTERVAL_MS": "3000",
            "SANDTABLE_MAX_RUN_MS": "1000",
            "SANDTABLE_RUNS_PER_SECOND": "50",
            "SANDTABLE_RUN_BURST": "100",
            "SANDTABLE_MAX_SESSIONS_PER_HOUR": "1000000",
        }
        command = [
            sys.executable,
            "-m",
            "app.cli",
            "serve",
            "--port",
            str(self.port),
            "--admin-port",
            str(self.admin_port),
        ]
        self.log = (folder / "app.log").open("wb")
        self.process = subprocess.Popen(
            [*command, "--data-dir", str(self.data)], env=environment, stdout=subprocess.DEVNULL, stderr=self.log
        )
        self.url = f"http://127.0.0.1:{self.port}"

    def figures(self) -> dict[str, float]:
        process = psutil.Process(self.process.pid)
        children = process.children(recursive=True)
        return {
            "app MB": process.memory_info().rss / 1e6,
            "all MB": sum(map(_own_bytes, [process, *children])) / 1e6,
            "files": process.num_fds(),
            "processes": len(children),
        }

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def _own_bytes(process: psutil.Process) -> int:
    """Its memory, with a share of what it has together with others: PostgreSQL's buffers once. 0 for one that ended since it was listed."""
    try:
        own: int = process.memory_full_info().pss
    except psutil.NoSuchProcess:
        return 0
    return own


async def visitor(app: App, until: float, seen: Counter[str], times: list[float]) -> None:
    """Sessions one after another, each of several runs with pauses, then forgotten."""
    while time.monotonic() < until:
        async with httpx.AsyncClient(base_url=app.url, timeout=30) as http:
            for _ in range(random.randint(*RUNS)):
                if time.monotonic() > until:
                    return
                engine = random.choice(list(LOAD))
                began = time.monotonic()
                try:
                    answer = await http.post(
                        "/api/v1/run", json={"engine": engine, "source": random.choice(LOAD[engine])}
                    )
                except httpx.TransportError as exc:
                    seen[f"transport {type(exc).__name__}"] += 1
                    continue
                times.append(time.monotonic() - began)
                seen[_outcome(answer)] += 1
                await asyncio.sleep(random.uniform(*THINK_S))


def _outcome(answer: httpx.Response) -> str:
    """The run's outcome, or the error's code; what is not JSON is told as it came."""
    try:
        told = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code} {answer.text[:80]!r}"
    return str(told["stats"]["outcome"] if answer.status_code == 200 else told["error"]["code"])


async def gauge(app: App, name: str) -> float:
    async with httpx.AsyncClient(timeout=10) as http:
        text = (await http.get(f"http://127.0.0.1:{app.admin_port}/metrics")).text
    return sum(
        float(value) for value in re.findall(rf"^sandtable_{name}(?:\{{[^}}]*\}})? ([\d.e+]+)$", text, re.MULTILINE)
    )


async def soak(folder: Path, minutes: float, sessions: int) -> None:
    app = App(folder)
    try:
        async with httpx.AsyncClient(base_url=app.url) as http:
            ready = 0
            while ready != 200:
                await asyncio.sleep(0.2)
                with contextlib.suppress(httpx.TransportError):
                    ready = (await http.get("/readyz")).status_code
        print(f"load {os.getloadavg()[0]:.1f} before; idle: {app.figures()}", flush=True)
        seen: Counter[str] = Counter()
        times: list[float] = []
        until = time.monotonic() + minutes * 60
        visitors = [asyncio.create_task(visitor(app, until, seen, times)) for _ in range(sessions)]
        while time.monotonic() < until:
            await asyncio.sleep(min(SAMPLE_S, max(0.1, until - time.monotonic())))
            print(f"{sum(seen.values()):6} runs  {app.figures()}", flush=True)
        await asyncio.gather(*visitors)
        ordered = sorted(times)
        print(dict(seen), f"p50 {ordered[len(ordered) // 2]:.3f} s, p95 {ordered[len(ordered) * 19 // 20]:.3f} s")
        await asyncio.sleep(IDLE_MS / 1000 + 25)
        left = {name: await gauge(app, name) for name in ("sandboxes_here", "clients", "slots_in_use", "slots_waiting")}
        print(f"after all sandboxes' time: {app.figures()}, {left}")
        print(
            f"left in the store: {await gauge(app, 'sandboxes')} sandboxes (ready ones included); load {os.getloadavg()[0]:.1f}"
        )
        for line in (folder / "app.log").read_text().splitlines():
            if '"level": "error"' in line or '"level": "critical"' in line:
                print(line)
    finally:
        app.end()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    given = parser.parse_args()
    run(lambda folder: soak(folder, given.minutes, given.sessions))
