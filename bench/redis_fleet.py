"""200 Redis sandboxes at once: memory and disk of each, how long one takes to wake, and a neighbour beside hostile ones.

`python -m bench.redis_fleet [sandboxes]` ends by itself, after about a minute. Each sandbox gets a few keys of every kind; ten get 1 MB.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from app.config import Settings
from app.core.errors import PlaygroundError
from app.core.limits import Limits
from app.core.places import Places
from app.core.sandbox import Sandbox
from app.engines.redis.engine import RedisEngine
from bench.serving import run

MB = 1_000_000
FEW = """\
SET user:1:name Ada
SET session:1 "signed in" EX 3600
HSET user:1 name Ada born 1815 city London
RPUSH queue a b c
SADD tags x y z
ZADD board 1 a 2 b 3 c
XADD log 1-1 item tea
FUNCTION LOAD REPLACE "#!lua name=l\\nredis.register_function('f', function() return 1 end)"
"""
ONE_MB = "EVAL \"for i = 1, 1000 do redis.call('SET', 'k' .. i, string.rep(tostring(i % 10), 1000)) end\" 0"
HOSTILE = {
    "an endless script": "EVAL \"redis.call('SET', 'a', 1) while true do end\" 0",
    "a memory bomb": "EVAL \"local t = {} for i = 1, 1e9 do t[i] = string.rep('x', 100000) .. i end\" 0",
}
SLICE_S = 2.0
SLICES = 5
PAUSE_S = 0.002
BIG = 10


class Bench:
    def __init__(self, engine: RedisEngine) -> None:
        self.engine = engine
        settings = engine.settings
        self.limits = Limits(max_run_ms=settings.max_run_ms, left_ms=settings.max_run_ms)

    async def new(self, source: str) -> Sandbox:
        sandbox = self.engine.new_sandbox()
        await self.engine.create(sandbox)
        await self.run(sandbox, source)
        return sandbox

    async def run(self, sandbox: Sandbox, source: str) -> None:
        client = await self.engine.client(sandbox)
        await client.begin(source, self.limits)
        try:
            for statement in self.engine.split(source):
                async for _ in client.run(statement, self.limits):
                    pass
        except PlaygroundError:
            return  # a hostile one was ended
        finally:
            await client.finish()

    async def park(self, sandbox: Sandbox) -> None:
        await self.engine.close_clients(sandbox)
        assert await self.engine.fleet.of(sandbox).park()


async def timed(call: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1000


def memory(bench: Bench, sandboxes: list[Sandbox]) -> tuple[list[int], list[int]]:
    """Bytes of each live server: its own alone, and with its share of what all of them share."""
    pids = [bench.engine.fleet.of(sandbox).process.pid for sandbox in sandboxes]
    full = [psutil.Process(pid).memory_full_info() for pid in pids if pid is not None]
    return [m.uss for m in full], [getattr(m, "pss", m.uss) for m in full]


def on_disk(bench: Bench, sandbox: Sandbox) -> int:
    folder = bench.engine.fleet.of(sandbox).folder
    return sum(path.stat().st_blocks * 512 for path in [folder, *folder.iterdir()])


def line(what: str, values: list[float], target: str = "") -> None:
    high = statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    print(f"{what:<52} {statistics.median(values):>10.2f} {high:>10.2f} {max(values):>10.2f}  {target}")


async def wake_times(bench: Bench, sandboxes: list[Sandbox]) -> list[float]:
    taken = []
    for sandbox in sandboxes:
        await bench.park(sandbox)
        taken.append(await timed(lambda sandbox=sandbox: bench.run(sandbox, "PING")))  # type: ignore[misc]
    return taken


async def neighbour(bench: Bench) -> None:
    """One visitor's GET, alone and while others do their worst, in turns, so that other work on the machine meets all alike."""
    quiet = await bench.new("SET k v")
    hostile = {name: await bench.new("PING") for name in HOSTILE}
    taken: dict[str, list[float]] = {"idle": [], **{f"beside {name}": [] for name in HOSTILE}}

    async def sample(into: list[float]) -> None:
        end = time.perf_counter() + SLICE_S
        while time.perf_counter() < end:
            into.append(await timed(lambda: bench.run(quiet, "GET k")))
            await asyncio.sleep(PAUSE_S)

    async def attack(name: str, ending: asyncio.Event) -> None:
        while not ending.is_set():
            await bench.run(hostile[name], HOSTILE[name])

    for _ in range(SLICES):
        await sample(taken["idle"])
        for name in HOSTILE:
            ending = asyncio.Event()
            task = asyncio.create_task(attack(name, ending))
            await sample(taken[f"beside {name}"])
            ending.set()
            await task
    print(f"\n{'GET of a neighbour, ms':<34} {'p50':>8} {'p99':>8} {'p99 against idle':>18}")
    idle = statistics.quantiles(taken["idle"], n=100)[-1]
    for name, values in taken.items():
        p99 = statistics.quantiles(values, n=100)[-1]
        print(f"{name:<34} {statistics.median(values):>8.2f} {p99:>8.2f} {p99 / idle:>18.1f}")


async def main(folder: Path, count: int) -> None:
    settings = Settings(data_dir=folder / "data", redis_max_servers=count + 20)
    load = os.getloadavg()[0]
    with Places(settings.data_dir) as places:
        async with RedisEngine(settings, places) as engine:
            bench = Bench(engine)
            print(f"{count} sandboxes, Redis {engine.info.version}, load before it {load:.1f}\n")
            print(f"{'':<52} {'median':>10} {'p95':>10} {'max':>10}")
            began = time.perf_counter()
            sandboxes = [await bench.new(FEW) for _ in range(count)]
            each_ms = (time.perf_counter() - began) * 1000 / count
            own, shared = memory(bench, sandboxes)
            line("a live one, MB of its own", [m / MB for m in own], "under 3")
            line("a live one, MB with its share of what is shared", [m / MB for m in shared])
            print(f"all of them together: {sum(shared) / MB:,.0f} MB; made and filled in {each_ms:.0f} ms each")
            line("wake and PING, a few keys, ms", await wake_times(bench, sandboxes[:40]), "under 40")
            big = sandboxes[:BIG]
            for sandbox in big:
                await bench.run(sandbox, ONE_MB)
            line("wake and PING, 1 MB, ms", await wake_times(bench, big * 3), "under 40")
            for sandbox in sandboxes:
                await bench.park(sandbox)
            line(
                "a parked one, kB on disk", [on_disk(bench, sandbox) / 1000 for sandbox in sandboxes[BIG:]], "under 50"
            )
            await neighbour(bench)
            for sandbox in sandboxes:
                await engine.drop(sandbox)


if __name__ == "__main__":
    run(lambda folder: main(folder, int(sys.argv[1]) if len(sys.argv) > 1 else 200))
