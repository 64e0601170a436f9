"""A picture of a shared playground for link previews: title, source and first result, drawn as SVG and rendered to PNG."""

from collections import OrderedDict
from typing import Any
from xml.sax.saxutils import escape

import resvg_py

from app.playground.files.tables import NUMERIC, table_of
from app.playground.sharing.snapshots import OpenPlayground
from app.web.render import asset
from app.web.resources import resource
from app.web.views.cells import cut

WIDTH, HEIGHT = 1200, 630
COLOURS = {"postgres": "#0b5b94", "mongodb": "#00765a", "redis": "#b8430f", "dynamodb": "#b0468a"}
MAX_ROWS, MAX_COLUMNS, MAX_LINES = 6, 6, 6
KEPT = 64
CELL = 13.3  # the width of a character of the code font at 22 px
FONTS = ("picture-mono.ttf", "picture-sans.ttf", "picture-bold.ttf")


def svg(opened: OpenPlayground, labels: dict[str, str]) -> str:
    """What a visitor wrote is in it as escaped text only."""
    pane = opened.panes[0] if opened.panes else _alone(opened)
    colour = COLOURS.get(pane["engine"], "#565044")
    lines = [line for line in pane["source"].split("\n") if line.strip()]
    shown = lines[:MAX_LINES]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#f7f5f0"/><rect width="{WIDTH}" height="10" fill="{colour}"/>',
        _text(60, 84, cut(opened.title or "A shared playground", 44), 40, bold=True),
    ]
    x = 60.0
    for shared in opened.panes:
        label = labels.get(shared["engine"], shared["engine"])
        version = f" {shared['run']['version']}" if shared["run"] else ""
        parts.append(
            f'<rect x="{x}" y="106" width="14" height="14" rx="3" fill="{COLOURS.get(shared["engine"], "#565044")}"/>'
        )
        parts.append(_text(x + 22, 120, label + version, 20, "#565044"))
        x += 22 + 12.5 * len(label + version) + 28
    y = 166.0
    for line in shown:
        parts.append(_text(60, y, cut(line, 78), 22, mono=True))
        y += 30
    if len(lines) > len(shown):
        parts.append(_text(60, y, f"… {len(lines) - len(shown)} more lines", 18, "#6b6455"))
        y += 30
    parts += _result(pane, y + 4)
    parts.append(_text(WIDTH - 60, HEIGHT - 26, "Sandtable", 20, "#6b6455", end=True, bold=True))
    return "".join(parts) + "</svg>"


def _alone(opened: OpenPlayground) -> dict[str, Any]:
    """A plan that was pasted, or a lab, as a pane without a result."""
    if opened.lab:
        return {"engine": opened.lab.engine, "source": opened.lab.source, "run": None}
    assert opened.pasted
    return {"engine": opened.pasted.engine, "source": opened.pasted.text, "run": None}


def _result(pane: dict[str, Any], top: float) -> list[str]:
    """The last result that is a table, as far as the picture goes."""
    results = pane["run"]["results"] if pane["run"] else []
    tables = [(result, table) for result in results if (table := table_of(result)) and table.columns]
    if not tables:
        errors = [result["error"]["message"] for result in results if result["kind"] == "error"]
        return [_text(60, top + 30, cut(errors[0], 78), 22, "#a8231b", mono=True)] if errors else []
    _, table = tables[-1]
    most = max(1, min(MAX_ROWS, int((HEIGHT - 70 - top) // 32) - 1))
    rows = [["null" if cell is None else cell for cell in row[:MAX_COLUMNS]] for row in table.rows[:most]]
    columns = table.columns[:MAX_COLUMNS]
    widest = 78 // len(columns)
    texts = [[cut(column.name, widest) for column in columns], *[[cut(cell, widest) for cell in row] for row in rows]]
    widths = [max(len(row[number]) for row in texts) * CELL + 32 for number in range(len(columns))]
    height = 36 + 32 * len(rows)
    parts = [
        f'<rect x="60" y="{top}" width="{sum(widths)}" height="{height}" rx="8" fill="#fffefc" stroke="#e3ddd1"/>',
        f'<rect x="60" y="{top}" width="{sum(widths)}" height="36" rx="8" fill="#f0ece4"/>',
    ]
    for line, row in enumerate(texts):
        x = 60.0
        for column, text, width in zip(columns, row, widths, strict=True):
            right = column.type.split("(")[0] in NUMERIC
            y = top + 25 + 32 * line + (2 if line else 0)
            at = x + width - 16 if right else x + 16
            parts.append(_text(at, y, text, 22, "#565044" if line == 0 else "#1d1a15", mono=True, end=right))
            x += width
    left = len(table.records) - len(rows)
    if left > 0:
        parts.append(_text(60, top + height + 26, f"{left:,} more rows", 18, "#6b6455"))
    return parts


def _text(
    x: float,
    y: float,
    text: str,
    size: int,
    colour: str = "#1d1a15",
    *,
    mono: bool = False,
    bold: bool = False,
    end: bool = False,
) -> str:
    font = "DejaVu Sans Mono, monospace" if mono else "DejaVu Sans, sans-serif"
    anchor = ' text-anchor="end"' if end else ""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{font}" font-size="{size}" fill="{colour}"'
        f'{anchor}{weight} xml:space="preserve">{escape(text)}</text>'
    )


class Pictures:
    """The last few pictures, since a link is previewed by many at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def png(self, opened: OpenPlayground, labels: dict[str, str]) -> bytes:
        """Takes some 30 ms of a thread's time, once."""
        key = (opened.reference, opened.title)
        picture = self._kept.pop(key, None) or _drawn(svg(opened, labels))
        self._kept[key] = picture
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return picture


def _drawn(text: str) -> bytes:
    dist = resource("static") / "dist"
    fonts = [str(dist / asset(name).removeprefix("/static/")) for name in FONTS]
    return resvg_py.svg_to_bytes(svg_string=text, skip_system_fonts=True, font_files=fonts)
