"""What lasts between runs, users of the visitor's own, HELP and the vocabulary, and redis-py's quick start."""

import re
from collections.abc import AsyncIterator

import pytest

from app.config import Settings
from app.core.engine import Engine
from app.core.errors import StatementFailed, StatementRefused
from app.engines.redis import accounts
from app.engines.redis.engine import RedisEngine
from tests.engines.redis_subject import Visitor
from tests.unit.test_redis_python import QUICK_START


@pytest.fixture
async def visitor(redis: Engine, settings: Settings) -> AsyncIterator[Visitor]:
    assert isinstance(redis, RedisEngine)
    made = Visitor(redis, redis.new_sandbox(), settings)
    await redis.create(made.sandbox)
    yield made
    await redis.drop(made.sandbox)


@pytest.mark.parametrize(
    ("source", "transaction"),
    [
        ("MULTI", "open"),
        ("MULTI\nSET k v", "open"),
        ("MULTI\nSET k", "failed"),
        ("MULTI\nNOSUCH", "failed"),
        ("MULTI\nSAVE", "failed"),
        ("MULTI\nMULTI", "open"),
        ("MULTI\nWATCH k", "open"),
        ("MULTI\nEXEC", "none"),
        ("MULTI\nSET k\nEXEC", "none"),
        ("MULTI\nDISCARD", "none"),
        ("MULTI\nRESET", "none"),
        ("MULTI\nQUIT", "none"),
        ("EXEC", "none"),
        ("GET k", "none"),
    ],
)
async def test_an_open_transaction_is_known(visitor: Visitor, source: str, transaction: str) -> None:
    for line in source.split("\n"):
        await visitor.run(line)
    assert (await visitor.client()).transaction == transaction
    flags = str((await visitor.run("CLIENT INFO")).last if transaction == "none" else "")
    assert "multi=0" not in flags, "the server says the same"
    for _, end in visitor.engine.transaction_ends[-1:] if transaction != "none" else ():
        await visitor.run(end)
        assert (await visitor.client()).transaction == "none"


async def test_the_next_run_says_what_lasts(visitor: Visitor) -> None:
    await visitor.run("SELECT 3\nHELLO 2\nWATCH a b\nMULTI\nGET a")
    run = await visitor.run("DISCARD\nPING")
    assert [notice.message for notice in run.notices] == [
        "From before: the database is 3, replies are RESP2, 2 keys are watched, MULTI is open, with 1 queued."
    ]
    run = await visitor.run("SELECT 0\nHELLO 3\nPING")
    assert [n.message for n in run.notices] == ["From before: the database is 3, replies are RESP2."]
    assert (await visitor.run("PING")).notices == []


async def test_raw_replies_stay_raw_in_resp2(visitor: Visitor) -> None:
    run = await visitor.run("HELLO 2\nINFO server\nGET nope")
    assert str(run.texts[1]).startswith("# Server\n")


async def test_a_user_of_ones_own(visitor: Visitor) -> None:
    await visitor.run("SET cached:1 x\nSET secret y")
    run = await visitor.run("ACL SETUSER ada on >pass ~cached:* +@read\nACL USERS\nACL LIST\nACL GETUSER ada")
    assert run.texts[:2] == ["OK", '1) "visitor"\n2) "ada"'] or run.texts[1] == '1) "ada"\n2) "visitor"'
    assert "user ada on " in str(run.texts[2])
    assert "sandtable" not in str(run.texts[2])
    assert "default" not in str(run.texts[2])
    assert '"commands" => "-@all +@read"' in str(run.texts[3])
    run = await visitor.run("AUTH ada wrong", "B")
    assert isinstance(run.error, StatementFailed)
    assert (await visitor.run("AUTH ada pass\nACL WHOAMI", "B")).error is not None, "+@read has no WHOAMI"
    assert (await visitor.run("GET cached:1", "B")).last == '"x"'
    for line in ("GET secret", "SET cached:1 z", "ACL SETUSER ada +@all", "ACL LIST", "ACL DELUSER visitor"):
        run = await visitor.run(line, "B")
        assert run.error is not None, line
        assert run.error.code == "NOPERM", line
    await visitor.engine.close_clients(visitor.sandbox)
    visitor.server.used_at = 0
    assert await visitor.server.park()
    assert (await visitor.run("ACL USERS")).results[0].stats is not None
    assert (await visitor.run("AUTH ada pass\nGET cached:1", "B")).last == '"x"', "kept while parked"
    assert (await visitor.run("ACL DELUSER ada nobody")).last == "(integer) 1"
    assert isinstance((await visitor.run("AUTH ada pass", "A")).error, StatementFailed)


