"""How many of mongosh's methods are here, and that help and completion know exactly those."""

import asyncio
import json
import tomllib
from pathlib import Path

import pytest

from app.engines.mongodb import engine
from app.engines.mongodb.words import all_words, methods_of
from app.scripting.runtime import Scripts, prelude_files

MANUAL = tomllib.loads((Path(__file__).parent / "data" / "mongosh_methods.toml").read_text())
TARGET = 0.9
CLASSES = {
    "collection": "FullCollectionClass",
    "cursor": "FindCursorClass AggregationCursorClass",
    "database": "DatabaseClass",
    "changeStream": "ChangeStreamClass",
    "session": "SessionClass",
    "client": "MongoClient",
    "rs": "ReplicaSetClass",
    "planCache": "PlanCacheClass",
    "bulk": "BulkClass",
}
INHERITED = {"changeStream": "cursor", "bulk": "bulk"}
"""What these have beside what their help lists: a cursor's other methods."""


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The methods of the shell's classes, asked of the JavaScript itself."""
    lists = ", ".join(
        f"{group}: [{', '.join(f'...methodsOf({name})' for name in names.split())}]" for group, names in CLASSES.items()
    )
    asked = tmp_path_factory.mktemp("js") / "offered.js"
    asked.write_text(f'fix("offeredMethods", toJson({{{lists}}}));')

    async def ask() -> dict[str, list[str]]:
        async with Scripts(
            [*prelude_files(engine.__file__, engine.SHELL), asked], max_running=1, wait_ms=1_000
        ) as scripts:
            script = await scripts.open(lambda message, deadline: "null")
            show = json.dumps({"maxRows": 10, "maxBytes": 1_000_000})
            text = await script.evaluate("offeredMethods", seconds=5, show=show)
            scripts.close(script)
        found: dict[str, list[str]] = json.loads(json.loads(text)["text"])
        return found

    return {group: set(names) for group, names in asyncio.run(ask()).items()}


@pytest.mark.parametrize("group", ["collection", "cursor", "database"])
def test_the_share_of_mongosh(offered: dict[str, set[str]], group: str) -> None:
    sense, none = MANUAL[group]["sense"].split(), MANUAL[group]["none"]
    missing = sorted(set(sense) - offered[group])
    share = 1 - len(missing) / len(sense)
    print(f"{group}: {len(sense) - len(missing)} of {len(sense)} that make sense ({share:.0%}), {len(none)} do not;")
    print(f"  missing: {', '.join(missing) or 'none'}")
    assert share >= TARGET, missing
    assert not set(sense) & set(none)
    assert not offered[group] & set(none)
    assert all(none.values())


@pytest.mark.parametrize("group", CLASSES)
def test_help_and_completion_know_the_same(offered: dict[str, set[str]], group: str) -> None:
    known = {word.name for word in methods_of(group)}
    more = offered[INHERITED[group]] if group in INHERITED else set()
    assert known - offered[group] - {"hasEnded"} == set(), "in the vocabulary, not in the shell"
    assert offered[group] - known - more == set(), "in the shell, not in the vocabulary"


def test_every_word_says_what_it_is() -> None:
    words = all_words()
    assert len(words) > 500
    assert all(word.info and word.info.endswith((".", ",")) and word.detail for word in words)
    assert {"method", "stage", "query operator", "update operator", "accumulator", "expression"} == {
        w.kind for w in words
    }


def test_the_page_about_it_has_the_figures(offered: dict[str, set[str]]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "mongodb.md").read_text()
    here = of = 0
    for group in ("collection", "cursor", "database"):
        sense, none = MANUAL[group]["sense"].split(), MANUAL[group]["none"]
        found = len(set(sense) & offered[group])
        assert f"| {group} | {found} | {len(sense)} |" in page
        assert all(f"`{name}`" in page for name in (*none, *set(sense) - offered[group]))
        here, of = here + found, of + len(sense)
    assert f"{here} of the {of} that make sense" in page
    snippets = (Path(__file__).parent / "data" / "mongodb_snippets.txt").read_text()
    assert f"has {sum(line.startswith('> ') for line in snippets.splitlines())} snippets" in page
