"""The engine contract: what every database kind offers to the rest of Sandtable."""

import asyncio
import inspect
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Literal, Self
from weakref import WeakValueDictionary

from app.config import Settings
from app.core.calls import Called
from app.core.datasets import Content, Imported, Part
from app.core.diagrams import Diagram
from app.core.doctor import Diagnosis
from app.core.errors import EngineBusy, InvalidRequest, NotFound, StatementRefused
from app.core.examples import Example, read_examples
from app.core.limits import Limits, Quota, Usage
from app.core.places import Places
from app.core.plans import Plan
from app.core.results import Event, Result, Statement
from app.core.sandbox import NAMESPACE_ALPHABET, NAMESPACE_LENGTH, Sandbox
from app.core.translation import Translation
from app.core.trials import Trial
from app.core.vocabulary import Word

CLIENT_NAMES = ("main", "A", "B")
SCRIPT_CLIENTS = ("S1", "S2", "S3", "S4")
"""The clients of a script across engines, beside those of the visitor's own runs."""
Transaction = Literal["none", "open", "failed"]


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """Something a sandbox holds, for the sidebar and for completion.

    `kind` is the engine's word (`table`, `view`, `collection`, `key`, `index`, ...); `detail` one short fact; `parts` its columns or fields;
    `reference` its name as a source writes it (quoted), where that differs from `name`; `path`: what `Engine.browse` is asked for when it is opened;
    `ttl_ms`: how long it still lives, where it expires.
    """

    kind: str
    name: str
    detail: str | None = None
    parts: list["SchemaObject"] = field(default_factory=list)
    reference: str | None = None
    path: str | None = None
    ttl_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of what lies at a path. `cursor` asks for the next one; None at the end. `within`: what all their names begin with."""

    objects: list[SchemaObject]
    cursor: str | None = None
    within: str = ""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What stands behind an engine now. `how` says how it was started, or where it is."""

    version: str
    how: str
    start_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ServerState:
    """One of an engine's servers. `draining`: it gets no new sandboxes; `sandboxes`: how many it holds."""

    name: str
    up: bool = True
    draining: bool = False
    sandboxes: int | None = None


