"""What was pasted as the output of EXPLAIN, in any of its four formats, as a plan."""

import json
import re
from typing import Any
from xml.parsers import expat

from app.core.errors import InvalidRequest
from app.core.outside_json import loads, whole
from app.core.plans import Plan
from app.engines.postgres.plans import explained_text, explained_yaml
from app.engines.postgres.plans.plan import MAX_DEPTH, plan_of

Raw = dict[str, Any]

MAX_NESTING = 4 * MAX_DEPTH
NUMBERS = frozenset(
    (
        *(
            "Startup Cost",
            "Total Cost",
            "Plan Rows",
            "Plan Width",
            "Actual Startup Time",
            "Actual Total Time",
            "Actual Rows",
        ),
        *("Actual Loops", "Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck"),
        *(
            "Rows Removed by Conflict Filter",
            "Heap Fetches",
            "Index Searches",
            "Exact Heap Blocks",
            "Lossy Heap Blocks",
        ),
        *("Workers Planned", "Workers Launched", "Sort Space Used", "Hash Buckets", "Hash Batches", "HashAgg Batches"),
        *("Peak Memory Usage", "Disk Usage", "Maximum Storage", "WAL Records", "WAL FPI", "WAL Bytes", "Planning Time"),
        *("Execution Time", "Time", "Calls", "Functions", "Cache Hits", "Cache Misses"),
    )
)
TEXTS = frozenset(
    (
        *(
            "Node Type",
            "Parent Relationship",
            "Subplan Name",
            "Relation Name",
            "Schema",
            "Alias",
            "Index Name",
            "CTE Name",
        ),
        *(
            "Function Name",
            "Table Function Name",
            "Tuplestore Name",
            "Operation",
            "Strategy",
            "Join Type",
            "Partial Mode",
        ),
        *(
            "Command",
            "Scan Direction",
            "Sort Method",
            "Sort Space Type",
            "Storage",
            "Index Cond",
            "Filter",
            "Recheck Cond",
        ),
        *("Hash Cond", "Merge Cond", "Join Filter", "TID Cond", "One-Time Filter"),
    )
)
GROUPS = ("Full-sort Groups", "Pre-sorted Groups", "Sort Space Memory", "Sort Space Disk")
_BARS = "|║│"
_DRAWN = re.compile(r"[\s+─━═\-┌┐└┘├┤╔╗╚╝╟╢╠╣╞╡|║│]*+")
_DASHES = re.compile(r"[─━═\-]{3}")
_COUNT = re.compile(r"^\s*\(\d+ \w+\)\s*$")


def read(text: str) -> Plan:
    """Raises InvalidRequest, with what is wrong, for what is no plan, and StatementRefused for one that is too large."""
    text = text.encode("utf-8", "replace").decode()
    text = undecorated(text.replace("\r\n", "\n").replace("\0", ""))
    if '""Node Type""' in text:  # out of a CSV file
        text = text.strip().removeprefix('"').removesuffix('"').replace('""', '"')
    try:
        entry = whole(_entry(text))
    except (ValueError, RecursionError, expat.ExpatError) as exc:
        said = "it is nested too deep" if isinstance(exc, RecursionError) else str(exc)
        raise InvalidRequest(
            f"This is not read as the output of PostgreSQL's EXPLAIN: {said}",
            hint="Paste all of it, in text, JSON, YAML or XML format.",
        ) from exc
    if entry is None:
        raise InvalidRequest("There is no plan in this.", hint="Paste the whole output of EXPLAIN.")
    explained = _cleaned(entry)
    stack, measured = [explained["Plan"]], False
    while stack:
        raw = stack.pop()
        measured = measured or "Actual Loops" in raw
        stack.extend(raw.get("Plans", ()))
    try:
        return plan_of(explained, measured=measured, statement=_query(entry))
    except RecursionError as exc:
        raise InvalidRequest("A condition of this plan is nested too deep to be read.") from exc


