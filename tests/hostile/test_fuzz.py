"""Sources nobody would write, to every engine: never a failure of ours, and the sandbox works afterwards.

`SANDTABLE_FUZZ_EXAMPLES=2000` tries more of them than the test run does, and others each time.
"""

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.served import Served

ASKED = os.environ.get("SANDTABLE_FUZZ_EXAMPLES")
EXAMPLES = int(ASKED) if ASKED else 25

WORDS = {
    "postgres": [
        *(
            "select",
            "from",
            "t",
            "where",
            "insert into t values",
            "create table t",
            "drop table t",
            "with x as",
            "union",
            "(",
            ")",
        ),
        *(
            ",",
            ";",
            "'",
            '"',
            "$$",
            "$a$",
            "--",
            "/*",
            "*/",
            "::int",
            "[1:2]",
            "\\d",
            "\\copy",
            "copy t from stdin;\n",
            "\\.\n",
            "E'\\x'",
        ),
        *(
            "begin",
            "commit",
            "rollback",
            "savepoint a",
            "explain",
            "do $$ begin loop end loop; end $$",
            "prepare",
            "null",
            "1e999",
            "U&'\\0041'",
        ),
        *(
            "generate_series(1, 10)",
            "pg_sleep(0)",
            "jsonb '{}'",
            "array[]",
            "begin atomic",
            "listen a",
            "notify a",
            "set role none",
        ),
    ],
    "mongodb": [
        *(
            "db",
            ".t",
            ".find(",
            "{",
            "}",
            "[",
            "]",
            ")",
            ";",
            "'",
            '"',
            "`",
            "${",
            "=>",
            "await ",
            "function f(){",
            "return 1",
            "throw 1",
        ),
        *(
            "$match",
            "$lookup",
            "$where",
            ":",
            ",",
            "ObjectId(",
            "ISODate(",
            "NumberLong(",
            "show dbs",
            "use x",
            "it",
            "//",
            "/*",
            "/(a+)+$/",
        ),
        *(
            "insertOne(",
            "aggregate(",
            "new Array(1e3)",
            "Symbol()",
            "null",
            "undefined",
            "NaN",
            "-0",
            "\\u0000",
            "globalThis",
            "__proto__",
            "rs.status()",
        ),
    ],
    "redis": [
        *(
            "SET",
            "GET",
            "k",
            "v",
            "DEL",
            "EVAL",
            "return 1",
            "0",
            "1",
            "-1",
            "MULTI",
            "EXEC",
            "DISCARD",
            "WATCH",
            "SUBSCRIBE",
            "c",
            "HELLO",
            "3",
        ),
        *(
            '"',
            "'",
            "\\x00",
            "\\",
            "\n",
            "#",
            "XADD",
            "*",
            "f",
            "BLPOP",
            "0.01",
            "SORT",
            "SCAN",
            "CONFIG",
            "ACL",
            "CLIENT",
            "r.set(",
            ")",
            "RESET",
        ),
        *(
            "RESTORE",
            "DUMP",
            "OBJECT",
            "BITFIELD",
            "GEOADD",
            "nan",
            "inf",
            "9223372036854775807",
            "QUIT",
            "MONITOR",
            "SHUTDOWN",
            "DEBUG",
        ),
    ],
    "dynamodb": [
        *(
            "SELECT",
            "*",
            "FROM",
            '"t"',
            "WHERE",
            "pk",
            "=",
            "'a'",
            ";",
            "INSERT INTO",
            "VALUE",
            "{",
            "}",
            "[",
            "]",
            "<<",
            ">>",
            "?",
            "--",
        ),
        *(
            "ListTables {}",
            "GetItem",
            "PutItem",
            '"TableName"',
            ":",
            '"t"',
            ",",
            "{'S': 'a'}",
            "aws dynamodb query",
            "--table-name",
            "\\",
            "'",
        ),
        *(
            "CreateTable",
            "Query",
            "Scan",
            "null",
            "NaN",
            "1e999",
            "UPDATE",
            "SET",
            "REMOVE",
            "begins_with(",
            "BatchWriteItem",
            "Watch",
            "//",
        ),
    ],
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    folder = Path(tempfile.mkdtemp(prefix="sandtable-fuzz-"))
    folder.chmod(0o755)
    served = Served(
        folder / "data", SANDTABLE_MAX_RUN_MS="300", SANDTABLE_MAX_STREAM_MS="300", SANDTABLE_DYNAMODB_PROCESSES="1"
    )
    served.wait_until_ready()
    yield served
    served.end()
    shutil.rmtree(folder)


def sources(engine: str) -> st.SearchStrategy[str]:
    """Words of the language in any order, with anything between; and text that has nothing to do with it."""
    word = st.sampled_from(WORDS[engine]) | st.text(max_size=4)
    mixed = st.lists(word, max_size=14).flatmap(
        lambda words: st.sampled_from([" ", "", "\n", "\r\n"]).map(lambda between: between.join(words))
    )
    return mixed | st.text(max_size=60)


@pytest.mark.parametrize("engine", WORDS)
@pytest.mark.timeout(3600)
def test_no_source_is_a_failure_of_ours(served: Served, engine: str) -> None:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not ASKED,
        suppress_health_check=list(HealthCheck),
    )
    @given(source=sources(engine), explain=st.sampled_from(["none", "none", "plan", "measure"]))
    def one(source: str, explain: str) -> None:
        # json.dumps escapes lone surrogates, as a hostile client would send them
        body = json.dumps({"engine": engine, "source": source, "explain": explain})
        answer = served.http.post("/api/v1/run", content=body, headers={"content-type": "application/json"})
        assert answer.status_code in (200, 400, 413, 429), (source, answer.text)
        seen[answer.json()["stats"]["outcome"] if answer.status_code == 200 else str(answer.status_code)] += 1

    one()
    hello = {
        "postgres": "rollback; select 1",
        "mongodb": "1 + 1",
        "redis": "DISCARD\nPING",
        "dynamodb": "ListTables {}",
    }[engine]
    last = served.run(engine, hello.rpartition("\n")[2].rpartition(";")[2])
    assert last.status_code == 200, last.text
    assert served.http.get("/readyz").status_code == 200
    print(f"{engine}: {sum(seen.values())} sources, {dict(seen)}")
