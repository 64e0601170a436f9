"""JSON that came from outside, as values that can be written as JSON again."""

import json
import math
from typing import Any


def loads(text: str) -> Any:
    """Raises ValueError for what is no JSON, and for NaN and infinities, which JSON has no words for. Half a surrogate pair becomes a question mark."""
    data = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    if "\\ud" in text or "\\uD" in text:
        data = json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))
    return data


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no value of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is too large a number")
    return number
