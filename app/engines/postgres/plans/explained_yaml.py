"""The part of YAML that EXPLAIN writes: nested keys, lists, numbers and quoted texts. Nothing else is read."""

import math
import re
from typing import Any

from app.core.outside_json import loads

MAX_DEPTH = 800
_LINE = re.compile(r'^( *)((?:- )*)(?:([^":][^":]*):(?: (.*))?|(".*"|[^:]*))$')


def parse(text: str) -> Any:
    """Raises ValueError for anything else, with the number of the line."""
    lines = [(number, line.rstrip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    root: list[Any] = []
    stack: list[tuple[int, Any]] = [(-1, root)]  # the column of a list or a map, and what it holds
    waiting: list[tuple[int, dict[str, Any], str]] = []  # keys whose value comes in the lines below
    for number, line in lines:
        found = _LINE.match(line)
        if found is None:
            raise ValueError(f"line {number} is not as EXPLAIN writes YAML.")
        column = len(found[1])
        dashes = found[2].count("-")
        while len(stack) > 1 and stack[-1][0] > column:
            stack.pop()
        if len(stack) > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH}.")
        if waiting and waiting[-1][0] >= column and not (dashes and waiting[-1][0] == column):
            waiting.clear()
        if dashes:
            column = _into_list(stack, waiting, column)
        elif waiting:
            _, into, key = waiting.pop()
            into[key] = {}
            stack.append((column, into[key]))
        if found[3] is None:
            _append(stack, _value(found[5], number), number)
        else:
            _assign(stack, waiting, column, dashes, found[3], found[4], number)
    return root[0] if len(root) == 1 and not isinstance(root[0], dict) else root


def _into_list(stack: list[tuple[int, Any]], waiting: list[tuple[int, dict[str, Any], str]], column: int) -> int:
    """A line that begins with a dash: one more of the list that is open there, or of a new one."""
    if waiting:
        _, into, key = waiting.pop()
        into[key] = []
        stack.append((column, into[key]))
    else:
        while len(stack) > 1 and not (isinstance(stack[-1][1], list) and stack[-1][0] <= column):
            stack.pop()
    return column + 2


def _append(stack: list[tuple[int, Any]], value: Any, number: int) -> None:
    if not isinstance(stack[-1][1], list):
        raise ValueError(f"line {number} is not as EXPLAIN writes YAML.")
    stack[-1][1].append(value)


def _assign(
    stack: list[tuple[int, Any]],
    waiting: list[tuple[int, dict[str, Any], str]],
    column: int,
    dashes: int,
    key: str,
    value: str | None,
    number: int,
) -> None:
    if dashes or not isinstance(stack[-1][1], dict):
        if not isinstance(stack[-1][1], list):
            raise ValueError(f"line {number} is not as EXPLAIN writes YAML.")
        item: dict[str, Any] = {}
        stack[-1][1].append(item)
        stack.append((column, item))
    into: Any = stack[-1][1]
    key = key.strip()
    if value is None or not value.strip():
        waiting.append((column, into, key))
        into[key] = ""
    else:
        into[key] = _value(value.strip(), number)


def _value(text: str, number: int) -> Any:
    text = text.strip()
    if text.startswith('"'):
        try:
            return loads(text)
        except ValueError:
            raise ValueError(f"the text in line {number} never ends.") from None
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        decimal = float(text)
    except ValueError:
        return text
    return decimal if math.isfinite(decimal) else text