class Client(ABC):
    """One live connection into one sandbox, with its state. One run at a time."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.sandbox = sandbox
        self.name = name
        self.used_at = time.monotonic()
        self.explaining = False  # a plan of what runs next is asked for

    @property
    @abstractmethod
    def alive(self) -> bool:
        """False once the connection is gone; the engine then opens a new client in its place."""

    @property
    def transaction(self) -> Transaction:
        """Whether a transaction outlives the run: open, or failed and waiting for its end."""
        return "none"

    async def begin(self, source: str, limits: Limits) -> None:
        """A run of `source` begins. Clients whose state belongs to one run (a script's context) make it here."""
        return

    @abstractmethod
    def run(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        """Execute one statement: events while it runs, then exactly one Result.

        Raises StatementFailed, StatementRefused or StatementStopped, and EngineUnavailable when the server is gone.
        """

    @abstractmethod
    async def explain(self, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
        """The plan of a statement; with `measure`, executed and rolled back where the engine can.

        Raises StatementRefused (code `cannot_explain`) for what has no plan, with the reason.
        """

    async def try_index(self, statement: Statement, explained: Any, index: str, limits: Limits) -> Trial:
        """The statement's plan without and with an index, which is gone again when this returns, however it ends.

        `explained` is the engine's own form of a plan of it (`Plan.raw`), `index` a remedy that the engine wrote for it.
        Raises StatementRefused (code `cannot_try`) where that can't be done.
        """
        raise StatementRefused("Indexes can't be tried here.", code="cannot_try")

    async def export(self, statement: Statement, limits: Limits) -> AsyncGenerator[Result, None]:
        """The whole result of a statement that `Engine.reads`, in parts of one kind, as far as the limits go.

        Raises what `run` raises; StatementRefused too where it can't be done now.
        """
        await self.begin(statement.text, limits)
        try:
            async for event in self.run(statement, limits):
                if isinstance(event, Result):
                    yield event
        finally:
            await self.finish()

    async def call(self, request: dict[str, Any], limits: Limits) -> Called:
        """One call of a script across engines, between `begin` and `finish`: `request` is what the engine's `script.js` made of it.

        Values travel beside the text, as the engine's protocol carries them, and never as a part of it. Raises what `run` raises.
        """
        raise StatementRefused("Scripts can't call this engine.", code="cannot_call")

    async def finish(self) -> None:
        """The run that `begin` opened is over, however it ended. Runs once for each `begin`."""
        return

    @abstractmethod
    async def stop(self) -> None:
        """End what runs here, on the server, and return when it has ended. Does nothing when idle."""

    @abstractmethod
    async def close(self) -> None:
        """End the connection and its state. Idempotent."""


class Engine(ABC):
    """One per process; owns the connections. The sandbox is always an argument."""

    slug: ClassVar[str]
    label: ClassVar[str]
    character: ClassVar[str] = ""
    """What kind of database it is, in one line."""
    editor_mode: ClassVar[str]
    """The editor's language: `sql`, `javascript`, `redis` or `partiql`."""
    file_extension: ClassVar[str]
    line_comment: ClassVar[str] = "--"
    """What begins a comment to the end of the line."""
    namespace_alphabet: ClassVar[str] = NAMESPACE_ALPHABET
    namespace_length: ClassVar[int] = NAMESPACE_LENGTH
    explains_before_run: ClassVar[bool] = False
    """True where a plan is had before the run (EXPLAIN); False where it is read off the run itself."""
    reads_plans: ClassVar[bool] = False
    """True where `read_plan` does something."""
    plan_marks: ClassVar[tuple[str, ...]] = ()
    """Words by which a pasted plan is known to be this engine's. An engine without is taken where no other one's are found."""
    tries_indexes: ClassVar[bool] = False
    """True where clients can try an index."""
    formats: ClassVar[bool] = False
    """True where `format` does something."""
    translates: ClassVar[bool] = False
    """True where `translate` does something."""
    draws: ClassVar[bool] = False
    """True where `diagram` gives one."""
    exports: ClassVar[bool] = False
    """True where `as_source` writes what lies at a path."""
    transaction_ends: ClassVar[tuple[tuple[str, str], ...]] = ()
    """How an open transaction is ended: pairs of a button's label and the source it runs. The last one also ends a failed one."""
    preview: ClassVar[str] = ""
    """A source that shows the first rows of an object: `{name}` is its name as a source writes it, `{string}` that as a JSON string."""
    lasting: ClassVar[str] = ""
    """What lasts from run to run beside the data, and what does not, in one short sentence."""
    before_lab: ClassVar[str] = ""
    """A source that each client of a lab runs first, so that it may wait for longer than a run."""
    script_name: ClassVar[str] = ""
    """What scripts across engines call it, where they can: the global that its `script.js` makes."""
    keeps_connections: ClassVar[bool] = True
    """False where each call is a request of its own, so that opening a client means nothing."""
    creation_is_slow: ClassVar[bool] = False
    """True where `create` takes long enough that a pool of ready sandboxes is kept."""
    drops_at_once: ClassVar[int] = 4
    """How many sandboxes the janitor drops at the same time: one after another does not keep up with many visitors."""

    after_move: ClassVar[str] = (
        "What was stored is kept; an open transaction, settings of the connection and temporary objects are gone."
    )
    """What is left of a sandbox when the process that worked with it ended and another goes on; "" where nothing is lost."""

    info: EngineInfo
    quota: Quota

    def __init__(self, settings: Settings, places: Places) -> None:
        self.settings = settings
        self.places = places
        self._clients: dict[tuple[str, str], Client] = {}
        self._opening: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @classmethod
    @abstractmethod
    def diagnose(cls, settings: Settings, places: Places) -> Diagnosis:
        """What `sandtable doctor` says of this engine's binary. Blocks; starts nothing that stays."""

    @abstractmethod
    async def __aenter__(self) -> Self:
        """Start or reach the server and read its version into `info`. Raises EngineUnavailable with the fix as hint."""

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every client and connection, and stop the server if it was started here."""

    @abstractmethod
    async def check(self) -> None:
        """Ask the server a trivial question. Raises EngineUnavailable when it doesn't answer within 1 s."""

    @abstractmethod
    async def create(self, sandbox: Sandbox) -> None:
        """Make the namespace and its credential. Idempotent."""

    @abstractmethod
    async def drop(self, sandbox: Sandbox) -> None:
        """Remove the namespace, its data and its credential. Idempotent; never touches anything outside it."""

    def lost(self, sandbox: Sandbox) -> str:
        """What became of a sandbox that its server has lost, in one sentence; "" where nothing is lost. Its seed is then run again."""
        return ""

    @abstractmethod
    async def open(self, sandbox: Sandbox, name: str) -> Client:
        """A new live connection into the sandbox, as the sandbox's own user. Callers use `client`."""

    async def keep_seed(self, sandbox: Sandbox, digest: str, statements: Sequence[Statement]) -> None:
        """A seed took long: keep what it left in the sandbox, so that `seeded` can give it to others. Closes the sandbox's clients."""
        return

    async def seeded(self, sandbox: Sandbox, digest: str) -> bool:
        """Fill a fresh sandbox with what a seed left elsewhere. False where that is not kept: the seed is then run."""
        return False

    @abstractmethod
    def split(self, source: str) -> list[Statement]:
        """The statements of a source, in order. Pure. Raises StatementFailed with an offset when it can't be read."""

    def streams(self, statement: Statement) -> bool:
        """Whether the statement listens or waits until it is stopped. Pure. It then gets `max_stream_ms`, and a slot for streams.

        Such a statement ends with a normal result when its time is over (`truncated` names the limit) and when the visitor stops it.
        """
        return False

    def reads(self, statement: Statement) -> bool:
        """Whether the statement surely changes nothing and needs nothing of those before it, so that an export may run it again. Pure."""
        return False

    @classmethod
    def read_plan(cls, text: str) -> Plan:
        """A plan that was pasted, as this engine's own tools print it. Pure.

        Raises InvalidRequest for what is none, StatementRefused for one too large.
        """
        raise InvalidRequest(f"Plans of {cls.label} can't be pasted.")

    def format(self, source: str) -> str:
        """The source laid out anew. Pure. Raises StatementFailed with an offset when it can't be read."""
        return source

    def translate(self, source: str) -> Translation | None:
        """The source in the engine's own language, where it is written for another database. Pure; None where it isn't."""
        return None

    async def diagram(self, sandbox: Sandbox) -> Diagram:
        """The sandbox's entities and relations, where `draws` says so."""
        return Diagram((), ())

    def imported(self, table: Imported) -> Content:
        """A visitor's table as this engine would hold it. Pure. Raises InvalidRequest where it can't."""
        raise InvalidRequest(f"{self.label} takes no tables.")

    def seed(self, content: Content) -> str:
        """A source that fills an empty sandbox with sample data. Pure."""
        return content.before

    async def load(self, sandbox: Sandbox, part: Part, limits: Limits) -> AsyncIterator[int]:
        """Put the records of one kind into a sandbox in bulk, as this engine does it best. Yields how many are in so far."""
        for _ in ():
            yield 0

    @abstractmethod
    async def inspect(self, sandbox: Sandbox) -> list[SchemaObject]:
        """What the sandbox holds. Empty when it was never created."""

    async def waiting(self, sandbox: Sandbox, name: str) -> str | None:
        """What the running statement of the client of that name waits for, as the server tells it; None while it works, or is done."""
        return None

    async def browse(self, sandbox: Sandbox, path: str, cursor: str | None = None) -> Listing:
        """What lies at the path of a schema object, at most 100 at a time. Raises NotFound for a path that is none."""
        raise NotFound(f"There is nothing at {path!r}.")

    async def as_source(self, sandbox: Sandbox, path: str) -> str:
        """What lies at a path, as a source that makes it again, where `exports` says so. Raises NotFound for a path that is none."""
        raise NotFound(f"There is nothing at {path!r}.")

    async def words(self) -> list[Word]:
        """The engine's own vocabulary. The same for every sandbox, as long as the version is."""
        return []

    @abstractmethod
    async def usage(self, sandbox: Sandbox) -> Usage: ...

    @abstractmethod
    async def namespaces(self) -> set[str]:
        """The namespaces that exist on the server. Empty where a server can't list them."""

    async def client(self, sandbox: Sandbox, name: str = "main") -> Client:
        """The sandbox's client of that name: the same one again while it lives."""
        if name not in (*CLIENT_NAMES, *SCRIPT_CLIENTS):
            raise InvalidRequest(f"A client is one of {', '.join(CLIENT_NAMES)}, not {name!r}.")
        key = (sandbox.namespace, name)
        async with self._opening.setdefault(key, asyncio.Lock()):
            client = self._clients.get(key)
            if client is None or not client.alive:
                if client is not None:
                    await client.close()
                client = self._clients[key] = await self.open(sandbox, name)
            client.used_at = time.monotonic()
            return client

    def servers(self) -> list[ServerState]:
        """The servers behind this engine, where there are several."""
        return [ServerState("")]

    def taking(self) -> tuple[str, ...]:
        """The names of the servers that take new sandboxes now."""
        return tuple(server.name for server in self.servers() if server.up and not server.draining)

    async def tend(self) -> None:
        """Look again at servers that were away. Called now and then."""
        return

    @property
    def is_local(self) -> bool:
        """Whether sandboxes are kept in this machine's data directory, where no other machine reaches them."""
        return getattr(self.settings, f"{self.slug}_url", None) is None

    @property
    def is_shared(self) -> bool:
        """Whether one server, started here, serves the sandboxes of every process on this machine."""
        return self.is_local and type(self).url is not Engine.url

    def url(self) -> str | None:
        """Where other processes of this machine reach the server that was started here; None where each sandbox has its own."""
        return None

    @property
    def open_clients(self) -> int:
        """How many clients are connected now."""
        return len(self._clients)

    async def close_clients(self, sandbox: Sandbox | None = None) -> None:
        """Close the sandbox's clients, or all of them."""
        keys = [key for key in self._clients if sandbox is None or key[0] == sandbox.namespace]
        for key in keys:
            client = self._clients.pop(key, None)
            if client is not None:
                await client.close()

    async def close_client(self, sandbox: Sandbox, name: str) -> None:
        """Close one client of the sandbox; the next call of `client` opens a fresh one."""
        client = self._clients.pop((sandbox.namespace, name), None)
        if client is not None:
            await client.close()

    async def park(self, idle_ms: int, *, busy: frozenset[str] = frozenset()) -> int:
        """Close clients unused for `idle_ms`, except in the namespaces in `busy`. Returns how many were closed."""
        before = time.monotonic() - idle_ms / 1000
        closed = 0
        for key in [key for key in self._clients if key[0] not in busy]:
            client = self._clients.get(key)
            if client is not None and client.used_at < before:  # it may have been used while another one was closed
                del self._clients[key]
                await client.close()
                closed += 1
        return closed

    @classmethod
    def examples(cls) -> list[Example]:
        """The engine's ready sources, in menu order; the first one opens with the page."""
        return read_examples(Path(inspect.getfile(cls)).parent / "examples")

    @classmethod
    def script_file(cls) -> Path:
        """The JavaScript by which scripts across engines speak to this one, where `script_name` is given."""
        return Path(inspect.getfile(cls)).parent / "script.js"

    def new_sandbox(self) -> Sandbox:
        """A fresh sandbox of this engine, not yet on the server."""
        return Sandbox.new(self.slug, self.namespace_alphabet, self.namespace_length)

    def busy(self) -> EngineBusy:
        return EngineBusy(
            f"{self.label} has no free slot right now; nothing was run.", hint="Try again in a few seconds."
        )
