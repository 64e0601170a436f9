"""Every method of the shell, from a table of snippets and what they show (`data/mongodb_snippets.txt`)."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.extended_json import one_line
from app.core.results import Result
from tests.engines.mongodb_subject import Visitor, visitor_of

FILE = Path(__file__).parent / "data" / "mongodb_snippets.txt"
CHANGING = re.compile(
    r"insert|update|delete|replace|remove|save|drop|create|ensure|rename|convert|bulk|modify|hide|collMod|[$]out|[$]merge|Profil|grant|revoke",
    re.IGNORECASE,
)
FRESH = """
db.dropDatabase()
db.p.insertMany([
  {_id: 1, name: 'Ada', age: 36, tags: ['a', 'b'], at: {city: 'London'}},
  {_id: 2, name: 'Linus', age: 21, tags: ['b']},
  {_id: 3, name: 'Grace', age: 45, tags: []},
])
db.o.insertMany([
  {_id: 10, who: 1, items: [{sku: 'a', n: 1}, {sku: 'b', n: 2}], total: 5.5},
  {_id: 11, who: 1, items: [{sku: 'a', n: 3}], total: 9},
  {_id: 12, who: 2, items: [], total: 0},
])
"""


@dataclass(frozen=True)
class Snippet:
    source: str
    shows: str | None = None
    fails: tuple[str, str] | None = None


def read() -> Iterator[tuple[str, Snippet]]:
    section, source = "", ""
    for line in FILE.read_text().splitlines():
        if line.startswith("[") and line.endswith("]") and not source:
            section = line[1:-1]
        elif line.startswith("> "):
            source = line[2:]
        elif line.startswith("= "):
            yield section, Snippet(source, shows=line[2:].replace("\\n", "\n") if line[2] != "/" else line[2:])
            source = ""
        elif line.startswith("! "):
            code, _, says = line[2:].partition(": ")
            yield section, Snippet(source, fails=(code, says))
            source = ""
        elif source:
            source += f"\n{line}"


SECTIONS: dict[str, list[Snippet]] = {}
for _section, _snippet in read():
    SECTIONS.setdefault(_section, []).append(_snippet)


def test_the_table_is_large() -> None:
    assert sum(map(len, SECTIONS.values())) >= 300


@pytest.fixture
async def visitor(mongodb: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    made = await visitor_of(mongodb, settings)
    yield made
    await made.engine.drop(made.sandbox)


def shown(result: Result) -> str:
    match result.kind:
        case "status":
            return result.status or ""
        case "reply":
            return result.text or ""
        case _ if result.stages is not None:
            return ", ".join(f"{s.name} {s.count}" if s.count is not None else s.name for s in result.stages)
        case _:
            return one_line(result.documents)


def agrees(wanted: str, got: str) -> bool:
    if wanted.startswith("/") and wanted.endswith("/"):
        return re.fullmatch(wanted[1:-1], got) is not None
    return wanted == got


@pytest.mark.parametrize("section", SECTIONS)
async def test_snippets(visitor: Visitor, section: str) -> None:
    wrong = []
    changed = True
    for snippet in SECTIONS[section]:
        if changed:
            fresh = await visitor.run(FRESH, ms=5_000)
            assert fresh.error is None, fresh.error
        changed = CHANGING.search(snippet.source) is not None
        (await visitor.client()).host.name = "test"
        run = await visitor.run(snippet.source, ms=5_000)
        if snippet.fails is not None:
            code, says = snippet.fails
            error = run.error
            told = f"{error.code}: {error.message} {error.hint}" if error else shown(run.results[-1])
            if error is None or error.code != code or says not in told:
                wrong.append(f"{snippet.source}\n  should fail with {code}: {says}\n  {told}")
        elif run.error is not None:
            wrong.append(f"{snippet.source}\n  {run.error.code}: {run.error.message}")
        elif not agrees(snippet.shows or "", shown(run.results[-1])):
            wrong.append(f"{snippet.source}\n  should show {snippet.shows}\n  {shown(run.results[-1])[:500]}")
    assert not wrong, "\n\n".join(wrong)
