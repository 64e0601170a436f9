"""JSON that came from outside, as values that can be written as JSON again."""

import json
import math
from typing import Any

MAX_WHOLE_NUMBER = 2**64


def loads(text: str) -> Any:
    """Raises ValueError for what is no JSON, and for NaN and infinities, which JSON has no words for. Half a surrogate pair becomes a question mark."""
    data = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    if "\\ud" in text or "\\uD" in text:
        data = json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
    return data


def whole_characters(text: str) -> str:
    """The text with a mark in the place of each half of a pair, which UTF-8 has no bytes for."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def whole(value: Any) -> Any:
    """The data with whole characters, and with numbers that JSON has not, or nothing counts to, as texts. Without recursion."""
    top = [value]
    stack: list[Any] = [top]
    items: list[tuple[Any, Any]]
    while stack:
        place = stack.pop()
        if isinstance(place, dict):
            items = [(whole_characters(name), item) for name, item in place.items()]
            place.clear()
        else:
            items = [*enumerate(place)]
        for key, item in items:
            place[key] = _whole(item)
            if isinstance(item, dict | list):
                stack.append(item)
    return top[0]


def _whole(item: Any) -> Any:
    if isinstance(item, str):
        return whole_characters(item)
    if isinstance(item, float) and not math.isfinite(item):
        return "NaN" if math.isnan(item) else "Infinity" if item > 0 else "-Infinity"
    if isinstance(item, int) and abs(item) > MAX_WHOLE_NUMBER:
        return str(item)
    return item


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no value of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number
