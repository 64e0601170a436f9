"""AWS CLI lines as API calls: `aws dynamodb query --table-name music ...`, options checked against the service model."""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from app.core.errors import StatementFailed, StatementRefused
from app.engines.dynamodb import model
from app.engines.dynamodb.sources import json5, shorthand
from app.engines.dynamodb.sources.calling import Call, not_offered
from app.engines.dynamodb.sources.json5 import Number
from app.engines.dynamodb.sources.shaping import NUMBER, shaped
from app.engines.dynamodb.sources.shell import Line, ShellProblem, Word, after_line, read_line

_START = re.compile(r"(?:[$%>][ \t]+)?aws(?=[ \t\\^`;\n]|\Z)")
_WITH_VALUE = {
    "region": "the sandbox's own tables are used",
    "profile": "the sandbox's own tables are used",
    "endpoint-url": "the sandbox's own tables are used",
    "output": "the page shows replies in views of its own",
    "query": "the whole reply is shown",
    "color": "it changes nothing here",
    "ca-bundle": "it changes nothing here",
    "cli-read-timeout": "the time limit of the run holds",
    "cli-connect-timeout": "the time limit of the run holds",
    "cli-binary-format": "binary values are base64 here",
}
_FLAGS = (
    "debug",
    "no-verify-ssl",
    "no-sign-request",
    "no-paginate",
    "no-cli-pager",
    "no-cli-auto-prompt",
    "cli-auto-prompt",
)
_REFUSED = {
    "cli-input-yaml": "YAML input is not read here. Write the call as --cli-input-json.",
    "generate-cli-skeleton": "Skeletons are not made here; the editor completes the parameters of each operation.",
}
_PAGING = ("max-items", "page-size", "starting-token")
_COUNT = re.compile(r"0*[1-9][0-9]{0,8}")
_PAGED_BY = {"Query": "Limit", "Scan": "Limit", "ListTables": "Limit"}
_WAITS = {"table-exists": "DescribeTable"}


def starts(source: str, at: int) -> bool:
    """Whether a command line of the AWS CLI begins here."""
    return _START.match(source, at) is not None


def line_end(source: str, at: int) -> int:
    """Where the command line that begins at `at` ends. Raises StatementFailed for a quote that is never closed."""
    return _line(source, at, 0).end


def after(source: str, end: int) -> int:
    return after_line(source, end)


def read(text: str, start: int) -> Call:
    """The call that a command line makes. Raises StatementFailed with an offset, StatementRefused for what is not offered."""
    line = _line(text, 0, start)
    reader = _Reader(line, text, start)
    try:
        return reader.call()
    except _Problem as exc:
        raise StatementFailed(exc.message, code=exc.code, hint=exc.hint, offset=start + exc.offset) from exc


def _line(source: str, at: int, shift: int) -> Line:
    try:
        return read_line(source, at)
    except ShellProblem as exc:
        raise StatementFailed(exc.message, code="ParamValidation", hint=exc.hint, offset=shift + exc.offset) from exc


@cache
def names(service: str) -> dict[str, str]:
    """The CLI's names of a service's operations."""
    return {xform_name(name, "-"): name for name in model.service(service).operation_names}


@cache
def options(operation: str) -> dict[str, str]:
    """The CLI's names of an operation's parameters."""
    shape = model.operation_model(operation).input_shape
    return {xform_name(name, "-"): name for name in shape.members} if isinstance(shape, StructureShape) else {}


class _Problem(ValueError):
    def __init__(self, message: str, offset: int, *, hint: str | None = None, code: str = "ParamValidation") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint
        self.code = code


