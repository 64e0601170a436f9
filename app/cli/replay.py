"""`sandtable replay`: a playground's zip, or its folder, run again in sandboxes of its own; says what answers differently."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.cli.client import CallFailed, add_url, call
from app.config import Settings
from app.core.errors import PlaygroundError
from app.main import create_app
from app.playground.comparing.comparison import could_not_begin
from app.playground.running.runner import RunRequest
from app.playground.services import Services
from app.playground.sharing.differences import differences, differs
from app.playground.sharing.packing import unpacked
from app.stores.memory import MemoryStore

HELP = "run a playground's zip again, and say where the answers differ"
SESSION = "replay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pack", type=Path, help="the .zip of a playground, or the folder it was unpacked to")
    add_url(parser)
    parser.set_defaults(url=None)


def run(settings: Settings, given: argparse.Namespace) -> int:
    """0 when every answer is the same, 1 when one differs, 2 when it could not be replayed."""
    try:
        data = unpacked(given.pack)
        runs = _elsewhere(given.url, data["panes"]) if given.url else _here(settings, data["panes"])
    except (CallFailed, PlaygroundError) as exc:
        print(f"sandtable: {exc}", file=sys.stderr)
        return 2
    print(data["title"] or "A shared playground")
    outcomes = [_said(pane, now) for pane, now in zip(data["panes"], runs, strict=True)]
    return max(outcomes, default=2)


def _said(pane: dict[str, Any], now: dict[str, Any]) -> int:
    then = pane["run"]
    if "error" in now:
        print(f"  {pane['engine']:<10} not run: {now['error']['message']}")
        return 2
    versions = f"then {then['version']}, now {now['version']}" if then else f"now {now['version']}"
    verdict = differs(then, now)
    words = {None: "shared without an answer", False: "same answer", True: "differs"}[verdict]
    print(f"  {pane['engine']:<10} {words} ({versions})")
    for difference in differences(then, now):
        print(f"    {difference.title}")
        for line in difference.lines:
            print(f"      {line.sign} {line.text}")
    return 1 if verdict else 0


def _elsewhere(url: str, panes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each call has a session of its own, so each begins in an empty sandbox."""
    bodies = [
        {"engine": p["engine"], "source": p["source"], "seed": p["seed"], "dataset": p.get("dataset", "")}
        for p in panes
    ]
    return [call(url, "POST", "/api/v1/run", body) for body in bodies]


def _here(settings: Settings, panes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Start the engines that are needed, with their data in a folder that is thrown away."""
    folder = Path(tempfile.mkdtemp(prefix="sandtable-replay-"))
    folder.chmod(0o755)
    changed: dict[str, Any] = {"engines": tuple(dict.fromkeys(pane["engine"] for pane in panes))}
    changed |= {"data_dir": settings.data_dir or folder / "data", "dynamodb_processes": 1, "ready_sandboxes": 0}
    try:
        return asyncio.run(_replay(settings.model_copy(update=changed), panes))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _replay(settings: Settings, panes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ready: list[Services] = []
    app = create_app(settings, store=MemoryStore(), on_ready=ready.append)
    async with app.router.lifespan_context(app):
        services = ready[0]
        await services.store.open_session(SESSION)
        return [await _run(services, pane) for pane in panes]


async def _run(services: Services, pane: dict[str, Any]) -> dict[str, Any]:
    request = RunRequest(pane["engine"], pane["source"], pane["seed"], dataset=pane.get("dataset", ""))
    try:
        return await services.runner.run(SESSION, request)
    except PlaygroundError as exc:
        return could_not_begin(pane["engine"], exc)
