"""EXPLAIN's text form read back into the shape of its JSON form, as far as text tells."""

import re
from typing import Any

Raw = dict[str, Any]

MAX_LINES = 20_000
_FIGURES = re.compile(r"(?<!\s)\s++\((?:cost=|actual |never executed)")
_COST = re.compile(r"\(cost=([\d.]+)\.\.([\d.]+) rows=(\d+) width=(\d+)\)")
_ACTUAL = re.compile(r"\(actual (?:time=([\d.]+)\.\.([\d.]+) )?rows=([\d.]+|N) loops=(\d+|N)\)")
_ARROW = re.compile(r"^(\s*)->\s+")
_HEADER = re.compile(r"^(\s*)((?:InitPlan|SubPlan)(?: \d+)?|CTE .+?|InitPlan .+?)( \(returns [^()]*\))?$")
_PROPERTY = re.compile(r"[A-Z][A-Za-z/\- ]*?(?: \d+)?(?: for [^:]+| [a-z_]\w*)?")
_WORKER = re.compile(r"^\s*Worker (\d+): +(.*)$")
_NAME = r'(?:"(?:[^"]|"")*"|[^\s".]+)'
_ON = re.compile(rf"^(.+?)(?: using ({_NAME}))?(?: on ({_NAME}(?:\.{_NAME})*)(?: ({_NAME}))?)?$")
_JOIN = re.compile(
    r"^(?:(Nested Loop)(?:( Left| Right| Full| Semi| Anti| Right Semi| Right Anti) Join)?"
    r"|(Hash|Merge)( Left| Right| Full| Semi| Anti| Right Semi| Right Anti)? Join)$"
)
_MORE_TARGETS = re.compile(r"^\s+((?:Foreign )?(?:Insert|Update|Delete|Merge) on .+)$")
_AGGREGATE = re.compile(r"^(?:(Partial|Finalize|Simple) )?(Hash|Group|Mixed)?Aggregate$")
_PARTS = re.compile(r"(?:^|  )([A-Z](?:[A-Za-z\-]| (?! ))*+): (?=\S)")
NUMBER = re.compile(r"^-?\d+(?:\.\d+)?$")
LISTS = frozenset(("Output", "Sort Key", "Presorted Key", "Group Key", "Hash Key", "Sort Keys"))
SIZES = {
    "Memory Usage": "Peak Memory Usage",
    "Buckets": "Hash Buckets",
    "Batches": "Hash Batches",
    "Disk Usage": "Disk Usage",
}
CACHE = {"Hits": "Cache Hits", "Misses": "Cache Misses", "Evictions": "Cache Evictions", "Overflows": "Cache Overflows"}
MODIFIES = ("Insert", "Update", "Delete", "Merge")
TARGETS = {
    "CTE Scan": "CTE Name",
    "WorkTable Scan": "CTE Name",
    "Function Scan": "Function Name",
    "Table Function Scan": "Table Function Name",
    "Named Tuplestore Scan": "Tuplestore Name",
    "Subquery Scan": "Alias",
    "Values Scan": "Alias",
}


def parse(text: str) -> Raw:
    """The entry of EXPLAIN (FORMAT JSON) that says the same. Raises ValueError where there is no plan in the text."""
    lines = _joined([line for line in text.expandtabs(8).splitlines() if line.strip()])
    if not lines:
        raise ValueError("There is no plan in an empty text.")
    if len(lines) > MAX_LINES:
        raise ValueError(f"The text has {len(lines):,} lines; the limit is {MAX_LINES:,}.")
    margin = len(lines[0]) - len(lines[0].lstrip())
    lines = [line[min(margin, len(line) - len(line.lstrip())) :] for line in lines]
    return _Reader(lines).read()


def _joined(lines: list[str]) -> list[str]:
    """Lines that a narrow terminal or a mail program broke are put together again: those that can't begin anything."""
    joined: list[list[str]] = []
    for line in lines:
        if not joined or _begins(line):
            joined.append([line])
        else:
            joined[-1].append(line if line.startswith(" ") or joined[-1][-1].endswith(" ") else f" {line}")
    return ["".join(pieces) for pieces in joined]


