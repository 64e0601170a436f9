"""Transactions that outlive a run: open, failed, ended, and rolled back when their connection is parked."""

import pytest

from app.core.results import Notice
from tests.engines.test_postgres_support import Visitor, ada, bob  # noqa: F401

# ruff: noqa: F811

STEPS = [
    ("SELECT 1", "none"),
    ("BEGIN", "open"),
    ("SELECT 1", "open"),
    ("SELECT 1/0", "failed"),
    ("SELECT 1", "failed"),
    ("ROLLBACK", "none"),
    ("BEGIN; SAVEPOINT a; SELECT nothing", "failed"),
    ("ROLLBACK TO a", "open"),
    ("COMMIT AND CHAIN", "open"),
    ("COMMIT", "none"),
    ("SELECT 1/0", "none"),
    ("BEGIN; COPY nothing FROM STDIN;\n\\.\n", "failed"),
    ("COMMIT", "none"),
    ("BEGIN; SELECT pg_terminate_backend(pg_backend_pid())", "none"),
]


async def test_open_and_failed_are_told_apart(ada: Visitor) -> None:
    client = await ada.engine.client(ada.sandbox)
    for source, state in STEPS:
        await ada.run(source)
        assert client.transaction == state, source


async def test_each_way_to_end_one_is_a_statement(ada: Visitor) -> None:
    assert dict(ada.engine.transaction_ends) == {"Commit": "COMMIT", "Rollback": "ROLLBACK"}
    await ada.must("CREATE TABLE t (a int)")
    for _, ending in ada.engine.transaction_ends:
        await ada.must("BEGIN; INSERT INTO t VALUES (1)")
        await ada.must(ending)
    assert (await ada.must("SELECT count(*) FROM t")).value == "1"


PARKED = "This connection was closed while nobody used it: its open transaction was rolled back."


async def test_parking_rolls_back_and_says_so_once(ada: Visitor) -> None:
    await ada.must("CREATE TABLE t (a int); BEGIN; INSERT INTO t VALUES (1)")
    await ada.must("SELECT 1", client="A")
    assert await ada.engine.park(0) >= 2
    ran = await ada.must("SELECT count(*) FROM t")
    assert (ran.value, ran.notices) == ("0", [Notice("warning", PARKED)])
    assert (await ada.must("SELECT 1")).notices == []
    assert (await ada.must("SELECT 1", client="A")).notices == []


@pytest.mark.parametrize(
    ("source", "lost"),
    [
        ("SELECT 1; SET LOCAL work_mem = '1MB'; CREATE TABLE t (a int)", None),
        ("LISTEN news", "its LISTEN is gone"),
        ("PREPARE p AS SELECT 1; CREATE TEMP TABLE x (a int)", "its prepared statements and temporary tables are gone"),
        (
            "SET work_mem = '1MB'; LISTEN news; BEGIN; DECLARE c CURSOR FOR SELECT 1",
            "its LISTEN, cursors and settings are gone; its open transaction was rolled back",
        ),
        ("LISTEN news; UNLISTEN *; PREPARE p AS SELECT 1; DISCARD ALL", None),
    ],
)
async def test_parking_says_what_is_lost(ada: Visitor, source: str, lost: str | None) -> None:
    await ada.must(source)
    await ada.engine.park(0)
    said = [notice.message for notice in (await ada.must("SELECT 1")).notices]
    assert said == ([f"This connection was closed while nobody used it: {lost}."] if lost else [])


async def test_making_room_takes_a_transaction_last(
    ada: Visitor, bob: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ada.engine.park(0)
    await ada.must("BEGIN")
    await ada.must("SELECT 1", client="A")
    monkeypatch.setattr(ada.engine, "settings", ada.engine.settings.model_copy(update={"postgres_max_clients": 2}))
    await bob.must("BEGIN")
    assert (await ada.must("SELECT 1")).notices == []
    await bob.must("SELECT 1", client="A")
    assert (await bob.must("SELECT 1")).notices == [Notice("warning", PARKED)]
    assert (await ada.must("ROLLBACK")).notices == []


async def test_a_fresh_sandbox_knows_nothing_of_a_parked_transaction(ada: Visitor) -> None:
    await ada.must("BEGIN")
    await ada.engine.park(0)
    await ada.engine.drop(ada.sandbox)
    await ada.engine.create(ada.sandbox)
    assert (await ada.must("SELECT 1")).notices == []