@pytest.mark.parametrize(
    "rules",
    [
        "on nopass ~* &* +@all",
        "on nopass allkeys allcommands",
        "on nopass (+@all ~*)",
        "on nopass ( +@all ~* )",
        '"on" "nopass" "(+@all ~*)"',
        "on nopass +shutdown +save +config|set +debug ~*",
        "reset on nopass ~* +config +acl",
    ],
)
async def test_a_users_rules_end_at_the_visitors_own(visitor: Visitor, rules: str) -> None:
    assert (await visitor.run(f"ACL SETUSER eve {rules}")).error is None, rules
    assert (await visitor.run("AUTH eve any", "B")).last == "OK"
    for line in (
        *(
            "SHUTDOWN NOSAVE",
            "SAVE",
            "CONFIG SET dir /",
            "CONFIG REWRITE",
            "DEBUG SLEEP 1",
            "MODULE LIST",
            "REPLICAOF NO ONE",
        ),
        *("CLIENT KILL TYPE normal", "CLIENT PAUSE 1000", "ACL SETUSER eve +@all", "ACL GETUSER sandtable", "ACL LOAD"),
        *("PSYNC ? -1", "MIGRATE 127.0.0.1 1 k 0 1", "SCRIPT DEBUG YES", "CLIENT REPLY OFF", "BGSAVE"),
    ):
        run = await visitor.run(line, "B")
        assert isinstance(run.error, StatementRefused), (line, run)
    assert (await visitor.run("PING")).last == "PONG"


@pytest.mark.parametrize(
    "line",
    [
        "ACL SETUSER visitor nopass",
        "ACL SETUSER sandtable on nopass ~* +@all",
        "ACL SETUSER default on nopass ~* +@all",
        "ACL DELUSER visitor",
        "ACL DELUSER ada sandtable",
        'ACL SETUSER "two words" on',
        'ACL SETUSER "x\\ny" on',
        'ACL SETUSER x "~a\\nuser y on nopass ~* +@all"',
        'ACL SETUSER x "~a b"',
        "ACL SETUSER x " + "~a " * 201,
        'ACL SETUSER x on >s "(~* &* +@all\\x00)"',
        'ACL SETUSER x on >s "(~* &* +@all" "\\x00)"',
        'ACL SETUSER x on "(~\\"a b\\" +@all)"',
        'ACL SETUSER x on "(~\'a +@all)"',
        'ACL SETUSER x on "~a\\x00b"',
    ],
)
async def test_users_that_may_not_be_made(visitor: Visitor, line: str) -> None:
    run = await visitor.run(line)
    assert isinstance(run.error, StatementRefused), line
    assert run.error.hint