def _begins(line: str) -> bool:
    if re.match(r"^\s*\((?:actual|cost|never)", line):
        return False
    if _MORE_TARGETS.match(line) or _ARROW.match(line) or _header(line) or _named_value(line) or _FIGURES.search(line):
        return True
    return bool(
        re.match(r"^\s*(?:Planning|JIT|Trigger .*|Total runtime|Execution Time|Settings|Query Identifier)\s*:?", line)
    )


def _header(line: str) -> re.Match[str] | None:
    return _HEADER.match(line.rstrip())


def _named_value(line: str) -> tuple[str, str] | None:
    """A property's name and its value, if the line is one."""
    name, _, value = line.lstrip().partition(":")
    return (name, value.strip()) if value.startswith(" ") and _PROPERTY.fullmatch(name) else None


class _Reader:
    """Goes down the lines with the steps that are open: the column of each one's arrow, and its raw form."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._open: list[tuple[int, Raw]] = []
        self._subplan: str | None = None
        self._explained: Raw = {}
        self._block: Raw | None = None  # a block of figures of the whole plan: JIT, Planning

    def read(self) -> Raw:
        self._explained["Plan"] = root = _step(self._lines[0].strip().removeprefix("->"))
        self._open.append((-1, root))
        for line in self._lines[1:]:
            self._line(line)
        return self._explained

    def _line(self, line: str) -> None:
        column = len(line) - len(line.lstrip())
        if found := _ARROW.match(line):
            self._arrow(len(found[1]), line[found.end() :].strip())
        elif (more := _MORE_TARGETS.match(line)) and "->" not in line:
            self._open[-1][1].setdefault("Target Tables", []).append(more[1])
        elif (header := _header(line)) and column > 0:
            self._close(column)
            self._subplan = (header[2] + (header[3] or "")).strip()
        elif column == 0:
            self._of_all(line.strip())
        elif self._block is not None:
            self._in_block(line.strip())
        else:
            raw = next((raw for at, raw in reversed(self._open) if at < column), self._open[0][1])
            _property(raw, line)

    def _arrow(self, column: int, text: str) -> None:
        self._block = None
        self._close(column)
        parent = self._open[-1][1]
        raw = _step(text)
        if self._subplan is not None:
            raw["Subplan Name"] = self._subplan
            raw["Parent Relationship"] = "SubPlan" if self._subplan.startswith("SubPlan") else "InitPlan"
            self._subplan = None
        parent.setdefault("Plans", []).append(raw)
        self._open.append((column, raw))

    def _close(self, column: int) -> None:
        """Steps at this column or right of it have no more below them."""
        while len(self._open) > 1 and self._open[-1][0] >= column:
            self._open.pop()

    def _of_all(self, line: str) -> None:
        """A line about the whole plan."""
        self._block = None
        name, _, value = line.partition(":")
        value = value.strip()
        if name in ("JIT", "Planning") and not value:
            self._block = self._explained.setdefault(name, {})
        elif found := re.match(r"^(Planning Time|Execution Time|Total runtime): ([\d.]+) ms", line, re.IGNORECASE):
            self._explained["Planning Time" if found[1].lower().startswith("planning") else "Execution Time"] = float(
                found[2]
            )
        elif name == "Settings":
            self._explained["Settings"] = dict(re.findall(r"(?<!\S)(\S++) = '([^']*)'", value))
        elif found := re.match(r"^Trigger (.+): time=([\d.]+) calls=(\d+)", line):
            trigger = {"Trigger Name": found[1], "Time": float(found[2]), "Calls": int(found[3])}
            self._explained.setdefault("Triggers", []).append(trigger)
        elif found := re.match(r"^Serialization: time=([\d.]+) ms", line):
            self._explained["Serialization"] = {"Time": float(found[1])}
        elif ":" in line and len(self._open) == 1 and "Plans" not in self._open[0][1]:
            _property(self._open[0][1], line)  # the first step's own, where nothing is indented

    def _in_block(self, line: str) -> None:
        assert self._block is not None
        name, _, value = line.partition(": ")
        if name == "Functions":
            self._block["Functions"] = int(value) if value.isdigit() else 0
        elif name == "Timing":
            timing = re.findall(r"\b(\w++) ([\d.]++) ms", value)
            self._block["Timing"] = {what: float(ms) for what, ms in timing}
        elif name in ("Buffers", "I/O Timings"):
            _property(self._block, line)


def _step(text: str) -> Raw:
    """A step's line: its name, what it works on, and its figures."""
    figures = _FIGURES.search(text)
    raw = _named(text[: figures.start()] if figures else text)
    rest = text[figures.start() :] if figures else ""
    if cost := _COST.search(rest):
        raw |= {
            "Startup Cost": float(cost[1]),
            "Total Cost": float(cost[2]),
            "Plan Rows": int(cost[3]),
            "Plan Width": int(cost[4]),
        }
    if actual := _ACTUAL.search(rest):
        if actual[1] is not None:
            raw |= {"Actual Startup Time": float(actual[1]), "Actual Total Time": float(actual[2])}
        if actual[3] != "N":
            raw["Actual Rows"] = float(actual[3])
        raw["Actual Loops"] = int(actual[4]) if actual[4] != "N" else 1
    elif "(never executed)" in rest:
        raw |= {"Actual Rows": 0.0, "Actual Loops": 0, "Actual Startup Time": 0.0, "Actual Total Time": 0.0}
    return raw


