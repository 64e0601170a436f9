"""Every command of `redis_transcript.txt`: its reply as written there, here, and from redis-cli on a server of its own, in the same run."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import StatementError
from app.core.results import Result
from app.engines.redis.engine import RedisEngine
from tests.engines.install import redis_cli
from tests.engines.redis_subject import Visitor

GROUPS = {
    group.partition("\n")[0]: re.findall(r"^> (.*)\n((?:(?!> ).*\n)*)", group.partition("\n")[2], re.MULTILINE)
    for group in (Path(__file__).parent / "redis_transcript.txt").read_text().split("## ")[1:]
}


@pytest.fixture
async def pair(redis: Engine, settings: Settings) -> AsyncIterator[tuple[Visitor, Visitor]]:
    """A visitor, and another one whose server redis-cli talks to."""
    assert isinstance(redis, RedisEngine)
    made = Visitor(redis, redis.new_sandbox(), settings), Visitor(redis, redis.new_sandbox(), settings)
    for visitor in made:
        await redis.create(visitor.sandbox)
        await visitor.run("PING")
    yield made
    for visitor in made:
        await redis.drop(visitor.sandbox)


async def printed_here(visitor: Visitor, source: str) -> str:
    client = await visitor.client()
    printed = []
    await client.begin(source, visitor.limits())
    for statement in visitor.engine.split(source):
        try:
            events = [event async for event in client.run(statement, visitor.limits())]
        except StatementError as exc:
            printed.append(f"(error) {exc.code} {exc.message}")
        else:
            printed += [str(event.text) for event in events if isinstance(event, Result)]
    await client.finish()
    return "\n".join(printed) + "\n"


async def printed_by_redis_cli(visitor: Visitor, source: str, resp: str) -> str:
    path = redis_cli()
    assert path, "There is no redis-cli: `python -m tests.engines.install` installs it or says how."
    process = await asyncio.create_subprocess_exec(
        *(path, "-s", str(visitor.server.socket), "--user", "visitor", resp, "--no-raw"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "REDISCLI_AUTH": visitor.sandbox.secret},
    )
    output, _ = await asyncio.wait_for(process.communicate(source.encode()), 20)
    return output.decode()


def test_there_are_enough_of_them() -> None:
    assert sum(len(cases) for cases in GROUPS.values()) >= 400
    assert len(GROUPS) == 16


@pytest.mark.parametrize("group", GROUPS)
async def test_replies_are_those_of_redis_cli(pair: tuple[Visitor, Visitor], group: str) -> None:
    here, there = pair
    commands, expected = zip(*GROUPS[group], strict=True)
    source = "\n".join(commands)
    if "RESP2" in group:
        await here.run("HELLO 2")
    ours = await printed_here(here, source)
    theirs = await printed_by_redis_cli(there, source, "-2" if "RESP2" in group else "-3")
    assert ours == theirs
    assert ours == "".join(expected)
