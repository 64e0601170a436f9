"""Why a document failed its collection's validator, in sentences: the server's `errInfo` read through."""

from collections.abc import Iterator
from typing import Any

from app.core.extended_json import one_line

MAX_LINES = 30
INNER = ("schemaRulesNotSatisfied", "clausesNotSatisfied", "schemasNotSatisfied", "propertiesNotSatisfied")
NAMES = {"missingProperties": "missing", "additionalProperties": "not allowed"}
CHOICES = {
    "$or": "one of these must hold:",
    "anyOf": "one of these must hold:",
    "oneOf": "exactly one of these must hold:",
    "$nor": "none of these may hold:",
}


def reasons(info: Any) -> list[str]:
    """One line for each rule that was not met. Empty when the server's account has another shape."""
    details = info.get("details") if isinstance(info, dict) else None
    found: list[str] = []
    for line in _of(details, ""):
        if len(found) == MAX_LINES:
            return [*found, "..."]
        found.append(line)
    return found


def _of(details: Any, path: str) -> Iterator[str]:
    """`path` is the field that the rules are about."""
    if isinstance(details, list):
        for item in details:
            yield from _of(item, path)
    elif isinstance(details, dict):
        yield from _rule(details, path)


def _rule(details: dict[str, Any], path: str) -> Iterator[str]:
    rule = details.get("operatorName")
    for key, word in NAMES.items():
        if key in details:
            names = details[key] if isinstance(details[key], list) else [details[key]]
            yield f"{_before(path)}{word}: {', '.join(map(str, names))}"
            return
    if rule == "properties":
        for entry in _list(details, "propertiesNotSatisfied"):
            name = f"{path}.{entry.get('propertyName')}" if path else str(entry.get("propertyName"))
            yield from _of(entry.get("details"), f"{name} ({entry['description']})" if "description" in entry else name)
    elif "itemIndex" in details:
        yield from _of(details.get("details"), f"{path}[{one_line(details['itemIndex'])}]")
    elif any(key in details for key in INNER):
        yield from _several(details, path)
    elif "details" in details and "reason" not in details:
        yield from _of(details["details"], path)
    elif rule is not None:
        yield _sentence(details, path)


def _several(details: dict[str, Any], path: str) -> Iterator[str]:
    choice = CHOICES.get(str(details.get("operatorName")))
    if choice:
        yield _before(path) + choice
    for key in INNER:
        for line in _of(details.get(key), "" if choice else path):
            yield f"  {line}" if choice else line


def _sentence(details: dict[str, Any], path: str) -> str:
    asked = one_line(details["specifiedAs"]) if "specifiedAs" in details else str(details["operatorName"])
    text = f"{_before(path)}{asked}: {details.get('reason', 'not met')}"
    if "consideredValue" in details:
        text += f", the value is {one_line(details['consideredValue'])}"
    elif "consideredValues" in details:
        text += f", the values are {one_line(details['consideredValues'])}"
    return f"{text} ({details['consideredType']})" if "consideredType" in details else text


def _before(path: str) -> str:
    return f"{path}: " if path else ""


def _list(details: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = details.get(key)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