def _named(text: str) -> Raw:
    raw: Raw = {}
    text = text.strip()
    for word, name in (("Parallel ", "Parallel Aware"), ("Async ", "Async Capable")):
        if text.startswith(word):
            text, raw[name] = text.removeprefix(word), True
    on = _ON.match(text)
    kind = on[1] if on else text
    index, relation, alias = (on[2], on[3], on[4]) if on else (None, None, None)
    if kind.endswith(" Backward"):
        kind, raw["Scan Direction"] = kind.removesuffix(" Backward"), "Backward"
    if join := _JOIN.match(kind):
        raw["Node Type"] = join[1] or f"{join[3]} Join"
        raw["Join Type"] = (join[2] or join[4] or " Inner").strip()
    elif aggregate := _AGGREGATE.match(kind):
        strategy = {"Hash": "Hashed", "Group": "Sorted", "Mixed": "Mixed"}.get(aggregate[2] or "", "Plain")
        raw |= {"Node Type": "Aggregate", "Strategy": strategy, "Partial Mode": aggregate[1] or "Simple"}
    elif kind.startswith(("HashSetOp ", "SetOp ")):
        word, _, command = kind.partition(" ")
        raw |= {"Node Type": "SetOp", "Strategy": "Hashed" if word == "HashSetOp" else "Sorted", "Command": command}
    elif kind in MODIFIES:
        raw |= {"Node Type": "ModifyTable", "Operation": kind}
    elif kind.startswith("Foreign ") and kind != "Foreign Scan":
        raw |= {"Node Type": "Foreign Scan", "Operation": kind.removeprefix("Foreign ")}
    elif kind.startswith("Subquery Scan "):  # before 9.0, without "on"
        return raw | {"Node Type": "Subquery Scan", "Alias": _unquoted(kind.removeprefix("Subquery Scan "))}
    elif kind.startswith("Custom Scan"):
        raw |= {"Node Type": "Custom Scan", "Custom Plan Provider": kind.removeprefix("Custom Scan").strip(" ()")}
    else:
        raw["Node Type"] = kind
    return raw | _target(raw["Node Type"], index, relation, alias)


