"""Supervised processes and the folders they live in, on small real processes."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from app.core.places import PlaceError, Places
from app.core.process import ServerFailed, ServerProcess, end_leftover

SERVE = "import sys, time; open(sys.argv[1], 'w').write('up'); time.sleep(60)"


@pytest.fixture
def places() -> Iterator[Places]:
    folder = Path(tempfile.mkdtemp(prefix="sandtable-test-"))
    folder.chmod(0o755)
    with Places(folder / "data") as places:
        yield places


@pytest.fixture
async def server(places: Places) -> AsyncIterator[ServerProcess]:
    process = make(places, SERVE)
    await process.start()
    yield process
    await process.stop()


def make(places: Places, program: str, **more: object) -> ServerProcess:
    flag = places.engine_data("test") / "flag"
    flag.unlink(missing_ok=True)

    async def ready() -> None:
        if not flag.exists():
            raise ConnectionError("not yet")

    python = str(places.python())
    return ServerProcess("test", [python, "-c", program, str(flag)], places=places, ready=ready, **more)  # type: ignore[arg-type]


async def until(condition, within_s: float = 5.0) -> None:  # type: ignore[no-untyped-def]
    for _ in range(int(within_s / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("did not happen in time")


async def test_it_starts_and_stops(server: ServerProcess) -> None:
    pid = server.pid
    assert pid is not None
    assert psutil.pid_exists(pid)
    await server.stop()
    assert not psutil.pid_exists(pid)
    await server.stop()


async def test_it_runs_without_privileges_and_inherits_nothing(server: ServerProcess, places: Places) -> None:
    assert server.pid is not None
    process = psutil.Process(server.pid)
    if os.geteuid() == 0:
        assert places.account is not None
        assert set(process.uids()) == {places.account.uid}
    environment = process.environ()
    assert set(environment) <= {"PATH", "LC_ALL", "TZ", "LC_CTYPE"}


async def test_a_killed_process_comes_back(places: Places) -> None:
    ended: list[int] = []
    process = make(places, SERVE, on_end=lambda: ended.append(process.restarts))
    await process.start()
    before = process.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    for _ in range(250):
        if process.restarts:
            break
        await asyncio.sleep(0.02)
    assert process.restarts == 1
    assert ended == [0], "it is told before it is started again"
    assert process.pid != before
    await process.stop()


async def test_a_process_that_cannot_start_says_why(places: Places) -> None:
    process = make(places, "import sys; sys.exit('no such disk')")
    with pytest.raises(ServerFailed, match="no such disk"):
        await process.start()
    assert not process.running


async def test_a_process_that_is_never_ready_is_given_up(places: Places) -> None:
    process = make(places, "import time; time.sleep(60)", ready_wait_s=0.3)
    with pytest.raises(ServerFailed, match=r"not ready within 0\.3 s"):
        await process.start()
    assert not process.running


async def test_a_process_that_ignores_the_signal_is_killed(places: Places) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SERVE
    process = make(places, stubborn, stop_wait_s=0.3)
    await process.start()
    pid = process.pid
    assert pid is not None
    await process.stop()
    assert not psutil.pid_exists(pid)


async def test_what_an_earlier_run_left_behind_is_ended(server: ServerProcess, places: Places) -> None:
    pid = server.pid
    assert pid is not None
    server._stopping = True
    await asyncio.to_thread(end_leftover, places.data / "pids" / "test.json")
    await until(lambda: not server.running)


def test_a_pid_that_is_now_another_process_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "test.json"
    file.write_text(json.dumps({"pid": os.getpid(), "created": 1.0}))
    end_leftover(file)
    assert not file.exists()


def test_a_data_directory_belongs_to_one_process(places: Places) -> None:
    with pytest.raises(PlaceError, match=f"process {os.getpid()}.*--data-dir"), Places(places.data):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives servers another account")
def test_a_data_directory_that_servers_cannot_reach_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(PlaceError, match="cannot reach"), Places(tmp_path / "data"):
        pass
    assert tmp_path.stat().st_mode & 0o777 == 0o700, "a folder that is not ours was changed"


def test_socket_paths_stay_short(places: Places) -> None:
    assert len(str(places.engine_runtime("postgres") / ".s.PGSQL.5432")) < 100


def test_a_python_that_the_account_can_run(places: Places) -> None:
    assert f"python{sys.version_info.major}.{sys.version_info.minor}" in str(places.python().resolve())


def test_a_program_that_is_not_there_is_named(places: Places) -> None:
    with pytest.raises(PlaceError, match="no_such_package"):
        places.executable("no_such_package", "no-such-package", "bin/x")
