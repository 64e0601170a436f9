"""Services on the four real engines, and a session that runs scripts."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.playground import services
from app.playground.services import Services
from app.stores.memory import MemoryStore
from tests.standing import Standing

SESSION = "s"


@pytest.fixture(scope="module")
async def built(
    postgres: Engine, mongodb: Engine, redis: Engine, dynamodb: Engine, settings: Settings
) -> AsyncIterator[Services]:
    engines = {engine.slug: engine for engine in (postgres, mongodb, redis, dynamodb)}
    made = services.build(settings, Standing(engines), MemoryStore(), b"secret")
    await made.store.open_session(SESSION)
    yield made
    await made.scripts.close()
    for slug in engines:
        await made.runner.reset(SESSION, slug)
    await made.sandboxes.close()


class Player:
    """Runs scripts and gives their results and what they printed."""

    def __init__(self, built: Services) -> None:
        self.built = built

    async def run(self, source: str) -> dict[str, Any]:
        return await self.built.scripts.run(SESSION, source)

    async def printed(self, source: str) -> list[str]:
        run = await self.run(source)
        assert run["outcome"] == "ok", run["error"]
        return [line["text"] for line in run["output"]]


@pytest.fixture
def player(built: Services) -> Player:
    return Player(built)
