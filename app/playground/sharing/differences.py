"""What changed between two texts, or between the answers of two runs, line by line and bounded."""

import json
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from app.playground.sharing.bodies import timeless

CONTEXT_LINES = 3
MAX_COMPARED_LINES = 2_000
MAX_SHOWN_LINES = 300
MAX_LINE_LENGTH = 2_000

Sign = Literal["+", "-", " ", "…"]


@dataclass(frozen=True, slots=True)
class Line:
    """`before` and `after` are line numbers from 1. A line with the sign … stands for lines left out: `text` says how many."""

    sign: Sign
    text: str
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """`note` says what the lines can't: that only the order changed, or that not all was compared."""

    title: str
    lines: list[Line]
    added: int
    removed: int
    note: str | None = None


def compare(title: str, before: list[str], after: list[str]) -> Difference | None:
    """None when they are the same."""
    if before == after:
        return None
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    note = None
    if max(len(old), len(new)) > MAX_COMPARED_LINES:
        note = f"Too long to be compared line by line: {len(old):,} lines stand against {len(new):,}."
        steps = [("replace", 0, len(old), 0, len(new))]
    else:
        steps = list(SequenceMatcher(None, old, new).get_opcodes())
    if Counter(before) == Counter(after):
        note = "The same lines, in another order."
    lines: list[Line] = []
    steps = [("equal", -start, 0, -start, 0), *steps, ("equal", len(old), len(old) + end, len(new), len(new) + end)]
    for number, (kind, a, b, c, d) in enumerate(steps):
        if kind == "equal":
            same = [
                Line(" ", _short(before[start + a + n]), start + a + n + 1, start + c + n + 1) for n in range(b - a)
            ]
            lines += _folded(same, first=number == 0, last=number == len(steps) - 1)
        else:
            lines += [Line("-", _short(before[start + n]), before=start + n + 1) for n in range(a, b)]
            lines += [Line("+", _short(after[start + n]), after=start + n + 1) for n in range(c, d)]
    added, removed = (sum(line.sign == sign for line in lines) for sign in "+-")
    if len(lines) > MAX_SHOWN_LINES:
        left_out = len(lines) - MAX_SHOWN_LINES
        lines = [*lines[:MAX_SHOWN_LINES], Line("…", f"{left_out:,} more lines of the difference are not shown")]
    return Difference(title, lines, added, removed, note)


def compare_texts(title: str, before: str, after: str) -> Difference | None:
    return compare(title, before.split("\n"), after.split("\n"))


def _short(line: str) -> str:
    return line if len(line) <= MAX_LINE_LENGTH else f"{line[:MAX_LINE_LENGTH]}… ({len(line):,} characters)"


def _common(a: list[str], b: list[str]) -> int:
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _folded(same: list[Line], *, first: bool, last: bool) -> list[Line]:
    """A run of equal lines, shortened to what stands next to a change."""
    head = [] if first else same[:CONTEXT_LINES]
    tail = [] if last else same[max(len(head), len(same) - CONTEXT_LINES) :]
    hidden = len(same) - len(head) - len(tail)
    if hidden <= 1:
        return same
    return [*head, Line("…", f"{hidden:,} lines are the same"), *tail]


def differs(then: dict[str, Any] | None, now: dict[str, Any]) -> bool | None:
    """Whether two runs gave other answers; None when one of them has none.

    Compared are tables, documents, errors and the last result, without times and notices: what an earlier statement says of the
    state it met (`DROP IF EXISTS`, the count of a `DEL`) is no answer.
    """
    if then is None or "error" in now:
        return None
    a, b = _answers(then, then), _answers(now, then)
    return [lines for _, lines in a] != [lines for _, lines in b]


def differences(then: dict[str, Any] | None, now: dict[str, Any] | None) -> list[Difference]:
    """How the answers of two runs differ, result by result."""
    if then is None or now is None or "error" in now:
        return []
    before, after = _answers(then, then), _answers(now, then)
    found = []
    for number in range(max(len(before), len(after))):
        title, old = before[number] if number < len(before) else (after[number][0], [])
        new = after[number][1] if number < len(after) else []
        if (difference := compare(title, old, new)) is not None:
            found.append(difference)
    return found


def _answers(run: dict[str, Any], like: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The results of a run that are answers, each as a title and lines. Those that sharing cut are compared as far as they go."""
    results = run["results"] or ([run["seed_error"]] if run.get("seed_error") else [])
    last = len(results) - 1
    found = []
    for number, result in enumerate(results):
        if number != last and result["kind"] not in ("rows", "documents", "error"):
            continue
        most = None
        if number < len(like["results"]):
            cut = like["results"][number].get("truncated") or {}
            most = cut.get("shown") if cut.get("limit") == "max_share_bytes" else None
        title = " ".join(result["statement"]["text"].split())
        found.append((title if len(title) <= 120 else title[:119] + "…", answer_lines(result, most)))
    return found


def answer_lines(result: dict[str, Any], most: int | None = None) -> list[str]:
    """A result as lines that say what it answered, and nothing of when or how fast. `most`: so many rows of it."""
    match result["kind"]:
        case "rows":
            head = " | ".join(f"{column['name']} {column['type']}" for column in result["columns"] or [])
            lines = [head, *(" | ".join(map(_cell, row)) for row in (result["rows"] or [])[:most])]
        case "documents":
            documents = result["plain"] if result.get("plain") is not None else result["documents"]
            lines = [json.dumps(item, ensure_ascii=False) for item in (documents or [])[:most]]
        case "reply":
            lines = result["text"][:most].split("\n")
        case "error":
            error = result["error"]
            lines = [f"{error['outcome']} {error['code']}: {error['message']}"]
        case _:
            lines = [result.get("status") or ""]
            lines += [json.dumps(timeless(item), ensure_ascii=False) for item in result.get("documents") or []]
    lines += [f"{m['channel']}: {m['text']}" for m in result.get("messages") or []]
    return lines


def _cell(cell: str | None) -> str:
    return "null" if cell is None else cell.replace("\n", "\\n")
