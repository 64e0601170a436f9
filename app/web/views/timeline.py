"""The timeline of a lab, laid out: two lanes, time going down, a row for each thing that happened."""

import json
import textwrap
from dataclasses import dataclass
from typing import Any

LANES = {"A": 56, "B": 516}
LANE_WIDTH = 424
WIDTH = LANES["B"] + LANE_WIDTH + 16
TOP = 40
LINE_HEIGHT = 16
PADDING = 8
GAP = 12
COLUMNS = 54
MAX_LINES = 6
MAX_ANSWER_LINES = 3
MAX_SHOWN_ROWS = 4
MAX_TEXT = 2_000
"""Characters of a statement or an answer that are looked at: all of them are drawn anew at each step."""


@dataclass(frozen=True, slots=True)
class Box:
    """What stands in a lane at a row: `lines` of the statement, `answer` below them. `state` colours it."""

    x: int
    y: int
    height: int
    state: str
    number: int
    lines: list[str]
    answer: list[str]
    title: str


@dataclass(frozen=True, slots=True)
class Wait:
    """From the box of a statement that waits down to where it went on, or to the end."""

    x: int
    y: int
    height: int
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Timeline:
    width: int
    height: int
    lanes: list[tuple[str, int]]
    boxes: list[Box]
    waits: list[Wait]


def lay_out(lab: dict[str, Any]) -> Timeline:
    """A timeline as `LabRun.as_dict` gives it, in pixels."""
    begun = [step for step in lab["steps"] if step["row"] is not None]
    heights = dict.fromkeys(range(lab["rows"]), 0)
    content: dict[tuple[int, str], tuple[dict[str, Any], list[str], list[str], str]] = {}
    for step in begun:
        waited = step["waits_for"] is not None
        lines = _wrapped(step["statement"]["text"], MAX_LINES)
        answer = [] if waited else _answer(step["result"])
        content[step["row"], "start"] = (step, lines, answer, "waits" if waited else step["state"])
        if waited and step["end_row"] is not None:
            content[step["end_row"], "end"] = (
                step,
                [f"{step['number']} goes on"],
                _answer(step["result"]),
                step["state"],
            )
    for (row, _), (_, lines, answer, _) in content.items():
        heights[row] = max(heights[row], (len(lines) + len(answer)) * LINE_HEIGHT + 2 * PADDING)
    tops, y = {}, TOP
    for row, height in heights.items():
        tops[row] = y
        y += height + GAP
    if any(step["state"] == "waits" for step in begun):
        y += 3 * LINE_HEIGHT
    boxes = [
        Box(
            x=LANES[step["client"]],
            y=tops[row],
            height=(len(lines) + len(answer)) * LINE_HEIGHT + 2 * PADDING,
            state=state,
            number=step["number"],
            lines=lines,
            answer=answer,
            title=f"{step['client']}, step {step['number']}: {shortened(step['statement']['text'])}",
        )
        for (row, _), (step, lines, answer, state) in content.items()
    ]
    waits = [_wait(step, tops, boxes, y) for step in begun if step["waits_for"] is not None]
    return Timeline(WIDTH, y + 8, list(LANES.items()), boxes, waits)


def _wait(step: dict[str, Any], tops: dict[int, int], boxes: list[Box], bottom: int) -> Wait:
    box = next(box for box in boxes if box.number == step["number"] and box.state == "waits")
    start = box.y + box.height
    end = tops[step["end_row"]] if step["end_row"] is not None else bottom
    return Wait(box.x, start, max(GAP, end - start), textwrap.wrap(step["waits_for"], COLUMNS - 6)[:3])


def _wrapped(text: str, most: int) -> list[str]:
    lines = [
        part
        for line in text[:MAX_TEXT].expandtabs(2).splitlines()
        for part in textwrap.wrap(line, COLUMNS, subsequent_indent="  ", drop_whitespace=False) or [""]
    ]
    if len(text) > MAX_TEXT:
        return [*lines[: most - 1], f"… {len(text):,} characters in all"]
    return lines if len(lines) <= most else [*lines[: most - 1], f"… {len(lines) - most + 1} lines more"]


def _answer(result: dict[str, Any] | None) -> list[str]:
    return [f"→ {line}" if not at else f"  {line}" for at, line in enumerate(_wrapped(_said(result), MAX_ANSWER_LINES))]


def shortened(text: str) -> str:
    """The first `MAX_TEXT` characters, and how many there are more."""
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… {len(text) - MAX_TEXT:,} characters more"


def summary(result: dict[str, Any] | None) -> str:
    """What a statement gave, in a line or two."""
    return shortened(_said(result))


def _said(result: dict[str, Any] | None) -> str:
    if result is None:
        return "…"
    if error := result.get("error"):
        return f"{error['code']}: {error['message']}"
    if result["kind"] == "rows":
        rows = [
            "(" + ", ".join("null" if cell is None else cell for cell in row) + ")"
            for row in result["rows"][:MAX_SHOWN_ROWS]
        ]
        return _listed(rows, len(result["rows"]), "rows")
    documents = result.get("plain") or result.get("documents")
    if documents is not None and result["kind"] == "documents":
        texts = [json.dumps(document, ensure_ascii=False) for document in documents[:MAX_SHOWN_ROWS]]
        return _listed(texts, len(documents), "documents")
    return str(result.get("text") or result.get("status") or "done")


def _listed(shown: list[str], count: int, what: str) -> str:
    more = [f"{count - len(shown):,} {what} more"] if count > len(shown) else []
    return ", ".join(shown + more) or f"no {what}"
