"""redis-py calls in a source: read with `ast`, and turned into the commands they mean. Nothing of Python is executed.

What a method sends is asked of redis-py itself: its command methods are called with the literal values that stand in the source,
on an object that keeps the words instead of sending them.
"""

import ast
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.commands.core import CoreCommands
from redis.exceptions import RedisError

from app.core.errors import StatementFailed, StatementRefused
from app.core.results import Statement
from app.engines.redis.literals import MAX_TEXT, Literals, NotLiteral
from app.engines.redis.regions import region
from app.engines.redis.writing import as_line, encoded

MAX_COMMANDS_BYTES = 16_000_000
CONNECTION_NOTE = "Noted: the connection is that of your sandbox, whatever stands here."
_LINE_END = re.compile(r"\r\n?|\n")
"""As Python counts lines."""
_CONNECTS = frozenset({"Redis", "StrictRedis", "RedisCluster", "from_url", "Valkey"})
_PLAIN = frozenset(
    {
        "watch",
        "unwatch",
        "monitor",
        "subscribe",
        "psubscribe",
        "ssubscribe",
        "unsubscribe",
        "punsubscribe",
        "sunsubscribe",
    }
)
_SCANS = {"scan_iter": "scan", "hscan_iter": "hscan", "sscan_iter": "sscan", "zscan_iter": "zscan"}
_NOTED = frozenset({"pubsub", "close", "aclose", "get_message", "listen", "decode"})
_METHODS = frozenset(name for name in dir(CoreCommands) if not name.startswith("_")) - {
    "register_script",
    "digest_local",
}


@dataclass(frozen=True, slots=True)
class Note(Statement):
    """Python that is not run: `said` tells what became of it."""

    said: str


@dataclass(slots=True)
class Pipeline:
    """A pipeline of the source. `began`: its MULTI stands among the statements; `direct`: after a WATCH, commands are sent at once."""

    transaction: bool
    began: bool = False
    direct: bool = False


class _Recorder(CoreCommands):
    """Keeps what a method would send."""

    sent: tuple[Any, ...] | None = None
    _event_dispatcher: Any = None

    def execute_command(self, *args: Any, **options: Any) -> Any:
        self.sent = args
        return {}


