"""What only the server's admin may do: make and drop sandboxes, weigh them, end what runs in them."""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Iterator
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import OperationFailure

from app.core.errors import PlaygroundError
from app.core.limits import Usage
from app.core.process import ServerProcess
from app.core.sandbox import Sandbox, is_namespace
from app.engines.mongodb.errors import translated
from app.scripting.errors import HostFailure

log = logging.getLogger(__name__)

PREFIX = "sbx_"
KILL_WAIT_S = 0.4
"""Of the server's own time on a processor: a busy machine is no reason to end it."""
KILL_MOST_S = 5.0
KILL_POLL_S = 0.02
USER_EXISTS, ROLE_EXISTS = 51003, 51002
USER_GONE = 11

ACTIONS = (
    "find insert update remove createCollection dropCollection createIndex dropIndex listCollections "
    "listIndexes collStats dbStats collMod convertToCapped renameCollectionSameDB changeStream killCursors "
    "planCacheRead planCacheWrite validate indexStats enableProfiler bypassDocumentValidation"
)


READS = "find listCollections listIndexes collStats dbStats changeStream planCacheRead indexStats"
READY_USERS = {"reader": READS.split(), "writer": f"{READS} insert update".split()}
"""Users beside the owner, for tasks on privileges, with what they may at first."""


def database_of(namespace: str) -> str:
    return f"{PREFIX}{namespace}"


def password_of(sandbox: Sandbox, user: str) -> str:
    """The password of a ready user on the server; visitors know another one."""
    return hmac.new(sandbox.secret.encode(), user.encode(), "sha256").hexdigest()


