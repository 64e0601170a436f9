"""Several processes on one store: workers of one machine, and two apps behind a real proxy; each is killed in turn."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest
import yaml

from app.engines.postgres.engine import PostgresEngine
from tests.served import ROOT, Served, free_port

ENGINES = {"SANDTABLE_ENGINES": "postgres,redis"}
MOVED = "The process that worked for you ended, and another goes on."


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="sandtable-replicas-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


class Visitor:
    """A browser without a page: one session, and what it is told."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=20)

    def run(self, engine: str, source: str) -> dict[str, Any]:
        """A run that must succeed, at once or after the wait that a 503 asks for, or on a new connection."""
        until = time.monotonic() + 25
        while True:
            try:
                answer = self.http.post("/api/v1/run", json={"engine": engine, "source": source})
            except httpx.TransportError:  # the process at the other end of the connection was killed
                assert time.monotonic() < until
                continue
            if answer.status_code == 200:
                run: dict[str, Any] = answer.json()
                return run
            assert answer.status_code in (502, 503), answer.text
            assert time.monotonic() < until, answer.text
            time.sleep(0.2)

    def notes(self, engine: str, source: str) -> tuple[str, list[str]]:
        """The last result's text or first cell, and the notices of the run."""
        results = self.run(engine, source)["results"]
        last = results[-1]
        assert "error" not in last, last
        value = last["text"] if last["kind"] == "reply" else last.get("rows", [[last.get("status")]])[0][0]
        return value, [notice["message"] for result in results for notice in result.get("notices", [])]


@pytest.fixture
def visit() -> Iterator[Callable[[str], Visitor]]:
    """Makes visitors, and sees them off."""
    made: list[Visitor] = []

    def visit(url: str) -> Visitor:
        made.append(Visitor(url))
        return made[-1]

    yield visit
    for visitor in made:
        visitor.http.close()


def fill(visitor: Visitor) -> None:
    visitor.run("postgres", "create table kept (n int); insert into kept values (42)")
    visitor.run("redis", "SET kept 42")


def check_kept(visitor: Visitor) -> list[str]:
    """The data is there. What was said on the way."""
    value, said = visitor.notes("postgres", "select n from kept")
    assert value == "42"
    value, more = visitor.notes("redis", "GET kept")
    assert value == '"42"'
    return said + more


def workers_of(served: Served) -> list[psutil.Process]:
    children = psutil.Process(served.process.pid).children()
    return [child for child in children if "--listening-fd" in child.cmdline()]


def test_workers_share_everything_and_each_may_die(folder: Path, visit: Callable[[str], Visitor]) -> None:
    served = Served(folder / "workers", **ENGINES, SANDTABLE_WORKERS="2", SANDTABLE_LEASE_MS="2000")
    try:
        served.wait_until_ready()
        visitors = [visit(f"http://127.0.0.1:{served.port}") for _ in range(4)]
        for visitor in visitors:
            fill(visitor)
        before = workers_of(served)
        assert len(before) == 2
        told: list[str] = []
        for worker in before:
            worker.send_signal(signal.SIGKILL)
            for visitor in visitors:
                told += check_kept(visitor)
        assert sum(MOVED in line for line in told) >= len(visitors), "each lost its process once at least"
        assert any("last snapshot" in line for line in told)
        assert all(not check_kept(visitor) for visitor in visitors), "and is told once"
        until = time.monotonic() + 10
        while len(workers_of(served)) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        family = psutil.Process(served.process.pid).children(recursive=True)
    finally:
        served.end()
    _, alive = psutil.wait_procs(family, timeout=3)
    assert not alive


def test_a_run_of_one_client_at_a_time_holds_across_workers(folder: Path, visit: Callable[[str], Visitor]) -> None:
    """Requests of one session meet in one process, whichever took them: two runs at once are refused, Stop finds the run."""
    served = Served(folder / "workers", **ENGINES, SANDTABLE_WORKERS="3")
    try:
        served.wait_until_ready()
        visitor = visit(f"http://127.0.0.1:{served.port}")
        visitor.run("postgres", "select 1")
        cookies = dict(visitor.http.cookies)
        answers: list[int] = []
        slow = threading.Thread(target=visitor.run, args=("postgres", "select pg_sleep(2)"))
        slow.start()
        time.sleep(0.5)
        for _ in range(6):  # each on a connection of its own, which any worker may take
            with httpx.Client(base_url=served.http.base_url, cookies=cookies, timeout=5) as other:
                answers.append(other.post("/api/v1/run", json={"engine": "postgres", "source": "select 2"}).status_code)
        slow.join()
        assert answers == [429] * 6
    finally:
        served.end()


