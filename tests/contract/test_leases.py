"""What several processes agree on through the store: who lives, who has a session, who drops a sandbox."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.config import Settings
from app.core.sandbox import Sandbox
from app.engines.postgres.engine import PostgresEngine
from app.playground.sandboxes.replicas import Replicas
from app.playground.store import Ban, Replica, SandboxRecord
from app.stores.postgres import PostgresStore

ONE, TWO, THREE = (Replica(name, f"host-{name}", f"{name}:1") for name in ("one", "two", "three"))
NOW = datetime.now(UTC)
OLD = NOW - timedelta(hours=1)


@pytest.fixture
async def store(postgres: PostgresEngine) -> AsyncIterator[PostgresStore]:
    await postgres.server.ensure_database("store_leases")
    async with PostgresStore(postgres.server.connect_arguments("store_leases")) as store:
        async with store._connection() as connection:
            await connection.execute("truncate sessions, sandboxes, replicas, leases, bans cascade")
        yield store


async def sandbox(store: PostgresStore, session: str | None, **more: object) -> SandboxRecord:
    if session:
        await store.open_session(session)
    made = replace(Sandbox.new("redis"), session_id=session)
    record = replace(SandboxRecord(made, OLD), **more)  # type: ignore[arg-type]
    await store.save_sandbox(record)
    return record


async def due(store: PostgresStore, by: Replica, claim_s: float = 60) -> set[str]:
    records = await store.claim_due(
        "redis", NOW - timedelta(minutes=30), host=by.host, replica=by.id, claim_s=claim_s, most=50
    )
    return {record.sandbox.namespace for record in records}


async def test_a_session_has_one_replica_however_many_ask(store: PostgresStore) -> None:
    for replica in (ONE, TWO, THREE):
        await store.renew_replica(replica, 10)
    takers = [replica for replica in (ONE, TWO, THREE) for _ in range(4)]
    owners = [owner for owner, _ in await asyncio.gather(*(store.take_session("s", taker) for taker in takers))]
    assert len({owner.id for owner in owners}) == 1
    assert await store.owner("s") == owners[0]
    assert await store.owner("another") is None


@pytest.mark.parametrize("how", ["lease over", "left", "replaced at its address"])
async def test_a_session_of_a_replica_that_is_gone_moves_and_says_so(store: PostgresStore, how: str) -> None:
    await store.renew_replica(ONE, 0.05 if how == "lease over" else 10)
    assert await store.take_session("s", ONE) == (ONE, False)
    newcomer = TWO
    if how == "left":
        await store.remove_replica(ONE.id)
    elif how == "lease over":
        await asyncio.sleep(0.1)
    else:
        newcomer = Replica("next", "host-one", ONE.address)
    await store.renew_replica(newcomer, 10)
    assert await store.owner("s") is None
    assert await store.take_session("s", newcomer) == (newcomer, True)


async def test_a_released_session_is_nobodys_and_moves_unnoticed(store: PostgresStore) -> None:
    for replica in (ONE, TWO):
        await store.renew_replica(replica, 10)
    await store.take_session("s", ONE)
    await store.release_sessions(["s"], TWO.id)
    assert await store.owner("s") == ONE
    await store.release_sessions(["s"], ONE.id)
    assert await store.take_session("s", TWO) == (TWO, False)


async def test_a_session_goes_where_its_sandbox_is(store: PostgresStore) -> None:
    for replica in (ONE, TWO):
        await store.renew_replica(replica, 10)
    await sandbox(store, "s", host=TWO.host)
    assert (await store.take_session("s", ONE))[0] == TWO
    await sandbox(store, "t", host="host-away")
    assert (await store.take_session("t", ONE))[0] == ONE


async def test_due_sandboxes_are_claimed_once(store: PostgresStore) -> None:
    made = {(await sandbox(store, f"s{n}")).sandbox.namespace for n in range(20)}
    claims = await asyncio.gather(*(due(store, by) for by in (ONE, TWO, THREE, ONE, TWO, THREE)))
    assert sum(map(len, claims)) == 20
    assert set().union(*claims) == made
    assert await due(store, ONE) == set()


async def test_a_claim_that_is_not_carried_out_ends(store: PostgresStore) -> None:
    made = await sandbox(store, "s")
    assert await due(store, ONE, claim_s=0.05) == {made.sandbox.namespace}
    assert await due(store, TWO) == set()
    await asyncio.sleep(0.1)
    assert await due(store, TWO) == {made.sandbox.namespace}


async def test_what_is_not_for_this_process_is_left_alone(store: PostgresStore) -> None:
    for replica in (ONE, TWO):
        await store.renew_replica(replica, 10)
    await store.take_session("theirs", TWO)
    await sandbox(store, "theirs")
    await sandbox(store, "on their disk", host=TWO.host)
    await sandbox(store, None, dropping=True, host=TWO.host)
    await sandbox(store, None, dropping=True, used_at=NOW)  # is being made right now
    await sandbox(store, "in use", used_at=NOW)
    ready = await sandbox(store, None, host=TWO.host)
    await store.open_session("new")
    abandoned = await sandbox(store, "machine away", host="host-away")
    assert await due(store, ONE) == {abandoned.sandbox.namespace}
    assert await store.claim_ready("redis", "new", ONE.host) is None
    claimed = await store.claim_ready("redis", "new", TWO.host)
    assert claimed is not None
    assert claimed.namespace == ready.sandbox.namespace


async def test_a_replica_alone_asks_nothing_and_two_find_each_other(store: PostgresStore) -> None:
    alone = Replicas(store, Settings(), "here")
    await alone.join()
    assert await alone.other("s", take=True) is None
    assert not await store.host_lives("here")
    settings = [Settings(peer_address=f"127.0.0.1:{port}", lease_ms=1_000) for port in (1, 2)]
    first, second = (Replicas(store, one, f"host-{n}") for n, one in enumerate(settings))
    try:
        await first.join()
        await second.join()
        assert await second.other("s", take=False) is None, "nobody has it"
        assert await first.other("s", take=True) is None, "now the first has"
        await asyncio.sleep(1.3)  # longer than a lease: it is renewed
        assert await second.other("s", take=True) == first.me
        await second.gone(first.me)
        assert await second.other("s", take=True) is None
        assert second.has_moved("s")
    finally:
        await first.leave()
        await second.leave()
    assert await store.owner("s") is None


async def test_leases_of_replicas_long_gone_are_forgotten(store: PostgresStore) -> None:
    for replica in (ONE, TWO):
        await store.renew_replica(replica, 10)
        await store.take_session(replica.id, replica)
    async with store._connection() as connection:
        await connection.execute("update replicas set expires_at = now() - interval '2 days' where id = $1", ONE.id)
        await store.forget_sessions(datetime.now(UTC) - timedelta(days=31))
        assert await connection.fetchval("select count(*) from leases") == 2, (
            "who takes it knows that something was lost"
        )
        assert [row["id"] for row in await connection.fetch("select id from replicas")] == [TWO.id]
        await store.forget_sessions(datetime.now(UTC) + timedelta(days=1))
        assert [row["session_id"] for row in await connection.fetch("select session_id from leases")] == [TWO.id]


async def test_bans_and_counts(store: PostgresStore) -> None:
    await store.add_ban(Ban("session s", NOW + timedelta(hours=1), "why"))
    await store.add_ban(Ban("session s", NOW + timedelta(hours=2), "again"))
    await store.add_ban(Ban("address a", OLD, ""))
    assert [ban.reason for ban in await store.bans()] == ["again"]
    await store.lift_ban("session s")
    assert await store.bans() == []
    await sandbox(store, "s")
    await sandbox(store, None)
    await sandbox(store, None, dropping=True)
    assert await store.count_sandboxes() == {("redis", "live"): 1, ("redis", "ready"): 1, ("redis", "dropping"): 1}
