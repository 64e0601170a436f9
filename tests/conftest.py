"""Shared fixtures: real engines, each started once for the whole run in a temporary data directory."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.places import Places
from app.engines import create

TEST_LIMITS = {"max_run_ms": 1_000, "max_stream_ms": 2_000, "dynamodb_processes": 2}


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sandtable-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, **TEST_LIMITS)


@pytest.fixture(scope="session")
def places(settings: Settings) -> Iterator[Places]:
    with Places(settings.data_dir) as places:
        yield places
    shutil.rmtree(places.runtime, ignore_errors=True)


@pytest.fixture(scope="session")
async def postgres(settings: Settings, places: Places) -> AsyncIterator[Engine]:
    async with create("postgres", settings, places) as engine:
        yield engine


@pytest.fixture(scope="session")
async def mongodb(settings: Settings, places: Places) -> AsyncIterator[Engine]:
    async with create("mongodb", settings, places) as engine:
        yield engine


@pytest.fixture(scope="session")
async def redis(settings: Settings, places: Places) -> AsyncIterator[Engine]:
    async with create("redis", settings, places) as engine:
        yield engine


@pytest.fixture(scope="session")
async def dynamodb(settings: Settings, places: Places) -> AsyncIterator[Engine]:
    async with create("dynamodb", settings, places) as engine:
        yield engine
