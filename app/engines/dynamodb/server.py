"""The emulators: a pool of ministack processes on loopback, or one endpoint by URL."""

import asyncio
import http.client
import importlib.metadata
import logging
import re
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import psutil

from app.config import Settings
from app.core.doctor import Diagnosis
from app.core.engine import EngineInfo
from app.core.errors import EngineUnavailable
from app.core.places import PlaceError, Places, package_folder
from app.core.process import ServerProcess
from app.core.sandbox import Sandbox
from app.engines.dynamodb.arns import REGION

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
_AWS_HOST = re.compile(r"^dynamodb\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$")
SERVICES = "dynamodb,dynamodbstreams"
NEEDED_PACKAGES = (
    "hypercorn",
    "h11",
    "h2",
    "hpack",
    "hyperframe",
    "priority",
    "wsproto",
    "yaml",
    "_yaml",
    "defusedxml",
)
CALLS_PER_SERVER = 4
CHECK_WAIT_S = 1.0
FIRST_CHECKS = 4
PROBE_PAUSE_S = 0.5
MAX_VIRTUAL_KB = 2_000_000
MAX_RESIDENT_BYTES = 700_000_000
"""From here on a process is ended when nobody waits for it, and starts again empty: nothing else gives its memory back."""
GROWTH_PAUSE_S = 20.0
HUNG_AFTER_S = 10.0
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class Server:
    """One emulator. `since` is when it last began with nothing in it."""

    def __init__(self, url: str, *, since: datetime = _BEFORE_ALL, process: ServerProcess | None = None) -> None:
        self.url = url
        self.process = process
        self.since = since
        self.calls = asyncio.Semaphore(CALLS_PER_SERVER)
        self.heavy = asyncio.Semaphore(1)
        self.under_way = 0
        """Calls that wait for their turn or for an answer."""
        self._probe: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self.process is None or self.process.running

    async def check(self) -> None:
        """Raises EngineUnavailable when it does not answer within a second."""
        if not self.running:
            raise EngineUnavailable("A DynamoDB process ended and is being started again.")
        try:
            await asyncio.to_thread(_ask, self.url)
        except (OSError, http.client.HTTPException) as exc:
            raise EngineUnavailable(f"DynamoDB does not answer at {self.url}: {exc}") from exc

    def suspect(self) -> None:
        """A call got no answer in time. A process that answers nothing for a while is ended, and starts again empty."""
        if self.process and (self._probe is None or self._probe.done()):
            self._probe = asyncio.create_task(self._end_if_hung(self.process), name=f"probe {self.url}")

    async def recycle_if_grown(self) -> bool:
        """End a process that has grown too large while it has nothing to do."""
        if self.process is None or self.process.pid is None or self.under_way:
            return False
        try:
            resident = psutil.Process(self.process.pid).memory_info().rss
        except psutil.NoSuchProcess:
            return False
        if resident <= MAX_RESIDENT_BYTES:
            return False
        log.warning("%s has grown to %.0f MB and is started anew", self.process.name, resident / 1e6)
        await self.process.kill()
        return True

    async def stop(self) -> None:
        if self._probe:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        if self.process:
            await self.process.stop()

    async def _end_if_hung(self, process: ServerProcess) -> None:
        until = monotonic() + HUNG_AFTER_S
        while monotonic() < until:
            try:
                await self.check()
            except EngineUnavailable:
                await asyncio.sleep(PROBE_PAUSE_S)
            else:
                return
        log.error("%s has not answered for %g s and is ended", process.name, HUNG_AFTER_S)
        await process.kill()


class Pool:
    """All emulators. A sandbox always lives on the same one, found from its namespace."""

    def __init__(
        self,
        servers: list[Server],
        info: EngineInfo,
        *,
        is_ministack: bool,
        shared: bool = False,
        aws_region: str | None = None,
    ) -> None:
        self.servers = servers
        self.info = info
        self.is_ministack = is_ministack
        self.shared = shared
        self.at_aws = aws_region is not None
        self.region = aws_region or REGION
        self._watcher: asyncio.Task[None] | None = None

    def server(self, sandbox: Sandbox) -> Server:
        return self.servers[int(sandbox.namespace) % len(self.servers)]

    async def check(self) -> None:
        await asyncio.gather(*(server.check() for server in self.servers))

    def watch_growth(self) -> None:
        """Look at the memory of the processes now and then."""
        self._watcher = asyncio.create_task(self._recycle(), name="dynamodb growth")

    async def _recycle(self) -> None:
        while True:
            await asyncio.sleep(GROWTH_PAUSE_S)
            for server in self.servers:
                await server.recycle_if_grown()

    async def stop(self) -> None:
        if self._watcher:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        await asyncio.gather(*(server.stop() for server in self.servers))


