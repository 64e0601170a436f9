"""`sandtable serve` as a process: start, kill -9 of servers and of the app, a second instance, stop without a trace."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest

from app.core import priority
from app.engines import ENGINES
from tests.served import ROOT, Served

HELLO = {
    "postgres": "select 'hel' || 'lo' as greeting",
    "mongodb": "db.greetings.insertOne({text: 'hello'}); db.greetings.findOne({}, {_id: 0})",
    "redis": "SET greeting hello\nGET greeting",
    "dynamodb": "ListTables {}",
}
SLOW = {
    "postgres": "select pg_sleep(4)",
    "mongodb": "while (true) db.c.countDocuments()",
    "redis": "BLPOP nothing 0",
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="sandtable-serve-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    server = Served(folder / "data")
    try:
        server.wait_until_ready()
        yield server
    finally:
        if server.process.poll() is None:
            server.end()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may go before others")
def test_the_app_goes_before_the_servers_that_it_starts(served: Served) -> None:
    hello(served, "redis")
    hello(served, "mongodb")
    assert psutil.Process(served.process.pid).nice() == priority.FIRST
    servers = served.servers()
    assert len(servers) >= 4
    for name, process in servers.items():
        for one in (process, *process.children()):
            threads = [int(thread.id) for thread in one.threads()]
            assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads} == {priority.USUAL}, name
            assert Path(f"/proc/{one.pid}/autogroup").read_text().split()[-1] == "0"


def hello(served: Served, engine: str) -> dict[str, Any]:
    answer = served.run(engine, HELLO[engine])
    assert answer.status_code == 200, answer.text
    run: dict[str, Any] = answer.json()
    assert run["stats"]["outcome"] == "ok", run
    return run


def test_it_says_one_line_per_engine_and_the_address(served: Served) -> None:
    text = "\n".join(served.lines)
    for pattern in (r"PostgreSQL +18\.\d+ .*\d ms", r"MongoDB +6\.0.* ms", r"Redis +8\.\d.* ms", r"DynamoDB .* ms"):
        assert re.search(pattern, text), text
    assert served.lines[-1] == f"http://127.0.0.1:{served.port}"


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_runs(served: Served, engine: str) -> None:
    hello(served, engine)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives servers another account")
def test_no_server_runs_as_root_or_listens_beyond_loopback(served: Served) -> None:
    servers = served.servers()
    assert len(servers) >= 4
    for name, process in servers.items():
        assert 0 not in process.uids(), name
        for connection in process.net_connections("inet"):
            assert connection.laddr.ip in ("127.0.0.1", "::1"), name


def test_a_second_instance_on_the_same_data_is_refused(served: Served) -> None:
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "1", "--data-dir", str(served.data_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert f"process {served.process.pid}" in done.stderr
    assert "--data-dir" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("engine", SLOW)
def test_a_server_killed_during_a_run_is_told_at_once_and_comes_back(served: Served, engine: str) -> None:
    hello(served, engine)
    answers: list[tuple[float, httpx.Response]] = []

    def run() -> None:
        answers.append(_timed(served, engine))

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.7)
    victims = [process for name, process in served.servers().items() if name.startswith(engine)]
    assert victims
    killed_at = time.monotonic()
    for process in victims:
        process.send_signal(signal.SIGKILL)
    thread.join(10)
    answered_at, answer = answers[0]
    assert answered_at - killed_at < 2
    assert answer.status_code == 503, answer.text
    assert answer.json()["error"]["code"] == "engine_unavailable"
    _until_it_runs(served, engine)


def test_a_dynamodb_process_killed_comes_back(served: Served) -> None:
    """Its calls are too short to be caught in the middle from outside; the engine's own tests do that."""
    hello(served, "dynamodb")
    for name, process in served.servers().items():
        if name.startswith("dynamodb"):
            process.send_signal(signal.SIGKILL)
    _until_it_runs(served, "dynamodb")


