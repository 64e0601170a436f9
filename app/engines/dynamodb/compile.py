"""A statement as the call to be made: API calls as written, PartiQL translated for the emulator."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import StatementFailed
from app.core.results import Statement
from app.engines.dynamodb import model
from app.engines.dynamodb.checking.checks import check, check_statement_length
from app.engines.dynamodb.partiql import partiql
from app.engines.dynamodb.partiql.batches import transaction
from app.engines.dynamodb.partiql.lexer import PartiqlError
from app.engines.dynamodb.partiql.translate import TranslationProblem, translate
from app.engines.dynamodb.shelf import keys_of
from app.engines.dynamodb.sources import statements
from app.engines.dynamodb.sources.calling import Call

LONG_STATEMENT_CHARS = 10_000
"""From here on a statement is read in a thread: 600 kB of JSON would hold the event loop for a tenth of a second."""

Describe = Callable[[str], Awaitable[dict[str, Any]]]
"""The description of a table of the sandbox, or StatementFailed when there is none."""

_VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Compiler:
    """Makes calls of statements. `translates` is true for the emulator, whose own PartiQL is too thin."""

    namespace: str
    translates: bool
    describe: Describe
    bindings: dict[str, str] = field(default_factory=dict)
    """Tables that a program has given names of its own: `music = dynamodb.Table("Music")`."""

    async def call_of(self, statement: Statement) -> tuple[Call, str]:
        """The checked call, and what it is called to the visitor: the operation, or PartiQL's verb."""
        if statements.is_call(statement):
            long = len(statement.text) > LONG_STATEMENT_CHARS
            call = await asyncio.to_thread(self._read, statement) if long else self._read(statement)
            return await self._api(call)
        check_statement_length(statement.text, statement.start)
        parsed = _parse(statement.text, [], statement.start)
        _check_alone(parsed, statement.start)
        if self.translates:
            return await self._translated(parsed, statement.start, {})
        return check(
            Call("ExecuteStatement", {"Statement": statement.text}, statement.start), self.namespace
        ), parsed.verb

    def _read(self, statement: Statement) -> Call:
        call = statements.read_call(statement)
        if call.operation in (model.NOTHING, model.WATCH):
            return call
        if call.receiver and "TableName" in model.input_members(call.operation):
            self._name_table(call)
        return check(call, self.namespace, own_arns=self.translates)

    def _name_table(self, call: Call) -> None:
        """The table that a program's word stands for: `music.put_item(...)`."""
        if "TableName" in call.parameters or call.receiver is None:
            return
        if call.receiver not in self.bindings:
            raise StatementFailed(
                f"Which table {call.receiver} is, is not said.",
                code="ParamValidation",
                hint=f'Write {call.receiver} = dynamodb.Table("name") before it, or TableName="name" in the call.',
                offset=call.start,
            )
        call.parameters["TableName"] = self.bindings[call.receiver]

    async def _api(self, call: Call) -> tuple[Call, str]:
        if not self.translates:
            return call, call.operation
        if call.operation == "ExecuteStatement":
            given = call.parameters
            parsed = _parse(given["Statement"], given.get("Parameters", []), call.offset(("Statement",)))
            _check_alone(parsed, call.start)
            more: dict[str, Any] = {name: given[name] for name in ("Limit", "ConsistentRead") if name in given}
            return await self._translated(parsed, call.start, more if parsed.verb == "SELECT" else {})
        if call.operation == "BatchExecuteStatement":
            call.parts = [
                await self._single(call, ("Statements", n)) for n in range(len(call.parameters["Statements"]))
            ]
        if call.operation == "ExecuteTransaction":
            path = "TransactStatements"
            parts = [await self._single(call, (path, n)) for n in range(len(call.parameters[path]))]
            made = transaction(parts, call.parameters.get("ClientRequestToken"), call.start)
            made.inserts = [verb == "INSERT" for _, verb in parts]
            made.columns_of_each = [part.columns for part, _ in parts]
            return check(made, self.namespace), call.operation
        return call, call.operation

    async def _single(self, call: Call, path: tuple[str, int]) -> tuple[Call, str]:
        """In batches and transactions a statement is for one item."""
        one = call.parameters[path[0]][path[1]]
        offset = call.offset((*path, "Statement"))
        parsed = _parse(one["Statement"], one.get("Parameters", []), offset)
        if call.operation != "ExecuteTransaction":
            _check_alone(parsed, offset)
        more = {"ConsistentRead": one["ConsistentRead"]} if "ConsistentRead" in one and parsed.verb == "SELECT" else {}
        made, verb = await self._translated(parsed, offset, more)
        reads = parsed.verb in ("SELECT", "EXISTS")
        if reads and ("IndexName" in made.parameters or not await self._reads_one(made)):
            raise StatementFailed(
                f"Select statements within {call.operation} must specify the primary key in the where clause.",
                code="ValidationException",
                offset=offset,
            )
        return made, verb

    async def _reads_one(self, made: Call) -> bool:
        """Whether a translated SELECT is for one item: an equality on each key, and nothing else."""
        condition = made.parameters.get("KeyConditionExpression", "")
        schema = (await self.describe(made.parameters["TableName"]))["KeySchema"]
        ranged = "BETWEEN" in condition or any(sign in condition for sign in "<>(")
        return condition.count(" = ") == len(schema) and not ranged

    async def _translated(self, parsed: partiql.Parsed, offset: int, more: dict[str, Any]) -> tuple[Call, str]:
        try:
            table = await self.describe(parsed.table)
        except StatementFailed as exc:
            missing = exc.code == "ResourceNotFoundException"
            exc.message = "Requested resource not found" if missing else exc.message
            exc.offset = offset
            raise
        keys = keys_of(table, parsed.index)
        if keys is None:
            raise StatementFailed(
                f"The table does not have the specified index: {parsed.index}",
                code="ValidationException",
                offset=offset,
            )
        try:
            operation, parameters = translate(parsed, keys)
        except TranslationProblem as exc:
            raise StatementFailed(str(exc), code="ValidationException", offset=offset) from exc
        columns = parsed.projection or [] if parsed.verb == "SELECT" else []
        nested = columns if any(len(path) > 1 for path in columns) else []
        return check(Call(operation, {**parameters, **more}, offset, columns=nested), self.namespace), parsed.verb


def _check_alone(parsed: partiql.Parsed, offset: int) -> None:
    if parsed.verb == "EXISTS":
        raise StatementFailed(
            "EXISTS is only for transactions.",
            code="ValidationException",
            hint="It is a statement of ExecuteTransaction.",
            offset=offset,
        )


def _parse(text: str, parameters: list[Any], offset: int) -> partiql.Parsed:
    try:
        return partiql.parse(text, parameters)
    except PartiqlError as exc:
        hint = "Statements are separated by a semicolon." if exc.got.upper() in _VERBS else None
        raise StatementFailed(exc.message, code="ValidationException", hint=hint, offset=offset + exc.offset) from exc
