"""The restore drill, by the commands an operator types: back up while it runs, lose everything, restore, serve."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from tests.served import ROOT, Served


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="sandtable-backup-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def sandtable(*arguments: object) -> str:
    command = [sys.executable, "-m", "app.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_everything_is_lost_and_restored(folder: Path) -> None:
    key = pyrage.x25519.Identity.generate()
    (folder / "key.txt").write_text(str(key))
    first = Served(folder / "first", SANDTABLE_ENGINES="postgres", SANDTABLE_SECRET_KEY="kept-elsewhere")
    first.wait_until_ready()
    first.http.headers["sec-fetch-site"] = "same-origin"
    first.http.post("/partials/postgres/run", data={"source": "select 'as it was' as found"})
    shared = first.http.post("/share", data={"title": "Drill", "source_postgres": "select 'as it was' as found"})
    link = shared.headers["location"]
    said = sandtable(
        "backup", "--data-dir", folder / "first", "--to", folder / "backups", "--recipient", key.to_public()
    )
    assert re.search(r"1 snapshots", said), said
    first.end()
    shutil.rmtree(folder / "first")

    began = time.monotonic()
    file = next((folder / "backups").glob("*.age"))
    assert "as made at" in sandtable("restore", file, "--check")
    restored = sandtable("restore", file, "--identity", folder / "key.txt", "--data-dir", folder / "second")
    assert "Restored as of" in restored
    second = Served(folder / "second", SANDTABLE_ENGINES="postgres", SANDTABLE_SECRET_KEY="kept-elsewhere")
    try:
        second.wait_until_ready()
        print(f"from a backup file to a served link: {time.monotonic() - began:.1f} s")
        second.http.cookies = first.http.cookies
        page = second.http.get(link)
        assert page.status_code == 200
        assert "as it was" in page.text
        assert "as it was" in second.http.get("/postgres").text, "the session's last source"
        assert second.run("postgres", "select 1").status_code == 200
    finally:
        second.end()
