"""The app on a free port and a fresh data directory, for as long as a bench needs it."""

import asyncio
import gc
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from app.config import Settings
from app.core import memory, priority
from app.main import create_app
from app.playground.services import Services


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[Services, int]]:
    """The services of the running app and its port."""
    memory.give_back()  # as `sandtable serve` does, as the next
    priority.go_first()
    built: list[Services] = []

    def ready(services: Services) -> None:
        built.append(services)
        gc.freeze()

    app = create_app(settings, on_ready=ready)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.05)
            assert not task.done(), "the app did not start"
        yield built[0], server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


def run(bench: Callable[[Path], Awaitable[None]]) -> None:
    """Run a bench with a temporary folder, which is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sandtable-bench-"))
    folder.chmod(0o755)

    async def whole() -> None:
        await bench(folder)

    try:
        asyncio.run(whole())
    finally:
        shutil.rmtree(folder)
