"""What the shell's JavaScript can ask of the app: the operations behind the bridge."""

import json
from typing import Any

import bson
from bson.errors import BSONError

from app.core.errors import StatementRefused
from app.core.results import Notice
from app.engines.mongodb import values
from app.engines.mongodb.accounts import Accounts
from app.engines.mongodb.admin import Admin
from app.engines.mongodb.changes import event_of
from app.engines.mongodb.commands import CURSOR_COMMANDS, EXPLAINABLE, Order, accept
from app.engines.mongodb.errors import driver_error, readable, refusal
from app.engines.mongodb.own import OwnAnswers
from app.engines.mongodb.seats import OWNER
from app.engines.mongodb.transactions import SessionOperations
from app.engines.mongodb.words import methods_of
from app.engines.mongodb.work import Cursor, Work
from app.scripting.bridge import Operation
from app.scripting.errors import HostFailure

FIRST_NAME = "test"
MAX_PRINTED_BYTES = 200_000
MAX_PRINTED_LINES = 2_000
PART_DOCUMENTS = 1_000
MAX_DIRECT_BYTES = 20_000


class ShellHost:
    """The operations for one client. Printed lines gather in `notices`, the last command that has a plan in `explainable`."""

    def __init__(self, work: Work, admin: Admin, accounts: Accounts) -> None:
        self._work = work
        self._accounts = accounts
        self.name = FIRST_NAME
        self._own = OwnAnswers(admin, accounts, work, lambda: self.name)
        self.notices: list[Notice] = []
        self.explainable: dict[str, Any] | None = None
        self.explained = False
        self._printed_bytes = 0
        self._printed_lines = 0
        self._said_name = False

    def begin(self) -> None:
        self.notices = []
        self._printed_bytes = self._printed_lines = 0
        self._said_name = False

    def operations(self) -> dict[str, Operation]:
        return {
            "print": self._print,
            "command": self.command,
            "writeError": self._write_error,
            "open": self._open,
            "next": self._next,
            "close": self._close,
            "name": self._tell_name,
            "use": self._use,
            "dropDatabase": self._drop_database,
            "watch": self._watch,
            "poll": self._poll,
            **SessionOperations(self._work.seats, lambda: self._work.left_ms).operations(),
            "auth": self._auth,
            "logout": self._logout,
            "refuse": self._refuse,
            "help": self._help,
            "bsonSize": self._bson_size,
        }

    def order(self, typed: Any) -> Order:
        """The order for a command in Extended JSON. Raises HostFailure, with the refusal as its cause."""
        try:
            order = accept(values.from_script(typed))
        except StatementRefused as exc:
            raise refusal(exc) from exc
        except (TypeError, ValueError, ArithmeticError, BSONError) as exc:
            raise driver_error(exc) from exc
        if order.name in EXPLAINABLE:
            self.explainable = order.command
        self.explained = order.name == "explain"
        return order

    def direct(self, request: dict[str, Any]) -> str | None:
        """The answer to a small insert, on the script's own thread: loops of them are what scripts do most."""
        command = request.get("command")
        if request.get("op") != "command" or not isinstance(command, dict) or next(iter(command), None) != "insert":
            return None
        size = len(json.dumps(command))
        if size > MAX_DIRECT_BYTES:
            return None
        reply = self._work.insert_now(self.order(command), size, self._work.seats.of(_session(request)))
        return None if reply is None else values.to_json(values.plain_reply(values.decode(reply)))

    async def command(self, request: dict[str, Any]) -> str:
        """The reply to a command, as JSON. Raises HostFailure, ScriptStopped, EngineUnavailable."""
        own = await self._own.to(request.get("command"))
        if own is not None:
            return values.to_json(own)
        order = self.order(request.get("command"))
        size = len(json.dumps(request["command"])) if order.effect == "grow" else 0
        done = request.get("done")
        seat = self._work.seats.of(_session(request))
        reply = await self._work.command(order, n_bytes=size, done=done if isinstance(done, int) else 0, seat=seat)
        answer = values.plain_reply(values.decode(reply))
        if order.name in DATA_COMMANDS:
            return values.to_json(answer)
        without_machine(answer)
        return values.to_json(values.masked(answer, self._work.database, self.name))

    async def _write_error(self, request: dict[str, Any]) -> str:
        fields = request.get("fields")
        message = readable(str(request.get("message")), self._work.database)
        named = {"name": str(request.get("name")), "message": message}
        more = fields if isinstance(fields, dict) else {}
        code = more.get("code")
        raise HostFailure({**more, **named, **({"codeName": CODE_NAMES[code]} if code in CODE_NAMES else {})})

    async def _open(self, request: dict[str, Any]) -> str:
        order = self.order(request.get("command"))
        if order.name not in CURSOR_COMMANDS:
            raise HostFailure({"name": "MongoServerError", "message": f"{order.name} gives no cursor."})
        key, cursor = await self._work.open(order, _session(request))
        return await self._part(key, cursor)

    async def _watch(self, request: dict[str, Any]) -> str:
        order = self.order(request.get("command"))
        if not order.waits:
            raise HostFailure({"name": "MongoServerError", "message": "This is not a change stream."})
        key, cursor = await self._work.open(order, _session(request))
        return await self._changes(key, cursor, 0)

    async def _poll(self, request: dict[str, Any]) -> str:
        key = str(request.get("cursor"))
        cursor = self._work.cursors.get(key)
        if cursor is None or cursor.token is None:
            raise HostFailure({"name": "MongoServerError", "message": "This change stream is closed."})
        ms = request.get("ms")
        return await self._changes(key, cursor, int(ms) if isinstance(ms, int | float) else 0)

    async def _changes(self, key: str, cursor: Cursor, wait_ms: int) -> str:
        raw = await self._work.poll(cursor, wait_ms)
        changes = [event_of(values.decode(document), self._work.database, self.name) for document in raw]
        if cursor.exhausted:
            self._work.cursors.pop(key, None)
        known = "null" if cursor.exhausted else json.dumps(key)
        token = values.to_json(values.decoded(cursor.token))
        return f'{{"cursor":{known},"token":{token},"documents":{values.to_json(changes)}}}'

    async def _auth(self, request: dict[str, Any]) -> str:
        user = str(request.get("user"))
        await self._work.seats.sit(await self._accounts.motor(user, str(request.get("password"))), user)
        if user != OWNER:
            self.notices.append(
                Notice("info", f"For the rest of this run you are {user}; db.logout() makes you yourself again.")
            )
        return '{"ok":1}'

    async def _logout(self, request: dict[str, Any]) -> str:
        await self._work.seats.sit(None)
        return '{"ok":1}'

    async def _refuse(self, request: dict[str, Any]) -> str:
        name, reason = str(request.get("name"))[:60], str(request.get("reason"))[:300]
        raise refusal(StatementRefused(f"{name}() is not offered here.", code="method", hint=reason))

    async def _help(self, request: dict[str, Any]) -> str:
        return json.dumps([[word.detail or word.name, word.info] for word in methods_of(str(request.get("within")))])

    async def _bson_size(self, request: dict[str, Any]) -> str:
        try:
            return json.dumps(len(bson.encode(values.from_script(request.get("document")))))
        except (TypeError, ValueError, ArithmeticError, BSONError) as exc:
            raise driver_error(exc) from exc

    async def _next(self, request: dict[str, Any]) -> str:
        key = str(request.get("cursor"))
        cursor = self._work.cursors.get(key)
        if cursor is None:
            raise HostFailure({"name": "MongoServerError", "message": "This cursor is closed."})
        return await self._part(key, cursor)

    async def _part(self, key: str, cursor: Cursor) -> str:
        documents = await self._work.take(cursor, PART_DOCUMENTS)
        known = "null" if cursor.exhausted else json.dumps(key)
        if cursor.exhausted:
            self._work.cursors.pop(key, None)
        shown = values.to_json(self._work.shown(cursor, documents))
        return f'{{"cursor":{known},"documents":{shown}}}'

    async def _close(self, request: dict[str, Any]) -> str:
        await self._work.close(str(request.get("cursor")))
        return "null"

    async def _tell_name(self, request: dict[str, Any]) -> str:
        return json.dumps(self.name)

    async def _use(self, request: dict[str, Any]) -> str:
        name = str(request.get("name"))[:64]
        if name in ("admin", "local", "config") or name.startswith("sbx_"):
            refused = StatementRefused(
                f"The database {name} is not yours to open.",
                code="database",
                hint="Your sandbox is one database; any other name means it.",
            )
            raise refusal(refused)
        if not self._said_name and not request.get("quiet"):
            self._said_name = True
            self.notices.append(
                Notice(
                    "info", f"Your sandbox is one database; {name!r} is what you call it, as any other name would be."
                )
            )
        self.name = name
        return "null"

    async def _drop_database(self, request: dict[str, Any]) -> str:
        """Every collection, one by one: dropping the database would need a right over its users."""
        _, cursor = await self._work.open(accept({"listCollections": 1, "nameOnly": True, "cursor": {}}))
        names = [str(raw["name"]) for raw in await self._work.take(cursor, PART_DOCUMENTS)]
        dropped = 0
        for name in sorted(names, key=lambda n: n.startswith("system.")):
            if name in OWN_COLLECTIONS or name.startswith("system.buckets."):
                continue
            await self._work.command(accept({"drop": name}))
            dropped += 1
        if self._work.seats.user == OWNER and "system.views" in names:
            await self._work.admin.drop_views(self._work.namespace)
        return json.dumps({"dropped": dropped})

    async def _print(self, request: dict[str, Any]) -> str:
        text = str(request.get("text"))
        self._printed_bytes += len(text)
        self._printed_lines += 1
        if self._printed_bytes <= MAX_PRINTED_BYTES and self._printed_lines <= MAX_PRINTED_LINES:
            severity = "warning" if request.get("severity") == "warning" else "print"
            self.notices.append(Notice(severity, text))
        elif self.notices[-1:] != [PRINTED_ENOUGH]:
            self.notices.append(PRINTED_ENOUGH)
        return "null"