async def test_what_the_server_understood_is_looked_at_again(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_NEVER_IN_SELECTOR", re.compile(b"(?!)"))
    run = await visitor.run('ACL SETUSER x on >s "(~* &* +@all\\x00)"')
    assert isinstance(run.error, StatementRefused)
    assert "more than a sandbox allows" in run.error.message
    assert '"x"' not in str((await visitor.run("ACL USERS")).last)


@pytest.mark.parametrize(
    "line",
    [
        "HELLO 3 AUTH ada x",
        "HELLO 3 AUTH ada x SETNAME auth",
        "HELLO 3 SETNAME auth AUTH ada x",
        "MULTI\nAUTH ada x\nEXEC",
        "MULTI\nHELLO 3 AUTH ada x\nEXEC",
    ],
)
async def test_another_user_is_known_however_it_came(visitor: Visitor, line: str) -> None:
    await visitor.run("ACL SETUSER ada on >x ~* +@all")
    await visitor.run(line, "B")
    assert (await visitor.run("ACL WHOAMI", "B")).last == '"ada"'
    run = await visitor.run("ACL SETUSER eve on", "B")
    assert isinstance(run.error, StatementRefused), run


async def test_a_database_chosen_in_a_transaction_is_known(visitor: Visitor) -> None:
    await visitor.run("MULTI\nSELECT 3\nSET k v\nEXEC")
    run = await visitor.run("GET k")
    assert [notice.message for notice in run.notices] == ["From before: the database is 3."]


async def test_odd_users_do_not_keep_the_server_from_starting(visitor: Visitor) -> None:
    await visitor.run(
        "ACL SETUSER x on '>a\"b c' '~q\"' \"~'\" ~\\ +get\nACL SETUSER y (~a +get) ( %R~b +set )\nACL SETUSER z bad"
    )
    before = (await visitor.run("ACL LIST")).last
    assert str(before).count("user ") >= 3
    await visitor.engine.close_clients(visitor.sandbox)
    assert await visitor.server.park()
    assert (await visitor.run("ACL LIST")).last == before
    run = await visitor.run("AUTH x 'a\"b c'\nGET 'q\"'", "B")
    assert run.last == "(nil)"


async def test_a_connection_opened_anew_says_that_the_user_is_another(visitor: Visitor) -> None:
    await visitor.run("ACL SETUSER ada on >x ~* +@all\nAUTH ada x")
    await visitor.engine.close_clients(visitor.sandbox)
    run = await visitor.run("ACL WHOAMI")
    assert run.last == '"visitor"'
    assert "AUTH becomes ada again" in run.said
    assert (await visitor.run("PING")).said == ""


async def test_users_are_bounded(visitor: Visitor) -> None:
    run = await visitor.run("\n".join(f"ACL SETUSER u{n} on" for n in range(17)))
    assert isinstance(run.error, StatementRefused)
    assert "16 users" in run.error.message
    assert (await visitor.run("ACL SETUSER u1 off")).last == "OK"


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            "HELP SET",
            (
                "SET key value [NX | XX] [GET] [EX seconds",
                "summary: Sets the string",
                "complexity: O(1)",
                "since: 1.0.0",
                "group: string",
            ),
        ),
        ("help xgroup create", ("XGROUP CREATE key group <id | $> [MKSTREAM]",)),
        ("HELP XGROUP", ("XGROUP SETID", "XGROUP DESTROY")),
        ("HELP @string", ("GETRANGE", "SETEX")),
        ("HELP", ("groups: @bitmap", "@vector-set")),
        ("HELP VSIM", ("VSIM key <ELE element", "O(log(N))")),
        ("HELP ZADD", ("[NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",)),
    ],
)
async def test_help_is_the_servers_own_manual(visitor: Visitor, line: str, parts: tuple[str, ...]) -> None:
    run = await visitor.run(line)
    for part in parts:
        assert part in str(run.last)
    assert run.results[0].reply is not None
    assert run.results[0].reply["type"] == "verbatim"


async def test_help_of_nothing_says_so(visitor: Visitor) -> None:
    run = await visitor.run("HELP NOSUCH")
    assert isinstance(run.error, StatementFailed)
    assert run.error.hint


async def test_the_vocabulary(redis: Engine) -> None:
    words = await redis.words()
    commands = {word.name: word for word in words if word.kind == "command"}
    assert len(commands) > 200
    assert "SHUTDOWN" not in commands
    assert commands["SET"].detail is not None
    assert commands["SET"].detail.startswith("key value [NX | XX]")
    assert "O(1)" in str(commands["SET"].info)
    assert "@string" in str(commands["SET"].info)
    options = {word.name: word.detail for word in words if word.within == "SET"}
    assert options["EX"] == "EX seconds"
    assert set(options) == {"NX", "XX", "GET", "EX", "PX", "EXAT", "PXAT", "KEEPTTL"}
    assert {word.name for word in words if word.within == "XGROUP"} >= {"CREATE", "DESTROY", "SETID"}
    assert "MKSTREAM" in {word.name for word in words if word.within == "XGROUP CREATE"}


async def test_redis_py_runs(visitor: Visitor) -> None:
    run = await visitor.run(QUICK_START)
    assert [r.kind for r in run.results] == ["status", "status", "reply", "reply", "status", "reply"]
    assert run.texts[2:4] == ["OK", '"John"']
    assert run.last == '"John"'
    run = await visitor.run(
        "r.hset('user:1', mapping={'name': 'Ada', 'born': 1815})\nr.hgetall('user:1')\n"
        "pipe = r.pipeline()\npipe.incr('n').incr('n')\npipe.execute()"
    )
    assert run.texts[1] == '1# "name" => "Ada"\n2# "born" => "1815"'
    assert run.last == "1) (integer) 1\n2) (integer) 2"