def _entry(text: str) -> Raw | None:
    start = text.lstrip()[:200]
    if start.startswith("<"):
        return _from_xml(text.strip())
    if re.match(r"\[?\s*\{|\[\s*\[", start):
        return _first_plan(loads(text.strip()))
    if re.match(r"- (?:Plan|Query Text|Settings)\b|Plan:\s*$|Plan:\s*\n", start):
        return _first_plan(explained_yaml.parse(text))
    if found := re.search(r"^[ \t]*[\[{][ \t]*$", text, re.MULTILINE):
        last = max(text.rfind("]"), text.rfind("}"))
        return _first_plan(loads(text[found.start() : last + 1]))
    return explained_text.parse(_from_first_step(text))


def undecorated(text: str) -> str:
    """The text without the frames, headings and counts that clients put around it."""
    lines = text.split("\n")
    if sum(line.lstrip()[:1] in tuple(_BARS) for line in lines) > len(lines) / 2:
        lines = [_unframed(line) for line in lines]
    filled = [line.strip() for line in lines if line.strip()]
    if (
        filled
        and sum(line[:1] == line[-1:] and line[0] in "\"'" and len(line) > 1 for line in filled) > len(filled) / 2
    ):
        lines = [line.strip()[1:-1].replace('""', '"') if line.strip()[:1] in ("'", '"') else line for line in lines]
    kept = []
    for line in lines:
        if line.strip() == "QUERY PLAN" or (_DRAWN.fullmatch(line) and _DASHES.search(line)) or _COUNT.match(line):
            continue
        bare = line.rstrip()
        kept.append(bare[:-1].rstrip() if bare.endswith(("+", "↵")) else line)
    return "\n".join(kept)


def _unframed(line: str) -> str:
    inner = line.strip()
    if inner[:1] not in tuple(_BARS):
        return line
    return inner[1:-1] if len(inner) > 1 and inner[-1] in _BARS else inner[1:]


def _from_first_step(text: str) -> str:
    """Without what a log has before the plan: the first line with figures begins it, where any has."""
    lines = [line for line in text.split("\n") if line.strip()]
    first = next((n for n, line in enumerate(lines) if re.search(r"\((?:cost=|actual )", line)), 0)
    if first and any("->" in line for line in lines[: first + 1]):
        first = 0
    return "\n".join(lines[first:])


def _first_plan(data: Any) -> Raw | None:
    """The first entry with a plan, however it is wrapped."""
    level = [data]
    for _ in range(4):
        found = [entry for entry in level if isinstance(entry, dict) and isinstance(entry.get("Plan"), dict)]
        if found:
            return found[0]
        level = [
            item
            for entry in level
            for item in (entry if isinstance(entry, list) else entry.values() if isinstance(entry, dict) else ())
        ]
    return None


def _from_xml(text: str) -> Raw | None:
    """EXPLAIN's XML; entities and document types are refused, since it has none."""
    parser = expat.ParserCreate()
    top: Raw = {}
    stack: list[tuple[str, Any, list[str]]] = [("", top, [])]

    def refuse(*_: Any) -> None:
        raise ValueError("XML with a document type or entities is not read.")

    def start(name: str, _: dict[str, str]) -> None:
        if len(stack) > MAX_NESTING:
            raise ValueError(f"the XML is nested deeper than {MAX_NESTING}.")
        stack.append((name, {}, []))

    def end(_: str) -> None:
        name, value, pieces = stack.pop()
        into = stack[-1][1]
        if not value:
            value = "".join(pieces).strip()
        key = (
            name.replace("-", " ")
            .replace("I O ", "I/O ")
            .replace("Full sort", "Full-sort")
            .replace("Pre sorted", "Pre-sorted")
        )
        key = "One-Time Filter" if key == "One Time Filter" else key
        into.setdefault(key, []).append(value)

    def text_of(piece: str) -> None:
        stack[-1][2].append(piece)

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text_of
    parser.Parse(text.encode("utf-8", "replace"), True)
    query = _find(top, "Query")
    return _from_elements(query) if isinstance(query, dict) else None