def _session(request: dict[str, Any]) -> str | None:
    key = request.get("session")
    return None if key is None else str(key)


OWN_COLLECTIONS = ("system.views", "system.profile")
DATA_COMMANDS = frozenset(("insert", "update", "delete", "findAndModify", "distinct", "count"))
"""Their replies carry the visitor's own values, and nothing of the server's."""

PRINTED_ENOUGH = Notice(
    "warning",
    f"What was printed beyond {MAX_PRINTED_LINES:,} lines or {MAX_PRINTED_BYTES // 1000} kB in a run is not shown.",
)
CODE_NAMES = {
    11000: "DuplicateKey",
    121: "DocumentValidationFailure",
    2: "BadValue",
    9: "FailedToParse",
    15: "Overflow",
    52: "DollarPrefixedFieldName",
    53: "InvalidIdField",
    66: "ImmutableField",
    14: "TypeMismatch",
    28: "PathNotViable",
    31: "CannotCreateIndex",
    40: "ConflictingUpdateOperators",
    56: "EmptyFieldName",
    57: "DottedFieldName",
    112: "WriteConflict",
    166: "CommandNotSupportedOnView",
    17280: "KeyTooLong",
    17419: "BSONObjectTooLarge",
    10334: "BSONObjectTooLarge",
}
"""The server gives a write error's code without its name."""


def without_machine(answer: Any) -> None:
    """Drop what an explain tells of the machine, wherever it stands."""
    stack: list[Any] = [answer]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            value.pop("serverInfo", None)
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
