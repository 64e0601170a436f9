"""The whole app as an operator runs it: figures to a real Prometheus, an end that breaks no run, clients that stall."""

import contextlib
import json
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.served import Served, free_port


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="sandtable-operations-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    admin_port = free_port()
    served = Served(
        folder / "data",
        SANDTABLE_ENGINES="postgres,redis",
        SANDTABLE_ADMIN_PORT=str(admin_port),
        SANDTABLE_LOG_RUNS="true",
        SANDTABLE_DRAIN_MS="1500",
    )
    served.wait_until_ready()
    served.admin_port = admin_port  # type: ignore[attr-defined]
    yield served
    served.end()


def test_sigterm_says_draining_and_breaks_no_run(served: Served) -> None:
    answers: list[httpx.Response] = []
    stream: list[httpx.Response] = []

    def sleep() -> None:
        answers.append(served.run("postgres", "select pg_sleep(3)"))

    def listen() -> None:
        with httpx.Client(timeout=20) as http:
            url = f"http://127.0.0.1:{served.port}/api/v1/run"
            stream.append(http.post(url, json={"engine": "redis", "source": "SUBSCRIBE news"}))

    threads = [threading.Thread(target=work) for work in (sleep, listen)]
    for thread in threads:
        thread.start()
    time.sleep(0.7)
    assert served.http.get("/readyz").json()["draining"] is False
    began = time.monotonic()
    served.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", timeout=5) as late:
        ready = late.get("/readyz")
        assert (ready.status_code, ready.json()["draining"]) == (503, True)
        while_draining = late.post("/api/v1/run", json={"engine": "redis", "source": "PING"})
        assert while_draining.json()["results"][0]["text"] == "PONG"
    for thread in threads:
        thread.join(10)
    served.process.wait(10)
    took = time.monotonic() - began
    assert answers[0].json()["stats"]["outcome"] == "ok", answers[0].text
    assert stream[0].status_code == 200, stream[0].text
    assert took < 8, "nothing waited for the stream's two minutes"
    audit = [json.loads(line) for line in served.log.read_text().splitlines() if '"sandtable.audit"' in line]
    assert {(line["engine"], line["outcome"]) for line in audit} >= {("postgres", "ok"), ("redis", "ok")}
    assert all(len(line["request"]) == 16 for line in audit)
    print(f"SIGTERM to end, with a 3 s run and a stream going on: {took:.1f} s")


def test_a_real_prometheus_scrapes_it(served: Served, tmp_path: Path) -> None:
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        pytest.skip("prometheus is not installed (Debian: prometheus)")
    served.run("postgres", "select 1")
    port = free_port()
    target = f"127.0.0.1:{served.admin_port}"  # type: ignore[attr-defined]
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "sandtable", "static_configs": [{"targets": [target]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    process = subprocess.Popen(
        [
            prometheus,
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until, found = time.monotonic() + 15, []
        while not found and time.monotonic() < until:
            time.sleep(0.3)
            with contextlib.suppress(httpx.TransportError):
                url = f"http://127.0.0.1:{port}/api/v1/query"
                query = {"query": 'sandtable_runs_total{engine="postgres", outcome="ok"}'}
                found = httpx.get(url, params=query, timeout=5).json()["data"]["result"]
        assert found
        assert float(found[0]["value"][1]) >= 1
    finally:
        process.terminate()
        process.wait(10)
