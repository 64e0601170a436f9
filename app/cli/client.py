"""What the client commands share: a Sandtable's address, and JSON over HTTP with the standard library alone."""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

DEFAULT_URL = "http://127.0.0.1:8000"
TIMEOUT_S = 60


class CallFailed(Exception):
    """The server said no, or did not answer; the message is for the terminal."""


def add_url(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--url",
        default=os.environ.get("SANDTABLE_URL", DEFAULT_URL),
        help=f"the Sandtable to ask (default $SANDTABLE_URL, else {DEFAULT_URL})",
    )


def call(url: str, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
    """The JSON answer; None when there is none. Raises CallFailed with the server's own words."""
    if not url.startswith(("http://", "https://")):
        raise CallFailed(f"{url} is no http address.")
    data = None if body is None else json.dumps(body).encode()
    headers = {"accept": "application/json"} | ({"content-type": "application/json"} if data is not None else {})
    if key:
        headers["authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url.rstrip("/") + path, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            text = answer.read()
    except urllib.error.HTTPError as exc:
        raise CallFailed(_said(exc)) from exc
    except (urllib.error.URLError, TimeoutError, OSError) as exc:
        reason = getattr(exc, "reason", exc)
        raise CallFailed(f"{url} does not answer: {reason}") from exc
    return json.loads(text) if text else None


def _said(error: urllib.error.HTTPError) -> str:
    try:
        said = json.loads(error.read())["error"]
        return " ".join(filter(None, (said["message"], said.get("hint"))))
    except (ValueError, KeyError, TypeError):
        return f"The server answered {error.code}."


def text_of(name: str) -> str:
    """The text of a file; `-` is what comes in. Raises CallFailed."""
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise CallFailed(f"{name} cannot be read: {exc}") from exc
