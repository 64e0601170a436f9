"""What breaks around the app: each time a clear answer soon, nothing lost, and it recovers alone. Figures are printed."""

import asyncio
import contextlib
import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest

from app.engines.postgres.engine import PostgresEngine
from app.engines.postgres.server import PORT
from tests.served import Served

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")


def say(fault: str, **seconds: float | str) -> None:
    print(
        f"\n{fault}: " + ", ".join(f"{k} {v:.2f} s" if isinstance(v, float) else f"{k} {v}" for k, v in seconds.items())
    )


class Gate:
    """A TCP port before a server's Unix socket, which can refuse, stall, or let through."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self.port = 0

    async def let_through(self) -> None:
        self._open.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._pipe, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Nobody listens, and what was open breaks."""
        if self._server:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    def stall(self) -> None:
        """Connections are taken, and nothing goes through any of them."""
        self._open.clear()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        try:
            inner, to_inner = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, to_inner}
        await asyncio.gather(self._copy(reader, to_inner), self._copy(inner, writer))
        self._writers -= {writer, to_inner}

    async def _copy(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await self._open.wait()
                to.write(data)
                await to.drain()
        to.close()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="sandtable-faults-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


class Behind:
    """An app whose store and whose PostgreSQL are behind gates of their own."""

    def __init__(self, app: Served, store: Gate, postgres: Gate) -> None:
        self.app, self.store, self.postgres = app, store, postgres

    async def run(
        self, engine: str = "postgres", source: str = "select 1", *, new: bool = False
    ) -> tuple[int, str, float]:
        """Status, text and seconds of a run, by the one visitor or a new one."""

        def work() -> tuple[int, str, float]:
            began = time.monotonic()
            if new:
                with httpx.Client(timeout=20) as http:
                    url = f"http://127.0.0.1:{self.app.port}/api/v1/run"
                    answer = http.post(url, json={"engine": engine, "source": source})
            else:
                answer = self.app.run(engine, source)
            return answer.status_code, answer.text, time.monotonic() - began

        return await asyncio.to_thread(work)

    async def until(self, work: Callable[[], Any], within_s: float = 20) -> float:
        """Seconds until the run that `work` makes succeeds."""
        began = time.monotonic()
        while True:
            status, text, _ = await work()
            if status == 200 and '"outcome":"ok"' in text:
                return time.monotonic() - began
            assert time.monotonic() - began < within_s, text
            await asyncio.sleep(0.1)


@pytest.fixture
async def behind(folder: Path, postgres: PostgresEngine) -> AsyncIterator[Behind]:
    await postgres.server.ensure_database("store_faults")
    arguments = postgres.server.connect_arguments("store_faults")
    target = f"{arguments['host']}/.s.PGSQL.{PORT}"
    gates = [Gate(target), Gate(target)]
    for gate in gates:
        await gate.let_through()
    login = f"{arguments['user']}:{arguments['password']}"
    app = Served(
        folder / "behind",
        SANDTABLE_ENGINES="postgres,redis",
        SANDTABLE_STORE_URL=f"postgresql://{login}@127.0.0.1:{gates[0].port}/store_faults",
        SANDTABLE_POSTGRES_URL=f"postgresql://{login}@127.0.0.1:{gates[1].port}/postgres",
        SANDTABLE_MAX_RUN_MS="2000",
        SANDTABLE_JANITOR_INTERVAL_MS="1000",
        SANDTABLE_READY_SANDBOXES="0",
        SANDTABLE_MAX_SESSIONS_PER_HOUR="1000",
    )
    await asyncio.to_thread(app.wait_until_ready)
    app.http.headers["sec-fetch-site"] = "same-origin"
    yield Behind(app, *gates)
    for gate in gates:
        await gate.let_through()
    await asyncio.to_thread(app.end)
    for gate in gates:
        await gate.refuse()


async def test_the_store_is_away(behind: Behind) -> None:
    for how in ("refuses", "stalls"):
        for engine, source in (("postgres", "create table if not exists kept (n int)"), ("redis", "SET kept 1")):
            assert (await behind.run(engine, source))[0] == 200
        await (behind.store.refuse() if how == "refuses" else asyncio.to_thread(behind.store.stall))
        known = [
            await behind.run(engine, source)
            for engine, source in (("postgres", "select * from kept"), ("redis", "GET kept"))
        ]
        assert [status for status, _, _ in known] == [200, 200], "sandboxes that are known go on"
        began = time.monotonic()
        share = await asyncio.to_thread(behind.app.http.post, "/share", data={"title": "t", "source_redis": "GET kept"})
        share_s = time.monotonic() - began
        assert share.status_code == 503
        assert "Our own store cannot be reached" in share.text
        status, text, new_s = await behind.run("redis", "PING", new=True)
        assert (status, "Our own store cannot be reached" in text) == (503, True)
        ready = await asyncio.to_thread(behind.app.http.get, "/readyz")
        assert (ready.status_code, ready.json()["store"]["ready"], ready.json()["engines"]["redis"]["ready"]) == (
            503,
            False,
            True,
        )
        assert (await asyncio.to_thread(behind.app.http.get, "/servingz")).status_code == 200
        await behind.store.let_through()
        back_s = await behind.until(lambda: behind.run("redis", "PING", new=True))
        say(
            f"store {how}",
            known_run=max(s for *_, s in known),
            share_says_no=share_s,
            new_session_says_no=new_s,
            back=back_s,
        )
        assert max(share_s, new_s) < 11
        assert back_s < 5


async def test_an_engine_refuses_and_stalls(behind: Behind) -> None:
    assert (await behind.run("postgres", "create table if not exists kept2 as select 42 as n"))[0] == 200
    for how in ("refuses", "stalls"):
        running = asyncio.create_task(behind.run("postgres", "select pg_sleep(1.5)"))
        await asyncio.sleep(0.4)
        broke_at = time.monotonic()
        await (behind.postgres.refuse() if how == "refuses" else asyncio.to_thread(behind.postgres.stall))
        status, text, _ = await running
        told_s = time.monotonic() - broke_at
        assert status == 503 or '"outcome":"stopped"' in text, text
        status, text, again_s = await behind.run("postgres", "select 1")
        assert status == 503 or '"outcome":"stopped"' in text, text
        other = await behind.run("redis", "PING")
        assert other[0] == 200
        await behind.postgres.let_through()
        back_s = await behind.until(lambda: behind.run("postgres", "select n from kept2"))
        say(f"PostgreSQL {how}", told_in_the_run=told_s, told_after=again_s, other_engine=other[2], back=back_s)
        assert max(told_s, again_s) < 8
        assert back_s < 8


def fill(file: Path, leave: int) -> None:
    """Let a file take all that its disk has but for so many bytes."""
    with file.open("wb", buffering=0) as opened:
        with contextlib.suppress(OSError):
            while opened.write(b"\0" * 100_000):
                pass
        opened.truncate(opened.tell() - leave)


@ROOT_ONLY
def test_the_disk_is_full(folder: Path) -> None:
    disk = folder / "disk"
    disk.mkdir(mode=0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=260m,mode=755", "tmpfs", disk], check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    app = Served(disk / "data", SANDTABLE_ENGINES="postgres,redis", SANDTABLE_POSTGRES_QUOTA_BYTES="1000000000")
    try:
        app.wait_until_ready()
        app.run("postgres", "create table kept as select 42 as n; create table t (x text)")
        app.run("redis", "SET kept 42")
        filler = disk / "filler"
        fill(filler, leave=2_000_000)
        answer = app.run("postgres", "insert into t select md5(i::text) from generate_series(1, 150000) i")
        told = answer.text
        assert answer.status_code in (200, 503), told
        assert "53100" in told or "No space left" in told or answer.status_code == 503, told
        redis = app.run("redis", "SET more 43\nGET kept")
        filler.unlink()
        began = time.monotonic()
        while True:
            answer = app.run("postgres", "select n from kept")
            if answer.status_code == 200 and '[["42"]]' in answer.text:
                break
            assert time.monotonic() - began < 20, answer.text
            time.sleep(0.2)
        say("disk full", back=time.monotonic() - began, postgres=told[:200], redis=redis.text[-300:])
        assert app.run("redis", "GET kept").json()["results"][0]["text"] == '"42"'
    finally:
        app.end()
        subprocess.run(["umount", disk], check=True)


def test_idle_and_stalling_connections_leave_room(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    app = Served(folder / "idle", SANDTABLE_ENGINES="redis")
    held: list[socket.socket] = []
    try:
        app.wait_until("/healthz")
        before = [_timed(app) for _ in range(30)]
        memory = psutil.Process(app.process.pid).memory_info().rss
        for number in range(1_200):
            held.append(socket.create_connection(("127.0.0.1", app.port)))
            if number >= 1_000:
                held[-1].send(b"POST /redis HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
        during = [_timed(app) for _ in range(30)]
        grown = psutil.Process(app.process.pid).memory_info().rss - memory
        say(
            "1,000 idle connections and 200 that send a byte a second",
            run_before=sorted(before)[15],
            run_during=sorted(during)[15],
            worst=max(during),
            memory=f"+{grown / 1e6:.0f} MB",
        )
        assert grown < 100_000_000
    finally:
        for connection in held:
            connection.close()
        app.end()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_reader_that_does_not_read_its_export_leaves_room(folder: Path) -> None:
    app = Served(folder / "exports", SANDTABLE_ENGINES="postgres", SANDTABLE_MAX_EXPORTS="1")
    app.wait_until_ready()
    try:
        source = "select g, repeat('x', 1000) from generate_series(1, 60000) g"
        run = app.run("postgres", source).json()["id"]
        cookie = "; ".join(f"{name}={value}" for name, value in app.http.cookies.items())
        with socket.socket() as deaf, httpx.Client(base_url=app.http.base_url, timeout=20) as other:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            deaf.connect(("127.0.0.1", app.port))
            deaf.sendall(
                f"POST /export/postgres/{run}/1.csv HTTP/1.1\r\nHost: 127.0.0.1:{app.port}\r\nSec-Fetch-Site: same-origin\r\n"
                f"Cookie: {cookie}\r\nContent-Length: 0\r\n\r\n".encode()
            )
            theirs = other.post("/api/v1/run", json={"engine": "postgres", "source": source}).json()["id"]
            began = time.monotonic()

            def theirs_is_made() -> int:
                return other.post(
                    f"/export/postgres/{theirs}/1.csv", headers={"sec-fetch-site": "same-origin"}
                ).status_code

            assert theirs_is_made() == 429
            while theirs_is_made() != 200:
                assert time.monotonic() - began < 30
                time.sleep(1)
            here = deaf.getsockname()
            assert here not in [c.raddr for c in psutil.Process(app.process.pid).net_connections()]
            assert '"exception"' not in app.log.read_text()
            say("a reader that does not read", freed=time.monotonic() - began)
    finally:
        app.end()


def test_no_file_descriptors_are_left(folder: Path) -> None:
    app = Served(folder / "files", SANDTABLE_ENGINES="redis")
    held: list[socket.socket] = []
    try:
        app.wait_until("/healthz")
        _timed(app)
        process = psutil.Process(app.process.pid)
        open_now = process.num_fds()
        process.rlimit(psutil.RLIMIT_NOFILE, (open_now + 10, open_now + 10))
        held += [socket.create_connection(("127.0.0.1", app.port)) for _ in range(40)]
        began = time.monotonic()
        answer = app.run("redis", "GET nothing")  # on the connection it has
        told_s = time.monotonic() - began
        assert answer.status_code in (200, 503), answer.text
        for connection in held:
            connection.close()
        began = time.monotonic()
        while True:
            with contextlib.suppress(httpx.TransportError), httpx.Client(timeout=2) as http:
                if http.get(f"http://127.0.0.1:{app.port}/healthz").status_code == 200:
                    break
            assert time.monotonic() - began < 20
        say("no file descriptors left", a_run_on_an_open_connection=told_s, back=time.monotonic() - began)
        assert app.run("redis", "PING").status_code == 200
    finally:
        for connection in held:
            connection.close()
        app.end()


def _timed(app: Served) -> float:
    began = time.monotonic()
    answer = app.run("redis", "PING")
    assert answer.status_code == 200, answer.text
    return time.monotonic() - began
