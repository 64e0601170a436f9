"""Shared fixtures: real engines, each started once for the whole run in a temporary data directory."""

import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.places import Places
from app.engines import ENGINES, create
from app.engines.dynamodb.engine import DynamoEngine
from app.engines.mongodb.engine import MongoEngine
from app.engines.postgres.engine import PostgresEngine

TEST_LIMITS = {"max_run_ms": 1_000, "max_stream_ms": 2_000, "dynamodb_processes": 2}


passed: Counter[str] = Counter()
skipped: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-engine",
        action="store_true",
        help="fail unless every engine had tests that passed and none was skipped",
    )


def engines_of(item: pytest.Item) -> set[str]:
    """The engines a test is about: by fixture, by parameter, or by the name of its file."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    named = {
        slug
        for slug in ENGINES
        if item.path.name.startswith(f"test_{slug}") and item.path.parent.name in ("engines", "hostile")
    }
    used = [*getattr(item, "fixturenames", ()), *(p for p in parameters if isinstance(p, str))]
    return named | {slug for slug in ENGINES if any(name in (slug, f"{slug}_by_url") for name in used)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.user_properties.extend(("engine", slug) for slug in engines_of(item))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    slugs = [str(value) for key, value in report.user_properties if key == "engine"]
    if report.when == "call" and report.passed:
        passed.update(slugs)
    if report.skipped and slugs:
        skipped.append(report.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line("tests per engine: " + ", ".join(f"{slug} {passed[slug]}" for slug in ENGINES))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if session.config.getoption("--every-engine") and (skipped or any(not passed[slug] for slug in ENGINES)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


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
async def postgres_by_url(postgres: PostgresEngine, settings: Settings, places: Places) -> AsyncIterator[Engine]:
    """A second engine on the same server, which it only knows by URL."""
    at = postgres.server.connect_arguments("postgres")
    url = f"postgresql://{at['user']}:{quote(at['password'])}@/postgres?host={at['host']}&port={at['port']}"
    async with create("postgres", settings.model_copy(update={"postgres_url": url}), places) as engine:
        yield engine


@pytest.fixture(scope="session")
async def postgres_on_several(postgres: PostgresEngine, settings: Settings, places: Places) -> AsyncIterator[Engine]:
    """An engine on a list of servers, of which the second one is away."""
    urls = f"{postgres.url()},postgresql://x:y@127.0.0.1:1/postgres"
    async with create("postgres", settings.model_copy(update={"postgres_url": urls}), places) as engine:
        yield engine


@pytest.fixture(scope="session")
async def mongodb_by_url(mongodb: MongoEngine, settings: Settings, places: Places) -> AsyncIterator[Engine]:
    assert mongodb._server
    server = mongodb._server
    url = f"mongodb://sandtable:{quote(server._password)}@127.0.0.1:{server.port}/?directConnection=true"
    async with create("mongodb", settings.model_copy(update={"mongodb_url": url}), places) as engine:
        yield engine


@pytest.fixture(scope="session")
async def dynamodb_by_url(dynamodb: DynamoEngine, settings: Settings, places: Places) -> AsyncIterator[Engine]:
    url = dynamodb.pool.servers[0].url
    async with create("dynamodb", settings.model_copy(update={"dynamodb_url": url}), places) as engine:
        yield engine


@pytest.fixture(scope="session")
async def redis(settings: Settings, places: Places) -> AsyncIterator[Engine]:
    async with create("redis", settings, places) as engine:
        yield engine


@pytest.fixture(scope="session")
async def dynamodb(settings: Settings, places: Places) -> AsyncIterator[Engine]:
    async with create("dynamodb", settings, places) as engine:
        yield engine