async def reach(urls: str, *, shared: bool = False) -> Pool:
    """The endpoint at a URL, or several of one kind, separated by commas; AWS is always shared. Raises EngineUnavailable."""
    servers = [Server(url.strip().rstrip("/")) for url in urls.split(",")]
    await asyncio.gather(*(_first_answer(server) for server in servers))
    is_ministack = await asyncio.to_thread(_is_ministack, servers[0].url)
    version = "ministack" if is_ministack else "2012-08-10"
    where = ", ".join(server.url for server in servers)
    at_aws = _AWS_HOST.search(urlsplit(servers[0].url).hostname or "")
    return Pool(
        servers,
        EngineInfo(version, f"at {where}"),
        is_ministack=is_ministack,
        shared=shared or at_aws is not None,
        aws_region=at_aws.group(1) if at_aws else None,
    )


async def _first_answer(server: Server) -> None:
    """A server may be slow to answer the first time. Raises EngineUnavailable when it does not a few times in a row."""
    for number in range(1, FIRST_CHECKS + 1):
        try:
            await server.check()
        except EngineUnavailable:
            if number == FIRST_CHECKS:
                raise
        else:
            return


def diagnose(places: Places) -> Diagnosis:
    """Whether the emulator can be run here: its Python, and all it imports."""
    try:
        program, python = _program(places), places.python()
    except PlaceError as exc:
        return Diagnosis(fix=str(exc))
    probe = [str(python), "-c", "import hypercorn.asyncio, ministack.services.dynamodb"]
    environment = {"PYTHONPATH": str(program.parent.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(probe, env=environment, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        return Diagnosis(str(program), fix=f"{python} cannot be run: {exc}")
    if done.returncode != 0:
        last_line = done.stderr.strip().rpartition("\n")[2]
        return Diagnosis(str(program), fix=f"{python} cannot import it ({last_line}). Run `make setup` again.")
    return Diagnosis(str(program), importlib.metadata.version("ministack"))


def _program(places: Places) -> Path:
    return places.executable("ministack", "ministack", "__main__.py", *NEEDED_PACKAGES)


async def start(settings: Settings, places: Places) -> Pool:
    """Start the processes, side by side. Raises EngineUnavailable with the end of a log."""
    began = monotonic()
    try:
        program = await asyncio.to_thread(_program, places)
        python = await asyncio.to_thread(places.python)
        servers = [
            _server(number, port, python, program.parent.parent, places)
            for number, port in enumerate(_free_ports(settings.dynamodb_processes))
        ]
    except (PlaceError, OSError) as exc:
        raise EngineUnavailable(f"The DynamoDB emulator cannot be started: {exc}") from exc
    processes = [server.process for server in servers if server.process]
    outcomes = await asyncio.gather(*(process.start() for process in processes), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if failures:
        await asyncio.gather(*(process.stop() for process in processes))
        raise EngineUnavailable(f"The DynamoDB emulator did not start: {failures[0]}") from failures[0]
    version = importlib.metadata.version("ministack")
    how = f"started from the ministack wheel, {len(servers)} processes"
    info = EngineInfo(f"ministack {version}", how, (monotonic() - began) * 1000)
    pool = Pool(servers, info, is_ministack=True)
    pool.watch_growth()
    return pool


def _server(number: int, port: int, python: Path, packages: Path, places: Places) -> Server:
    server = Server(f"http://{HOST}:{port}", since=datetime.now(UTC))
    temporary = places.engine_runtime("dynamodb")
    compiled = {}
    if packages != package_folder("ministack").parent:  # a copy comes without compiled code, in a folder of root's
        compiled["PYTHONPYCACHEPREFIX"] = str(places.engine_data("dynamodb") / "compiled")

    async def ready() -> None:
        await asyncio.to_thread(_ask, server.url)

    def emptied() -> None:
        server.since = datetime.now(UTC)

    server.process = ServerProcess(
        f"dynamodb-{number}",
        [str(python), "-m", "ministack"],
        places=places,
        ready=ready,
        env={
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "SERVICES": SERVICES,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(packages),
            **compiled,
            "TMPDIR": str(temporary),
            "HOME": str(temporary),
        },
        cwd=temporary,
        stop_wait_s=3.0,
        max_virtual_kb=MAX_VIRTUAL_KB,
        on_end=emptied,
    )
    return server


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on, all different since they are held until all are found."""
    held = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def _ask(url: str) -> None:
    """One cheap DynamoDB call by an account that owns nothing: proves that the service, not only the port, is there."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or HOST, parts.port, timeout=CHECK_WAIT_S)
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20120810/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=none",
    }
    try:
        connection.request("POST", "/", b'{"Limit": 1}', headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if status >= 500:
        raise OSError(f"status {status}")


def _is_ministack(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port, timeout=CHECK_WAIT_S)
    try:
        connection.request("GET", "/_ministack/health")
        answer = connection.getresponse()
        return answer.status == 200 and b"dynamodb" in answer.read()
    except (OSError, http.client.HTTPException) as exc:
        log.debug("no ministack at %s: %s", url, exc)
        return False
    finally:
        connection.close()
