"""A comparison as one Markdown document."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.playground.comparing.comparison import Figures, Judgement
from app.playground.comparing.normalising import shown

MAX_ROWS = 20
FENCES = {"javascript": "js", "sql": "sql", "redis": "", "partiql": "sql"}


def write(
    title: str, summary: str, panes: Sequence[Mapping[str, Any]], judgement: Judgement | None, dataset: str | None
) -> str:
    """`panes` have `label`, `version`, `mode`, `source`, `seed`, `run` and `figures`."""
    parts = [f"# {title}", summary]
    if dataset:
        parts.append(f"Sample data: `{dataset}`.")
    parts.append(_table(panes))
    if judgement is not None and judgement.differences:
        parts.append(_verdict(judgement))
    for pane in panes:
        parts.append(f"## {pane['label']} {pane['version'] or ''}".rstrip())
        if pane["seed"].strip():
            parts += ["Seed:", _fenced(pane["seed"], FENCES.get(pane["mode"], ""))]
        parts.append(_fenced(pane["source"], FENCES.get(pane["mode"], "")))
        parts += [_result(result) for result in (pane["run"] or {}).get("results", ())]
    parts.append("Measured once on one small machine; a playground is no benchmark.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(panes: Sequence[Mapping[str, Any]]) -> str:
    head = "| engine | rows | server ms | round trip ms | examined ÷ returned | cost | lines of code |\n|---|---|---|---|---|---|---|"
    return "\n".join([head, *(_line(pane["label"], pane["figures"]) for pane in panes)])


def _line(label: str, found: Figures | None) -> str:
    if found is None:
        return f"| {label} | not run | | | | | |"
    ratio = (
        f"{found.examined:g} ÷ {found.returned:g}" if found.examined is not None and found.returned is not None else ""
    )
    cost = f"{found.cost:g} {found.cost_unit}" if found.cost is not None else ""
    server = "" if found.server_ms is None else f"{found.server_ms:.2f}"
    rows = "" if found.rows is None else found.rows
    return f"| {label} | {rows} | {server} | {found.round_trip_ms:.2f} | {ratio} | {cost} | {found.code_lines} |"


def _verdict(judgement: Judgement) -> str:
    against = "the expected answer" if judgement.reference == "task" else judgement.reference
    if judgement.same:
        return f"**Same answer**: all agree with {against}."
    lines = [f"**Not the same answer**, compared with {against}:", ""]
    for engine, difference in judgement.differences.items():
        if difference is None:
            continue
        said = [difference.problem] if difference.problem else []
        said += ["the same rows in another order"] if difference.order_only else []
        said += [f"row {row}, {column}: {want} expected, {got} found" for row, column, want, got in difference.cells]
        said += [f"missing {shown(row)}" for row in difference.missing]
        said += [f"not expected {shown(row)}" for row in difference.extra]
        lines.append(f"- {engine}: {'; '.join(part for part in said if part)}")
    return "\n".join(lines)


def _result(result: Mapping[str, Any]) -> str:
    match result["kind"]:
        case "rows":
            return _rows(result)
        case "documents":
            held = result.get("plain") or result["documents"]
            text = "\n".join(json.dumps(document, ensure_ascii=False) for document in held[:MAX_ROWS])
            return _fenced(text, "json") + _rest(len(held))
        case "reply":
            return _fenced(str(result["text"]), "")
        case "error":
            return f"> {result['error']['outcome']}: {result['error']['message']}"
        case _:
            return f"> {result['status']}"


def _rows(result: Mapping[str, Any]) -> str:
    names = [_escaped(column["name"]) for column in result["columns"]]
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [
        f"| {' | '.join('null' if cell is None else _escaped(cell) for cell in row)} |"
        for row in result["rows"][:MAX_ROWS]
    ]
    return "\n".join(lines) + _rest(len(result["rows"]))


def _rest(count: int) -> str:
    return f"\n\n… {count - MAX_ROWS:,} more" if count > MAX_ROWS else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _fenced(text: str, language: str) -> str:
    """A code block whose fence is longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