class Admin:
    """Commands on the admin's connections. `process`: the server, when it is ours."""

    def __init__(self, motor: "AsyncIOMotorClient[dict[str, Any]]", process: ServerProcess | None = None) -> None:
        self.motor = motor
        self._process = process

    async def version(self) -> str:
        with _ours("admin"):
            info = await self.motor.admin.command("buildInfo")
        return str(info["version"])

    async def ping(self, within_s: float) -> None:
        with _ours("admin"):
            await asyncio.wait_for(self.motor.admin.command("ping"), within_s)

    async def create(self, sandbox: Sandbox) -> None:
        """The role with rights on the one database, and the user that has it. Idempotent."""
        name = database_of(sandbox.namespace)
        database = self.motor[name]
        privileges = [
            {"resource": {"db": name, "collection": ""}, "actions": ACTIONS.split()},
            {"resource": {"db": name, "collection": "system.profile"}, "actions": ["find", "dropCollection"]},
        ]
        login: dict[str, Any] = {"pwd": sandbox.secret, "mechanisms": ["SCRAM-SHA-256"], "roles": [name]}
        with _ours(name):
            with _except(ROLE_EXISTS):
                await database.command("createRole", name, privileges=privileges, roles=[])
            try:
                await database.command("createUser", name, **login)
            except OperationFailure as exc:
                if exc.code != USER_EXISTS:
                    raise
                await database.command("updateUser", name, **login)

    async def ready_users(self, sandbox: Sandbox) -> None:
        """Make the users beside the owner, each with a role of its name. Idempotent; their roles stay as they are."""
        name = database_of(sandbox.namespace)
        database = self.motor[name]
        with _ours(name):
            for user, actions in READY_USERS.items():
                privileges = [{"resource": {"db": name, "collection": ""}, "actions": actions}]
                with _except(ROLE_EXISTS):
                    await database.command("createRole", user, privileges=privileges, roles=[])
                with _except(USER_EXISTS):
                    pwd = password_of(sandbox, user)
                    await database.command("createUser", user, pwd=pwd, mechanisms=["SCRAM-SHA-256"], roles=[user])

    async def drop(self, namespace: str) -> None:
        """Sessions, user, role, data: any other order waits for an open transaction. Idempotent."""
        if not is_namespace(namespace):
            raise ValueError(f"not a namespace: {namespace!r}")
        name = database_of(namespace)
        database = self.motor[name]
        with _ours(name):
            for user in (name, *READY_USERS):
                with _except(USER_GONE):
                    await self.motor.admin.command("killAllSessions", [{"user": user, "db": name}])
            await database.command("dropAllUsersFromDatabase")
            await database.command("dropAllRolesFromDatabase")
            await self.end({"effectiveUsers.db": name})
            await database.command("dropDatabase")

    async def drop_views(self, namespace: str) -> None:
        """The list of a sandbox's views, which only an admin may drop."""
        name = database_of(namespace)
        with _ours(name):
            await self.motor[name].drop_collection("system.views")

    async def namespaces(self) -> set[str]:
        """From the users and from the databases: a sandbox without data has no database yet."""
        ours = {"$regex": f"^{PREFIX}"}
        with _ours("admin"):
            users = await self.motor.admin.command("usersInfo", {"forAllDBs": True}, filter={"db": ours})
            databases = await self.motor.admin.command("listDatabases", nameOnly=True, filter={"name": ours})
        names = {user["db"] for user in users["users"]} | {entry["name"] for entry in databases["databases"]}
        return {name.removeprefix(PREFIX) for name in names if is_namespace(name.removeprefix(PREFIX))}

    async def usage(self, namespace: str) -> Usage:
        figures = await self.figures(namespace)
        return Usage(int(figures["dataSize"] + figures["indexSize"]), int(figures["collections"] + figures["views"]))

    async def figures(self, namespace: str) -> dict[str, Any]:
        name = database_of(namespace)
        with _ours(name):
            stats: dict[str, Any] = await self.motor[name].command("dbStats")
        return stats

    async def has(self, namespace: str, collection: str) -> bool:
        name = database_of(namespace)
        with _ours(name):
            return bool(await self.motor[name].list_collection_names(filter={"name": collection}))

    async def operations(self, match: dict[str, Any]) -> list[Any]:
        """The ids of the operations on the server that match, our own question left out."""
        pipeline: list[dict[str, Any]] = [
            {"$currentOp": {"allUsers": True, "idleConnections": False, "idleSessions": False}},
            {"$match": {"$and": [{"active": True}, match]}},
            {"$project": {"opid": 1}},
        ]
        with _ours("admin"):
            return [op["opid"] async for op in self.motor.admin.aggregate(pipeline)]

    async def waits(self, comment: str) -> bool:
        """Whether an operation of the run tries again after a write conflict, while another transaction of its user is open."""
        held = {"$or": [{"waitingForLock": True}, {"writeConflicts": {"$gt": 0}}]}
        kinds = {
            "held": [{"$match": {"$and": [marked(comment), held]}}, {"$project": {"lsid": 1}}],
            "open": [{"$match": {"transaction": {"$exists": True}}}, {"$project": {"lsid": 1}}],
        }
        pipeline: list[dict[str, Any]] = [{"$currentOp": {"allUsers": True, "idleSessions": True}}, {"$facet": kinds}]
        with _ours("admin"):
            (found,) = [found async for found in self.motor.admin.aggregate(pipeline)]
        return any(
            op["lsid"]["uid"] == other["lsid"]["uid"] and op["lsid"]["id"] != other["lsid"]["id"]
            for op in found["held"]
            for other in found["open"]
        )

    async def end(self, match: dict[str, Any]) -> None:
        """Kill the operations that match and wait until they are gone.

        A single expression can be deaf to it (`$reduce` over a growing array): then the server itself is ended, and started
        again within a second; its journal keeps what was written.
        """
        clock = asyncio.get_running_loop().time
        computed = self._process.computed_s if self._process else clock
        latest, enough = clock() + KILL_MOST_S, computed() + KILL_WAIT_S
        while opids := await self.operations(match):
            for opid in opids:
                with _ours("admin"), contextlib.suppress(OperationFailure):
                    await self.motor.admin.command("killOp", op=opid)
            if computed() > enough or clock() > latest:
                log.error("operations %s do not end", opids)
                if self._process is not None:
                    await self._process.kill()
                return
            await asyncio.sleep(KILL_POLL_S)


@contextlib.contextmanager
def _ours(database: str) -> Iterator[None]:
    """For the app's own commands: what the server refuses is our mistake, and no visitor's."""
    try:
        with translated(database):
            yield
    except HostFailure as exc:
        raise PlaygroundError(f"MongoDB refused a command of the playground: {exc.fields['message']}") from exc


@contextlib.contextmanager
def _except(code: int) -> Iterator[None]:
    try:
        yield
    except OperationFailure as exc:
        if exc.code != code:
            raise


def marked(comment: str) -> dict[str, Any]:
    """Matches the operations of one run, getMore included."""
    return {"$or": [{"command.comment": comment}, {"cursor.originatingCommand.comment": comment}]}
