"""`sandtable restore`: a backup into an empty store, whole or not at all."""

import argparse
import asyncio
import sys
from pathlib import Path

from app.cli.store_url import store_url, tools
from app.config import Settings
from app.stores.backups import BackupError, check_file, restore

HELP = "bring a backup of the store back; the app must not run meanwhile"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the backup; its manifest lies beside it")
    parser.add_argument("--identity", type=Path, help="file with the age secret key, for an encrypted backup")
    parser.add_argument("--replace", action="store_true", help="remove what the store holds now")
    parser.add_argument("--check", action="store_true", help="only say whether the file is what its manifest says")


def run(settings: Settings, given: argparse.Namespace) -> int:
    try:
        if given.check:
            manifest = check_file(given.file)
            print(f"{given.file}: as made at {manifest.made_at}")
            return 0
        return asyncio.run(_run(settings, given))
    except BackupError as exc:
        print(f"sandtable: {exc}", file=sys.stderr)
        return 1


async def _run(settings: Settings, given: argparse.Namespace) -> int:
    identity = given.identity.read_text() if given.identity else None
    async with store_url(settings, alone=True) as url:
        manifest = await restore(url, given.file, tools(settings), identity=identity, replace=given.replace)
    rows = ", ".join(f"{count:,} {table}" for table, count in manifest.rows.items())
    print(f"Restored as of {manifest.made_at}: {rows}.")
    return 0