@dataclass(slots=True)
class _Option:
    """`--name` and the words up to the next option."""

    name: str
    at: int
    values: list[Word] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    line: Line
    text: str
    start: int
    call_offsets: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def call(self) -> Call:
        words = [word for word in self.line.words if word.text != "" or word.quoted]
        while words and words[0].text in ("$", "%", ">"):
            words.pop(0)
        plain, given = _parts(words[1:])
        operation, at = self._operation(plain)
        not_offered(operation, self.start + at)
        call = Call(operation, {}, self.start, self.call_offsets)
        if self.line.left_out:
            call.notes.append(f"There is no shell here, so this is left out: {self.line.left_out[:100]}")
        known = options(operation)
        inputs: dict[str, Any] = {}
        for option in given:
            if option.name == "cli-input-json":
                inputs = self._input(option)
            elif not self._own_option(option, call):
                self._parameter(option, operation, known, call)
        call.parameters = {**inputs, **call.parameters}
        return call

    def _operation(self, plain: list[Word]) -> tuple[str, int]:
        service = plain[0].text if plain else ""
        if service not in model.SERVICES:
            at = plain[0].start if plain else 0
            raise _Problem(
                f"aws {service} is not here." if service else "aws needs a service.",
                at,
                hint="These are: aws dynamodb, aws dynamodbstreams.",
            )
        if len(plain) < 2:
            raise _Problem(f"aws {service} needs an operation, such as {next(iter(sorted(names(service))))}.", 0)
        word = plain[1]
        if word.text == "wait" and len(plain) > 2 and plain[2].text in _WAITS:
            return _WAITS[plain[2].text], word.start
        operation = names(service).get(word.text)
        if operation is None:
            close = model.near(word.text, names(service))
            hint = f"Did you mean {' or '.join(close)}?" if close else None
            raise _Problem(f"aws {service} has no operation {word.text!r}.", word.start, hint=hint)
        if len(plain) > 2:
            extra = plain[2]
            raise _Problem(
                f"Unknown options: {extra.text[:100]}",
                extra.start,
                hint="A line that goes on needs a backslash at its end, and a value with spaces needs quotes.",
            )
        return operation, word.start

    def _own_option(self, option: _Option, call: Call) -> bool:
        """Whether it is an option of the CLI itself and not of the operation."""
        if option.name in _REFUSED:
            raise StatementRefused(_REFUSED[option.name], code="not_offered", offset=self.start + option.at)
        if option.name in _WITH_VALUE:
            if option.name == "query" and call.operation in ("Query", "Scan") and not option.values:
                raise _Problem("--query needs a value.", option.at)
            call.notes.append(f"--{option.name} is left out: {_WITH_VALUE[option.name]}.")
            return True
        if option.name in _FLAGS:
            return True
        if option.name in _PAGING and option.name not in options(call.operation):
            self._paging(option, call)
            return True
        return False

    def _paging(self, option: _Option, call: Call) -> None:
        value = self._one(option)
        if call.operation not in _PAGED_BY:
            raise _Problem(f"Unknown options: --{option.name}", option.at, hint=f"{call.operation} has no pages.")
        if option.name == "starting-token":
            call.parameters.update(_token(value.text, option.at))
            return
        if not _COUNT.fullmatch(value.text):
            raise _Problem(f"--{option.name} takes a whole number above 0, of at most 9 digits.", value.start)
        if option.name == "max-items":
            call.max_items = int(value.text)
        else:
            call.page_size = int(value.text)

    def _parameter(self, option: _Option, operation: str, known: dict[str, str], call: Call) -> None:
        name, flag = option.name, True
        if name not in known and name.startswith("no-") and name[3:] in known:
            name, flag = name[3:], False
        member = known.get(name)
        shape = model.input_members(operation).get(member or "")
        if member is None or shape is None or (not flag and shape.type_name != "boolean"):
            close = model.near(option.name, [*known, *_WITH_VALUE, *_PAGING])
            hint = "Did you mean " + " or ".join(f"--{one}" for one in close) + "?" if close else None
            raise _Problem(f"Unknown options: --{option.name}", option.at, hint=hint)
        self.call_offsets[(member,)] = self.start + option.at
        if shape.type_name == "boolean":
            if option.values:
                raise _Problem(
                    f"Unknown options: {option.values[0].text[:100]}",
                    option.values[0].start,
                    hint=f"--{name} stands alone; its opposite is --no-{name}.",
                )
            call.parameters[member] = flag
        else:
            call.parameters[member] = self._value(option, shape, (member,))

    def _one(self, option: _Option) -> Word:
        if len(option.values) == 1:
            return option.values[0]
        if not option.values:
            raise _Problem(f"argument --{option.name}: expected one argument", option.at)
        raise _Problem(
            f"Unknown options: {option.values[1].text[:100]}",
            option.values[1].start,
            hint="A value with spaces needs quotes.",
        )

    def _value(self, option: _Option, shape: Shape, path: tuple[str | int, ...]) -> Any:
        for word in option.values:
            if word.text.startswith(("file://", "fileb://")):
                raise StatementRefused(
                    "Files are not read here.",
                    code="not_offered",
                    hint="Put the content of the file in the line itself, in single quotes.",
                    offset=self.start + word.start,
                )
        if isinstance(shape, ListShape):
            if not option.values:
                raise _Problem(f"argument --{option.name}: expected at least one argument", option.at)
            first = option.values[0]
            if len(option.values) == 1 and first.text.lstrip().startswith("["):
                return self._json(first, path, option)
            return [self._item(word, shape.member, (*path, n), option) for n, word in enumerate(option.values)]
        return self._item(self._one(option), shape, path, option)

    def _item(self, word: Word, shape: Shape, path: tuple[str | int, ...], option: _Option) -> Any:
        self.call_offsets.setdefault(path, self.start + word.start)
        if not isinstance(shape, StructureShape | MapShape | ListShape):
            return _scalar(word, shape, option)
        if word.text.lstrip()[:1] in ("{", "["):
            return self._json(word, path, option)
        try:
            value, keys = shorthand.read(word.text)
        except shorthand.ShorthandProblem as exc:
            raise _Problem(
                f"Error parsing parameter '--{option.name}': {exc.message}", word.offset(exc.position)
            ) from exc
        self._keep(keys, word, path)
        return shaped(value, shape)

    def _json(self, word: Word, path: tuple[str | int, ...], option: _Option) -> Any:
        try:
            found = json5.read(word.text)
            rest = word.text[found.end :].strip()
            if rest:
                raise json5.Json5Error(f"Nothing is expected after the value, not {rest[:20]!r}.", found.end)
        except json5.Json5Error as exc:
            raise _Problem(
                f"Error parsing parameter '--{option.name}': Invalid JSON: {exc.message}", word.offset(exc.offset)
            ) from exc
        self._keep(found.keys, word, path)
        return found.value

    def _keep(self, keys: dict[tuple[str | int, ...], int], word: Word, path: tuple[str | int, ...]) -> None:
        for key, position in keys.items():
            self.call_offsets[(*path, *key)] = self.start + word.offset(position)

    def _input(self, option: _Option) -> dict[str, Any]:
        word = self._one(option)
        if word.text.startswith(("file://", "fileb://")):
            raise StatementRefused("Files are not read here.", code="not_offered", offset=self.start + word.start)
        value = self._json(word, (), option)
        if not isinstance(value, dict):
            raise _Problem("--cli-input-json takes a map.", word.start)
        return value


