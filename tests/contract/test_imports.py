"""Imported tables on the real engines: the seed runs, and holds every value."""

import io

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.playground import services
from app.playground.engines import Engines
from app.playground.files import imports, sheets
from app.playground.running.runner import RunRequest
from app.stores.memory import MemoryStore

TEXT = (
    "id,Full name,order,born,seen,ok,exact,big,note\n"
    '1,"Ada ""the first"" <b>",1.5,1815-12-10,2024-05-01T10:00:00.125Z,true,12345678901234567.89,123456789012345678,"tab\there, line\nbreak \\ \'q\'"\n'
    "2,O'Hara,,1990-01-01,,false,1e300,,$1 {x} # --\n"
    "3,名前,-2,,2024-05-01 10:00,,-1e30,,\n"
)
COUNT = {
    "postgres": 'select id, "Full name", born, seen, ok, exact, big, note from people_1 order by id',
    "mongodb": "db.people_1.find().sort({_id: 1})",
    "redis": "HGETALL people_1:1\nHGETALL people_1:2\nHGETALL people_1:3",
    "dynamodb": "Scan {TableName: 'people_1'}",
}


@pytest.fixture(params=COUNT)
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


async def test_a_table_of_odd_values(engine: Engine, settings: Settings) -> None:
    slug = engine.slug
    sheet = sheets.read(io.BytesIO(TEXT.encode()), "auto", 100_000)
    table, misfits = imports.typed(sheet, "People 1", imports.inferred(sheet), imports.key_of(sheet))
    assert misfits == 0
    (made,) = imports.seeds_of(table, [engine], settings)
    assert (made.count, made.problem) == (3, None)
    engines = Engines({slug: engine})
    engines.offer(slug).ready = True
    built = services.build(settings, engines, MemoryStore(), b"secret")
    await built.store.open_session("s")
    answer = await built.runner.run("s", RunRequest(slug, COUNT[slug], made.seed))
    assert "seed_error" not in answer, answer["seed_error"]["error"]
    assert answer["stats"]["outcome"] == "ok", answer["results"][-1]
    said = str(answer["results"])
    born = "-4861728000000" if slug == "mongodb" else "1815-12-10"
    seen = "1714557600125" if slug == "mongodb" else "10:00:00.125"
    exact = ("12345678901234567.89", "123456789012345678")
    for value in ("Ada", "the first", "O'Hara", "名前", born, seen, "{x} # --", "break", *exact):
        assert value in said, value
    await built.runner.reset("s", slug)
    await built.sandboxes.close()


async def test_a_key_of_numbers_beyond_what_an_engine_counts_with(engine: Engine, settings: Settings) -> None:
    slug = engine.slug
    sheet = sheets.read(
        io.BytesIO(b"n,a\n1e300,1\n1e999,2\n12345678901234567890123456789012345678901234567890,3\n"), "auto", 1_000
    )
    table, misfits = imports.typed(sheet, "people_1", ["decimal", "integer"], "n")
    assert misfits == 0
    (made,) = imports.seeds_of(table, [engine], settings)
    engines = Engines({slug: engine})
    engines.offer(slug).ready = True
    built = services.build(settings, engines, MemoryStore(), b"secret")
    await built.store.open_session("s")
    count = {"postgres": "select count(*) from people_1", "mongodb": "db.people_1.countDocuments()", "redis": "DBSIZE"}
    answer = await built.runner.run("s", RunRequest(slug, count.get(slug, COUNT["dynamodb"]), made.seed))
    assert "seed_error" not in answer, answer["seed_error"]["error"]
    assert "3" in str(answer["results"])
    await built.runner.reset("s", slug)
    await built.sandboxes.close()


@pytest.mark.parametrize(
    "text",
    ["id,name\n" + "".join(f"{n},{'y' * 60}\n" for n in range(30_000)), "id\n" + "1\n" * 400_000],
    ids=["rows of text", "rows of a digit"],
)
def test_a_seed_has_as_many_rows_as_a_source_may(engine: Engine, settings: Settings, text: str) -> None:
    slug = engine.slug
    sheet = sheets.read(io.BytesIO(text.encode()), "auto", 600_000)
    table, _ = imports.typed(sheet, "many", imports.inferred(sheet), imports.key_of(sheet))
    (made,) = imports.seeds_of(table, [engine], settings)
    assert made.problem is None
    assert 500 < made.count < sheet.total
    size = len(made.seed.encode())
    assert size <= settings.max_source_bytes_of(slug)
    assert len(engine.split(made.seed)) <= settings.max_statements
    assert (
        size > settings.max_source_bytes_of(slug) * 0.95 or len(engine.split(made.seed)) > settings.max_statements - 5
    )
