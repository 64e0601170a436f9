"""Backups of the store: one file from one moment, with a manifest by which it is checked, and brought back whole or not at all."""

import asyncio
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
import pyrage

from app import __version__

PREFIX = "sandtable-store-"
FILE = re.compile(rf"{PREFIX}\d{{8}}T\d{{6}}Z\.dump(\.age)?")
NOT_KEPT = ("sandboxes", "leases", "replicas")
"""Tables whose rows mean nothing after a restore: sandboxes are gone with their servers, and their credentials stay out of the file."""
CHUNK = 1 << 20
PARAMETERS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}


class BackupError(RuntimeError):
    """A backup could not be made, is not what its manifest says, or can't be brought back here; the message says which."""


@dataclass(frozen=True, slots=True)
class Tools:
    """PostgreSQL's own programs."""

    pg_dump: Path
    pg_restore: Path


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is. `rows` counts each table at the moment of the backup; `sha256` is of the file as it lies there."""

    made_at: str
    sandtable: str
    server: str
    sha256: str
    bytes: int
    rows: dict[str, int]
    migrations: list[str]


def manifest_path(file: Path) -> Path:
    return file.with_name(file.name + ".json")


async def back_up(
    url: str, folder: Path, tools: Tools, *, recipients: list[str], keep: int | None
) -> tuple[Path, Manifest]:
    """Make a backup in the folder, read it back, and remove all but the newest `keep`. Raises BackupError."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True, mode=0o700)
    made_at = datetime.now(UTC)
    file = folder / f"{PREFIX}{made_at:%Y%m%dT%H%M%SZ}.dump{'.age' if recipients else ''}"
    with tempfile.TemporaryDirectory(prefix="sandtable-backup-", dir=folder) as scratch:
        dump = Path(scratch) / "store.dump"
        rows, migrations, server = await _dump(url, dump, tools)
        await _run([tools.pg_restore, "--file=/dev/null", dump], {})  # reads it to the last byte
        finished = dump if not recipients else await asyncio.to_thread(_encrypt, dump, recipients)
        digest = await asyncio.to_thread(_sha256, finished)
        manifest = Manifest(made_at.isoformat(), __version__, server, digest, finished.stat().st_size, rows, migrations)
        _write(manifest_path(file), json.dumps(asdict(manifest), indent=2).encode())
        finished.chmod(0o600)
        finished.rename(file)
    if keep is not None:
        _retain(folder, keep)
    return file, manifest


async def restore(url: str, file: Path, tools: Tools, *, identity: str | None, replace: bool) -> Manifest:
    """Bring a backup back into the store's database, in one transaction, and count its rows. Raises BackupError."""
    manifest = await asyncio.to_thread(check_file, file)
    await _must_be_free(url, replace=replace)
    with tempfile.TemporaryDirectory(prefix="sandtable-restore-") as scratch:
        dump = file
        if file.suffix == ".age":
            dump = await asyncio.to_thread(_decrypt, file, Path(scratch) / "store.dump", identity)
        emptying = ["--clean", "--if-exists"] if replace else []
        options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", *emptying]
        environment = environment_of(url)
        await _run([tools.pg_restore, *options, f"--dbname={environment['PGDATABASE']}", dump], environment)
    connection = await asyncpg.connect(url)
    try:
        found = await _count(connection)
    finally:
        await connection.close()
    if found != manifest.rows:
        raise BackupError(f"What was restored is not what was backed up: {found} rows instead of {manifest.rows}.")
    return manifest


def check_file(file: Path) -> Manifest:
    """The manifest of a backup whose bytes are as it says. Raises BackupError."""
    try:
        manifest = Manifest(**json.loads(manifest_path(file).read_text()))
    except (OSError, ValueError, TypeError) as exc:
        raise BackupError(f"{manifest_path(file)} cannot be read: {exc}") from exc
    if not file.exists():
        raise BackupError(f"{file} is not there.")
    if _sha256(file) != manifest.sha256:
        raise BackupError(f"{file} is damaged: its checksum is not the manifest's.")
    return manifest


def environment_of(url: str) -> dict[str, str]:
    """libpq's variables for a URL, so that no password is on a command line."""
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    found = {
        "PGHOST": query.get("host") or parts.hostname or "127.0.0.1",
        "PGPORT": query.get("port") or str(parts.port or 5432),
        "PGUSER": query.get("user") or unquote(parts.username or ""),
        "PGPASSWORD": query.get("password") or unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")) or "postgres",
        "PGCONNECT_TIMEOUT": "10",
    }
    return found | {variable: query[name] for name, variable in PARAMETERS.items() if name in query}


async def _dump(url: str, target: Path, tools: Tools) -> tuple[dict[str, int], list[str], str]:
    """Dump and count in one snapshot, so that the counts are the file's."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("select pg_export_snapshot()")
            rows = await _count(connection)
            migrations = [row[0] for row in await connection.fetch("select name from migrations order by name")]
            server: str = await connection.fetchval("show server_version")
            options = [
                "--format=custom",
                "--compress=gzip:6",
                "--no-owner",
                "--no-privileges",
                f"--snapshot={snapshot}",
            ]
            options += [f"--exclude-table-data=public.{table}" for table in NOT_KEPT]
            await _run([tools.pg_dump, *options, f"--file={target}"], environment_of(url))
    finally:
        await connection.close()
    return rows, migrations, server


async def _count(connection: "asyncpg.Connection[Any]") -> dict[str, int]:
    tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
    kept = [row[0] for row in tables if row[0] not in NOT_KEPT]
    return {table: await connection.fetchval(f'select count(*) from public."{table}"') for table in kept}  # noqa: S608


async def _must_be_free(url: str, *, replace: bool) -> None:
    connection = await asyncpg.connect(url)
    try:
        users = await connection.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'sandtable store'"
        )
        if users:
            raise BackupError("A running Sandtable uses this store. Stop it first.")
        tables = await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'")
        if tables and not replace:
            raise BackupError("The store is not empty. With --replace, what is in it is removed first.")
    finally:
        await connection.close()


async def _run(command: list[str | Path], environment: Mapping[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        raise BackupError(f"{Path(command[0]).name} failed: {said.decode(errors='replace').strip()[-800:]}")


def _encrypt(dump: Path, recipients: list[str]) -> Path:
    try:
        known = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
    except pyrage.RecipientError as exc:
        raise BackupError(f"A recipient is not an age public key: {exc}") from exc
    target = dump.with_suffix(".age")
    pyrage.encrypt_file(str(dump), str(target), known)
    return target


def _decrypt(file: Path, target: Path, identity: str | None) -> Path:
    if identity is None:
        raise BackupError(f"{file.name} is encrypted: give --identity, the file with the age secret key.")
    keys = [line for line in identity.splitlines() if line.startswith("AGE-SECRET-KEY-")]
    try:
        pyrage.decrypt_file(str(file), str(target), [pyrage.x25519.Identity.from_str(key) for key in keys])
    except (pyrage.DecryptError, pyrage.IdentityError) as exc:
        raise BackupError(f"{file.name} cannot be decrypted with this identity: {exc}") from exc
    return target


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while part := opened.read(CHUNK):
            digest.update(part)
    return digest.hexdigest()


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _retain(folder: Path, keep: int) -> None:
    files = sorted((file for file in folder.iterdir() if FILE.fullmatch(file.name)), key=lambda file: file.name)
    for old in files[:-keep]:
        old.unlink()
        manifest_path(old).unlink(missing_ok=True)
