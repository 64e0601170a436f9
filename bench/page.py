"""What a page of PostgreSQL costs the server: the first run, the first run after a Reset, a short run, a long table.

`python -m bench.page [rounds]` prints the targets beside the figures and ends by itself in well under a minute.
"""

import asyncio
import http.client
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg

from app.config import Settings
from app.engines.postgres.admin import name_of
from app.playground.services import Services
from app.web.render import environment
from bench.serving import run, serving

FIRST_RUNS = 10
WARM_UP = 20
TABLE = (
    "SELECT "
    + ", ".join(f"g * {i} AS c{i}" for i in range(5))
    + ", "
    + (", ".join(f"md5((g + {i})::text) AS t{i}" for i in range(5)) + " FROM generate_series(1, 1000) g")
)
WITH_JSON = TABLE.replace(
    "md5((g + 0)::text) AS t0",
    "jsonb_build_object('id', g, 'name', md5(g::text), 'tags', jsonb_build_array('a', g), 'at', now()) AS doc",
)
SITE = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}


class Visitor:
    """A browser's part: a keep-alive connection and a cookie."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._cookie = ""

    def post(self, path: str, body: str, headers: dict[str, str]) -> tuple[float, str]:
        """Milliseconds until the whole answer was there, and the answer."""
        began = time.perf_counter()
        self._connection.request("POST", path, body, headers | {"cookie": self._cookie})
        response = self._connection.getresponse()
        text = response.read().decode()
        took_ms = (time.perf_counter() - began) * 1000
        assert response.status == 200, (path, response.status, text[:300])
        if cookie := response.headers.get("set-cookie"):
            self._cookie = cookie.split(";")[0]
        return took_ms, text

    def call(self, source: str) -> float:
        body = json.dumps({"engine": "postgres", "source": source})
        return self.post("/api/v1/run", body, {"content-type": "application/json"})[0]

    def press(self, what: str, **fields: str) -> tuple[float, str]:
        return self.post(f"/partials/postgres/{what}", urlencode(fields), SITE)


def show(what: str, values: list[float], target: str) -> None:
    cuts = statistics.quantiles(values, n=20)
    print(f"{what:<60}{statistics.median(values):>9.2f}{cuts[18]:>9.2f}   {target}")


async def first_runs(services: Services, port: int) -> None:
    first, after_reset, reset = [], [], []
    for _ in range(FIRST_RUNS):
        await services.sandboxes.fill_pool(services.engines.get("postgres"))
        visitor = Visitor(port)
        first.append(await asyncio.to_thread(visitor.call, "SELECT 1"))
        await services.sandboxes.fill_pool(services.engines.get("postgres"))
        reset_ms, _ = await asyncio.to_thread(visitor.press, "reset")
        run_ms = await asyncio.to_thread(visitor.call, "SELECT 1")
        reset.append(reset_ms)
        after_reset.append(reset_ms + run_ms)
    show("new session, first run, pool warm", first, "under 150")
    show("Reset alone", reset, "")
    show("Reset and first run, pool warm", after_reset, "under 150")


async def short_runs(services: Services, port: int, rounds: int) -> None:
    visitor = Visitor(port)
    await asyncio.to_thread(visitor.call, "SELECT 1")
    session = list(services.sandboxes._places)[-1][0]
    sandbox = (await services.sandboxes.get(session, "postgres")).sandbox
    engine: Any = services.engines.get("postgres")
    raw = await asyncpg.connect(**engine.server.tenant_arguments(name_of(sandbox), sandbox.secret))
    theirs, ours = [], []
    for number in range(WARM_UP + rounds):
        began = time.perf_counter()
        await raw.fetch("SELECT 1")
        raw_ms = (time.perf_counter() - began) * 1000
        api_ms = await asyncio.to_thread(visitor.call, "SELECT 1")
        if number >= WARM_UP:
            theirs.append(raw_ms)
            ours.append(api_ms)
    await raw.close()
    show("SELECT 1, asyncpg alone", theirs, "")
    show("SELECT 1, JSON API", ours, "")
    added = statistics.median(ours) - statistics.median(theirs)
    print(f"{'SELECT 1, added at the median':<60}{added:>9.2f}{'':>9}   at most 3")


async def long_table(port: int, source: str, what: str, rounds: int) -> None:
    """The time in the template is the server's own; the whole request has the query and the sidebar too."""
    visitor = Visitor(port)
    rendered: list[float] = []
    template: Any = environment().get_template("partials/run.html")
    render: Callable[..., str] = template.render

    def timed(*args: Any, **context: Any) -> str:
        began = time.perf_counter()
        html = render(*args, **context)
        rendered.append((time.perf_counter() - began) * 1000)
        return html

    template.render = timed
    whole = []
    for number in range(3 + rounds):
        took_ms, html = await asyncio.to_thread(visitor.press, "run", source=source)
        assert html.count("<tr>") == 1_001, html[:500]
        if number >= 3:
            whole.append(took_ms)
    template.render = render
    show(f"{what} as HTML, in the template", rendered[3:], "under 25")
    show(f"{what} as HTML, whole request", whole, "")


async def main(folder: Path, rounds: int) -> None:
    settings = Settings(
        data_dir=folder / "data",
        engines=("postgres",),
        run_burst=100_000,
        runs_per_second=100_000,
        janitor_interval_ms=3_600_000,
    )
    async with serving(settings) as (services, port):
        print(f"{f'{os.cpu_count()} cores':<60}{'median':>9}{'p95':>9}   target, ms")
        await first_runs(services, port)
        await short_runs(services, port, rounds)
        await long_table(port, TABLE, "1,000 rows of 10 columns", max(10, rounds // 10))
        await long_table(port, WITH_JSON, "1,000 rows, one of 10 columns jsonb", max(10, rounds // 10))


if __name__ == "__main__":
    run(lambda folder: main(folder, int(sys.argv[1]) if len(sys.argv) > 1 else 300))