def _parts(words: list[Word]) -> tuple[list[Word], list[_Option]]:
    """The words before the first option that takes them, and the options with their values."""
    plain: list[Word] = []
    found: list[_Option] = []
    for word in words:
        if word.text.startswith("--") and len(word.text) > 2 and not word.quoted:
            name, equals, value = word.text[2:].partition("=")
            found.append(_Option(name, word.start))
            if equals:
                at = len(name) + 3
                found[-1].values.append(Word(value, word.offset(at), word.end, True, [(0, word.offset(at))]))
            continue
        last = found[-1] if found else None
        if last is None or (len(plain) < 2 and (last.name in _FLAGS or (last.name in _WITH_VALUE and last.values))):
            plain.append(word)
        else:
            last.values.append(word)
    return plain, found


def _scalar(word: Word, shape: Shape, option: _Option) -> Any:
    kind = shape.type_name
    if kind in ("integer", "long", "float", "double"):
        if not NUMBER.fullmatch(word.text.strip()):
            raise _Problem(f"argument --{option.name}: invalid literal for a number: {word.text[:50]!r}", word.start)
        return Number(word.text.strip())
    return word.text


def _token(text: str, at: int) -> dict[str, Any]:
    """What a starting token of the CLI carries: where the next page begins."""
    try:
        held = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as exc:
        raise _Problem("Bad starting token: it is a NextToken of an earlier reply.", at) from exc
    starts_at = {name: value for name, value in held.items() if value} if isinstance(held, dict) else {}
    if not set(starts_at) <= {"ExclusiveStartKey", "ExclusiveStartTableName"}:
        raise _Problem("Bad starting token: it is a NextToken of an earlier reply.", at)
    return starts_at


def next_token(key: dict[str, Any]) -> str:
    """The token that continues after a key, as the CLI writes it."""
    return base64.b64encode(json.dumps({"ExclusiveStartKey": key}).encode()).decode()
