"""Contexts for rendering the templates alone: every kind of result, hostile and oversized values, plans, errors."""

from datetime import UTC, datetime
from typing import Any

from app.playground.comparing import comparison
from app.playground.sharing.differences import compare_texts

HOSTILE = (
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{7*7}}",
    "</td><template shadowrootmode=open>",
    "'; --",
)

ENGINES: list[dict[str, Any]] = [
    {
        "slug": slug,
        "label": label,
        "version": version,
        "ready": True,
        "reason": None,
        "fix": None,
        "editor_mode": mode,
        "character": character,
        "lasting": "data stays",
        "explains_before_run": slug == "postgres",
        "formats": slug == "postgres",
        "translates": slug == "postgres",
        "draws": slug == "postgres",
        "previews": slug != "redis",
        "exports": slug == "redis",
        "transaction_ends": ["Commit", "Rollback"] if slug == "postgres" else [],
    }
    for slug, label, version, mode, character in (
        (
            "postgres",
            "PostgreSQL",
            "18.6",
            "sql",
            "Tables, joins, constraints, transactions: ask anything of structured data.",
        ),
        (
            "mongodb",
            "MongoDB",
            "6.0.5",
            "javascript",
            "Documents that nest as your objects do, read whole, aggregated in stages.",
        ),
        (
            "redis",
            "Redis",
            "8.2.3",
            "redis",
            "Data structures in memory: each command does one thing, in microseconds.",
        ),
        (
            "dynamodb",
            "DynamoDB",
            "API 2012-08-10",
            "partiql",
            "Keys first: you design for the questions, and every answer has a price.",
        ),
    )
]
LIMITS = {"max_run_ms": 5_000, "max_rows": 1_000, "max_reply_bytes": 1_000_000, "max_source_bytes": 256_000}
SANDBOX = {"exists": True, "idle_minutes": 30, "bytes": 3_100_000, "quota_bytes": 64_000_000, "objects": 5}
NO_SANDBOX = {"exists": False, "idle_minutes": 30, "bytes": 0, "quota_bytes": 64_000_000, "objects": 0}

SQL = """-- Who spent the most in March, and on how many orders?
SELECT u.name, count(*) AS orders, sum(o.total) AS spent, max(r.body) AS last_review
FROM orders o
JOIN users u ON u.id = o.user_id
LEFT JOIN reviews r ON r.user_id = u.id
WHERE o.placed_at >= '2026-03-01' AND o.placed_at < '2026-04-01'
GROUP BY u.name ORDER BY spent DESC LIMIT 4;
"""
SOURCES = {
    "postgres": SQL,
    "mongodb": "// The last three orders of a customer\ndb.orders.find({ user: 42 }, { placed_at: 1, total: 1 })\n  .sort({ placed_at: -1 })\n  .limit(3)\n",
    "redis": '# A customer\'s latest orders\nZREVRANGE user:42:orders 0 2 WITHSCORES\nHMGET order:29871 placed_at total\nSET greeting "hello" EX 60\n',
    "dynamodb": '-- The sort key holds the date\nSELECT id, placed_at, total\nFROM "shop"\nWHERE pk = \'USER#42\' AND begins_with(sk, \'ORDER#\')\nORDER BY sk DESC;\n\nGetItem {"TableName": "shop", "Key": {"pk": {"S": "USER#42"}}}\n',
}
EXAMPLES = [
    {"slug": "quick-start", "title": "Quick start", "note": "A table, two rows, a join."},
    {"slug": "windows", "title": "Running total with a window", "note": "Each order with the sum so far."},
    {"slug": "slow", "title": "Why is this slow?", "note": "The same query before and after an index."},
]


def statement(text: str, start: int = 0, line: int = 1) -> dict[str, Any]:
    return {"text": text, "start": start, "end": start + len(text), "line": line}


def stats(total_ms: float | None = 8.4, server_ms: float | None = None, row_count: int | None = None) -> dict[str, Any]:
    source = "explain" if server_ms is not None else None
    return {"server_ms": server_ms, "server_ms_source": source, "total_ms": total_ms, "row_count": row_count}


def run(*results: dict[str, Any], not_run: tuple[dict[str, Any], ...] = (), **more: Any) -> dict[str, Any]:
    figures = {"total_ms": 12.4, "server_ms": None, "statement_count": len(results), "outcome": "ok"}
    return {
        "engine": "postgres",
        "version": "18.6",
        "results": list(results),
        "not_run": list(not_run),
        "stats": figures,
    } | more


