"""`sandtable share`: files on a running Sandtable as a playground, and its links."""

import argparse
import sys

from app.cli.client import CallFailed, add_url, call, text_of
from app.config import Settings

HELP = "share files as a playground and print its link"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("panes", nargs="+", metavar="ENGINE=FILE", help="a source for each engine: postgres=query.sql")
    parser.add_argument("--seed", action="append", default=[], metavar="ENGINE=FILE", help="a seed for an engine")
    parser.add_argument("--title", default="")
    parser.add_argument("--notes", help="a file in Markdown")
    parser.add_argument("--no-run", action="store_true", help="share the sources without running them")
    add_url(parser)


def run(settings: Settings, given: argparse.Namespace) -> int:
    try:
        seeds = dict(_named(text) for text in given.seed)
        panes = [
            {"engine": engine, "source": source, "seed": seeds.get(engine, "")}
            for engine, source in map(_named, given.panes)
        ]
        body = {
            "title": given.title,
            "notes": text_of(given.notes) if given.notes else "",
            "panes": panes,
            "run": not given.no_run,
        }
        answer = call(given.url, "POST", "/api/v1/playgrounds", body)
    except CallFailed as exc:
        print(f"sandtable: {exc}", file=sys.stderr)
        return 2
    print(answer["link"])
    print(f"To change or delete it, and for nobody else: {answer['manage']}", file=sys.stderr)
    for pane in answer["panes"]:
        if pane["run"] is None or pane["run"]["stats"]["outcome"] != "ok":
            print(f"{pane['engine']}: shared with a run that did not complete", file=sys.stderr)
    return 0


def _named(text: str) -> tuple[str, str]:
    engine, separator, file = text.partition("=")
    if not separator:
        raise CallFailed(f"{text!r} is not ENGINE=FILE.")
    return engine, text_of(file)