class PythonReader:
    """Reads the Python parts of one source, and knows the names that they bind."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._literals = Literals()
        self._pipelines: dict[str, Pipeline] = {}
        self._found: list[Statement] = []
        self._region_start = 0
        self._region = ""
        self._starts: list[int] = []
        self._bytes = 0
        self._first_line = 1
        self._counted = 0
        self._shift = 0

    def read(self, at: int) -> tuple[list[Statement], int] | None:
        """The statements of the Python that begins at `at`, and where it ends; None where redis-cli's own words stand.

        Raises StatementFailed with an offset for what can't be read, and for calls whose arguments are not literal.
        """
        end = region(self._source, at)
        if end is None:
            return None
        line_start = self._source.rfind("\n", 0, at) + 1
        self._region_start = line_start
        self._region = self._source[line_start:end]
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(self._region))]
        self._first_line += self._source.count("\n", self._counted, line_start)
        self._counted = line_start
        self._shift = 1 if at > line_start else 0
        self._found = []
        try:
            for node in self._parsed():
                self._statement(node)
        except RecursionError as exc:
            raise self._too_deep() from exc
        return self._found, end

    def _parsed(self) -> list[ast.stmt]:
        """Indented text is read as the body of an `if`, so that columns stay what they are."""
        text = "if 1:\n" + self._region if self._shift else self._region
        try:
            body = ast.parse(text).body
        except SyntaxError as exc:
            row, column = (exc.lineno or 1) - self._shift, max(0, (exc.offset or 1) - 1)
            lines = self._region.split("\n")
            row = min(max(row, 1), len(lines))
            offset = sum(len(line) + 1 for line in lines[: row - 1]) + min(column, len(lines[row - 1]))
            raise StatementFailed(
                f"This can't be read as Python: {exc.msg}.", code="invalid_python", offset=self._region_start + offset
            ) from exc
        except (ValueError, MemoryError) as exc:
            raise self._too_deep() from exc
        return body[0].body if self._shift and isinstance(body[0], ast.If) else body

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._note(node, "Noted: nothing has to be imported here.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self._note(
                    node,
                    f"Noted, not run: {name}() is Python. What it calls can be run as lines of its own; looking a value up, "
                    "and storing it with SETEX when it is missing, is the cache-aside pattern.",
                )
            case ast.ClassDef(name=name):
                self._note(node, f"Noted, not run: {name} is Python.")
            case ast.Pass():
                self._note(node, "Noted.")
            case ast.Expr(value=value):
                self._expression(value, node)
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                self._assign(name, value, node)
            case ast.With(items=[item], body=body) | ast.AsyncWith(items=[item], body=body):
                self._with(item, body, node)
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                for inner in node.body:
                    self._statement(inner)
            case _:
                word = type(node).__name__.lower()
                raise self._refused(node, f"Python's {word} is not run here; only calls with literal values are.")

    def _assign(self, name: str, value: ast.expr, node: ast.stmt) -> None:
        value = value.value if isinstance(value, ast.Await) else value
        match value:
            case ast.Call(func=ast.Attribute(attr=attr) | ast.Name(id=attr)) if attr in _CONNECTS:
                self._note(node, CONNECTION_NOTE)
            case ast.Call(func=ast.Attribute(attr="pubsub")):
                self._note(node, "Noted: its subscribe() is SUBSCRIBE.")
            case ast.Call(func=ast.Attribute(attr="pipeline")):
                self._open_pipeline(name, value, node)
            case ast.Call(func=ast.Attribute(attr=attr)) if attr in _METHODS:
                self._expression(value, node)
                self._literals.forget(name)
            case _:
                try:
                    self._literals.name(name, value)
                except NotLiteral as exc:
                    if isinstance(value, ast.List | ast.Tuple | ast.Dict):
                        raise self._not_literal(exc) from exc
                    self._expression(value, node)
                else:
                    self._note(node, f"Noted: {name} is this value from here on.")

    def _with(self, item: ast.withitem, body: list[ast.stmt], node: ast.stmt) -> None:
        match item:
            case ast.withitem(
                context_expr=ast.Call(func=ast.Attribute(attr="pipeline")) as call, optional_vars=ast.Name(id=name)
            ):
                self._open_pipeline(name, call, item.context_expr)
                for inner in body:
                    self._statement(inner)
                pipeline = self._pipelines.pop(name, None)
                if pipeline and pipeline.began:
                    self._add(item.context_expr, [b"DISCARD"])
            case _:
                raise self._refused(node, "Only `with r.pipeline() as pipe:` is read here.")

    def _open_pipeline(self, name: str, call: ast.Call, node: ast.AST) -> None:
        values = [*call.args, *(word.value for word in call.keywords if word.arg == "transaction")]
        transaction = not any(isinstance(value, ast.Constant) and value.value is False for value in values)
        self._pipelines[name] = Pipeline(transaction)
        how = (
            "between MULTI and EXEC" if transaction else "one by one; in one batch they would be quicker, not different"
        )
        self._note(node, f"Noted: the commands of {name} are sent {how}.")

    def _expression(self, node: ast.expr, whole: ast.stmt) -> None:
        """The commands of an expression, innermost first: `pipe.set('a', 1).incr('a').execute()`."""
        calls: list[tuple[str, ast.Call]] = []
        at: ast.expr = node
        while True:
            match at:
                case ast.Await(value=inner):
                    at = inner
                case ast.Call(func=ast.Attribute(value=inner, attr=attr)) as call:
                    calls.append((attr, call))
                    at = inner
                case ast.Call(func=ast.Name(), args=[inner]) | ast.Subscript(value=inner):
                    at = inner
                case _:
                    break
        if not isinstance(at, ast.Name) or not calls:
            self._not_a_call(node, whole)
            return
        if calls[-1][0] not in (*_METHODS, *_PLAIN, *_SCANS, *_NOTED, "execute", "multi", "pipeline"):
            arguments = calls[-1][1].args
            if len(calls) == 1 and len(arguments) == 1 and isinstance(arguments[0], ast.Call):
                self._expression(arguments[0], whole)  # json.loads(r.get('k'))
                return
        before = self._pipelines.get(at.id)
        for attr, call in reversed(calls):
            self._call(at.id, attr, call)
        if any(attr == "pipeline" for attr, _ in calls) and before is None:
            del self._pipelines[at.id]

    def _not_a_call(self, node: ast.expr, whole: ast.stmt) -> None:
        match node:
            case ast.Constant():
                self._note(whole, "Noted.")
            case ast.Call(func=ast.Name(id="print")):
                self._note(whole, "Noted: results are shown without it.")
            case _:
                raise self._failed(
                    node, "Only calls of a client's methods with literal values are run here: r.get('key')."
                )

    def _call(self, base: str, attr: str, call: ast.Call) -> None:
        pipeline = self._pipelines.get(base)
        if attr == "execute" and pipeline is not None:
            self._execute(pipeline, call)
        elif attr == "multi" and pipeline is not None:
            pipeline.direct = False
        elif attr in _NOTED:
            self._note(call, "Noted.")
        elif attr == "pipeline":
            self._pipelines[base] = Pipeline(True)
        else:
            words = self._words(base, attr, call)
            if pipeline is not None and pipeline.transaction:
                if words[0] == b"WATCH":
                    pipeline.direct = True
                elif not pipeline.direct and not pipeline.began:
                    self._add(call, [b"MULTI"])
                    pipeline.began = True
            self._add(call, words)

    def _execute(self, pipeline: Pipeline, call: ast.Call) -> None:
        if pipeline.began:
            self._add(call, [b"EXEC"])
        else:
            self._note(call, "Noted: there is nothing left to send.")
        pipeline.began = pipeline.direct = False

    def _words(self, base: str, attr: str, call: ast.Call) -> list[bytes]:
        """What redis-py sends for this call."""
        if attr not in _METHODS and attr not in _PLAIN and attr not in _SCANS:
            raise self._failed(call, f"redis-py's client has no command method {attr}().")
        try:
            values, options = self._literals.arguments(call)
        except NotLiteral as exc:
            raise self._not_literal(exc) from exc
        sent: Sequence[Any] | None
        if attr in _PLAIN:
            sent = (attr.upper(), *values)
        else:
            if attr in _SCANS:
                values.insert(0 if attr == "scan_iter" else 1, 0)
            sent = self._sent(base, _SCANS.get(attr, attr), call, values, options)
        words = [encoded(word, lambda said: self._failed(call, said)) for word in sent]
        if sum(map(len, words)) > MAX_TEXT:
            raise self._failed(call, f"One command may have {MAX_TEXT:,} bytes.")
        return words

    def _sent(self, base: str, attr: str, call: ast.Call, values: list[Any], options: dict[str, Any]) -> Sequence[Any]:
        recorder = _Recorder()
        try:
            inspect.unwrap(getattr(_Recorder, attr))(recorder, *values, **options)
        except (TypeError, ValueError, AttributeError, KeyError, IndexError, RedisError, NotImplementedError) as exc:
            said = re.sub(r"\w+Commands\.", "", str(exc))
            raise self._failed(call, f"{base}.{attr}(): {said}") from exc
        if recorder.sent is None:
            raise self._failed(call, f"{attr}() sends more than one command, or none; write the commands themselves.")
        first, *rest = recorder.sent
        return [*str(first).split(), *rest]

    def _add(self, node: ast.AST, words: list[bytes]) -> None:
        start, end, line = self._place(node)
        text = as_line(words)
        self._bytes += len(text)
        if self._bytes > MAX_COMMANDS_BYTES:
            raise self._failed(node, f"The commands of one source may have {MAX_COMMANDS_BYTES:,} characters.")
        self._found.append(Statement(text, start, end, line))

    def _note(self, node: ast.AST, said: str) -> None:
        start, end, line = self._place(node)
        self._found.append(Note(self._source[start:end], start, end, line, said))

    def _place(self, node: Any) -> tuple[int, int, int]:
        """Where a node stands in the source: its offsets and its line."""
        row = node.lineno - self._shift
        start = self._offset(row, node.col_offset)
        return start, self._offset(node.end_lineno - self._shift, node.end_col_offset), self._first_line + row - 1

    def _offset(self, row: int, column_bytes: int) -> int:
        """The place in the source of what `ast` gives as a row, from 1, and a column in bytes of UTF-8."""
        start = self._starts[row - 1]
        before = self._region[start : start + column_bytes].encode("utf-8", "surrogatepass")[:column_bytes]
        return self._region_start + start + len(before.decode("utf-8", "surrogatepass"))

    def _too_deep(self) -> StatementFailed:
        return StatementFailed(
            "This can't be read as Python: it is nested too deep.", code="invalid_python", offset=self._region_start
        )

    def _not_literal(self, exc: NotLiteral) -> StatementFailed:
        said = f"{exc}; only literal values are read here, nothing of Python is executed."
        return self._failed(exc.node, said, exc.hint)

    def _failed(self, node: ast.AST, said: str, hint: str | None = None) -> StatementFailed:
        return StatementFailed(said, code="not_literal", hint=hint, offset=self._place(node)[0])

    def _refused(self, node: ast.AST, said: str) -> StatementRefused:
        return StatementRefused(
            said,
            code="python_not_run",
            hint="Lua with EVAL has loops and conditions; `5 INCR k` repeats a command.",
            offset=self._place(node)[0],
        )
