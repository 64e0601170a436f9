"""GROUP BY and aggregate functions as $group."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.conditions import truth
from app.playground.translating.mongodb.expressions import value
from app.playground.translating.mongodb.scopes import Scope
from app.playground.translating.mongodb.values import Value, exactly, whether_there
from app.playground.translating.sql import says

_NAMES: dict[type[exp.Expr], str] = {exp.Count: "count", exp.Sum: "sum", exp.Avg: "avg", exp.Min: "min", exp.Max: "max"}
_NAMES |= {exp.GroupConcat: "list", exp.ArrayAgg: "list", exp.LogicalAnd: "every", exp.LogicalOr: "some"}


@dataclass(slots=True)
class Group:
    """A $group being made. `empty`: what its fields are where there is no row at all."""

    scope: Scope
    body: dict[str, Any] = field(default_factory=dict)
    empty: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Value] = field(default_factory=dict)

    def accumulate(self, what: str, accumulator: dict[str, Any], empty: Any = None) -> str:
        """Gives the field's name; the same accumulator is made once."""
        for name, known in self.body.items():
            if known == accumulator and name != "_id":
                return name
        name, number = what, 2
        while name in self.body:
            name, number = f"{what}_{number}", number + 1
        self.body[name], self.empty[name] = accumulator, empty
        return name


def aggregates(node: exp.Expr) -> Iterator[exp.Expr]:
    """The aggregate functions of this query, with their FILTER; not a window's own, nor a subquery's."""
    if isinstance(node, exp.Query | exp.Subquery):
        return
    if isinstance(node, exp.Filter) or (isinstance(node, exp.AggFunc) and not isinstance(node.parent, exp.Filter)):
        yield node
        return
    held = node.this if isinstance(node, exp.Window) else node
    for part in held.iter_expressions():
        yield from aggregates(part)
    if isinstance(node, exp.Window):
        for part in node.iter_expressions():
            if part is not node.this:
                yield from aggregates(part)


def parts_of(select: exp.Select) -> list[exp.Expr]:
    """What is computed after grouping."""
    having, order = select.args.get("having"), select.args.get("order")
    return [*select.expressions, *([having.this] if having else []), *(order.expressions if order else [])]


def group(select: exp.Select, scope: Scope) -> None:
    """Nothing where the query has neither GROUP BY nor an aggregate."""
    clause = select.args.get("group")
    found = [one for part in parts_of(select) for one in aggregates(part)]
    if clause is None and not found:
        return
    if clause is not None and any(clause.args.get(name) for name in ("rollup", "cube", "grouping_sets", "totals")):
        raise NotCarriedError("GROUPING SETS, ROLLUP and CUBE")
    making = Group(scope)
    keys = list(clause.expressions) if clause else []
    _keys(keys, making)
    for one in found:
        if one.sql() not in making.after:
            making.after[one.sql()] = _aggregate(one, making, grand=not keys)
    if keys:
        _dependent(select, keys, making)
    scope.add("$group", making.body)
    if not keys:
        # Without GROUP BY there is a row even where nothing was found.
        scope.add("$unionWith", {"pipeline": [{"$documents": [making.empty or {"_id": None}]}]})
        scope.add("$limit", 1)
    scope.computed, scope.grouped = making.after, True


def _keys(keys: list[exp.Expr], making: Group) -> None:
    values = [value(key, making.scope) for key in keys]
    if any(found.kind == "text[]" for found in values):
        raise NotCarriedError("GROUP BY an array")
    if not keys:
        making.body["_id"] = None
    elif len(keys) == 1:
        making.body["_id"] = values[0].code
        making.after[keys[0].sql()] = replace(values[0], code="$_id", constant=False)
    else:
        held: dict[str, Any] = {}
        for number, (key, found) in enumerate(zip(keys, values, strict=True), 1):
            name = key.name if isinstance(key, exp.Column) and key.name not in held else f"key_{number}"
            held[name] = {"$ifNull": [found.code, None]} if found.nullable else found.code
            making.after[key.sql()] = replace(found, code=f"$_id.{name}", constant=False)
        making.body["_id"] = held


def _dependent(select: exp.Select, keys: list[exp.Expr], making: Group) -> None:
    """Columns that a whole primary key among the keys decides: the first one of the group."""
    named = {(key.table, key.name) for key in keys if isinstance(key, exp.Column)}
    tables = {
        node.alias_or_name: making.scope.context.tables[node.name]
        for node in select.find_all(exp.Table)
        if node.name in making.scope.context.tables
    }
    inside = {
        id(column) for part in parts_of(select) for one in aggregates(part) for column in one.find_all(exp.Column)
    }
    for part in parts_of(select):
        for column in part.find_all(exp.Column):
            table = tables.get(column.table)
            if id(column) in inside or table is None or column.sql() in making.after:
                continue
            if all((column.table, name) in named for name in table.key):
                found = value(column, making.scope)
                name = making.accumulate(column.name, {"$first": found.code})
                making.after[column.sql()] = replace(found, code=f"${name}", constant=False)


