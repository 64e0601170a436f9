"""`sandtable backup`: the store in one checked file."""

import argparse
import asyncio
import sys
from pathlib import Path

from app.cli.store_url import store_url, tools
from app.config import Settings
from app.stores.backups import BackupError, back_up

HELP = "write the store (sessions, run log, shared playgrounds) to a checked file; the app may run meanwhile"
KEEP = 14


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="folder for the backups")
    parser.add_argument("--keep", type=int, default=KEEP, help=f"how many are kept there (default {KEEP}, 0: all)")
    parser.add_argument(
        "--recipient", action="append", default=[], metavar="AGE1...", help="encrypt to this age public key; repeatable"
    )


def run(settings: Settings, given: argparse.Namespace) -> int:
    try:
        return asyncio.run(_run(settings, given))
    except BackupError as exc:
        print(f"sandtable: {exc}", file=sys.stderr)
        return 1


async def _run(settings: Settings, given: argparse.Namespace) -> int:
    async with store_url(settings, alone=False) as url:
        file, manifest = await back_up(
            url, given.to, tools(settings), recipients=given.recipient, keep=given.keep or None
        )
    rows = ", ".join(f"{count:,} {table}" for table, count in manifest.rows.items())
    print(f"{file}: {manifest.bytes:,} bytes, {rows}; read back, sha256 {manifest.sha256[:16]}...")
    return 0