def test_kill_9_of_the_app_then_a_start_cleans_up(folder: Path) -> None:
    first = Served(folder / "again")
    first.wait_until_ready()
    for engine in ENGINES:
        hello(first, engine)
    left = list(first.servers().values())
    first.end(signal.SIGKILL)
    assert any(process.is_running() for process in left), "nothing was left behind, so this shows nothing"
    second = Served(folder / "again")
    try:
        warm_s = second.wait_until_ready()
        for engine in ENGINES:
            hello(second, engine)
        _, alive = psutil.wait_procs(left, timeout=2)
        assert not alive
        print(f"warm start after kill -9: {warm_s:.1f} s")
    finally:
        servers = list(second.servers().values())
        second.end(signal.SIGINT)
    _gone, alive = psutil.wait_procs(servers, timeout=2)
    assert servers
    assert not alive, "left after Ctrl-C"


def _timed(served: Served, engine: str) -> tuple[float, httpx.Response]:
    answer = served.run(engine, SLOW[engine])
    return time.monotonic(), answer


def _until_it_runs(served: Served, engine: str, within_s: float = 15) -> None:
    until = time.monotonic() + within_s
    while True:
        answer = served.run(engine, HELLO[engine])
        if answer.status_code == 200 and answer.json()["stats"]["outcome"] == "ok":
            return
        assert time.monotonic() < until, answer.text
        time.sleep(0.2)


def sandtable(served: Served, *arguments: str, code: int = 0) -> str:
    """What a client command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=50,
        cwd=ROOT,
        env={**os.environ, "SANDTABLE_URL": f"http://127.0.0.1:{served.port}"},
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_comparison_is_shared_packed_and_replayed_to_the_same_answers(served: Served, folder: Path) -> None:
    panes = []
    for engine, source in HELLO.items():
        file = folder / f"{engine}.txt"
        file.write_text(source)
        panes.append(f"{engine}={file}")
    assert "hello" in sandtable(served, "run", "redis", str(folder / "redis.txt"))
    link = sandtable(served, "share", *panes, "--title", "Hello four times").strip()
    pack = folder / "pack.zip"
    pack.write_bytes(served.http.get(f"{link}.zip").content)
    said = sandtable(served, "replay", str(pack))
    assert said.count("same answer") == len(ENGINES)
    shutil.unpack_archive(pack, folder / "pack")
    (folder / "pack" / "redis" / "source.redis").write_text("SET greeting bye\nGET greeting")
    said = sandtable(served, "replay", str(folder / "pack"), code=1)
    assert '+ "bye"' in said
    assert said.count("same answer") == len(ENGINES) - 1
    sandtable(served, "replay", str(folder / "redis.txt"), code=2)
    sandtable(served, "takedown", link.rsplit("/", 1)[1], "--reason", "a test", "--data-dir", str(served.data_dir))
    assert "a test" in served.http.get(link).text
    assert served.http.get(link).status_code == 410


def test_a_run_over_a_dataset_is_replayed_elsewhere_with_it(served: Served, folder: Path) -> None:
    pane = {"engine": "redis", "source": "DBSIZE", "dataset": "shop:S"}
    shared = served.http.post("/api/v1/playgrounds", json={"panes": [pane], "run": True})
    assert shared.status_code in (200, 201), shared.text
    pack = folder / "dataset.zip"
    pack.write_bytes(served.http.get(f"{shared.json()['link']}.zip").content)
    assert "same answer" in sandtable(served, "replay", str(pack), "--url", str(served.http.base_url))
    wrong = served.http.post("/api/v1/run", json=pane | {"dataset": "shop:XXL"})
    assert wrong.status_code in (400, 404), wrong.text


def test_sigterm_leaves_no_process(served: Served) -> None:
    servers = list(served.servers().values())
    assert servers
    served.end(signal.SIGTERM)
    _, alive = psutil.wait_procs(servers, timeout=2)
    assert not alive
