"""How long the sample datasets take to fill, by engine and size: python -m bench.datasets [S|M|L ...]."""

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from app.config import Settings
from app.core.limits import Limits
from app.core.places import Places
from app.datasets import DATASETS
from app.engines import ENGINES, create
from app.playground import datasets
from app.playground.engines import Engines


async def main(sizes: list[str], folder: Path) -> None:
    settings = Settings(data_dir=folder)
    with Places(folder) as places:
        offered = {slug: create(slug, settings, places) for slug in ENGINES}
        async with Engines(offered):
            for size in sizes:
                for name in DATASETS:
                    await _fill(offered, f"{name}:{size}")


async def _fill(offered: dict, name: str) -> None:
    """One after another, in sandboxes that are there already, as a visitor's second run finds them."""
    times = []
    for slug, engine in offered.items():
        sandbox = engine.new_sandbox()
        await engine.create(sandbox)
        await engine.client(sandbox)
        await datasets.content(name, slug)
        began = time.perf_counter()
        last = [progress async for progress in datasets.fill(engine, sandbox, name, Limits())][-1]
        times.append((slug, (time.perf_counter() - began) * 1000, last.total, (await engine.usage(sandbox)).bytes))
        await engine.close_clients(sandbox)
        await engine.drop(sandbox)
    total = sum(ms for _, ms, _, _ in times)
    parts = ", ".join(f"{slug} {ms:,.0f} ms for {count:,} ({size / 1e6:.1f} MB)" for slug, ms, count, size in times)
    print(f"{name:<10} {total:7,.0f} ms together: {parts}", flush=True)


if __name__ == "__main__":
    data = Path(tempfile.mkdtemp(prefix="sandtable-bench-"))
    data.chmod(0o755)
    try:
        asyncio.run(main(sys.argv[1:] or ["S", "M"], data))
    finally:
        shutil.rmtree(data, ignore_errors=True)
