"""Commands that the app answers in the server's place: what a visitor may know of a server that others use too."""

from collections.abc import Awaitable, Callable
from typing import Any

from app.core.errors import StatementRefused
from app.engines.mongodb.accounts import Accounts
from app.engines.mongodb.admin import Admin
from app.engines.mongodb.commands import EFFECTS
from app.engines.mongodb.errors import refusal, translated
from app.engines.mongodb.values import OURS, masked
from app.engines.mongodb.work import Work

Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

MEMBER = "sandtable:27017"
HELLO = (
    "isWritablePrimary", "ismaster", "secondary", "setName", "setVersion", "maxBsonObjectSize", "maxMessageSizeBytes",
    "maxWriteBatchSize", "localTime", "logicalSessionTimeoutMinutes", "minWireVersion", "maxWireVersion", "readOnly",
)  # fmt: skip
STATUS = (
    "set",
    "date",
    "myState",
    "term",
    "heartbeatIntervalMillis",
    "majorityVoteCount",
    "writableVotingMembersCount",
)
STATUS_MEMBER = ("_id", "health", "state", "stateStr", "uptime", "optime", "optimeDate", "electionDate", "self")
CONFIG = ("_id", "version", "term", "protocolVersion", "writeConcernMajorityJournalDefault")
CONFIG_MEMBER = ("_id", "arbiterOnly", "buildIndexes", "hidden", "priority", "secondaryDelaySecs", "votes")
OPERATION = (
    "opid", "op", "ns", "secs_running", "microsecs_running", "planSummary", "numYields", "waitingForLock", "msg",
)  # fmt: skip


class OwnAnswers:
    """`name` gives what the visitor calls the database."""

    def __init__(self, admin: Admin, accounts: Accounts, work: Work, name: Callable[[], str]) -> None:
        self._admin = admin
        self._accounts = accounts
        self._seats = work.seats
        self._database = work.database
        self._name = name
        self._answers: dict[str, Answer] = {
            "hello": self._hello,
            "isMaster": self._hello,
            "replSetGetStatus": self._status,
            "replSetGetConfig": self._config,
            "listDatabases": self._databases,
            "listCommands": self._commands,
            "currentOp": self._operations,
            "killOp": self._kill,
            "connectionStatus": self._who,
            "usersInfo": self._users,
            "rolesInfo": self._roles,
            "grantPrivilegesToRole": self._change_role,
            "revokePrivilegesFromRole": self._change_role,
        }
        self._spellings = {name.lower(): name for name in self._answers}

    async def to(self, command: Any) -> dict[str, Any] | None:
        """The answer to a command, or None when it is the server's to answer."""
        first = next(iter(command), None) if isinstance(command, dict) else None
        name = self._spellings.get(str(first).lower())
        if name is None:
            return None
        fields = {**command, "name": name, "value": command[first]}
        return {**await self._answers[name](fields), "ok": 1.0}

    async def _ask(self, command: str) -> dict[str, Any]:
        with translated("admin"):
            reply: dict[str, Any] = await self._admin.motor.admin.command(command)
        return reply

    async def _hello(self, _: dict[str, Any]) -> dict[str, Any]:
        reply = await self._ask("hello")
        reply["ismaster"] = reply["isWritablePrimary"]
        return {**_only(reply, HELLO), "hosts": [MEMBER], "primary": MEMBER, "me": MEMBER}

    async def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        reply = await self._ask("replSetGetStatus")
        members = [{**_only(m, STATUS_MEMBER), "name": _member(m["_id"])} for m in reply["members"]]
        return {**_only(reply, STATUS), "members": members}

    async def _config(self, _: dict[str, Any]) -> dict[str, Any]:
        config = (await self._ask("replSetGetConfig"))["config"]
        members = [{**_only(m, CONFIG_MEMBER), "host": _member(m["_id"])} for m in config["members"]]
        return {"config": {**_only(config, CONFIG), "members": members}}

    async def _databases(self, _: dict[str, Any]) -> dict[str, Any]:
        with translated(self._database):
            stats = await self._admin.motor[self._database].command("dbStats")
        size = int(stats["dataSize"] + stats["indexSize"])
        return {
            "databases": [{"name": self._name(), "sizeOnDisk": size, "empty": not stats["collections"]}],
            "totalSize": size,
        }

    async def _commands(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"commands": sorted([*EFFECTS, *self._answers])}

    async def _operations(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"inprog": [self._operation(found) for found in await self._running()]}

    def _operation(self, found: dict[str, Any]) -> dict[str, Any]:
        command = {k: v for k, v in (found.get("command") or {}).items() if k not in OURS}
        shown: dict[str, Any] = masked({**_only(found, OPERATION), "command": command}, self._database, self._name())
        return shown

    async def _running(self) -> list[dict[str, Any]]:
        pipeline: list[dict[str, Any]] = [
            {"$currentOp": {"allUsers": True, "idleConnections": False, "idleSessions": False}},
            {"$match": {"active": True, "effectiveUsers.db": self._database}},
        ]
        with translated(self._database):
            return [found async for found in self._admin.motor.admin.aggregate(pipeline)]

    async def _kill(self, fields: dict[str, Any]) -> dict[str, Any]:
        op = fields.get("op")
        if op not in [found["opid"] for found in await self._running()]:
            raise refusal(StatementRefused(f"No operation of yours has the id {op!r:.40}.", code="killOp"))
        with translated(self._database):
            await self._admin.motor.admin.command("killOp", op=op)
        return {"info": "attempting to kill op"}

    async def _who(self, _: dict[str, Any]) -> dict[str, Any]:
        user = self._seats.user
        users, roles = [{"user": user, "db": self._name()}], [{"role": user, "db": self._name()}]
        return {"authInfo": {"authenticatedUsers": users, "authenticatedUserRoles": roles}}

    async def _users(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {"users": self._accounts.users(fields["value"])}

    async def _roles(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {"roles": await self._accounts.roles(fields["value"])}

    async def _change_role(self, fields: dict[str, Any]) -> dict[str, Any]:
        await self._accounts.change(fields["name"], fields["value"], fields.get("privileges"))
        return {}


def _only(found: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: found[key] for key in keys if key in found}


def _member(number: Any) -> str:
    return MEMBER if number == 0 else f"sandtable-{number}:27017"
