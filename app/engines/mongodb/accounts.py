"""A sandbox's users: the owner, and two ready ones for tasks on privileges, with what their roles may."""

from collections.abc import Callable
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from app.core.errors import StatementRefused
from app.core.sandbox import Sandbox
from app.engines.mongodb.admin import ACTIONS, READY_USERS, Admin, database_of, password_of
from app.engines.mongodb.errors import AUTHENTICATION_FAILED, refusal, translated
from app.engines.mongodb.seats import OWNER
from app.scripting.errors import HostFailure

MAX_PRIVILEGES = 50
NOTES = {
    OWNER: "you: everything on your own database",
    "reader": "a ready user that reads; its password is reader",
    "writer": "a ready user that reads, inserts and updates; its password is writer",
}
Connect = Callable[[str, str, str], "AsyncIOMotorClient[dict[str, Any]]"]
"""Takes user, password and database."""


class Accounts:
    def __init__(self, admin: Admin, sandbox: Sandbox, connect: Connect) -> None:
        self._admin = admin
        self._sandbox = sandbox
        self._connect = connect
        self._database = database_of(sandbox.namespace)
        self._motors: dict[str, AsyncIOMotorClient[dict[str, Any]]] = {}

    async def motor(self, user: str, password: str) -> "AsyncIOMotorClient[dict[str, Any]] | None":
        """Connections as a ready user; None for the owner. Raises HostFailure for anyone else or a wrong password."""
        if user == OWNER:
            return None
        if user not in READY_USERS or password != user:
            fields = {
                "name": "MongoServerError",
                "message": "Authentication failed.",
                "code": AUTHENTICATION_FAILED,
                "codeName": "AuthenticationFailed",
            }
            raise HostFailure(fields)
        await self._admin.ready_users(self._sandbox)
        if user not in self._motors:
            self._motors[user] = self._connect(user, password_of(self._sandbox, user), self._database)
        return self._motors[user]

    def close(self) -> list[Callable[[], None]]:
        """What closes the ready users' connections; each blocks for a moment."""
        closing = [motor.delegate.close for motor in self._motors.values()]
        self._motors.clear()
        return closing

    def users(self, name: Any) -> list[dict[str, Any]]:
        return [
            {"user": user, "roles": [user], "note": note}
            for user, note in NOTES.items()
            if not isinstance(name, str) or name == user
        ]

    async def roles(self, name: Any) -> list[dict[str, Any]]:
        """What each role may, as the server has it now."""
        await self._admin.ready_users(self._sandbox)
        own = [{"resource": {"collection": ""}, "actions": sorted(ACTIONS.split())}]
        found: list[dict[str, Any]] = [{"role": OWNER, "isBuiltin": False, "roles": [], "privileges": own}]
        with translated(self._database):
            wanted = [{"role": role, "db": self._database} for role in READY_USERS]
            reply = await self._admin.motor[self._database].command("rolesInfo", wanted, showPrivileges=True)
        for role in sorted(reply["roles"], key=lambda entry: str(entry["role"])):
            privileges = [
                {"resource": {"collection": p["resource"]["collection"]}, "actions": sorted(p["actions"])}
                for p in role["privileges"]
            ]
            found.append({"role": role["role"], "isBuiltin": False, "roles": [], "privileges": privileges})
        return [role for role in found if not isinstance(name, str) or name == role["role"]]

    async def change(self, command: str, role: Any, privileges: Any) -> None:
        """`grantPrivilegesToRole` or `revokePrivilegesFromRole` for a ready role, within the sandbox."""
        if not isinstance(role, str) or role not in READY_USERS:
            raise _refused(f"The roles that can be changed are {' and '.join(READY_USERS)}.")
        wanted = [self._privilege(entry) for entry in (privileges if isinstance(privileges, list) else [])]
        if not wanted:
            raise _refused("Privileges are a list of {resource: {db, collection}, actions: [...]}.")
        (now,) = await self.roles(role)
        if len(now["privileges"]) + len(wanted) > MAX_PRIVILEGES:
            raise _refused(f"A role may have {MAX_PRIVILEGES} privileges.")
        with translated(self._database):
            await self._admin.motor[self._database].command(command, role, privileges=wanted)

    def _privilege(self, entry: Any) -> dict[str, Any]:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        collection = resource.get("collection", "") if isinstance(resource, dict) else None
        actions = entry.get("actions") if isinstance(entry, dict) else None
        if not isinstance(collection, str) or not isinstance(actions, list):
            raise _refused("A privilege is {resource: {db, collection}, actions: [...]}.")
        if collection.startswith("system.") or "\0" in collection:
            raise _refused(f"The collection {collection!r} is the server's own.")
        unknown = [str(action) for action in actions if action not in ACTIONS.split()]
        if unknown:
            raise _refused(f"Not yours to give: {', '.join(unknown)[:200]}.", f"Yours are {ACTIONS}.")
        return {"resource": {"db": self._database, "collection": collection}, "actions": actions}


def _refused(message: str, hint: str | None = None) -> HostFailure:
    return refusal(StatementRefused(message, code="privileges", hint=hint))
