"""A SELECT of one table as the two engines take it that have no query planner: columns, conditions, an order, a limit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.literals import literal
from app.playground.translating.shapes import Table
from app.playground.translating.sql import bare, conjuncts, number_of, says

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_TURNED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Condition:
    """`operator`: = <> < <= > >= in between like contains and or not. `parts`: the conditions of the last three."""

    operator: str
    column: str = ""
    values: tuple[Any, ...] = ()
    parts: tuple["Condition", ...] = ()

    def columns(self) -> Iterator[str]:
        if self.column:
            yield self.column
        for part in self.parts:
            yield from part.columns()


@dataclass(frozen=True, slots=True)
class Simple:
    """`columns` in order; `aggregate`: count, min or max instead, of the first column where it has one."""

    table: Table
    columns: tuple[str, ...]
    aggregate: str
    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    limit: int | None
    offset: int

    def equal(self, name: str) -> tuple[Any, ...]:
        """The values that a condition allows a column, one or several."""
        return equal(self.conditions, name)


def equal(conditions: tuple[Condition, ...], name: str) -> tuple[Any, ...]:
    for condition in conditions:
        if condition.column == name and condition.operator in ("=", "in"):
            return condition.values
    return ()


def simple(node: exp.Expr, tables: Mapping[str, Table], engine: str) -> Simple:
    """Raises NotCarriedError with every construct that it finds and the engine has no words for."""
    found = list(_unsaid(node, engine))
    if found:
        raise NotCarriedError("; ".join(dict.fromkeys(found)))
    assert isinstance(node, exp.Select)
    from_ = node.args.get("from_")
    if from_ is None or not isinstance(from_.this, exp.Table):
        raise NotCarriedError("a SELECT without a table")
    table = tables[from_.this.name]
    aggregate, columns = _columns(node, engine)
    where = node.args.get("where")
    return Simple(
        table,
        columns,
        aggregate,
        tuple(condition(part, table) for part in conjuncts(where.this if where else None)),
        tuple(_order(node)),
        _count(node, "limit"),
        _count(node, "offset") or 0,
    )


def _unsaid(node: exp.Expr, engine: str) -> Iterator[str]:
    if isinstance(node, exp.SetOperation):
        yield f"{node.key.upper()}: {engine} combines no results"
        return
    if node.args.get("joins") or isinstance(getattr(node.args.get("from_"), "this", None), exp.Subquery):
        yield f"JOIN: a request of {engine} reads one table"
    if node.args.get("with_"):
        yield "WITH"
    if node.args.get("group"):
        yield f"GROUP BY: {engine} does not aggregate"
    if node.args.get("having"):
        yield "HAVING"
    if node.args.get("distinct"):
        yield "DISTINCT"
    if node.find(exp.Window):
        yield f"window functions: {engine} has none"
    elif _aggregates(node):
        yield f"aggregates: {engine} computes none over rows"
    if next((part for part in node.find_all(exp.Query) if part is not node), None) is not None:
        yield "a subquery"


def _aggregates(node: exp.Expr) -> bool:
    """Whether it computes more than one count, or one lowest or highest value."""
    found = list(node.find_all(exp.AggFunc))
    return len(found) > 1 or any(
        not isinstance(part, exp.Count | exp.Min | exp.Max) or part.find(exp.Distinct) for part in found
    )


def _columns(node: exp.Select, engine: str) -> tuple[str, tuple[str, ...]]:
    items = [bare(item) for item in node.expressions]
    if len(items) == 1 and isinstance(items[0], exp.Count | exp.Min | exp.Max):
        inner = bare(items[0].this)
        if isinstance(items[0], exp.Count) and isinstance(inner, exp.Star):
            return "count", ()
        if isinstance(inner, exp.Column):
            # No column is null, so that count(column) counts rows.
            return items[0].key, () if isinstance(items[0], exp.Count) else (inner.name,)
    for item in items:
        if not isinstance(item, exp.Column):
            raise NotCarriedError(f"{says(item)}: {engine} gives what is kept and computes nothing from it")
    return "", tuple(item.name for item in items)


def condition(node: exp.Expr, table: Table) -> Condition:
    """Raises NotCarriedError for what is no comparison of a column with written values."""
    node = bare(node)
    found = _combined(node, table) or _listed(node, table)
    if found is not None:
        return found
    if isinstance(node, exp.Like):
        return _like(node)
    if type(node) not in _OPERATORS:
        raise NotCarriedError(f"the condition {says(node)}")
    operator, left, right = _OPERATORS[type(node)], bare(node.this), bare(node.expression)
    if not isinstance(left, exp.Column):
        operator, left, right = _TURNED[operator], right, left
    column = _column(left)
    return Condition(operator, column, (literal(right, table.columns[column]),))


def _combined(node: exp.Expr, table: Table) -> Condition | None:
    if isinstance(node, exp.And | exp.Or):
        parts = (condition(node.this, table), condition(node.expression, table))
        return Condition("and" if isinstance(node, exp.And) else "or", parts=parts)
    if isinstance(node, exp.Not):
        return Condition("not", parts=(condition(node.this, table),))
    return None


def _listed(node: exp.Expr, table: Table) -> Condition | None:
    """Several values beside a column, or several in it."""
    if isinstance(node, exp.Between):
        column = _column(node.this)
        values = [literal(node.args[side], table.columns[column]) for side in ("low", "high")]
        return Condition("between", column, tuple(values))
    if isinstance(node, exp.In) and node.expressions:
        column = _column(node.this)
        return Condition("in", column, tuple(literal(one, table.columns[column]) for one in node.expressions))
    if isinstance(node, exp.EQ) and isinstance(node.expression, exp.Any):
        return Condition("contains", _column(node.expression.this), (literal(node.this, "text"),))
    return None


def _column(node: exp.Expr) -> str:
    node = bare(node)
    if not isinstance(node, exp.Column):
        raise NotCarriedError(f"{says(node)}: only a column beside written values")
    return node.name


def _like(node: exp.Like) -> Condition:
    pattern = literal(node.expression, "text")
    inner = pattern.strip("%")
    if not inner or any(letter in inner for letter in "%_\\"):
        raise NotCarriedError(f"{says(node)}: only beginnings ('x%') and parts ('%x%')")
    if pattern == f"{inner}%":
        return Condition("like", _column(node.this), (inner,))
    if pattern == f"%{inner}%":
        return Condition("contains", _column(node.this), (inner,))
    raise NotCarriedError(f"{says(node)}: only beginnings ('x%') and parts ('%x%')")


def _order(node: exp.Select) -> Iterator[tuple[str, bool]]:
    named = {item.alias_or_name: bare(item) for item in node.expressions}
    for part in node.args["order"].expressions if node.args.get("order") else ():
        inner = bare(part.this)
        if isinstance(inner, exp.Column) and not inner.table:
            inner = named.get(inner.name, inner)
        if not isinstance(inner, exp.Column):
            raise NotCarriedError(f"ORDER BY {says(inner)}")
        yield inner.name, bool(part.args.get("desc"))


def _count(node: exp.Select, name: str) -> int | None:
    clause = node.args.get(name)
    if clause is None:
        return None
    found = number_of(clause.args.get("count") if isinstance(clause, exp.Fetch) else clause.expression)
    if found is None or (isinstance(clause, exp.Fetch) and "TIES" in clause.sql().upper()):
        raise NotCarriedError(f"a {name.upper()} that is not written out as a number")
    return found
