"""An app on fake engines, asked in-process."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.config import Settings
from app.main import create_app
from app.stores.memory import MemoryStore
from tests.fakes import FakeEngine

SETTINGS = Settings(
    engines=("alpha", "beta"),
    allowed_hosts=("testserver",),
    max_run_ms=400,
    max_rows=100,
    max_source_bytes=10_000,
    max_body_bytes=50_000,
    run_burst=30,
    runs_per_second=30,
    max_shares_per_hour=12,
)


@pytest.fixture
def fakes() -> dict[str, FakeEngine]:
    return {slug: FakeEngine(SETTINGS, slug) for slug in SETTINGS.engines}


@pytest.fixture
def client(fakes: dict[str, FakeEngine]) -> Iterator[TestClient]:
    """A browser on our own pages: its requests carry Sec-Fetch-Site: same-origin."""
    app = create_app(SETTINGS, engines=fakes, store=MemoryStore())
    with TestClient(app, headers={"sec-fetch-site": "same-origin"}) as client:
        yield client


@pytest.fixture
def script(client: TestClient) -> TestClient:
    """A program without browser headers, in the same app."""
    return TestClient(client.app)
