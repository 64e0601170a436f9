"""Runs and playgrounds as Markdown, for reading elsewhere: sources in fences, results as tables, plans in a line."""

import re
from typing import Any

from app.playground.files.exports import markdown_cell, whole
from app.playground.files.tables import table_of

MAX_ROWS = 100
LANGUAGES = {"sql": "sql", "javascript": "js", "redis": "redis", "partiql": "sql"}


def fenced(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def run_as_markdown(label: str, mode: str, source: str, seed: str, run: dict[str, Any] | None) -> str:
    """One engine's part: seed, source, and what came of it."""
    language = LANGUAGES.get(mode, "")
    version = f" {run['version']}" if run else ""
    parts = [f"## {label}{version}\n"]
    if seed.strip():
        parts += ["Seed:\n", fenced(seed, language)]
    parts.append(fenced(source, language))
    if run is None:
        parts.append("*Not run.*\n")
    else:
        parts += results_as_markdown(run)
    return "\n".join(parts)


def results_as_markdown(run: dict[str, Any]) -> list[str]:
    results = ([run["seed_error"]] if run.get("seed_error") else []) + run["results"]
    parts = []
    for number, result in enumerate(results, 1):
        if len(results) > 1:
            parts.append(f"{number}. {_inline(result['statement']['text'])}\n")
        parts.append(result_as_markdown(result))
        if "plan" in result:
            parts.append(plan_line(result["plan"]))
    if run.get("not_run"):
        parts.append(f"*{len(run['not_run'])} more statements were not run.*\n")
    return parts


def result_as_markdown(result: dict[str, Any], most: int = MAX_ROWS) -> str:
    match result["kind"]:
        case "error":
            error = result["error"]
            hint = f" {markdown_cell(error['hint'])}" if error.get("hint") else ""
            return f"**{error['outcome']}** {markdown_cell(error['code'])}: {markdown_cell(error['message'])}{hint}\n"
        case "status":
            return f"{markdown_cell(result.get('status') or '')}\n"
        case "reply":
            return fenced(result["text"])
    table = table_of(result)
    if table is None or not table.columns:
        return "*No rows.*\n" if table is not None else f"{markdown_cell(result.get('status') or '')}\n"
    shown = dict(result)
    for name in ("rows", "documents", "plain"):
        if result.get(name) is not None:
            shown[name] = result[name][:most]
    left = len(table.rows) - most
    text = "".join(whole(shown, "md"))
    return text + (f"\n*{left:,} more rows are left out here.*\n" if left > 0 else "")


def plan_line(plan: dict[str, Any]) -> str:
    """A plan's summary in one line."""
    said = [f"Plan: {plan['access']}"]
    if plan.get("examined") is not None and plan.get("returned") is not None:
        said.append(f"examined {plan['examined']:,g} for {plan['returned']:,g} returned")
    if plan.get("cost") is not None:
        said.append(f"cost {plan['cost']:,g} {plan.get('cost_unit') or ''}".rstrip())
    if plan.get("server_ms") is not None:
        said.append(f"server {plan['server_ms']:.2f} ms")
    return f"*{' · '.join(said)}*\n"


def _inline(text: str) -> str:
    text = " ".join(text.split())
    text = text if len(text) <= 100 else text[:99] + "…"
    ticks = "``" if "`" in text else "`"
    gap = " " if "`" in text else ""
    return f"{ticks}{gap}{text}{gap}{ticks}"
