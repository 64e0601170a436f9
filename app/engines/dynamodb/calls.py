"""Calls to the emulators: boto clients per sandbox, a bounded thread pool, and what is in flight."""

import asyncio
import contextlib
import json
import threading
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import monotonic
from typing import Any, cast

from botocore.client import BaseClient
from botocore.config import Config
from botocore.model import OperationModel

from app.config import Settings
from app.core.errors import EngineUnavailable, StatementStopped
from app.core.sandbox import Sandbox
from app.engines.dynamodb import model
from app.engines.dynamodb.errors import translated
from app.engines.dynamodb.server import Pool, Server
from app.engines.dynamodb.sharing import Shared, every_table, owner

NOBODY = "123456789012"
"""The account at a shared endpoint that asks for no key."""
MAX_THREADS = 16
_ACCOUNT = Sandbox("dynamodb", "0" * 12, "", datetime.min.replace(tzinfo=UTC))
MAX_DRIVERS = 200
_HEAVY = frozenset(
    (
        "Scan",
        "BatchGetItem",
        "BatchWriteItem",
        "TransactGetItems",
        "TransactWriteItems",
        "ExecuteStatement",
        "BatchExecuteStatement",
        "ExecuteTransaction",
    )
)


class Halt:
    """What ends a run early. `stop` is the visitor; the deadline is the run's time limit."""

    def __init__(self, left_ms: int, max_run_ms: int) -> None:
        self.deadline = monotonic() + left_ms / 1000
        self.max_run_ms = max_run_ms
        self.stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting: set[asyncio.Future[Any]] = set()
        """Calls whose turn has not come."""
        self.under_way: set[asyncio.Future[Any]] = set()
        """All calls without an answer."""

    @property
    def left_s(self) -> float:
        return max(0.0, self.deadline - monotonic())

    def stop(self) -> None:
        if not self.stopped.done():
            self.stopped.set_result(None)
        self.give_up_waiting()

    def give_up_waiting(self) -> None:
        for work in self.waiting:
            work.cancel()

    def check(self) -> None:
        if self.stopped.done():
            raise StatementStopped.by_visitor()
        if monotonic() >= self.deadline:
            raise StatementStopped.by_time(self.max_run_ms)

    async def result_of(self, work: asyncio.Future[Any]) -> Any:
        """The result of `work`, or StatementStopped at once; `work` then goes on and its answer is dropped."""
        self.check()
        await asyncio.wait({work, self.stopped}, timeout=self.left_s, return_when=asyncio.FIRST_COMPLETED)
        if not work.done() or work.cancelled() or self.stopped.done():
            self.give_up_waiting()
            self.check()
            raise StatementStopped.by_time(self.max_run_ms)
        return work.result()


