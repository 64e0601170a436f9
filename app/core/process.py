"""A local server process: started, watched, restarted with back-off, stopped; none is left behind."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import psutil

from app.core import priority
from app.core.places import Places

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 0.1
MAX_BACKOFF_S = 10.0
HEALTHY_AFTER_S = 30.0
READY_POLL_S = 0.02
LOG_TAIL_BYTES = 4_000


class ServerFailed(RuntimeError):
    """A server did not start; the message has the end of its log."""


class ServerProcess:
    """One supervised child process.

    `ready` is awaited until it returns without an exception; it must not take long for one try.
    `on_end` is called each time the process died on its own, before it is started again: nobody meets the new one unprepared.
    The process is known by a file in the data directory, so that the next start ends it if the app was killed.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        places: Places,
        ready: Callable[[], Awaitable[None]],
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_wait_s: float = 10.0,
        ready_wait_s: float = 30.0,
        max_virtual_kb: int | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self._argv = list(argv)
        self._places = places
        self._ready = ready
        self._env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **(env or {})}
        self._cwd = cwd
        self._stop_signal = stop_signal
        self._stop_wait_s = stop_wait_s
        self._ready_wait_s = ready_wait_s
        self._max_virtual_kb = max_virtual_kb
        self._on_end = on_end
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._stopping = False
        self.restarts = 0
        self.log_path = places.logs / f"{name}.log"
        self._pid_path = pid_path(places, name)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process and wait until it is ready. Raises ServerFailed with the end of its log."""
        await asyncio.to_thread(end_leftover, self._pid_path)
        self._stopping = False
        await self._spawn()
        self._watcher = asyncio.create_task(self._watch(), name=f"watch {self.name}")

    async def stop(self) -> None:
        """Stop it in good order, killing it when it doesn't end in time. Idempotent."""
        self._stopping = True
        if self._watcher:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        await self._end(self._stop_signal)

    async def kill(self) -> None:
        """End it at once; the watcher starts it again."""
        if self._process and self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    def computed_s(self) -> float:
        """Seconds of a processor that it has used since it was started; 0 while it does not run."""
        try:
            times = psutil.Process(self.pid).cpu_times() if self.pid else None
        except psutil.NoSuchProcess:
            times = None
        return times.user + times.system if times else 0.0

    def log_tail(self) -> str:
        """The last lines of its log."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as file:
            file.seek(max(0, self.log_path.stat().st_size - LOG_TAIL_BYTES))
            return file.read().decode(errors="replace")

    async def _spawn(self) -> None:
        argv = priority.usual(self._argv)
        if self._max_virtual_kb:
            argv = ["/bin/sh", "-c", f'ulimit -v {self._max_virtual_kb} 2>/dev/null; exec "$@"', "sh", *argv]
        account = self._places.account
        identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
        with self.log_path.open("ab") as log_file:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *argv,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log_file,
                    stderr=log_file,
                    env=self._env,
                    cwd=self._cwd or self._places.runtime,
                    start_new_session=True,
                    umask=0o077,
                    **identity,  # type: ignore[arg-type]
                )
            except OSError as exc:
                raise ServerFailed(f"{self.name} could not be started: {exc}") from exc
        self._remember(self._process.pid)
        try:
            await self._wait_until_ready()
        except BaseException:
            await self._end(signal.SIGKILL)
            raise

    def _remember(self, pid: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            created = psutil.Process(pid).create_time()
            self._pid_path.write_text(json.dumps({"pid": pid, "created": created}))

    async def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._ready_wait_s
        while True:
            try:
                await self._ready()
            except Exception as exc:
                if not self.running:
                    code = self._process.returncode if self._process else None
                    raise ServerFailed(f"{self.name} ended with code {code}: {self.log_tail()[-800:]}") from exc
                if time.monotonic() > deadline:
                    raise ServerFailed(f"{self.name} was not ready within {self._ready_wait_s:g} s: {exc}") from exc
                await asyncio.sleep(READY_POLL_S)
            else:
                return

    async def _watch(self) -> None:
        backoff = FIRST_BACKOFF_S
        while True:
            assert self._process
            began = time.monotonic()
            code = await self._process.wait()
            if self._stopping:
                return
            if time.monotonic() - began > HEALTHY_AFTER_S:
                backoff = FIRST_BACKOFF_S
            log.error("%s ended with code %s; starting it again in %.1f s", self.name, code, backoff)
            _kill_group(self._process.pid)
            if self._on_end:
                self._on_end()
            await asyncio.sleep(backoff)
            backoff = min(MAX_BACKOFF_S, backoff * 2)
            try:
                await self._spawn()
                self.restarts += 1
                self._places.restarts[self.name] += 1
            except Exception:
                log.exception("%s did not come back", self.name)

    async def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(how)
            try:
                await asyncio.wait_for(process.wait(), self._stop_wait_s)
            except TimeoutError:
                log.warning("%s did not stop within %g s; killed", self.name, self._stop_wait_s)
                _kill_group(process.pid)
                await process.wait()
        _kill_group(process.pid)
        self._pid_path.unlink(missing_ok=True)


def pid_path(places: Places, name: str) -> Path:
    """Where the process of that name is known by its id."""
    return places.data / "pids" / f"{name}.json"


def end_leftover(pid_path: Path) -> None:
    """End the process a pid file names, if it is still that process, and whatever it started. Blocks up to 5 s."""
    try:
        known = json.loads(pid_path.read_text())
        process = psutil.Process(known["pid"])
        if abs(process.create_time() - known["created"]) < 1:
            log.warning("ending process %s, left behind by an earlier run", known["pid"])
            family = [process, *process.children(recursive=True)]
            for member in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            psutil.wait_procs(family, timeout=5)
    except (FileNotFoundError, psutil.NoSuchProcess, ValueError, KeyError):
        log.debug("nothing left behind at %s", pid_path)
    pid_path.unlink(missing_ok=True)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
