"""The conformance table on the emulator, and on DynamoDB Local where it is at hand, whose differences are recorded.

`python -m tests.engines.test_dynamodb_conformance` prints the table of differences for docs/dynamodb.md.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.limits import Limits
from app.core.places import Places
from app.core.results import Message
from app.engines import create
from app.engines.dynamodb.engine import DynamoEngine
from tests.engines.dynamodb_conformance import CALLS, SETUP
from tests.engines.dynamodb_local import NotAtHand, dynamodb_local
from tests.engines.dynamodb_subject import TABLE, Ran, Visitor

RECORDED = Path(__file__).with_name("dynamodb_conformance.json")
FACTS: dict[str, dict[str, Any]] = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
"""For each call what is expected, and `local` where DynamoDB Local answers otherwise."""


def told(ran: Ran) -> Any:
    """What a call came to: its items in an order of their own, a status without figures, or an error."""
    if ran.error:
        return f"{ran.error.code}: {ran.error.message}" + (f" [{ran.error.detail}]" if ran.error.detail else "")
    result = ran.results[-1]
    if result.kind == "status":
        return (result.status or "").split(",")[0].split(": ok")[0]
    items = result.documents if result.plain is None else result.plain
    return sorted(items or [], key=lambda item: json.dumps(item, sort_keys=True))


async def answers(engine: DynamoEngine, settings: Settings) -> dict[str, Any]:
    visitor = Visitor(engine, engine.new_sandbox(), settings)
    try:
        ran = await visitor.run(SETUP, max_run_ms=20_000)
        assert ran.error is None, ran.error
        return {name: told(await visitor.run(call)) for name, call in CALLS.items()}
    finally:
        await engine.drop(visitor.sandbox)


@pytest.fixture(scope="module")
async def emulator(dynamodb: Engine, settings: Settings) -> dict[str, Any]:
    assert isinstance(dynamodb, DynamoEngine)
    return await answers(dynamodb, settings)


@pytest.fixture(scope="module")
def local_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="sandtable-test-") as folder:
        try:
            with dynamodb_local(Path(folder)) as url:
                yield url
        except NotAtHand as exc:
            pytest.skip(str(exc))


def test_there_are_enough_calls_and_each_is_recorded() -> None:
    assert len(CALLS) >= 150
    assert list(FACTS) == list(CALLS)
    assert sum("Exception: " in str(fact["expected"]) for fact in FACTS.values()) >= 75


@pytest.mark.parametrize("name", CALLS)
def test_the_emulator_answers_as_dynamodb_does(emulator: dict[str, Any], name: str) -> None:
    assert emulator[name] == FACTS[name]["expected"]


async def test_dynamodb_local_answers_the_same_but_for_what_is_recorded(
    local_url: str, settings: Settings, places: Places
) -> None:
    async with create("dynamodb", settings.model_copy(update={"dynamodb_url": local_url}), places) as engine:
        assert isinstance(engine, DynamoEngine)
        found = await answers(engine, settings)
    recorded = {name: fact.get("local", fact["expected"]) for name, fact in FACTS.items()}
    assert {name: found[name] for name in CALLS if found[name] != recorded[name]} == {}


async def test_a_stream_of_dynamodb_local_is_watched(local_url: str, settings: Settings, places: Places) -> None:
    async with create("dynamodb", settings.model_copy(update={"dynamodb_url": local_url}), places) as engine:
        assert isinstance(engine, DynamoEngine)
        visitor = Visitor(engine, engine.new_sandbox(), settings)
        streaming = TABLE.replace(
            "BillingMode", "StreamSpecification: {StreamEnabled: true, StreamViewType: 'NEW_IMAGE'}, BillingMode"
        )
        ran = await visitor.run(
            streaming + "INSERT INTO things VALUE {'pk': 'a', 'sk': 1};\nListStreams", max_run_ms=9_000
        )
        assert ran.last.documents is not None
        arn = ran.last.documents[0]["Streams"][0]["StreamArn"]
        assert (await visitor.run(f"DescribeStream {{ StreamArn: '{arn}' }}")).error is None
        client = await engine.client(visitor.sandbox, "A")
        (statement,) = engine.split("Watch { TableName: 'things', From: 'TRIM_HORIZON' }")
        limits = Limits(left_ms=1_500, max_stream_ms=1_500)
        messages = [event.text async for event in client.run(statement, limits) if isinstance(event, Message)]
        assert [message[:6] for message in messages] == ["INSERT"]
        await engine.drop(visitor.sandbox)


async def _both() -> tuple[dict[str, Any], dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        os.makedirs(data)  # noqa: PTH103
        os.chmod(folder, 0o755)  # noqa: PTH101
        settings = Settings(data_dir=data, dynamodb_processes=1)
        with Places(data) as places, dynamodb_local(Path(folder)) as url:
            found = []
            for update in ({}, {"dynamodb_url": url}):
                async with create("dynamodb", settings.model_copy(update=update), places) as engine:
                    assert isinstance(engine, DynamoEngine)
                    found.append(await answers(engine, settings))
            return found[0], found[1]


def main() -> None:
    """Every difference, as a table in Markdown; what changed against the record is marked."""
    ours, local = asyncio.run(_both())
    print("| call | here | DynamoDB Local |\n|---|---|---|")
    for name in CALLS:
        if ours[name] != local[name]:
            changed = "" if ours[name] == FACTS.get(name, {}).get("expected") else " (not as recorded)"
            print(f"| {name}{changed} | {_cell(ours[name])} | {_cell(local[name])} |")
    record = {
        name: {"expected": ours[name]} | ({} if ours[name] == local[name] else {"local": local[name]}) for name in CALLS
    }
    print(json.dumps(record, indent=1, ensure_ascii=False), file=sys.stderr)


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("|", "\\|").replace("\n", " ")[:300]


if __name__ == "__main__":
    main()
