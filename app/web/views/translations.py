"""How a translation stands beside the panes that were filled with it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.errors import InvalidRequest
from app.playground import datasets
from app.playground.translating import proving
from app.playground.translating.translation import Translated, translate


def told(found: Translated, sql: str, panes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`sql`, whether it `changes` data, and a proof for each pane."""
    sources = {pane["engine"]: pane["source"] for pane in panes}
    runs = {pane["engine"]: pane["run"] for pane in panes if pane["run"] is not None}
    runs = {engine: run for engine, run in runs.items() if run.get("source", sources[engine]) == sources[engine]}
    return {"sql": sql, "changes": found.changes, "proofs": proving.proofs(found, sources, runs), "problem": None}


async def standing(sql: str, dataset: str, panes: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The same for a form that says what its panes were made of; None where it says nothing that can be translated."""
    if not sql or not dataset:
        return None
    name, _ = datasets.read_name(dataset)
    try:
        found = await asyncio.to_thread(translate, sql, name.slug)
    except InvalidRequest:
        return None  # a field that our page did not fill
    return told(found, sql, panes)
