"""`sandtable takedown`: remove a shared playground; its link then says so, with the reason."""

import argparse
import sys

from app.cli.client import CallFailed, add_url, call
from app.config import Settings
from app.core.places import Places
from app.web.security import Signer

HELP = "remove a shared playground for good, and say why at its link"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("playground", help="its id, the part of the link after /p/")
    parser.add_argument("--reason", required=True, help="one sentence, shown at the link")
    add_url(parser)


def run(settings: Settings, given: argparse.Namespace) -> int:
    """The running app does it, asked with a token that only this site's secret key makes."""
    try:
        key = _secret_key(settings)
        token = Signer([key], secure=False).operator_token(f"takedown {given.playground}")
        path = f"/api/v1/playgrounds/{given.playground}/takedown"
        call(given.url, "POST", path, {"reason": given.reason}, token)
    except CallFailed as exc:
        print(f"sandtable: {exc}", file=sys.stderr)
        return 2
    print(f"Taken down: {given.playground}")
    return 0


def _secret_key(settings: Settings) -> str:
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    file = Places(settings.data_dir).data / "secret_key"
    try:
        return file.read_text()
    except OSError as exc:
        raise CallFailed(f"The secret key of this site is needed, and {file} cannot be read: {exc}") from exc
