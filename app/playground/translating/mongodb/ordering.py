"""ORDER BY, with nulls where PostgreSQL puts them."""

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.expressions import value
from app.playground.translating.mongodb.scopes import Scope
from app.playground.translating.mongodb.values import Value


@dataclass(frozen=True, slots=True)
class Key:
    value: Value
    descending: bool
    nulls_first: bool


def keys_of(ordered: list[exp.Expr], scope: Scope) -> list[Key]:
    found = []
    for one in ordered:
        node = one.this if isinstance(one, exp.Ordered) else one
        descending = bool(one.args.get("desc"))
        nulls_first = one.args.get("nulls_first")
        found.append(Key(value(node, scope), descending, descending if nulls_first is None else bool(nulls_first)))
    return found


def sort_by(keys: list[Key], scope: Scope) -> dict[str, int]:
    """The fields to sort by and their directions; what is no field yet is set before."""
    made: dict[str, Any] = {}
    sort: dict[str, int] = {}
    for key in keys:
        if key.value.kind in ("text[]", "list"):
            raise NotCarriedError("ORDER BY an array")
        if key.value.constant:
            continue
        if key.value.nullable and key.nulls_first == key.descending:
            # MongoDB takes null for the smallest value, PostgreSQL for the largest.
            name = scope.context.fresh("null")
            made[name] = {"$lte": [key.value.code, None]}
            sort[name] = -1 if key.nulls_first else 1
        path = key.value.path
        if path is None:
            path = scope.context.fresh("by")
            made[path] = key.value.code
        sort.setdefault(path, -1 if key.descending else 1)
    if made:
        scope.add("$set", made)
    return sort