def _aggregate(node: exp.Expr, making: Group, *, grand: bool) -> Value:
    test = None
    if isinstance(node, exp.Filter):
        test = truth(node.expression.this, making.scope)
        node = node.this
    if type(node) not in _NAMES:
        raise NotCarriedError(f"the aggregate {says(node)}")
    what = _NAMES[type(node)]
    if isinstance(node, exp.Count):
        return _count(node, making, test)
    if isinstance(node, exp.GroupConcat | exp.ArrayAgg):
        return _list(node, making, test)
    if isinstance(node.this, exp.Distinct):
        raise NotCarriedError(says(node))
    inner = value(node.this, making.scope)
    if isinstance(node, exp.Sum | exp.Avg) and inner.kind not in ("int", "decimal"):
        raise NotCarriedError(f"{says(node)}: a {inner.kind}")
    what = f"{what}_{node.this.name}" if isinstance(node.this, exp.Column) else what
    nullable = inner.nullable or test is not None
    if isinstance(node, exp.Sum):
        return _sum(inner, test, what, making, grand=grand)
    code = _only(test, exactly(inner) if isinstance(node, exp.Avg) else inner.code)
    if isinstance(node, exp.Avg):
        code = _only(test, {"$toDecimal": inner.code} if inner.kind == "int" else exactly(inner))
        return Value(f"${making.accumulate(what, {'$avg': code})}", "decimal", nullable or grand)
    name = "$min" if isinstance(node, exp.Min | exp.LogicalAnd) else "$max"
    found = making.accumulate(what, {name: code})
    return replace(inner, code=f"${found}", nullable=nullable or grand, constant=False)


def _only(test: Any, code: Any) -> Any:
    return code if test is None else {"$cond": [test, code, None]}


def _sum(inner: Value, test: Any, what: str, making: Group, *, grand: bool) -> Value:
    code = _only(test, exactly(inner))
    name = making.accumulate(what, {"$sum": code})
    if not (inner.nullable or test is not None):
        return Value(f"${name}", inner.kind, nullable=grand)
    counted = making.accumulate(f"{what}_of", {"$sum": {"$cond": [{"$gt": [code, None]}, 1, 0]}}, 0)
    return Value({"$cond": [{"$gt": [f"${counted}", 0]}, f"${name}", None]}, inner.kind, nullable=True)


def _count(node: exp.Count, making: Group, test: Any) -> Value:
    inner = node.this
    if isinstance(inner, exp.Distinct):
        return _count_distinct(inner, making, test)
    if not isinstance(inner, exp.Star):
        found = value(inner, making.scope)
        if found.nullable:
            there = whether_there(found)
            test = there if test is None else {"$and": [test, there]}
    code: Any = 1 if test is None else {"$cond": [test, 1, 0]}
    return Value(f"${making.accumulate('count', {'$sum': code}, 0)}", "int")


def _count_distinct(node: exp.Distinct, making: Group, test: Any) -> Value:
    if len(node.expressions) != 1:
        raise NotCarriedError("COUNT(DISTINCT …) of several columns")
    found = value(node.expressions[0], making.scope)
    name = making.accumulate("distinct", {"$addToSet": _only(test, found.code)}, [])
    held: Any = f"${name}"
    if found.nullable or test is not None:
        held = {"$setDifference": [held, [None]]}
    return Value({"$size": held}, "int")


def _list(node: exp.Expr, making: Group, test: Any) -> Value:
    """Values in an order that the statement names."""
    inner, ordered = node.this, None
    if isinstance(inner, exp.Order):
        inner, ordered = inner.this, inner.expressions
    if ordered is None or len(ordered) != 1 or test is not None or isinstance(inner, exp.Distinct):
        raise NotCarriedError(f"{says(node)}: only with an ORDER BY of one column")
    found, key = value(inner, making.scope), value(ordered[0].this, making.scope)
    separator = node.args.get("separator")
    text = isinstance(node, exp.GroupConcat)
    if found.nullable or key.nullable or (text and found.kind != "text"):
        raise NotCarriedError(says(node))
    name = making.accumulate("list", {"$push": {"key": key.code, "value": found.code}}, None)
    direction = -1 if ordered[0].args.get("desc") else 1
    sorted_ = {"$sortArray": {"input": f"${name}", "sortBy": {"key": direction}}}
    if not text:
        values = {"$map": {"input": sorted_, "in": "$$this.value"}}
        return Value({"$cond": [{"$gt": [f"${name}", None]}, values, None]}, "list", nullable=True)
    between = separator.this if isinstance(separator, exp.Literal) else ""
    joined = {"$concat": ["$$value", {"$literal": between}, "$$this.value"]}
    reduced = {
        "$reduce": {
            "input": sorted_,
            "initialValue": None,
            "in": {"$cond": [{"$eq": ["$$value", None]}, "$$this.value", joined]},
        }
    }
    return Value(reduced, "text", nullable=True)
