"""PostgreSQL as the contract tests need it."""

from app.core.engine import Engine
from app.core.sandbox import Sandbox
from app.engines.postgres.engine import PostgresEngine
from tests.contract.samples import Samples


async def running(engine: Engine, sandbox: Sandbox) -> int:
    """The sandbox's connections that execute something now."""
    assert isinstance(engine, PostgresEngine)
    working = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND state = 'active'"
    return int((await engine.admin.fetch(working, f"sbx_{sandbox.namespace}"))[0][0])


async def exists(engine: Engine, sandbox: Sandbox) -> bool:
    """A database, a role, or a connection."""
    assert isinstance(engine, PostgresEngine)
    left = """
        SELECT 1 FROM pg_database WHERE datname = $1
        UNION ALL SELECT 1 FROM pg_roles WHERE starts_with(rolname, $1)
        UNION ALL SELECT 1 FROM pg_stat_activity WHERE datname = $1
    """
    return bool(await engine.admin.fetch(left, f"sbx_{sandbox.namespace}"))


FAILING = "SELECT 1;\nSELECT 'é',\n       nothing_of_that_name;"

SAMPLES = Samples(
    write="""
        DROP TABLE IF EXISTS treasure;
        CREATE TABLE treasure (id int PRIMARY KEY, text text);
        INSERT INTO treasure VALUES (1, 'treasure-of-a');
    """,
    read="SELECT * FROM treasure WHERE id = 1",
    object_name="treasure",
    intrusions=(
        "SELECT * FROM treasure",
        "SELECT * FROM sbx_{namespace}.public.treasure",
        "SELECT datname FROM pg_database",
        "SELECT * FROM pg_stat_database",
        "SELECT * FROM pg_stat_activity",
        "SELECT * FROM pg_stat_get_activity(NULL)",
        "SELECT * FROM pg_roles",
        "SELECT * FROM pg_user",
        "SELECT * FROM pg_shadow",
        "SELECT * FROM pg_auth_members",
        "SELECT * FROM pg_locks",
        "SELECT * FROM pg_stat_statements",
        "SELECT * FROM pg_shdescription",
        "SELECT * FROM pg_db_role_setting",
        "SELECT * FROM information_schema.enabled_roles",
        "SELECT pg_database_size('sbx_{namespace}')",
        "DROP DATABASE sbx_{namespace}",
        "ALTER DATABASE sbx_{namespace} CONNECTION LIMIT 0",
        "DROP ROLE sbx_{namespace}",
        "ALTER ROLE sbx_{namespace} PASSWORD 'x'",
        "SET ROLE sbx_{namespace}",
        "SET SESSION AUTHORIZATION sbx_{namespace}",
        "GRANT sbx_{namespace} TO CURRENT_USER",
        "CREATE EXTENSION dblink",
        "CREATE EXTENSION postgres_fdw",
        "SELECT pg_read_file('base')",
        "SELECT pg_ls_dir('.')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT query_to_xml('SELECT datname FROM pg_database', true, true, '')",
    ),
    forever="SELECT pg_sleep(60)",
    running=running,
    exists=exists,
    failing=FAILING,
    failing_offset=FAILING.index("nothing"),
    many="SELECT g FROM generate_series(1, 2500) AS g",
    big="SELECT g, repeat('x', 100000) AS text FROM generate_series(1, 40) AS g",
    remember="CREATE TEMP TABLE mine AS SELECT 'remembered' AS text",
    recall="SELECT * FROM mine",
)