def rows(columns: list[tuple[str, str]], cells: list[list[str | None]], **more: Any) -> dict[str, Any]:
    named = [{"name": name, "type": kind} for name, kind in columns]
    figures = stats(8.4, 6.1, len(cells))
    return {
        "kind": "rows",
        "statement": statement(SQL.strip()),
        "columns": named,
        "rows": cells,
        "stats": figures,
    } | more


ORDERS = rows(
    [("name", "text"), ("orders", "bigint"), ("spent", "numeric(10,2)"), ("last_review", "text")],
    [
        ["Amina Haddad", "9", "1284.50", "Arrived early, well packed."],
        ["Jonas Lind", "7", "1102.00", None],
        ["Wei Chen", "7", "987.25", "Smaller than it looks."],
        ["Sofía Rossi", "5", "911.80", ""],
    ],
)
THOUSAND = rows(
    [
        ("id", "integer"),
        ("name", "text"),
        ("placed_at", "timestamp with time zone"),
        ("total", "numeric"),
        ("note", "text"),
    ],
    [
        [str(n), f"customer {n}", "2026-03-01 12:00:00+00", f"{n * 1.25:.2f}", "x" * (5_000 if n == 3 else 12)]
        for n in range(1_000)
    ],
    truncated={
        "limit": "max_rows",
        "value": 1000,
        "shown": 1000,
        "message": "Only the first 1,000 rows are shown: one result may have 1,000 rows.",
    },
)
DOCUMENT = {
    "_id": {"$oid": "65f0c0ffee65f0c0ffeeabcd"},
    "name": "Amina Haddad",
    "age": {"$numberInt": "41"},
    "joined": {"$date": {"$numberLong": "1700000000123"}},
    "balance": {"$numberDecimal": "1284.50"},
    "visits": {"$numberLong": "9007199254740993"},
    "tags": ["early", "vip"],
    "address": {
        "street": "Långa gatan 12, third floor",
        "city": "Göteborg",
        "geo": {"lat": {"$numberDouble": "57.7"}, "lon": {"$numberDouble": "11.9"}},
    },
    "avatar": {"$binary": {"base64": "3q2+7w==", "subType": "00"}},
    "never": None,
    "active": True,
    "empty": "",
    "nothing": {},
    "none": [],
}
DOCUMENTS = {
    "kind": "documents",
    "statement": statement("db.users.find()"),
    "documents": [DOCUMENT, DOCUMENT],
    "stats": stats(4.9, 0.3, 2),
}
MANY_DOCUMENTS = DOCUMENTS | {"documents": [DOCUMENT] * 1_000}
ITEMS = {
    "kind": "documents",
    "statement": statement("SELECT * FROM shop"),
    "documents": [{"pk": {"S": "USER#42"}, "total": {"N": "84.5"}}],
    "plain": [{"pk": "USER#42", "sk": "ORDER#2026-03-30", "total": 84.5, "$oid": "not a type here"}],
    "status": "SELECT: 1 items, 0.5 RCU",
    "stats": stats(6.2, None, 1),
}
REPLY = {
    "kind": "reply",
    "statement": statement("ZREVRANGE user:42:orders 0 2"),
    "reply": {"type": "array", "value": []},
    "text": '1) "29871"\n2) "29114"\n3) (nil)',
    "stats": stats(1.6, 0.02, 3),
}
STATUS = {
    "kind": "status",
    "statement": statement("CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL)"),
    "status": "CREATE TABLE",
    "stats": stats(3.1),
}
ACKNOWLEDGED = {
    "kind": "status",
    "statement": statement("db.users.insertOne({name: 'John'})"),
    "status": "1 document inserted",
    "documents": [{"acknowledged": True, "insertedId": {"$oid": "65f0c0ffee65f0c0ffeeabcd"}}],
    "stats": stats(2.2),
    "notices": [
        {"severity": "print", "message": "before the insert"},
        {"severity": "warning", "message": "database names mean your one sandbox"},
    ],
}


def error(outcome: str, code: str, message: str, text: str = SQL.strip(), **more: Any) -> dict[str, Any]:
    told = {"outcome": outcome, "code": code, "message": message} | more
    return {"kind": "error", "statement": statement(text), "error": told, "stats": stats(2.0)}


FAILED = error(
    "failed",
    "42703",
    'column "nmae" does not exist',
    "SELECT nmae FROM users;",
    position=7,
    line=1,
    column=8,
    hint='Perhaps you meant to reference the column "users.name".',
)
REFUSED = error(
    "refused",
    "copy",
    "COPY to or from the client does not work here.",
    "COPY users FROM STDIN;",
    position=0,
    line=1,
    column=1,
    hint="Write rows with INSERT ... VALUES.",
)
STOPPED = error(
    "stopped",
    "max_run_ms",
    "Stopped at the time limit of 5 s a run.",
    "SELECT pg_sleep(60);",
    limit={"name": "max_run_ms", "value": 5000},
    detail="3 statements were done before.",
)


