"""What someone gets who installs the wheel, asks the doctor, or lacks an engine."""

import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app import __version__
from app.engines import ENGINES, load
from tests.served import ROOT, Served


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def test_version() -> None:
    assert command("--version").stdout.strip() == f"sandtable {__version__}"


def test_the_doctor_finds_every_engine_well(data_dir: Path) -> None:
    done = command("doctor", "--data-dir", str(data_dir / "doctor"))
    assert done.returncode == 0, done.stdout
    for slug in ENGINES:
        assert f"{load(slug).label:<11} ok" in done.stdout
    assert done.stdout.count("version") == len(ENGINES)
    assert "unknown" not in done.stdout


def test_the_doctor_says_what_mends_a_missing_engine(data_dir: Path) -> None:
    done = command("doctor", "--data-dir", str(data_dir / "doctor"), SANDTABLE_REDIS_BINARY="/no/such/redis-server")
    assert done.returncode == 1
    assert "/no/such/redis-server" in done.stdout
    assert done.stdout.count("NOT OK") == 1


def test_one_engine_that_cannot_start_leaves_the_others(
    tmp_path_factory: pytest.TempPathFactory, data_dir: Path
) -> None:
    served = Served(data_dir / "without-redis", SANDTABLE_REDIS_BINARY="/no/such/redis-server")
    try:
        served.wait_until("/healthz")
        ready = served.http.get("/readyz")
        assert ready.status_code == 503
        engines = ready.json()["engines"]
        assert [slug for slug in ENGINES if not engines[slug]["ready"]] == ["redis"]
        assert "/no/such/redis-server" in engines["redis"]["reason"] + engines["redis"]["fix"]
        assert served.run("redis", "PING").status_code == 503
        assert "/no/such/redis-server" in served.http.get("/redis").text
        assert served.run("postgres", "select 1").json()["stats"]["outcome"] == "ok"
    finally:
        served.end()


@pytest.mark.timeout(180)
def test_the_wheel_serves_pages_outside_the_checkout(tmp_path: Path, data_dir: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), "--build-constraint", "constraints.txt", "."]
    done = subprocess.run(build, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("sandtable-*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
        names = archive.namelist()
    assert "app/static/dist/manifest.json" in names
    assert not [name for name in names if name.startswith(("tests/", "node_modules/", "static/", "templates/"))]
    served = Served(data_dir / "wheel", SANDTABLE_ENGINES="redis", PYTHONPATH=str(site), cwd=tmp_path)
    try:
        served.wait_until("/healthz")
        page = served.http.get("/redis")
        assert page.status_code == 200
        asset = next(part for part in page.text.split('"') if part.startswith("/static/") and part.endswith(".css"))
        assert served.http.get(asset).headers["content-type"].startswith("text/css")
        assert served.run("redis", "PING").json()["results"][0]["text"] == "PONG"
    finally:
        served.end()


def test_a_port_in_use_is_said_before_anything_is_started(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = command("serve", "--port", str(taken.getsockname()[1]), "--data-dir", str(data_dir / "port"))
    assert done.returncode == 1
    assert "Address already in use. Choose another with --port." in done.stderr
    assert "started from" not in done.stdout
