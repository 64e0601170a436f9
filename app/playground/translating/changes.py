"""An INSERT, UPDATE or DELETE as all engines take it: rows, or settings for the rows that some keys name."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.literals import literal
from app.playground.translating.shapes import Table
from app.playground.translating.simple import Condition, condition
from app.playground.translating.sql import bare, conjuncts, says

DECIMALS = 2
"""Of every decimal column of the datasets."""
MAX_ITEMS = 25
"""Statements that one SQL statement may become, where each names one item."""


@dataclass(frozen=True, slots=True)
class Setting:
    """`column = value`, or `column = column + value` with an operator + or -. `node`: what stands there, where it is neither."""

    column: str
    value: Any = None
    operator: str = ""
    node: exp.Expr | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """`rows`: by column, for an INSERT. `where`: what stood there, for engines that take conditions."""

    verb: Literal["insert", "update", "delete"]
    table: Table
    rows: tuple[dict[str, Any], ...]
    settings: tuple[Setting, ...]
    where: tuple[exp.Expr, ...]
    alias: str

    def refuse_what_is_kept(self, engine: str, label: str) -> None:
        """Raises NotCarriedError where the engine keeps more with a row than the statement says, or copies of it."""
        section = self.table.engines[engine]
        if self.verb == "update":
            copied = [one.column for one in self.settings if one.column in section.get("copied", {})]
            if copied:
                raise NotCarriedError(
                    f"{self.table.name}.{copied[0]} is copied into {section['copied'][copied[0]]}, which would stay as it was"
                )
        elif section.get("kept"):
            raise NotCarriedError(
                f"with {self.table.name}, {label} keeps {section['kept']}: the statement says nothing of it"
            )

    def conditions(self) -> tuple[Condition, ...]:
        return tuple(condition(part, self.table) for part in self.where)

    def keys(self, label: str) -> list[dict[str, Any]]:
        """The rows that the conditions name, each by the columns they give values. Raises NotCarriedError for other conditions."""
        found: dict[str, tuple[Any, ...]] = {}
        for one in self.conditions():
            if one.operator not in ("=", "in") or one.column in found:
                raise NotCarriedError(
                    f"a change of rows that no key names: {label} changes one item at a time, by its key"
                )
            found[one.column] = one.values
        if not found:
            raise NotCarriedError(f"a change of all rows: {label} changes one item at a time, by its key")
        rows = [dict(zip(found, values, strict=True)) for values in itertools.product(*found.values())]
        if len(rows) > MAX_ITEMS:
            raise NotCarriedError(f"a change of {len(rows)} items; {MAX_ITEMS} are written out at most")
        return rows


def change(tree: exp.Expr, tables: Mapping[str, Table]) -> Change:
    """Raises NotCarriedError for what goes beyond one table and written values."""
    if tree.args.get("with_") or tree.args.get("using") or tree.args.get("from_"):
        raise NotCarriedError("a change that reads other tables")
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if not isinstance(target, exp.Table):
        raise NotCarriedError(says(tree))
    table = tables[target.name]
    if tree.args.get("returning"):
        raise NotCarriedError("RETURNING")
    if next((part for part in tree.find_all(exp.Query) if not isinstance(part, exp.Values)), None) is not None:
        raise NotCarriedError("a subquery in a change")
    where = tree.args.get("where")
    parts = tuple(conjuncts(where.this if where else None))
    alias = target.alias_or_name
    if isinstance(tree, exp.Insert):
        return Change("insert", table, tuple(_rows(tree, table)), (), (), alias)
    if isinstance(tree, exp.Update):
        return Change("update", table, (), tuple(_setting(one, table) for one in tree.expressions), parts, alias)
    return Change("delete", table, (), (), parts, alias)


def _rows(tree: exp.Insert, table: Table) -> list[dict[str, Any]]:
    if tree.args.get("conflict"):
        raise NotCarriedError("ON CONFLICT")
    if not isinstance(tree.expression, exp.Values):
        raise NotCarriedError("an INSERT of anything but VALUES")
    named = [one.name for one in tree.this.expressions] if isinstance(tree.this, exp.Schema) else list(table.columns)
    missing = [name for name in table.columns if name not in named]
    if missing or len(named) != len(table.columns):
        raise NotCarriedError(
            f"an INSERT without {', '.join(missing) or 'its columns'}: every column of {table.name} is NOT NULL"
        )
    rows = []
    for tuple_ in tree.expression.expressions:
        values = tuple_.expressions
        if len(values) != len(named):
            raise NotCarriedError("an INSERT whose values don't fit its columns")
        rows.append({name: _held(node, table.columns[name]) for name, node in zip(named, values, strict=True)})
    if len(rows) > MAX_ITEMS:
        raise NotCarriedError(f"an INSERT of {len(rows)} rows; {MAX_ITEMS} are written out at most")
    return rows


def _held(node: exp.Expr, kind: str) -> Any:
    if kind == "text[]":
        if not isinstance(node, exp.Array):
            raise NotCarriedError(f"{says(node)}: only an ARRAY[…] of written texts")
        return [literal(one, "text") for one in node.expressions]
    found = literal(node, kind)
    if kind == "decimal" and round(Decimal(found), DECIMALS) != found:
        raise NotCarriedError(f"{says(node)}: more than {DECIMALS} decimals, which PostgreSQL would round")
    return found


def _setting(node: exp.Expr, table: Table) -> Setting:
    column = node.this.name
    if column in table.key:
        raise NotCarriedError(f"a change of {column}, which is part of the key")
    if column not in table.columns:
        raise NotCarriedError(f"{table.name} has no column {column}")
    value = bare(node.expression)
    numeric = table.columns[column] in ("int", "bigint", "decimal")
    if numeric and isinstance(value, exp.Add | exp.Sub) and _is_literal(value.expression):
        inner = bare(value.this)
        if isinstance(inner, exp.Column) and inner.name == column:
            amount = _held(value.expression, table.columns[column])
            return Setting(column, amount, "+" if isinstance(value, exp.Add) else "-")
    if value.find(exp.Column):
        return Setting(column, node=value)
    return Setting(column, _held(value, table.columns[column]))


def _is_literal(node: exp.Expr) -> bool:
    return isinstance(bare(node), exp.Literal)