def node(label: str, access: str, own_ms: float | None, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = dict.fromkeys(
        (
            "target",
            "index",
            "condition",
            "estimated_rows",
            "returned_rows",
            "examined_rows",
            "loops",
            "total_ms",
            "cost",
            "cost_unit",
        )
    )
    return (
        fields
        | {"label": label, "access": access, "own_ms": own_ms, "warnings": [], "children": list(children), "raw": {}}
        | more
    )


SCAN = node(
    "Seq Scan",
    "full scan",
    4.3,
    target="orders",
    condition="(placed_at >= '2026-03-01')",
    estimated_rows=6.0,
    returned_rows=104.0,
    examined_rows=1_200.0,
    cost=38.0,
    warnings=["Reads all 1,200 orders to keep 104: no index on placed_at."],
)
USERS = node(
    "Hash", "other", 0.1, target="users", estimated_rows=300.0, returned_rows=300.0, examined_rows=300.0, cost=6.0
)
JOIN = node(
    "Hash Join",
    "join",
    0.9,
    SCAN,
    USERS,
    condition="(o.user_id = u.id)",
    estimated_rows=300.0,
    returned_rows=312.0,
    cost=54.2,
)
PLAN = {
    "root": node(
        "Limit",
        "limit",
        0.01,
        node("Sort", "sort", 0.2, JOIN, estimated_rows=88.0, returned_rows=4.0, cost=61.3),
        estimated_rows=4.0,
        returned_rows=4.0,
        cost=61.4,
    ),
    "access": "full scan",
    "examined": 1_500.0,
    "returned": 4.0,
    "examined_per_returned": 375.0,
    "cost": 61.4,
    "cost_unit": "units",
    "server_ms": 6.1,
    "server_ms_source": "explain",
    "measured": True,
    "note": None,
    "raw": [{"Plan": {"Node Type": "Limit"}}],
}
UNMEASURED = PLAN | {
    "root": node("Scan", "full scan", None, cost=0.5),
    "measured": False,
    "server_ms": None,
    "note": "DynamoDB has no EXPLAIN: read off the call itself.",
    "raw": None,
}


def hostile_results() -> list[dict[str, Any]]:
    """Each hostile text wherever an engine's data may stand."""
    found = []
    for text in HOSTILE:
        found += [
            rows([(text, text)], [[text], [text * 40]]) | {"notices": [{"severity": "notice", "message": text}]},
            DOCUMENTS | {"documents": [{text: text, "deep": {text: [text, {text: text * 30}]}}]},
            DOCUMENTS
            | {
                "documents": [
                    {"$oid": text},
                    {"$date": {"$numberLong": text}},
                    {"$oid": {"$oid": 5}},
                    {"$binary": {"base64": text, "subType": text}},
                ]
            },
            REPLY | {"text": text},
            STATUS | {"status": text},
            error("failed", text, text, text, position=2, line=1, column=3, hint=text, detail=text)
            | {"messages": [{"channel": text, "text": text, "at_ms": 1.0}]},
            STATUS
            | {
                "plan": PLAN
                | {
                    "root": node(text, text, 1.0, target=text, index=text, condition=text, warnings=[text]),
                    "note": text,
                    "raw": text,
                }
            },
            STATUS | {"plan_note": text, "truncated": {"limit": text, "value": 1, "shown": 1, "message": text}},
        ]
    return found


SCHEMA = [
    {
        "kind": "table",
        "name": "orders",
        "detail": "about 1,200 rows",
        "reference": None,
        "path": None,
        "ttl_ms": None,
        "parts": [
            {
                "kind": "column",
                "name": "id",
                "detail": "integer, primary key",
                "parts": [],
                "reference": None,
                "path": None,
                "ttl_ms": None,
            },
            {
                "kind": "column",
                "name": "user_id",
                "detail": "integer, → users",
                "parts": [],
                "reference": None,
                "path": None,
                "ttl_ms": None,
            },
            {
                "kind": "column",
                "name": "placed_at",
                "detail": "timestamptz",
                "parts": [],
                "reference": None,
                "path": None,
                "ttl_ms": None,
            },
            {
                "kind": "index",
                "name": "orders_pkey",
                "detail": "btree (id), unique",
                "parts": [],
                "reference": None,
                "path": None,
                "ttl_ms": None,
            },
        ],
    },
    {
        "kind": "table",
        "name": "users",
        "detail": "about 300 rows",
        "reference": '"users"',
        "path": None,
        "ttl_ms": None,
        "parts": [
            {
                "kind": "column",
                "name": "name",
                "detail": "text",
                "parts": [],
                "reference": None,
                "path": None,
                "ttl_ms": None,
            }
        ],
    },
    {
        "kind": "view",
        "name": HOSTILE[0],
        "detail": HOSTILE[1],
        "parts": [],
        "reference": None,
        "path": None,
        "ttl_ms": None,
    },
    {
        "kind": "function",
        "name": "total_of(integer)",
        "detail": "numeric",
        "parts": [],
        "reference": None,
        "path": None,
        "ttl_ms": None,
    },
]


def everywhere() -> dict[str, Any]:
    return {
        "engines": ENGINES,
        "csp_nonce": "bm9uY2U",
        "csrf_token": "token",
        "store_note": None,
        "limits": LIMITS,
        "path": "/",
    }


def workbench(**more: Any) -> dict[str, Any]:
    context = everywhere() | {
        "engine": ENGINES[0],
        "carries_over": True,
        "source": SQL,
        "seed": "",
        "examples": EXAMPLES,
        "example": EXAMPLES[0],
        "run": run(ORDERS),
        "schema": SCHEMA,
        "client": "main",
        "second": None,
        "parent": None,
        "sandbox": SANDBOX,
    }
    return context | more


def panes(**runs: dict[str, Any]) -> list[dict[str, Any]]:
    return [_pane(engine["slug"], runs.get(engine["slug"])) for engine in ENGINES]


def _pane(slug: str, run: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "engine": slug,
        "source": SOURCES[slug],
        "losses": (),
        "seed": "",
        "run": run,
        "figures": comparison.figures(run, SOURCES[slug], "--") if run else None,
        "unnatural": None,
        "verdict": "same" if run else None,
        "rows": None,
    }


def compared() -> dict[str, Any]:
    def timed(ms: float, server_ms: float | None, *results: dict[str, Any]) -> dict[str, Any]:
        return run(*results, stats={"total_ms": ms, "server_ms": server_ms, "statement_count": 1, "outcome": "ok"})

    return everywhere() | {
        "panes": panes(
            postgres=timed(2.4, 0.21, ORDERS),
            mongodb=timed(4.9, 0.3, DOCUMENTS),
            redis=timed(1.6, 0.02, REPLY, REPLY),
            dynamodb=timed(6.2, None, ITEMS),
        ),
        "examples": EXAMPLES[:2],
        "example": None,
        "task": None,
        "dataset": "",
        "datasets": ("shop", "music"),
        "sizes": ("S", "M"),
        "catalogue": (),
        "rounds": (5, 20),
        "repeat_s": 20,
        "growth_s": 60,
        "verdict": None,
        "parent": None,
        "translation": None,
    }


def playground(**more: Any) -> dict[str, Any]:
    shared = [pane | {"dataset": ""} for pane in compared()["panes"]]
    shared[0]["seed"] = "CREATE TABLE users (id serial, name text);"
    shared[3]["run"] = None
    when = datetime(2026, 3, 30, 14, 5, tzinfo=UTC)
    shown = {
        "id": "abcDEF123_-",
        "revision": 2,
        "reference": "abcDEF123_-/2",
        "revised_at": [when, when],
        "title": "The last three orders",
        "notes": "*Three* orders.",
        "notes_html": "<p><em>Three</em> orders.</p>",
        "created_at": when,
        "parent": "abcDEF123_-/1",
        "listed": False,
        "expires_at": None,
        "panes": shared,
        "edit": "/compare",
        "report": "mailto:us@example.org",
    }
    again = {"postgres": {"run": run(ORDERS), "differs": True, "differences": [changed()]}}
    link = "http://127.0.0.1:8000/p/abcDEF123_-"
    preview = {"link": link, "picture": f"{link}.png", "summary": "Three <b>", "origin": "http://127.0.0.1:8000"}
    return everywhere() | {"playground": shown | more, "again": again, "link": link, "preview": preview}


def embedded() -> dict[str, Any]:
    return playground() | {"theme": "dark", "only": "", "token": "token"}


def changed() -> Any:
    found = compare_texts("select <b>", "\n".join("abcdefghijkl"), "\n".join("abcdeXghijkl") + "\n<script>")
    assert found
    return found


def managed() -> dict[str, Any]:
    return playground() | {"key": "secret", "said": "Saved."}


def changes() -> dict[str, Any]:
    shown = playground()["playground"]
    parts = [
        {"engine": "postgres", "texts": [changed()], "answers": [changed()]},
        {"engine": "redis", "texts": [], "answers": []},
    ]
    return everywhere() | {"before": shown, "after": shown, "parts": parts}
