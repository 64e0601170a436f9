"""The `sandtable` command. A subcommand is a module here, with HELP, `add_arguments` and `run`."""

import argparse
import sys
from pathlib import Path
from types import ModuleType

from app import __version__
from app.cli import backup, doctor, replay, restore, run, serve, share, takedown, tasks
from app.config import Settings
from app.core.places import PlaceError

COMMANDS: dict[str, ModuleType] = {
    "serve": serve,
    "doctor": doctor,
    "tasks": tasks,
    "backup": backup,
    "restore": restore,
    "run": run,
    "share": share,
    "replay": replay,
    "takedown": takedown,
}


def main(arguments: list[str] | None = None) -> int:
    """Run a subcommand; its options that are settings' names go into its settings. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="sandtable", description="A database playground with four real engines.")
    parser.add_argument("--version", action="version", version=f"sandtable {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP)
        command.add_argument("--data-dir", type=Path, help="where servers keep their data")
        module.add_arguments(command)
    given = parser.parse_args(arguments)
    settings = {name: value for name in Settings.model_fields if (value := getattr(given, name, None)) is not None}
    try:
        code: int = COMMANDS[given.command].run(Settings(**settings), given)
    except PlaceError as exc:
        print(f"sandtable: {exc}", file=sys.stderr)
        return 1
    return code
