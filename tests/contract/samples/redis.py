"""Redis as the contract tests need it."""

from redis.exceptions import ResponseError

from app.core.engine import Engine
from app.core.sandbox import Sandbox
from app.engines.redis.engine import RedisEngine
from tests.contract.samples import Samples


async def running(engine: Engine, sandbox: Sandbox) -> int:
    """The sandbox's clients that wait in a blocking command, or 1 while its server is in a script."""
    assert isinstance(engine, RedisEngine)
    server = engine.fleet.known(sandbox.namespace)
    if server is None or not server.running:
        return 0
    try:
        info = await server.admin().info("clients")
    except ResponseError:  # BUSY: it is in a script
        return 1
    return int(info["blocked_clients"])


async def exists(engine: Engine, sandbox: Sandbox) -> bool:
    """A process, a folder, a socket, a log or a pid file."""
    assert isinstance(engine, RedisEngine)
    server = engine.fleet.apart(sandbox.namespace)
    pid_file = engine.places.data / "pids" / f"redis-{sandbox.namespace}.json"
    paths = (server.folder, server.socket, server.process.log_path, pid_file)
    return any(path.exists() for path in paths) or engine.fleet.known(sandbox.namespace) is not None


SAMPLES = Samples(
    write="DEL treasure\nHSET treasure text treasure-of-a",
    read="HGETALL treasure",
    object_name="treasure",
    intrusions=(
        "HGETALL treasure",
        "KEYS *",
        "SCAN 0 COUNT 1000",
        "FLUSHALL",
        "SELECT 1\nKEYS *",
        "SWAPDB 0 1",
        "MIGRATE /run/{namespace} 0 treasure 0 1000",
        "REPLICAOF 127.0.0.1 6379",
        "CONFIG SET dir ../{namespace}",
        "CONFIG SET dbfilename ../{namespace}/dump.rdb",
        "AUTH visitor {namespace}",
        "AUTH sandtable {namespace}",
        "ACL LIST",
        "MODULE LOAD ../{namespace}/dump.rdb",
        "EVAL \"return redis.call('HGETALL', 'treasure')\" 0",
        "EVAL \"return io.open('../{namespace}/dump.rdb')\" 0",
        "EVAL \"return loadfile('../{namespace}/redis.conf')\" 0",
        "EVAL \"return dofile('../{namespace}/redis.conf')\" 0",
    ),
    forever='EVAL "while true do end" 0',
    waiting="BLPOP nothing-ever-comes 0",
    running=running,
    exists=exists,
    failing="SET number many\nINCR number",
    failing_offset=16,
    many="EVAL \"for i = 1, 2500 do redis.call('RPUSH', 'many', i) end\" 0\nLRANGE many 0 -1",
    big="EVAL \"for i = 1, 40 do redis.call('RPUSH', 'big', string.rep('x', 100000)) end\" 0\nLRANGE big 0 -1",
    remember="SELECT 3\nCLIENT SETNAME remembered",
    recall="CLIENT GETNAME",
)
