"""What Sandtable adds: the driver's own time beside ours through the JSON API, for the simplest read of each engine.

Both ask the same server as the same sandbox user, in turn, in one run: `python -m bench.overhead [rounds]`.
"""

import asyncio
import http.client
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import boto3
import redis.asyncio
from botocore.config import Config
from motor.motor_asyncio import AsyncIOMotorClient

from app.config import Settings
from app.core.sandbox import Sandbox
from app.engines.dynamodb.arns import REGION
from app.engines.mongodb.admin import database_of
from app.engines.postgres.admin import name_of
from app.engines.redis.policy import VISITOR_USER
from app.playground.services import Services
from bench.serving import run, serving

WARM_UP = 20
TABLE = {
    "TableName": "things",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
KEY = {"pk": {"S": "a"}}
PREPARE = {
    "postgres": "SELECT 1",
    "mongodb": "db.c.insertOne({a: 1})",
    "redis": "SET k v",
    "dynamodb": f"CreateTable {json.dumps(TABLE)}\nPutItem {json.dumps({'TableName': 'things', 'Item': KEY})}",
}
SOURCES = {
    "postgres": "SELECT 1",
    "mongodb": "db.c.findOne()",
    "redis": "GET k",
    "dynamodb": f"GetItem {json.dumps({'TableName': 'things', 'Key': KEY})}",
}

Call = Callable[[], Awaitable[Any]]


class Api:
    """A keep-alive connection to the app, used from a thread so that the app's loop is free to answer."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._headers = {"content-type": "application/json"}

    def run(self, engine: str, source: str) -> dict[str, Any]:
        self._connection.request("POST", "/api/v1/run", json.dumps({"engine": engine, "source": source}), self._headers)
        response = self._connection.getresponse()
        body: dict[str, Any] = json.loads(response.read())
        if cookie := response.headers.get("set-cookie"):
            self._headers["cookie"] = cookie.split(";")[0]
        assert response.status == 200, body
        assert body["stats"]["outcome"] == "ok", body
        return body


async def drivers(services: Services, sandboxes: dict[str, Sandbox], stack: AsyncExitStack) -> dict[str, Call]:
    """One call per engine, by its driver alone, on the sandbox's own server and as its own user."""
    engines: dict[str, Any] = {slug: services.engines.get(slug) for slug in sandboxes}
    sandbox = sandboxes["postgres"]
    pg = await asyncpg.connect(**engines["postgres"].server.tenant_arguments(name_of(sandbox), sandbox.secret))
    stack.push_async_callback(pg.close)
    sandbox = sandboxes["redis"]
    server = engines["redis"].fleet.of(sandbox)
    rd = redis.asyncio.Redis(unix_socket_path=str(server.socket), username=VISITOR_USER, password=sandbox.secret)
    stack.push_async_callback(rd.aclose)
    sandbox = sandboxes["mongodb"]
    mongo: AsyncIOMotorClient[dict[str, Any]] = await engines["mongodb"]._motor(sandbox)
    collection = mongo[database_of(sandbox.namespace)]["c"]
    sandbox = sandboxes["dynamodb"]
    dynamo = boto3.client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=engines["dynamodb"].pool.server(sandbox).url,
        aws_access_key_id=sandbox.namespace,
        aws_secret_access_key=sandbox.secret,
        config=Config(proxies={}),
    )
    stack.callback(dynamo.close)
    return {
        "postgres": lambda: pg.fetch("SELECT 1"),
        "mongodb": collection.find_one,
        "redis": lambda: rd.get("k"),
        "dynamodb": lambda: asyncio.to_thread(dynamo.get_item, TableName="things", Key=KEY),
    }


async def timed(call: Call) -> float:
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1000


async def measure(services: Services, port: int, rounds: int) -> None:
    api = Api(port)
    for engine, source in PREPARE.items():
        await asyncio.to_thread(api.run, engine, source)
    (session,) = {key[0] for key in services.sandboxes._places}
    sandboxes = {slug: (await services.sandboxes.get(session, slug)).sandbox for slug in SOURCES}
    async with AsyncExitStack() as stack:
        calls = await drivers(services, sandboxes, stack)
        print(f"{'':<10} {'driver ms':>20} {'HTTP API ms':>20} {'added ms':>10}")
        print(f"{'':<10} {'median':>10}{'p95':>10} {'median':>10}{'p95':>10} {'median':>10}")
        for engine, source in SOURCES.items():
            raw, ours = [], []
            for number in range(WARM_UP + rounds):
                driver_ms = await timed(calls[engine])
                api_ms = await timed(lambda engine=engine, source=source: asyncio.to_thread(api.run, engine, source))
                if number >= WARM_UP:
                    raw.append(driver_ms)
                    ours.append(api_ms)
            a, b = statistics.median(raw), statistics.median(ours)
            print(f"{engine:<10} {a:>10.2f}{p95(raw):>10.2f} {b:>10.2f}{p95(ours):>10.2f} {b - a:>10.2f}")


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def main(folder: Path, rounds: int) -> None:
    settings = Settings(data_dir=folder / "data", run_burst=100_000, runs_per_second=100_000)
    async with serving(settings) as (services, port):
        await measure(services, port, rounds)


if __name__ == "__main__":
    run(lambda folder: main(folder, int(sys.argv[1]) if len(sys.argv) > 1 else 200))
