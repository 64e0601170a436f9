"""`sandtable doctor`: each engine's binary, and what mends what is wrong."""

import argparse

from app.config import Settings
from app.core.places import Places
from app.engines import ENGINES, load

HELP = "look at each engine's binary and say what mends what is wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(settings: Settings, given: argparse.Namespace) -> int:
    places = Places(settings.data_dir)
    healthy = True
    for slug in ENGINES:
        engine = load(slug)
        found = engine.diagnose(settings, places)
        healthy = healthy and found.fix is None
        print(f"{engine.label:<11} {'ok' if found.fix is None else 'NOT OK'}")
        print(f"  binary   {found.binary or 'none found'}")
        print(f"  version  {found.version or 'unknown'}")
        for library in found.missing_libraries:
            print(f"  missing  {library}")
        if found.fix:
            print(f"  mend     {found.fix}")
    return 0 if healthy else 1
