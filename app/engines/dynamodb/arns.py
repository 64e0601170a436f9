"""ARNs as visitors paste them: the account and the region become the sandbox's own."""

import re
from typing import Any

REGION = "us-east-1"
_ARN = re.compile(r"arn:aws[\w-]*:dynamodb:[^:]*:[^:]*:table/([^/]+)(/.*)?")
_NAMED = ("ResourceArn", "StreamArn", "ExclusiveStartStreamArn")


class ArnProblem(ValueError):
    """Which parameter is not an ARN of a table or a stream."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(name)
        self.name = name
        self.message = (
            f"1 validation error detected: Value '{value[:300]}' at '{name[:1].lower()}{name[1:]}' failed to satisfy "
            "constraint: Member must be the ARN of a table or of its stream"
        )


def own(parameters: dict[str, Any], namespace: str) -> tuple[dict[str, Any], list[str]]:
    """The parameters with ARNs of the sandbox's own, and what to say of those that were another's. Raises ArnProblem."""
    changed: dict[str, Any] = {}
    notes = []
    for name in _NAMED:
        if name not in parameters:
            continue
        given = parameters[name]
        found = _ARN.fullmatch(given) if isinstance(given, str) else None
        if found is None:
            raise ArnProblem(name, str(given))
        changed[name] = of_table(found.group(1), namespace) + (found.group(2) or "")
        if changed[name] != given:
            notes.append(f"{name}: the sandbox's own account and region stand in place of those given.")
    return {**parameters, **changed}, notes


def of_table(table: str, namespace: str) -> str:
    return f"arn:aws:dynamodb:{REGION}:{namespace}:table/{table}"


def table_of(arn: str) -> str | None:
    """The table that an ARN names."""
    found = _ARN.fullmatch(arn)
    return found.group(1) if found else None
