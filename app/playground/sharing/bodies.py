"""What a snapshot holds: panes with their results, bounded; and rows of older versions brought up to date as they are opened."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from app.core.errors import TooLarge
from app.core.plan_encoding import encode_plan
from app.core.plans import Plan, PlanNode

Chart = dict[str, Any]
"""`kind` (`bar`, `line`, `point`), `x` (a column's number from 0) and `y` (up to four of them)."""

NO_CHARTS: Mapping[int, Chart] = {}
SCHEMA = 2
RUN_FIELDS = ("engine", "version", "results", "not_run", "seed_error", "transaction", "insights", "stats")
FEWEST = 1
"""How few rows a result is cut to before the playground is refused."""


def frozen(run: dict[str, Any] | None, charts: Mapping[int, Chart] = NO_CHARTS) -> dict[str, Any] | None:
    """The parts of a run that a snapshot keeps, with the charts of its results."""
    if run is None:
        return None
    kept = {name: run[name] for name in RUN_FIELDS if name in run}
    if charts:
        results = enumerate(kept["results"], 1)
        kept["results"] = [
            result | ({"chart": charts[number]} if number in charts else {}) for number, result in results
        ]
    return kept


def charts_of(run: dict[str, Any] | None) -> dict[int, Chart]:
    """The charts that a frozen run has, by the number of their statement."""
    results = enumerate(run["results"], 1) if run else ()
    return {number: result["chart"] for number, result in results if "chart" in result}


def bounded(panes: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The panes in at most so many bytes of JSON: engines' raw plans go first, then the ends of the longest results, which then say so.

    Raises TooLarge when sources alone are longer.
    """
    if _size(panes) <= most:
        return panes
    panes = [pane | {"run": _without_raw_plans(pane["run"])} for pane in panes]
    while (size := _size(panes)) > most:
        results = [result for pane in panes if pane["run"] for result in pane["run"]["results"]]
        longest = max(results, key=_size, default=None)
        if longest is None or not _halve(longest, most):
            raise TooLarge(
                f"The playground has {size:,} bytes; the limit is {most:,} (max_share_bytes).",
                hint="Share fewer engines, or shorter sources.",
            )
    return panes


def _size(value: Any) -> int:
    return len(json.dumps(value))


def _without_raw_plans(run: dict[str, Any] | None) -> dict[str, Any] | None:
    if run is None:
        return None
    results = [dict(result) for result in run["results"]]
    for result in results:
        if "plan" in result:
            root = json.loads(json.dumps(result["plan"]["root"]))
            stack = [root]
            while stack:
                node = stack.pop()
                node["raw"] = {}
                stack.extend(node["children"])
            result["plan"] = result["plan"] | {"raw": None, "root": root}
    return run | {"results": results}


def _halve(result: dict[str, Any], most: int) -> bool:
    """Cut the second half of a result off, and say so. False when there is nothing left to cut."""
    shown = 0
    for name in ("rows", "documents", "plain", "messages"):
        if len(result.get(name) or ()) > FEWEST:
            result[name] = result[name][: len(result[name]) // 2]
            shown = max(shown, len(result[name]))
    if result["kind"] == "reply" and len(result["text"]) > 1_000:
        result["text"] = result["text"][: len(result["text"]) // 2]
        result["reply"] = {"type": "text", "value": result["text"]}
        shown = len(result["text"])
    if not shown and "plan" in result:
        del result["plan"]
        result["plan_note"] = "it was left out when this was shared, to keep within the limit."
        return True
    if shown:
        what = "characters" if result["kind"] == "reply" else "rows"
        result["truncated"] = {
            "limit": "max_share_bytes",
            "value": most,
            "shown": shown,
            "message": f"Cut to {shown:,} {what} when it was shared: a playground may have {most:,} bytes with its results.",
        }
    return shown > 0


def timeless(value: Any) -> Any:
    """The content without what differs from run to run: times and plans."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in ("stats", "plan", "at_ms")}
    if isinstance(value, list):
        return [timeless(item) for item in value]
    return value


def upgraded(body: dict[str, Any]) -> dict[str, Any]:
    """A body of any version as one of this version. What is stored stays as it was."""
    for version in range(body["schema"], SCHEMA):
        body = _STEPS[version](body) | {"schema": version + 1}
    return body


def _from_1(body: dict[str, Any]) -> dict[str, Any]:
    """Panes had no dataset; plans had fewer fields."""

    def result_of(result: dict[str, Any]) -> dict[str, Any]:
        return result | {"plan": encode_plan(_plan(result["plan"]))} if "plan" in result else result

    def run_of(run: dict[str, Any] | None) -> dict[str, Any] | None:
        return run and run | {"results": [result_of(result) for result in run["results"]]}

    panes = [{"dataset": ""} | pane | {"run": run_of(pane["run"])} for pane in body["panes"]]
    return body | {"panes": panes}


def _plan(data: dict[str, Any]) -> Plan:
    return Plan(root=_node(data["root"]), **_known(Plan, data, {"root", "jit", "indexes", "facts"}))


def _node(data: dict[str, Any]) -> PlanNode:
    compound = {"children", "warnings", "conditions", "space", "workers", "buffers", "wal", "facts", "remedies"}
    children = tuple(_node(child) for child in data["children"])
    return PlanNode(children=children, warnings=tuple(data["warnings"]), **_known(PlanNode, data, compound))


def _known(kind: type[Any], data: dict[str, Any], without: set[str]) -> dict[str, Any]:
    return {f.name: data[f.name] for f in fields(kind) if f.name in data and f.name not in without}


_STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1}
