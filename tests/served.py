"""One `sandtable serve` process, as tests of the whole app use it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2 as httpx
import psutil

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    """A port of this machine that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Served:
    """One `sandtable serve` process on a data directory."""

    def __init__(self, data_dir: Path, *, cwd: Path = ROOT, port: int | None = None, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.log = data_dir.parent / f"app-{self.port}.log"
        generous = {"SANDTABLE_RUN_BURST": "1000", "SANDTABLE_RUNS_PER_SECOND": "1000"}
        environment = {**os.environ, **generous, **environment}
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port), "--data-dir", str(data_dir)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment, cwd=cwd
            )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def wait_until_ready(self) -> float:
        """Seconds until every engine was ready."""
        return self.wait_until("/readyz")

    def wait_until(self, path: str, within_s: float = 30) -> float:
        began = time.monotonic()
        while time.monotonic() - began < within_s:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            with contextlib.suppress(httpx.TransportError):
                if self.http.get(path).status_code == 200:
                    return time.monotonic() - began
            time.sleep(0.05)
        raise AssertionError(f"not ready: {self.lines} {self.log.read_text()[-3000:]}")

    def run(self, engine: str, source: str) -> httpx.Response:
        return self.http.post("/api/v1/run", json={"engine": engine, "source": source})

    def servers(self) -> dict[str, psutil.Process]:
        """The live servers by name, from the pid files."""
        found = {}
        for file in (self.data_dir / "pids").glob("*.json"):
            with contextlib.suppress(psutil.NoSuchProcess, json.JSONDecodeError):
                found[file.stem] = psutil.Process(json.loads(file.read_text())["pid"])
        return found

    def end(self, how: signal.Signals = signal.SIGTERM, within_s: float = 20) -> int:
        self.process.send_signal(how)
        code = self.process.wait(within_s)
        self.http.close()
        self._reader.join(5)
        if self.process.stdout:
            self.process.stdout.close()
        return code
