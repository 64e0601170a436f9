"""The configuration files and scripts that production's containers run, on real servers here."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from app.config import Settings
from app.core.errors import RateLimited
from app.core.limits import Limits
from app.core.places import Places
from app.core.process import ServerProcess
from app.core.results import Result
from app.core.sandbox import Sandbox
from app.engines import create
from app.engines.mongodb.server import executable
from app.engines.postgres.server import find_binary
from app.engines.redis.binary import find_binary as find_redis
from app.playground.store import RunRecord
from app.playground.visitors.rates import Rates
from app.stores.postgres import PostgresStore
from tests.served import ROOT
from tests.system.test_replicas import free_port

INFRA = ROOT / "infra"
PASSWORD = "a-password-from-a-file"
LIMITS = Limits(
    max_run_ms=2_000, max_rows=100, max_reply_bytes=100_000, max_stream_ms=2_000, max_messages=10, left_ms=2_000
)


async def until_ready(ready: Any) -> None:
    for _ in range(200):
        try:
            await ready()
        except Exception:
            await asyncio.sleep(0.05)
        else:
            return
    await ready()


class Cluster:
    """A PostgreSQL made and started as the image does it, with a configuration file of ours."""

    def __init__(self, places: Places, name: str, configuration: Path, hba: Path | None) -> None:
        self.places = places
        self.folder = places.folder(places.engine_data("postgres") / name)
        self.data = self.folder / "data"
        self.port = free_port()
        self.url = f"postgresql://sandtable:{PASSWORD}@127.0.0.1:{self.port}/postgres"
        self._files = ["-c", f"config_file={self._copy(configuration)}"]
        if hba:
            self._files += ["-c", f"hba_file={self._copy(hba)}"]
        self._process: ServerProcess | None = None

    def _copy(self, file: Path) -> Path:
        copy = self.folder / file.name
        shutil.copy(file, copy)
        copy.chmod(0o644)
        return copy

    def run(self, program: str, *arguments: object) -> None:
        account = self.places.account
        subprocess.run(
            [find_binary(self.places, program), *map(str, arguments)],
            check=True,
            capture_output=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "PGPASSWORD": PASSWORD},
            user=account.uid if account else None,
            group=account.gid if account else None,
        )

    def make(self) -> None:
        key = self.folder / "password"
        key.write_text(PASSWORD)
        key.chmod(0o644)
        self.run("initdb", "-D", self.data, "-U", "sandtable", "--auth=scram-sha-256", f"--pwfile={key}", "--no-sync")
        with (self.data / "pg_hba.conf").open("a") as file:  # as the image does
            file.write("host all all all scram-sha-256\n")

    async def start(self, *more: str) -> None:
        sockets = self.places.engine_runtime("postgres")
        own = [
            "-p",
            str(self.port),
            "-k",
            str(sockets),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "shared_buffers=16MB",
        ]
        argv = [str(find_binary(self.places, "postgres")), "-D", str(self.data), *self._files, *own, *more]

        async def ready() -> None:
            await (await asyncpg.connect(self.url)).close()

        self._process = ServerProcess(f"postgres-{self.folder.name}", argv, places=self.places, ready=ready)
        await self._process.start()

    async def stop(self) -> None:
        if self._process:
            await self._process.stop()


async def result_of(client: Any, statement: Any) -> Result:
    results = [event async for event in client.run(statement, LIMITS) if isinstance(event, Result)]
    return results[0]


async def test_postgres_for_sandboxes_by_its_file(settings: Settings, places: Places) -> None:
    cluster = Cluster(places, "infra", INFRA / "postgres/postgresql.conf", INFRA / "postgres/pg_hba.conf")
    await asyncio.to_thread(cluster.make)
    await cluster.start()
    try:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(cluster.url.replace(PASSWORD, "wrong"))
        by_url = settings.model_copy(update={"postgres_url": cluster.url})
        async with create("postgres", by_url, places) as engine:
            one, two = (Sandbox.new("postgres") for _ in range(2))
            await engine.create(one)
            await engine.create(two)
            client = await engine.client(one)
            statements = engine.split(
                "select 41 + 1; select count(*) from pg_stat_activity where datname <> current_database()"
            )
            assert [(await result_of(client, s)).rows for s in statements] == [[["42"]], [["0"]]]
            name = f"sbx_{two.namespace}"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(cluster.url, user=f"sbx_{one.namespace}", password=one.secret, database=name)
            for sandbox in (one, two):
                await engine.drop(sandbox)
            assert await engine.namespaces() == set()
    finally:
        await cluster.stop()
        shutil.rmtree(cluster.folder)


def archiving_store(places: Places) -> tuple[Path, Path]:
    """The archive's folder, which the archive command makes, and the store's file with that folder in place of the volume's."""
    archive = places.engine_data("postgres") / "archive"
    text = (INFRA / "store/postgresql.conf").read_text()
    file = places.data / "store.conf"
    file.write_text(text.replace("/var/lib/postgresql/archive", str(archive)))
    return archive, file