def _find(element: Any, name: str) -> Any:
    """The first element of that name, at most three levels down."""
    level = [element]
    for _ in range(3):
        for entry in level:
            if isinstance(entry, dict) and name in entry:
                return entry[name][0]
        level = [item for entry in level if isinstance(entry, dict) for values in entry.values() for item in values]
    return None


def _from_elements(element: Any) -> Any:
    """Elements as the values of the JSON form: a name that comes once is a value, `Item`s and plans are lists."""
    if not isinstance(element, dict):
        return element
    if set(element) == {"Item"}:
        return [_from_elements(item) for item in element["Item"]]
    data = {}
    for name, values in element.items():
        if name in ("Plans", "Triggers", "Workers") and isinstance(values[0], dict):
            data[name] = [_from_elements(item) for items in values[0].values() for item in items]
        else:
            data[name] = _from_elements(values[0])
    return data


def _cleaned(entry: Raw) -> Raw:
    """An entry with every value of the kind that EXPLAIN gives it; others are left out. Without recursion."""
    explained = {name: value for name, value in entry.items() if name != "Plan"}
    explained = _typed(explained) | {"Plan": {}}
    for name in ("JIT", "Settings", "Serialization"):
        told = explained.get(name)
        explained[name] = (
            _typed(told) if isinstance(told, dict) and name != "Settings" else told if isinstance(told, dict) else None
        )
    if isinstance(jit := explained["JIT"], dict) and isinstance(jit.get("Timing"), dict):
        jit["Timing"] = {str(n): v for n, v in ((n, _number(v)) for n, v in jit["Timing"].items()) if v is not None}
    triggers = explained.get("Triggers")
    explained["Triggers"] = [_typed(t) for t in triggers if isinstance(t, dict)] if isinstance(triggers, list) else []
    stack = [(entry["Plan"], explained["Plan"])]
    while stack:
        raw, into = stack.pop()
        into |= _typed({name: value for name, value in raw.items() if name != "Plans"})
        into.setdefault("Node Type", "unknown")
        plans = raw.get("Plans")
        children = [child for child in plans if isinstance(child, dict)] if isinstance(plans, list) else []
        if children:
            into["Plans"] = [{} for _ in children]
            stack.extend(zip(children, into["Plans"], strict=True))
    return explained


def _typed(raw: Raw) -> Raw:
    typed: Raw = {}
    for name, value in raw.items():
        if name in NUMBERS or name.endswith((" Blocks", "I/O Read Time", "I/O Write Time")):
            if (number := _number(value)) is not None:
                typed[name] = number
        elif name in TEXTS:
            typed[name] = value if isinstance(value, str) else json.dumps(value)
        elif name == "Workers":
            typed[name] = (
                [_typed(worker) for worker in value if isinstance(worker, dict)] if isinstance(value, list) else []
            )
        elif name in GROUPS:
            typed[name] = _typed(value) if isinstance(value, dict) else {}
        elif name.endswith(" Sort Space Used"):
            typed[name] = _number(value) or 0
        elif name == "Grouping Sets":
            typed[name] = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
        elif name in ("Parallel Aware", "Inner Unique", "Disabled", "Single Copy", "Async Capable"):
            typed[name] = value in (True, "true")
        elif isinstance(value, str) and explained_text.NUMBER.match(value):
            typed[name] = _number(value)
        else:
            typed[name] = value
    return typed


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
        value = int(value) if value.is_integer() else value
    if isinstance(value, int | float) and -1e18 < value < 1e18:  # NaN and infinities fail both
        return max(0, value)
    return None


def _query(entry: Raw) -> str | None:
    text = entry.get("Query Text")
    return text if isinstance(text, str) else None
