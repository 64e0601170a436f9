"""A fake engine, for tests of the web and of the use cases only: one command a line."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from app.config import Settings
from app.core.calls import Called
from app.core.datasets import Content, Imported, Part
from app.core.diagrams import Attribute, Diagram, Entity, Relation
from app.core.doctor import Diagnosis
from app.core.engine import Client, Engine, EngineInfo, Listing, SchemaObject, Transaction
from app.core.errors import EngineUnavailable, StatementFailed, StatementRefused, StatementStopped
from app.core.limits import Limits, Quota, Usage
from app.core.plans import Plan, PlanNode
from app.core.results import Column, Event, Message, More, Notice, Result, Statement, Stats, Truncated
from app.core.sandbox import Sandbox
from app.core.translation import Translation
from app.core.vocabulary import Word


def diagram_of(count: int) -> Diagram:
    """That many tables, each referring to the one at half its number, some also to the one before and to themselves."""

    def entity(number: int) -> Entity:
        key = Attribute("id", "integer", ("primary key", "not null"))
        reference = Attribute("parent_id", "integer", ("foreign key",))
        return Entity(f"table_{number}", (key, reference, *(Attribute(f"c{n}", "text") for n in range(number % 7))))

    def relation(source: int, target: int) -> Relation:
        return Relation(f"table_{source}", f"table_{target}", (("parent_id", "id"),), required=source % 2 == 0)

    relations = [relation(number, number // 2) for number in range(1, count)]
    relations += [relation(number, number - 1) for number in range(1, count, 5)]
    relations += [relation(number, number) for number in range(0, count, 9)]
    return Diagram(tuple(entity(number) for number in range(count)), tuple(relations))


class FakeClient(Client):
    def __init__(self, engine: "FakeEngine", sandbox: Sandbox, name: str) -> None:
        super().__init__(sandbox, name)
        self._engine = engine
        self._stop = asyncio.Event()
        self.closed = False
        self.state: Transaction = "none"

    @property
    def transaction(self) -> Transaction:
        return self.state

    @property
    def alive(self) -> bool:
        return not self.closed

    async def run(self, statement: Statement, limits: Limits) -> AsyncIterator[Event]:
        word, _, rest = statement.text.partition(" ")
        stats = Stats(total_ms=1.0, row_count=1)
        objects = self._engine.objects.setdefault(self.sandbox.namespace, [])
        match word:
            case "rows":
                count = min(int(rest), limits.max_rows)
                cut = int(rest) > count
                yield Result(
                    kind="rows",
                    statement=statement,
                    columns=[Column("n", "int"), Column("empty", "text")],
                    rows=[[str(n), None if n % 2 else ""] for n in range(self._engine.first_row, count)],
                    stats=Stats(total_ms=1.0, row_count=count),
                    truncated=Truncated("max_rows", limits.max_rows, count, f"Cut at {count} rows.") if cut else None,
                )
            case "say":
                yield Notice("print", rest)
                yield Result(
                    kind="rows", statement=statement, columns=[Column(rest, "text")], rows=[[rest]], stats=stats
                )
            case "documents":
                yield Result(kind="documents", statement=statement, documents=[{"a": 1, "text": rest}], stats=stats)
            case "reply":
                reply = {"type": "string", "value": rest}
                yield Result(kind="reply", statement=statement, reply=reply, text=f'"{rest}"', stats=stats)
            case "make":
                objects.append(rest)
                yield Result(kind="status", statement=statement, status=f"made {rest}", stats=stats)
            case "begin" | "break" | "end":
                self.state = {"begin": "open", "break": "failed", "end": "none"}[word]  # type: ignore[assignment]
                yield Result(kind="status", statement=statement, status=f"transaction {self.state}", stats=stats)
            case "sleep":
                if limits.left_ms < int(rest):
                    rest = str(limits.left_ms)
                    late = True
                else:
                    late = False
                try:
                    await asyncio.wait_for(self._stop.wait(), int(rest) / 1000)
                except TimeoutError:
                    if late:
                        raise StatementStopped.by_time(limits.max_run_ms) from None
                    yield Result(kind="status", statement=statement, status="slept", stats=stats)
                else:
                    self._stop.clear()
                    raise StatementStopped.by_visitor()
            case "overstay":
                await self._stop.wait()
                self._stop.clear()
                raise StatementStopped.by_visitor()
            case "listen":
                for number in range(int(rest)):
                    yield Message("news", f"number {number}", float(number))
                try:
                    await asyncio.wait_for(self._stop.wait(), limits.left_ms / 1000)
                    self._stop.clear()
                except TimeoutError:
                    pass
                yield Result(kind="status", statement=statement, status=f"heard {rest}", stats=stats)
            case "pages":
                more = More("Next page", f"pages {int(rest) + 1}")
                yield Result(kind="status", statement=statement, status=f"page {rest}", stats=stats, more=more)
            case "refuse":
                raise StatementRefused(rest, code="no_such_rule", hint="Do something else.")
            case "vanish":
                raise EngineUnavailable("The fake server is gone.")
            case _:
                raise StatementFailed(f"unknown command {word}", code="F001", offset=statement.start)

    async def explain(self, statement: Statement, limits: Limits, *, measure: bool) -> Plan:
        return Plan(root=PlanNode(label="Fake Scan", access="full scan"), access="full scan", measured=measure)

    async def call(self, request: dict[str, Any], limits: Limits) -> Called:
        """One command; its text comes back."""
        text = str(request["text"])
        async for event in self.run(Statement(text, 0, len(text), 1), limits):
            if isinstance(event, Result):
                found = event
        return Called(text, found.stats.row_count, len(text), found.stats.total_ms, found.truncated)

    async def stop(self) -> None:
        self._stop.set()

    async def close(self) -> None:
        self.closed = True


class FakeEngine(Engine):
    slug = "fake"
    label = "Fake"
    editor_mode = "sql"
    file_extension = "fake"
    explains_before_run = True
    formats = True
    draws = True
    exports = True
    translates = True
    preview = "say {name} {string}"
    transaction_ends = (("Commit", "end"), ("Rollback", "end well"))

    def __init__(self, settings: Settings, slug: str = "fake") -> None:
        super().__init__(settings, None)  # type: ignore[arg-type]
        self.slug = slug  # type: ignore[misc]
        self.label = slug.title()  # type: ignore[misc]
        self.script_name = slug  # type: ignore[misc]
        self.info = EngineInfo("1.0", "made up")
        self.quota = Quota(1_000)
        self.objects: dict[str, list[str]] = {}
        self.drawn = Diagram((), ())
        self.live: set[str] = set()
        self.broken = False
        self.first_row = 0

    def translate(self, source: str) -> Translation | None:
        return (
            Translation("Old <b>", source.replace("speak", "say"), ("a <i>pause</i>",)) if "speak" in source else None
        )

    def script_file(self) -> Path:  # type: ignore[override]
        return Path(__file__).parent / "scripts" / f"{self.slug}.js"

    @classmethod
    def diagnose(cls, settings: Settings, places: object) -> Diagnosis:
        return Diagnosis("fake", "1.0")

    @classmethod
    def examples(cls) -> list:  # type: ignore[type-arg]
        from app.core.examples import Example

        return [
            Example("hello", "Hello", "Says hello.", "say hello"),
            Example("seeded", "Seeded", "With a seed.", "say seeded", "make thing"),
        ]

    async def __aenter__(self) -> Self:
        if self.broken:
            raise EngineUnavailable("The fake has no binary.", hint="Install the fake.")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close_clients()

    async def check(self) -> None:
        if self.broken:
            raise EngineUnavailable("The fake is away.")

    async def create(self, sandbox: Sandbox) -> None:
        self.live.add(sandbox.namespace)

    async def drop(self, sandbox: Sandbox) -> None:
        self.live.discard(sandbox.namespace)
        self.objects.pop(sandbox.namespace, None)

    async def open(self, sandbox: Sandbox, name: str) -> Client:
        return FakeClient(self, sandbox, name)

    def split(self, source: str) -> list[Statement]:
        statements, start = [], 0
        for number, line in enumerate(source.split("\n"), 1):
            if line.strip():
                statements.append(Statement(line, start, start + len(line), number))
            start += len(line) + 1
        return statements

    def streams(self, statement: Statement) -> bool:
        return statement.text.startswith("listen ")

    def reads(self, statement: Statement) -> bool:
        return statement.text.startswith("rows ")

    def imported(self, table: Imported) -> Content:
        return Content(
            f"make {table.name}", (Part(table.name, [f"say {' '.join(map(str, row))}" for row in table.rows]),)
        )

    def seed(self, content: Content) -> str:
        return "\n".join([content.before, *map(str, content.parts[0].records)])

    async def browse(self, sandbox: Sandbox, path: str, cursor: str | None = None) -> Listing:
        if path != "shelf":
            return await super().browse(sandbox, path, cursor)
        if cursor is None:
            first = SchemaObject("key", "<b>first</b>", path="shelf", ttl_ms=3_700_000)
            return Listing([first], "second & last")
        return Listing([SchemaObject("thing", "shelf:last")], within="shelf:")

    async def as_source(self, sandbox: Sandbox, path: str) -> str:
        return "make <b>again</b>\n" if path == "shelf" else await super().as_source(sandbox, path)

    async def words(self) -> list[Word]:
        return [Word("say", "command", "say TEXT", "Says it.")]

    def format(self, source: str) -> str:
        at = source.find("?")
        if at >= 0:
            raise StatementFailed("a question mark", code="F002", offset=at)
        return "\n".join(" ".join(line.split()) for line in source.split("\n"))

    async def diagram(self, sandbox: Sandbox) -> Diagram:
        return self.drawn

    async def inspect(self, sandbox: Sandbox) -> list[SchemaObject]:
        return [
            SchemaObject(
                "table" if name.startswith("t") else "thing", name, reference=f'"{name}"' if " " in name else None
            )
            for name in self.objects.get(sandbox.namespace, [])
        ]

    async def usage(self, sandbox: Sandbox) -> Usage:
        return Usage(10, len(self.objects.get(sandbox.namespace, [])))

    async def namespaces(self) -> set[str]:
        return set(self.live)
