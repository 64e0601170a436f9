"""DynamoDB: what Sandtable adds to a GetItem, and what eight slow scans on one emulator do to the GetItems of others.

`python -m bench.dynamodb [seconds of each sample]` ends by itself, half a minute after the app stands at the default of 5 s.
"""

import asyncio
import http.client
import json
import os
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from app.config import Settings
from app.core import priority
from app.engines.dynamodb.arns import REGION
from bench.serving import run, serving

TARGET_ADDED_MS = 6.0
TARGET_RATIO = 3.0
TARGET_SAME_MS = 200.0
PROCESSES = 4
SCANS = 8
ITEMS = 2_000
PAUSE_S = 0.002
VISIT = "visit"
TABLE = (
    "CreateTable { TableName: 'things', BillingMode: 'PAY_PER_REQUEST', KeySchema: [{AttributeName: 'pk', KeyType: 'HASH'}], "
    "AttributeDefinitions: [{AttributeName: 'pk', AttributeType: 'S'}] }\n"
)
GET = "GetItem { TableName: 'things', Key: { pk: 'p1' } }"
FILTER = " OR ".join(["n = :no"] * 290)
SCAN = f"Scan {{ TableName: 'things', FilterExpression: '{FILTER}', ExpressionAttributeValues: {{':no': -1}} }}"


class Session:
    """One visitor of the JSON API. `server` is the number of the emulator that its sandbox lives on."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"content-type": "application/json"}
        self.run(TABLE + "PutItem { TableName: 'things', Item: { pk: 'p1', n: 1 } }")
        described = self.run("DescribeTable { TableName: 'things' }")["results"][0]["documents"][0]
        self.account = described["TableArn"].split(":")[4]
        self.server = int(self.account) % PROCESSES

    def run(self, source: str) -> dict[str, Any]:
        body = json.dumps({"engine": "dynamodb", "source": source})
        try:
            self._connection.request("POST", "/api/v1/run", body, self._headers)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):  # closed while it was idle
            self._connection.close()
            self._connection.request("POST", "/api/v1/run", body, self._headers)
            response = self._connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        if cookie := response.headers.get("set-cookie"):
            self._headers["cookie"] = cookie.split(";")[0]
        return answer


def on(port: int, server: int) -> Session:
    """A session whose sandbox lives on that emulator: sandboxes fall on them by chance."""
    while True:
        session = Session(port)
        if session.server == server:
            return session


def fill(session: Session) -> None:
    for first in range(0, ITEMS, 100):
        puts = ", ".join(
            f"{{Put: {{TableName: 'things', Item: {{pk: 'p{n}', n: {n}}}}}}}" for n in range(first, first + 100)
        )
        session.run(f"TransactWriteItems {{ TransactItems: [{puts}] }}")


def sample(session: Session, seconds: float) -> list[float]:
    taken = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        assert session.run(GET)["stats"]["outcome"] == "ok"
        taken.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_S)
    return taken


def added(session: Session, url: str) -> None:
    """boto3 alone and the JSON API in turn."""
    driver = boto3.client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=session.account,
        aws_secret_access_key="none",
        config=Config(proxies={}),
    )
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(320):
        for kind, call in enumerate(
            (lambda: driver.get_item(TableName="things", Key={"pk": {"S": "p1"}}), lambda: session.run(GET))
        ):
            began = time.perf_counter()
            call()
            if number >= 20:
                times[kind].append((time.perf_counter() - began) * 1000)
    medians = [statistics.median(one) for one in times]
    print(
        f"GetItem median: boto3 {medians[0]:.2f} ms, JSON API {medians[1]:.2f} ms, added {medians[1] - medians[0]:.2f} ms (target {TARGET_ADDED_MS:g})"
    )


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def measure(port: int, seconds: float, urls: list[str]) -> None:
    same, other = on(port, 0), on(port, 1)
    added(other, urls[1])
    idle = {"same": sample(same, seconds), "other": sample(other, seconds)}
    scanners = [on(port, 0) for _ in range(SCANS)]
    for scanner in scanners:
        fill(scanner)
    ending = threading.Event()

    def attack(session: Session) -> None:
        while not ending.is_set():
            session.run(SCAN)

    threads = [threading.Thread(target=attack, args=(scanner,)) for scanner in scanners]
    for thread in threads:
        thread.start()
    time.sleep(1)
    loaded = {"other": sample(other, seconds), "same": sample(same, seconds)}
    ending.set()
    for thread in threads:
        thread.join(30)
    print(f"{'GetItem':<28}{'p50 ms':>9}{'p99 ms':>9}")
    for name, values in (
        ("idle", idle["other"]),
        ("beside, another emulator", loaded["other"]),
        ("beside, the same emulator", loaded["same"]),
    ):
        print(f"{name:<28}{statistics.median(values):>9.2f}{p99(values):>9.2f}")
    print(f"another emulator: p99 {p99(loaded['other']) / p99(idle['other']):.1f} x idle (target {TARGET_RATIO:g})")
    print(f"the same emulator: p99 {p99(loaded['same']):.0f} ms (target {TARGET_SAME_MS:g})")


async def main(folder: Path, seconds: float) -> None:
    settings = Settings(
        data_dir=folder / "data",
        engines=("dynamodb",),
        dynamodb_processes=PROCESSES,
        run_burst=100_000,
        runs_per_second=100_000,
        max_sessions_per_hour=100_000,
    )
    async with serving(settings) as (services, port):
        engine: Any = services.engines.get("dynamodb")
        print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}", flush=True)
        urls = ",".join(server.url for server in engine.pool.servers)
        visit = [sys.executable, "-m", "bench.dynamodb", VISIT, str(port), str(seconds), urls]
        visitors = await asyncio.create_subprocess_exec(*priority.usual(visit), start_new_session=True)
        await visitors.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == [VISIT]:
        measure(int(sys.argv[2]), float(sys.argv[3]), sys.argv[4].split(","))
    else:
        run(lambda folder: main(folder, float(sys.argv[1]) if len(sys.argv) > 1 else 5.0))
