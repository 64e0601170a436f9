"""`sandtable run`: a source on a running Sandtable, its results in the terminal."""

import argparse
import json
import sys
from typing import Any

from app.cli.client import CallFailed, add_url, call, text_of
from app.config import Settings
from app.playground.files.markdown import results_as_markdown

HELP = "run a source on a Sandtable and print its results"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("engine", help="postgres, mongodb, redis or dynamodb")
    parser.add_argument("source", help="a file; - reads the standard input")
    parser.add_argument("--seed", help="a file that runs first, in a fresh sandbox")
    parser.add_argument("--explain", choices=("none", "plan", "measure"), default="none", help="plans with the results")
    parser.add_argument("--json", action="store_true", help="the API's answer as it is")
    add_url(parser)


def run(settings: Settings, given: argparse.Namespace) -> int:
    """0 when every statement completed, 1 when one did not, 2 when nothing could be run."""
    try:
        body = {
            "engine": given.engine,
            "source": text_of(given.source),
            "seed": text_of(given.seed) if given.seed else "",
            "explain": given.explain,
        }
        answer: dict[str, Any] = call(given.url, "POST", "/api/v1/run", body)
    except CallFailed as exc:
        print(f"sandtable: {exc}", file=sys.stderr)
        return 2
    if given.json:
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        print("\n".join(results_as_markdown(answer)))
    return 0 if answer["stats"]["outcome"] == "ok" and "seed_error" not in answer else 1
