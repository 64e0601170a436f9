"""A SELECT as the call of aggregate()."""

from collections.abc import Mapping

from sqlglot import exp

from app.playground.comparing.answers import Reading
from app.playground.translating.carried import Answering, Carried

# These say how more kinds of expressions read.
from app.playground.translating.mongodb import numbers, subqueries, times
from app.playground.translating.mongodb.printing import collection, printed
from app.playground.translating.mongodb.scopes import Context
from app.playground.translating.mongodb.selects import compiled
from app.playground.translating.shapes import Table

MAX_ALL_PARTS = 20_000

__all__ = ["numbers", "select", "subqueries", "times"]


def select(node: exp.Expr, tables: Mapping[str, Table]) -> Carried:
    """Raises NotCarriedError, which names what can't be said."""
    context = Context(tables)
    found = compiled(node, context)
    context.sizes.clear()  # stages are added to after they were first seen
    context.bounded(found.stages, MAX_ALL_PARTS)
    text = f"{collection(found.collection)}.aggregate({printed(found.stages)}).toArray()"
    names = tuple(str(held.path) for held in found.columns.values())
    return Carried(
        "mongodb", text, notes=tuple(dict.fromkeys(context.notes)), answering=Answering(Reading(columns=names))
    )