async def test_the_store_goes_back_to_a_second(places: Places) -> None:
    """Point-in-time recovery, by the steps in docs/operations.md."""
    archive, file = archiving_store(places)
    first = Cluster(places, "store", file, None)
    await asyncio.to_thread(first.make)
    with (first.data / "pg_hba.conf").open("a") as hba:
        hba.write("host replication all 127.0.0.1/32 scram-sha-256\n")
    await first.start()
    base = first.folder / "base"
    try:
        async with PostgresStore({"dsn": first.url}) as store:
            await asyncio.to_thread(
                first.run,
                "pg_basebackup",
                *("-D", base, "-h", "127.0.0.1", "-p", first.port, "-U", "sandtable", "-X", "none"),
                "--checkpoint=fast",
            )
            now = datetime.now(UTC)
            for source in ("before the accident",):
                await store.add_run(RunRecord("s", "redis", "main", source, "", "ok", 1, 1.0, now))
            async with store._connection() as connection:
                moment = await connection.fetchval("select clock_timestamp()")
                await asyncio.sleep(0.2)
                await connection.execute("delete from runs")
                piece = await _switch(connection)
                await until_ready(lambda: _archived(connection, piece))
                assert await connection.fetchval("select failed_count from pg_stat_archiver") == 0
    finally:
        await first.stop()
    again = Cluster(places, "store-again", file, None)
    base.rename(again.data)
    (again.data / "recovery.signal").touch()
    try:
        await again.start(
            *("-c", f"restore_command=cp {archive}/%f %p"),
            *("-c", f"recovery_target_time={moment.isoformat()}", "-c", "recovery_target_action=promote"),
        )
        await until_ready(lambda: _promoted(again.url))
        async with PostgresStore({"dsn": again.url}) as store:
            last = await store.last_run("s", "redis")
            assert last is not None
            assert last.source == "before the accident"
    finally:
        await again.stop()
        for folder in (first.folder, again.folder, archive):
            shutil.rmtree(folder)


async def test_the_archive_never_overwrites_and_tells_when_it_fails(places: Places) -> None:
    archive, file = archiving_store(places)
    cluster = Cluster(places, "archiving", file, None)
    await asyncio.to_thread(cluster.make)
    await cluster.start()
    try:
        async with PostgresStore({"dsn": cluster.url}) as store, store._connection() as connection:

            async def fails(*, expected: bool) -> None:
                assert await store.archive_fails() == expected

            first = await _switch(connection)
            await until_ready(lambda: _archived(connection, first))
            state = cluster.data / "pg_wal/archive_status" / first
            state.with_name(f"{first}.done").rename(state.with_name(f"{first}.ready"))  # as a crash may leave it
            second = await _switch(connection)
            await until_ready(lambda: _archived(connection, second))
            assert await connection.fetchval("select failed_count from pg_stat_archiver") == 0
            in_the_way = archive / await connection.fetchval("select pg_walfile_name(pg_current_wal_lsn())")
            in_the_way.write_text("another server's")
            await _switch(connection)
            await until_ready(lambda: fails(expected=True))
            assert in_the_way.read_text() == "another server's"
            in_the_way.unlink()
            await _switch(connection)
            await until_ready(lambda: fails(expected=False))
    finally:
        await cluster.stop()
        shutil.rmtree(cluster.folder)
        shutil.rmtree(archive)