class Cluster:
    """Two apps with data directories of their own, one store and PostgreSQL, behind Caddy with our Caddyfile."""

    def __init__(self, folder: Path, postgres: PostgresEngine) -> None:
        self.folder = folder
        self.shared = {
            **ENGINES,
            "SANDTABLE_POSTGRES_URL": postgres.server.url("postgres"),
            "SANDTABLE_STORE_URL": postgres.server.url("store_replicas"),
            "SANDTABLE_SECRET_KEY": "one-key-for-all-replicas",
            "SANDTABLE_LEASE_MS": "2000",
            "SANDTABLE_READY_SANDBOXES": "1",
            "SANDTABLE_JANITOR_INTERVAL_MS": "1000",
        }
        self.apps = [self.start(number) for number in range(2)]
        self.port = free_port()
        upstreams = " ".join(f"127.0.0.1:{app.port}" for app in self.apps)
        environment = {
            **os.environ,
            "HOME": str(folder),
            "PROXY_OPTIONS": "auto_https off",
            "PROXY_SITE": f"http://127.0.0.1:{self.port}",
            "PROXY_TLS": "",
            "PROXY_UPSTREAMS": upstreams,
            "PROXY_SECRET": "for-the-route",
            "PROXY_HEALTH_INTERVAL": "500ms",
            "PROXY_HEALTH_HOST": "127.0.0.1",
            "PROXY_HEALTH_PORT": str(free_port()),
        }
        caddy = Path(sys.executable).with_name("caddy")
        self.log = (folder / "caddy.log").open("wb")
        self.proxy = subprocess.Popen(
            [caddy, "run", "--config", ROOT / "infra/proxy/Caddyfile", "--adapter", "caddyfile"],
            env=environment,
            stdout=self.log,
            stderr=self.log,
        )
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, number: int, port: int | None = None) -> Served:
        port = port or free_port()
        app = Served(
            self.folder / f"app-{number}", port=port, **self.shared, SANDTABLE_PEER_ADDRESS=f"127.0.0.1:{port}"
        )
        app.wait_until_ready()
        return app

    def holder(self, visitor: Visitor) -> int:
        """Which app has the visitor's Redis sandbox."""
        folders = [app.data_dir / "redis" for app in self.apps]
        visitor.run("redis", "PING")
        return next(n for n, folder in enumerate(folders) if any(len(found.name) == 20 for found in folder.iterdir()))

    def end(self) -> None:
        self.proxy.terminate()
        self.proxy.wait(10)
        self.log.close()
        for app in self.apps:
            app.end()


def test_the_proxy_is_known_to_be_well_while_it_has_no_certificate_for_an_address(folder: Path) -> None:
    check = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["proxy"]["healthcheck"]["test"][-1]
    port = free_port()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "PROXY_OPTIONS": f"http_port {free_port()}\n\thttps_port {free_port()}\n\tskip_install_trust",
        "PROXY_SITE": "localhost",
        "PROXY_UPSTREAMS": "127.0.0.1:1",
        "PROXY_SECRET": "for-the-route",
        "PROXY_HEALTH_INTERVAL": "1s",
        "PROXY_HEALTH_HOST": "localhost",
        "PROXY_HEALTH_PORT": str(port),
    }
    caddy = Path(sys.executable).with_name("caddy")
    with (folder / "caddy-alone.log").open("wb") as log:
        proxy = subprocess.Popen(
            [caddy, "run", "--config", ROOT / "infra/proxy/Caddyfile", "--adapter", "caddyfile"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        until = time.monotonic() + 10
        while True:
            try:
                answer = httpx.get(check.replace(":2080", f":{port}"), timeout=2)
                break
            except httpx.TransportError:
                assert time.monotonic() < until, (folder / "caddy-alone.log").read_text()[-2000:]
                time.sleep(0.1)
        assert (answer.status_code, answer.url.port) == (200, port)
    finally:
        proxy.terminate()
        proxy.wait(10)


@pytest.fixture
async def cluster(folder: Path, postgres: PostgresEngine) -> Any:
    await postgres.server.ensure_database("store_replicas")
    cluster = Cluster(folder, postgres)
    yield cluster
    cluster.end()


async def test_a_session_survives_either_app_behind_a_real_proxy(
    cluster: Cluster, visit: Callable[[str], Visitor]
) -> None:
    visitor = visit(cluster.url)
    fill(visitor)
    cookies = {cookie.name: cookie for cookie in visitor.http.cookies.jar}
    assert cookies.keys() == {"sandtable", "sandtable-route"}
    assert visitor.http.get("/metrics").status_code == 404
    at = cluster.holder(visitor)
    other = 1 - at

    # asked directly, the app that does not have the session sends the request on
    direct = visit(str(cluster.apps[other].http.base_url))
    direct.http.cookies.set("sandtable", cookies["sandtable"].value)
    assert check_kept(direct) == []
    assert (cluster.apps[other].data_dir / "redis").exists()
    page = direct.http.get("/postgres")
    assert page.status_code == 200
    assert "select n from kept" in page.text, "the other's last results are shown"

    # the one without the session dies: nothing is noticed
    cluster.apps[other].end(signal.SIGKILL)
    assert check_kept(visitor) == []
    cluster.apps[other] = cluster.start(other, cluster.apps[other].port)

    # the one with the session dies
    port = cluster.apps[at].port
    began = time.monotonic()
    cluster.apps[at].end(signal.SIGKILL)
    value, said = visitor.notes("postgres", "select n from kept")
    took = time.monotonic() - began
    assert value == "42"
    assert MOVED in said[0]
    print(f"SIGKILL of the app that worked for the session, until its next PostgreSQL run succeeds: {took:.1f} s")
    away = visitor.http.post("/api/v1/run", json={"engine": "redis", "source": "GET kept"})
    assert away.status_code == 503
    assert "on a machine that is away" in away.text
    assert "Reset gives you an empty one now" in away.text

    # and comes back, with its disk
    cluster.apps[at] = cluster.start(at, port)
    value, said = visitor.notes("redis", "GET kept")
    assert value == '"42"', "Redis is as its last snapshot, on the machine that has it"

    # a rolling restart of both in good order loses nothing at all
    for number in (0, 1):
        port = cluster.apps[number].port
        cluster.apps[number].end(signal.SIGTERM)
        cluster.apps[number] = cluster.start(number, port)
        check_kept(visitor)
