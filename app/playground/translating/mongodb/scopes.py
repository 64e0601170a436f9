"""Which field of the documents in a pipeline is which column of the SQL."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.values import Value
from app.playground.translating.shapes import Table

Columns = dict[str, Value]


MAX_PARTS = 5_000
"""Of one expression. What is written twice (a value, and whether it is null) doubles with every level that it is nested."""


MAX_QUERIES = 40


@dataclass(slots=True)
class Context:
    """What a whole statement shares. `notes`: what a reader should know, one sentence each."""

    tables: Mapping[str, Table]
    ctes: dict[str, exp.Query] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    sizes: dict[int, tuple[Any, int]] = field(default_factory=dict)
    queries: int = 0

    def count_query(self) -> None:
        """Raises NotCarriedError after so many: a WITH that is named twice is written twice, and so is what it names."""
        self.queries += 1
        if self.queries > MAX_QUERIES:
            raise NotCarriedError(f"more than {MAX_QUERIES} queries in one, where each use of a WITH counts")

    def bounded(self, code: Any, most: int = MAX_PARTS) -> Any:
        """The code. Raises NotCarriedError where it has more than so many parts when it is written out."""
        if self._size(code) > most:
            raise NotCarriedError(f"an expression that grows to more than {most:,} parts")
        return code

    def _size(self, code: Any) -> int:
        if not isinstance(code, dict | list):
            return 1
        known = self.sizes.get(id(code))
        if known is None:
            parts = code.values() if isinstance(code, dict) else code
            # Kept with its code, so that no other gets its id.
            known = self.sizes[id(code)] = (code, 1 + sum(map(self._size, parts)))
        return known[1]

    def fresh(self, what: str) -> str:
        """A field's name that no document has."""
        return f"_{what}{next(self.numbers)}"


@dataclass(slots=True)
class Scope:
    """A pipeline being built, and what its documents hold. `computed`: by SQL text, what stands in a field already."""

    context: Context
    collection: str = ""
    stages: list[dict[str, Any]] = field(default_factory=list)
    places: dict[str, Columns] = field(default_factory=dict)
    computed: dict[str, Value] = field(default_factory=dict)
    parent: "Scope | None" = None
    lets: dict[str, Any] = field(default_factory=dict)
    grouped: bool = False

    def add(self, stage: str, body: Any) -> None:
        self.stages.append({stage: body})

    def column(self, node: exp.Column) -> Value:
        """Raises NotCarriedError for a column that isn't kept."""
        found = self._own(node)
        if found is not None:
            return found
        if self.parent is None:
            raise NotCarriedError(f"{node.sql()} is not kept in MongoDB")
        outer = self.parent.column(node)
        name = f"{node.table}_{node.name}".lower()
        if not name.isidentifier() or not name.isascii():
            raise NotCarriedError(f"the name {node.sql()}")
        self.lets[name] = outer.code
        return Value(f"$${name}", outer.kind, outer.nullable, outer.exact, outer.as_text)

    def _own(self, node: exp.Column) -> Value | None:
        if node.table and node.table not in self.places:
            return None
        if self.grouped:
            raise NotCarriedError(f"{node.sql()} outside of GROUP BY")
        held = [self.places[node.table]] if node.table else list(self.places.values())
        found = next((columns[node.name] for columns in held if node.name in columns), None)
        if found is None and node.table:
            raise NotCarriedError(f"{node.sql()} is not kept in MongoDB")
        return found

    def child(self, collection: str) -> "Scope":
        return Scope(self.context, collection, parent=self)