def _target(kind: str, index: str | None, relation: str | None, alias: str | None) -> Raw:
    found: Raw = {}
    if kind == "Bitmap Index Scan":
        return {"Index Name": _unquoted(relation)} if relation else {}
    if index:
        found["Index Name"] = _unquoted(index)
    if relation:
        parts = re.findall(_NAME, relation)
        found[TARGETS.get(kind, "Relation Name")] = _unquoted(parts[-1])
        if len(parts) > 1:
            found["Schema"] = _unquoted(parts[0])
        found.setdefault("Alias", _unquoted(alias or parts[-1]))
    return found


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _property(raw: Raw, line: str) -> None:
    """One line below a step."""
    if worker := _WORKER.match(line):
        told: Raw = {"Worker Number": int(worker[1])}
        if actual := _ACTUAL.search(f"({worker[2]})"):
            told |= {"Actual Rows": actual[3], "Actual Loops": actual[4], "Actual Total Time": actual[2]}
        for name, value in _parts(worker[2]):
            _assign(told, name, value)
        raw.setdefault("Workers", []).append(told)
        return
    found = _named_value(line)
    if found is None:
        return
    name, value = found
    if name == "Buffers":
        _buffers(raw, value)
    elif name == "I/O Timings":
        for scope, text in re.findall(
            r"(?:(shared/local|shared|local|temp)\s*+)?((?:(?:read|write)=[\d.]+\s*)+)", value
        ):
            prefix = f"{scope.title()} " if scope and scope != "shared/local" else ""
            raw |= {
                f"{prefix}I/O {what.title()} Time": float(ms) for what, ms in re.findall(r"(read|write)=([\d.]+)", text)
            }
    elif name == "WAL":
        names = {"records": "WAL Records", "fpi": "WAL FPI", "bytes": "WAL Bytes", "full": "WAL Buffers Full"}
        raw |= {names[what]: int(n) for what, n in re.findall(r"(records|fpi|bytes|full)=(\d+)", value)}
    elif name == "Heap Blocks":
        raw |= {f"{what.title()} Heap Blocks": int(n) for what, n in re.findall(r"(exact|lossy)=(\d+)", value)}
    elif name in ("Full-sort Groups", "Pre-sorted Groups"):
        raw[name] = _groups(value)
    else:
        for part, text in _parts(f"{name}: {value}") if "  " in value else [(name, value)]:
            _assign(raw, part, text)


def _parts(text: str) -> list[tuple[str, str]]:
    """`Name: value  Name: value`."""
    starts = list(_PARTS.finditer(text))
    if not starts:
        return []
    ends = [found.start() for found in starts[1:]] + [len(text)]
    return [(found[1].strip(), text[found.end() : end].strip()) for found, end in zip(starts, ends, strict=True)]


def _assign(raw: Raw, name: str, value: str) -> None:
    name = CACHE.get(name, SIZES.get(name, name))
    if name == "Hash Batches" and raw.get("Node Type") == "Aggregate":
        name = "HashAgg Batches"
    if name in ("Memory", "Disk") and "Sort Method" in raw:
        raw["Sort Space Type"], name = name, "Sort Space Used"
    number = re.match(r"^(-?\d+(?:\.\d+)?)(?:kB| kB| bytes| ms)?(?: \(originally (\d+)\))?$", value)
    if name in LISTS:
        raw[name] = _list(value)
    elif number:
        raw[name] = float(number[1]) if "." in number[1] else int(number[1])
        if number[2]:
            raw[f"Original {name}"] = int(number[2])
    elif value in ("true", "false"):
        raw[name] = value == "true"
    elif name in raw and isinstance(raw[name], str):
        raw[name] = f"{raw[name]}, {value}"
    else:
        raw[name] = value


def _buffers(raw: Raw, value: str) -> None:
    scope = ""
    for word in re.findall(r"shared|local|temp|(?:hit|read|dirtied|written)=\d+", value):
        if "=" not in word:
            scope = word.title()
            continue
        what, _, count = word.partition("=")
        raw[f"{scope} {what.title()} Blocks"] = int(count)


def _groups(value: str) -> Raw:
    told = dict(_parts(f"Group Count: {value}"))
    methods = told.get("Sort Method") or told.get("Sort Methods") or ""
    found: Raw = {"Sort Methods Used": [method.strip() for method in methods.split(",") if method.strip()]}
    if told.get("Group Count", "").isdigit():
        found["Group Count"] = int(told["Group Count"])
    for where in ("Memory", "Disk"):
        used = {word: re.match(r"(\d+)kB", told.get(f"{word} {where}", "")) for word in ("Average", "Peak")}
        sizes = {f"{word} Sort Space Used": int(size[1]) for word, size in used.items() if size}
        if sizes:
            found[f"Sort Space {where}"] = sizes
    return found


def _list(value: str) -> list[str]:
    """Parts between commas that are outside of parentheses and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for place, character in enumerate(value):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(value[start:place].strip())
            start = place + 1
    return [part for part in (*parts, value[start:].strip()) if part]