class Calls:
    """Sends calls as a sandbox's own account. Nothing can be ended on the server: a call is one page."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self._pool = pool
        self._threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="dynamodb")
        self._drivers: OrderedDict[tuple[str, str], BaseClient] = OrderedDict()
        self._making = threading.Lock()
        self._in_flight: Counter[str] = Counter()

    async def warm_up(self) -> None:
        """Read botocore's data for DynamoDB now, which takes a third of a second, and not in a visitor's first run."""
        await asyncio.get_running_loop().run_in_executor(self._threads, model.warm_up)

    def in_flight(self, sandbox: Sandbox) -> int:
        """How many requests of the sandbox the server has not answered."""
        return self._in_flight[sandbox.namespace]

    async def send(self, sandbox: Sandbox, operation: str, parameters: dict[str, Any], halt: Halt) -> dict[str, Any]:
        """One call. Raises StatementFailed, StatementStopped or EngineUnavailable."""
        halt.check()
        server = self._pool.server(sandbox)
        work = asyncio.ensure_future(self._in_turn(server, sandbox, operation, parameters, halt))
        halt.waiting.add(work)
        halt.under_way.add(work)
        work.add_done_callback(halt.waiting.discard)
        work.add_done_callback(halt.under_way.discard)
        work.add_done_callback(_retrieve)
        try:
            with translated(halt.max_run_ms):
                answer: dict[str, Any] = await halt.result_of(work)
        except EngineUnavailable:
            server.suspect()
            raise
        except StatementStopped as exc:
            if exc.limit:
                server.suspect()
            raise
        return answer

    async def ask(self, sandbox: Sandbox, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """One call of the engine's own, outside a run, under the time limit of a run."""
        most = self._settings.max_run_ms
        return await self.send(sandbox, operation, parameters, Halt(most, most))

    async def owners(self) -> set[str]:
        """The namespaces that have tables in a shared account."""
        listed = [asyncio.to_thread(self._owners_at, server) for server in self._pool.servers]
        return set().union(*await asyncio.gather(*listed))

    def _owners_at(self, server: Server) -> set[str]:
        driver = self._connect(server, _ACCOUNT, "dynamodb")
        try:
            names = every_table(lambda name, given: getattr(driver, model.method_name(name))(**given))
        finally:
            driver.close()
        return {found for name in names if (found := owner(name))}

    async def _in_turn(
        self, server: Server, sandbox: Sandbox, operation: str, parameters: dict[str, Any], halt: Halt
    ) -> dict[str, Any]:
        heavy = operation in _HEAVY or "IndexName" in parameters
        async with _turn(server, heavy):
            halt.waiting.discard(cast("asyncio.Task[Any]", asyncio.current_task()))
            self._in_flight[sandbox.namespace] += 1
            try:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._call, server, sandbox, operation, parameters)
            finally:
                self._in_flight[sandbox.namespace] -= 1
                if not self._in_flight[sandbox.namespace]:
                    del self._in_flight[sandbox.namespace]

    def _call(self, server: Server, sandbox: Sandbox, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        def send(name: str, given: dict[str, Any]) -> dict[str, Any]:
            driver = self._driver(server, sandbox, model.service_of(name))
            method: Callable[..., dict[str, Any]] = getattr(driver, model.method_name(name))
            return method(**given)

        if self._pool.shared:
            return Shared(sandbox.namespace, send).call(operation, parameters)
        return send(operation, parameters)

    def _driver(self, server: Server, sandbox: Sandbox, service: str) -> BaseClient:
        key = (sandbox.namespace, service)
        with self._making:
            driver = self._drivers.pop(key, None)
            if driver is None:
                driver = self._connect(server, sandbox, service)
            self._drivers[key] = driver
            while len(self._drivers) > MAX_DRIVERS:
                self._drivers.popitem(last=False)[1].close()
            return driver

    def _connect(self, server: Server, sandbox: Sandbox, service: str) -> BaseClient:
        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=1,
            read_timeout=self._settings.max_run_ms / 1000 + 1,
            parameter_validation=False,
            proxies={},
            max_pool_connections=4,
        )
        key, secret = self._credentials(sandbox)
        client = model.session().create_client(
            service,
            region_name=self._pool.region,
            endpoint_url=server.url.replace("//dynamodb.", "//streams.dynamodb.")
            if service != "dynamodb"
            else server.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=config,
        )
        client.meta.events.register(f"before-parse.{client.meta.service_model.service_id.hyphenize()}", _keep_as_sent)
        return client

    def _credentials(self, sandbox: Sandbox) -> tuple[str, str]:
        """An account of its own for each sandbox, or the one that all share."""
        if not self._pool.shared:
            return sandbox.namespace, sandbox.secret
        secret = self._settings.dynamodb_secret_access_key
        return self._settings.dynamodb_access_key_id or NOBODY, secret.get_secret_value() if secret else NOBODY

    def forget(self, sandbox: Sandbox) -> None:
        """Close the sandbox's connections."""
        with self._making:
            drivers = [self._drivers.pop((sandbox.namespace, service), None) for service in model.SERVICES]
        for driver in drivers:
            if driver is not None:
                driver.close()

    async def close(self) -> None:
        for driver in self._drivers.values():
            driver.close()
        self._drivers.clear()
        await asyncio.to_thread(self._threads.shutdown)


@contextlib.asynccontextmanager
async def _turn(server: Server, heavy: bool) -> AsyncIterator[None]:
    """A turn on a server: heavy calls go one at a time, so that quick ones never wait behind more than one."""
    server.under_way += 1
    try:
        async with contextlib.AsyncExitStack() as held:
            if heavy:
                await held.enter_async_context(server.heavy)
            await held.enter_async_context(server.calls)
            yield
    finally:
        server.under_way -= 1


def _keep_as_sent(
    operation_model: OperationModel,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_: object,
) -> None:
    """Answers that carry items stay DynamoDB JSON: botocore would take ten times as long to build the same."""
    described = operation_model.name in model.TABLES or operation_model.name == "DescribeStream"
    if response_dict["status_code"] < 300 and not described:
        customized_response_dict.update(json.loads(response_dict["body"]))
        response_dict["body"] = b"{}"


def _retrieve(work: asyncio.Future[Any]) -> None:
    """A dropped answer may be an error: look at it, so that nobody is told it was never looked at."""
    if not work.cancelled():
        work.exception()