async def _promoted(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        assert not await connection.fetchval("select pg_is_in_recovery()")
    finally:
        await connection.close()


async def _switch(connection: Any) -> str:
    """End the piece of the log that is written now, and give its name."""
    piece: str = await connection.fetchval("select pg_walfile_name(pg_current_wal_lsn())")
    await connection.execute("select pg_current_xact_id(), pg_switch_wal()")
    return piece


async def _archived(connection: Any, piece: str) -> None:
    assert await connection.fetchval("select last_archived_wal >= $1 from pg_stat_archiver", piece)


async def test_mongodb_by_its_file_and_script(settings: Settings, places: Places) -> None:
    folder = places.folder(places.engine_data("mongodb") / "infra")
    data, key, port = places.folder(folder / "db"), folder / "key", free_port()
    key.write_text("0123456789abcdef" * 8)
    key.chmod(0o400)
    if places.account:
        shutil.chown(key, places.account.uid, places.account.gid)
    text = (INFRA / "mongodb/mongod.conf").read_text()
    file = folder / "mongod.conf"
    file.write_text(
        text.replace("/tmp/key", str(key))
        .replace("bindIpAll: true", "bindIp: 127.0.0.1")
        .replace("/data/db", str(data))
    )
    file.chmod(0o644)

    async def ready() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    argv = [str(executable(places)), "--config", str(file), "--port", str(port), "--nounixsocket"]
    process = ServerProcess("mongodb-infra", argv, places=places, ready=ready)
    await process.start()
    try:
        password = folder / "password"
        password.write_text(PASSWORD + "\n")
        for _ in range(2):  # as often as you like
            script = [
                sys.executable,
                INFRA / "mongodb/prepare.py",
                f"127.0.0.1:{port}",
                f"127.0.0.1:{port}",
                password,
                "20",
            ]
            done = await asyncio.to_thread(subprocess.run, script, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        url = f"mongodb://sandtable:{PASSWORD}@127.0.0.1:{port}/?replicaSet=sandtable&authSource=admin"
        async with create("mongodb", settings.model_copy(update={"mongodb_url": url}), places) as engine:
            sandbox = Sandbox.new("mongodb")
            await engine.create(sandbox)
            client = await engine.client(sandbox)
            source = "db.t.insertOne({a: 1}); db.t.findOne({}, {_id: 0})"
            await client.begin(source, LIMITS)
            results = [await result_of(client, statement) for statement in engine.split(source)]
            await client.finish()
            assert results[-1].documents == [{"a": {"$numberInt": "1"}}]
            await engine.drop(sandbox)
            assert await engine.namespaces() == set()
    finally:
        await process.stop()
        shutil.rmtree(folder)


@pytest.fixture
async def rates_url(settings: Settings, places: Places) -> AsyncIterator[str]:
    folder = places.folder(places.engine_data("redis") / "rates")
    password = folder / "password.conf"
    password.write_text(f"requirepass {PASSWORD}\n")
    file = folder / "rates.conf"
    port = free_port()
    text = (INFRA / "redis/rates.conf").read_text()
    file.write_text(
        text.replace("/tmp/password.conf", str(password))
        .replace("port 6379", f"port {port}")
        .replace("bind * -::*", "bind 127.0.0.1")
    )
    for part in (password, file):
        part.chmod(0o644)
    url = f"redis://:{PASSWORD}@127.0.0.1:{port}/0"

    async def ready() -> None:
        async with Redis.from_url(url) as redis:
            await redis.ping()

    process = ServerProcess(
        "redis-rates", [str((await find_redis(settings, places)).path), str(file)], places=places, ready=ready
    )
    await process.start()
    yield url
    await process.stop()
    shutil.rmtree(folder)


async def test_processes_count_rates_together_by_the_redis_of_the_file(rates_url: str, settings: Settings) -> None:
    together = settings.model_copy(update={"rates_url": rates_url, "run_burst": 6, "runs_per_second": 1})
    one, two = Rates(together), Rates(together)
    for _ in range(3):
        await one.count_run("s")
        await two.count_run("s")
    for rates in (one, two):
        with pytest.raises(RateLimited) as caught:
            await rates.count_run("s")
        assert caught.value.hint is not None
        assert rates.shared_failures == 0
    await two.count_run("another")
    wrong = Rates(replace_url(together, rates_url.replace(PASSWORD, "wrong")))
    await wrong.count_run("s")
    assert wrong.shared_failures == 1
    for rates in (one, two, wrong):
        await rates.close()


def replace_url(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"rates_url": url})
