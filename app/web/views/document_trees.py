"""A document as its shell shows it: Extended JSON types by their constructors, short parts on one line, longer ones folding.

This runs once per value of every document, so it writes text itself instead of asking templates for each.
"""

import json
from typing import Any

from markupsafe import Markup, escape

MAX_TEXT = 400
HEAD_TEXT = 200
MAX_LINE = 64
MAX_DEPTH = 40
MARKS = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
STRINGS = {"$oid": "ObjectId", "$date": "ISODate", "$numberLong": "Long", "$numberDecimal": "Decimal128"}
TYPES = frozenset(
    [
        *STRINGS, "$numberInt", "$numberDouble", "$binary", "$timestamp", "$regularExpression", "$minKey", "$maxKey",
        "$undefined", "$symbol",
    ]
)  # fmt: skip


def document_tree(value: Any, typed: bool = True) -> Markup:
    """`typed` is False for plain JSON, where a key such as $oid is a key like any other."""
    out: list[str] = []
    _tree(value, typed, 0, "", out)
    return Markup("".join(out))  # noqa: S704 - every text of the visitor's went through `escape`


def _tree(value: Any, typed: bool, depth: int, end: str, out: list[str]) -> None:
    """`end`: the comma after it, which belongs on the line of its last bracket."""
    if isinstance(value, str):
        out.append(_long(value) if len(value) > MAX_TEXT else _string(value))
        out.append(end)
    elif not isinstance(value, dict | list):
        out.append(_scalar(value) + end)
    elif not value:
        out.append(("{}" if isinstance(value, dict) else "[]") + end)
    elif typed and isinstance(value, dict) and _is_typed(value):
        out.append(_typed(value) + end)
    elif depth > 0 and len(str(value)) <= MAX_LINE:
        _line(value, typed, out)
        out.append(end)
    elif depth > MAX_DEPTH:
        out.append(f'<span class="s">{escape(_json(value))}</span>{end}')
    elif isinstance(value, dict):
        noun = "field" if len(value) == 1 else "fields"
        out.append(f'<details open><summary>{{<span class="fold">{len(value)} {noun} }}{end}</span></summary><ul>')
        last = len(value) - 1
        for at, (name, item) in enumerate(value.items()):
            out.append(f"<li>{_key(name)}: ")
            _tree(item, typed, depth + 1, "" if at == last else ",", out)
            out.append("</li>")
        out.append(f"</ul>}}{end}</details>")
    else:
        noun = "element" if len(value) == 1 else "elements"
        out.append(f'<details open><summary>[<span class="fold">{len(value)} {noun} ]{end}</span></summary><ul>')
        last = len(value) - 1
        for at, item in enumerate(value):
            out.append("<li>")
            _tree(item, typed, depth + 1, "" if at == last else ",", out)
            out.append("</li>")
        out.append(f"</ul>]{end}</details>")


def _line(value: Any, typed: bool, out: list[str]) -> None:
    if isinstance(value, str):
        out.append(_string(value))
    elif not isinstance(value, dict | list):
        out.append(_scalar(value))
    elif not value:
        out.append("{}" if isinstance(value, dict) else "[]")
    elif isinstance(value, dict):
        if typed and _is_typed(value):
            out.append(_typed(value))
            return
        separator = "{ "
        for name, item in value.items():
            out.append(f"{separator}{_key(name)}: ")
            _line(item, typed, out)
            separator = ", "
        out.append(" }")
    else:
        separator = "[ "
        for item in value:
            out.append(separator)
            _line(item, typed, out)
            separator = ", "
        out.append(" ]")


def _is_typed(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in TYPES


def _key(name: str) -> str:
    return f'<span class="k">{escape(name) if name.isidentifier() else _quoted(name)}</span>'


def _string(text: str) -> str:
    return f'<span class="s">{_quoted(text)}</span>'


def _long(text: str) -> str:
    return (
        f'{_string(text[:HEAD_TEXT])}<details class="more"><summary>all {len(text):,} characters</summary>'
        f'<pre tabindex="0">{escape(text)}</pre></details>'
    )


def _quoted(text: str) -> str:
    return f"'{text if text.isalnum() else escape(text.translate(MARKS))}'"


def _scalar(value: Any) -> str:
    return '<span class="n">null</span>' if value is None else f'<span class="b">{escape(_json(value))}</span>'


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _typed(value: dict[str, Any]) -> str:
    """A visitor may store a key such as $oid with anything in it, so each form is used only where the value has its shape."""
    name, inner = next(iter(value.items()))
    if isinstance(inner, str):
        if name in STRINGS:
            return f'<span class="t">{STRINGS[name]}({_string(inner)})</span>'
        if name in ("$numberInt", "$numberDouble"):
            return f'<span class="b">{escape(inner)}</span>'
    elif isinstance(inner, dict):
        text = _structured(name, inner)
        if text is not None:
            return f'<span class="t">{text}</span>'
    elif name in ("$minKey", "$maxKey"):
        return f'<span class="t">{name[1].upper()}{name[2:]}()</span>'
    elif name == "$undefined":
        return '<span class="n">undefined</span>'
    return f'<span class="t">{escape(_json(value))}</span>'


def _structured(name: str, inner: dict[str, Any]) -> str | None:
    if name == "$date" and "$numberLong" in inner:
        return f"ISODate({_string(iso_date(_whole(inner['$numberLong'])))})"
    if name == "$binary" and "base64" in inner and "subType" in inner:
        return f"Binary.createFromBase64({_string(str(inner['base64']))}, {_whole(inner['subType'], 16)})"
    if name == "$timestamp" and "t" in inner and "i" in inner:
        t, i = escape(inner["t"]), escape(inner["i"])
        return f'Timestamp({{ t: <span class="b">{t}</span>, i: <span class="b">{i}</span> }})'
    if name == "$regularExpression" and "pattern" in inner and "options" in inner:
        return f"/{escape(inner['pattern'])}/{escape(inner['options'])}"
    return None


def _whole(value: Any, base: int = 10) -> int:
    """0 for what is no number: the form is for what the server wrote."""
    try:
        return int(value, base) if isinstance(value, str) else int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def iso_date(ms: int) -> str:
    """Milliseconds since 1970 as ISO 8601, for every year that 64 bits reach: Python's own dates end at 9999."""
    days, of_day = ms // 86_400_000 + 719_468, ms % 86_400_000
    era, of_era = days // 146_097, days % 146_097
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * of_year + 2) // 153
    day = of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    hours, minutes, seconds = of_day // 3_600_000, of_day // 60_000 % 60, of_day // 1_000 % 60
    return f"{year:04d}-{month:02d}-{day:02d}T{hours:02d}:{minutes:02d}:{seconds:02d}.{of_day % 1_000:03d}Z"
