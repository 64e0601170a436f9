"""Window functions as $setWindowFields."""

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.expressions import value
from app.playground.translating.mongodb.grouping import parts_of
from app.playground.translating.mongodb.ordering import Key, keys_of, sort_by
from app.playground.translating.mongodb.scopes import Scope
from app.playground.translating.mongodb.values import TIMES, Value, dated, exactly, whether_there
from app.playground.translating.sql import number_of, outside_subqueries, says

Frame = dict[str, Any] | None
_RANKS: dict[type[exp.Expr], str] = {exp.Rank: "$rank", exp.DenseRank: "$denseRank"}


def windows(select: exp.Select, scope: Scope) -> None:
    """A stage for each window; functions over the same one share it."""
    for window in _found(select):
        if window.sql() in scope.computed:
            continue
        if window.args.get("alias") or select.args.get("windows"):
            raise NotCarriedError("WINDOW with a name")
        _add(select, window, scope)


def _found(select: exp.Select) -> Iterator[exp.Window]:
    for part in parts_of(select):
        yield from (node for node in outside_subqueries(part) if isinstance(node, exp.Window))


def _add(select: exp.Select, window: exp.Window, scope: Scope) -> None:
    function, order = window.this, window.args.get("order")
    partition = [value(part, scope) for part in window.args.get("partition_by") or []]
    keys = keys_of(order.expressions, scope) if order else []
    body: dict[str, Any] = {}
    if len(partition) == 1:
        body["partitionBy"] = partition[0].code
    elif partition:
        body["partitionBy"] = {f"key_{number}": found.code for number, found in enumerate(partition, 1)}
    frame = _frame(select, window, keys, scope)
    if type(function) in _RANKS and len(keys) > 1:
        keys = [_together(keys, window)]
    sort = sort_by(keys, scope)
    if sort:
        body["sortBy"] = sort
    operator, result = _operator(window, frame, scope, sort)
    name = scope.context.fresh("w")
    if isinstance(result, Value):
        scope.computed[window.sql()] = Value(f"${name}", result.kind, result.nullable, result.exact, result.as_text)
    last = scope.stages[-1].get("$setWindowFields") if scope.stages else None
    if last is not None and {k: v for k, v in last.items() if k != "output"} == body:
        last["output"][name] = operator
    else:
        scope.add("$setWindowFields", {**body, "output": {name: operator}})


def _together(keys: list[Key], window: exp.Window) -> Key:
    """Ranks go by one field: several are one document, where they all go the same way."""
    if len({key.descending for key in keys}) > 1 or any(key.value.nullable for key in keys):
        raise NotCarriedError(f"{says(window)}: a rank by columns in different directions")
    code = {f"key_{number}": key.value.code for number, key in enumerate(keys, 1)}
    return Key(Value(code, "document"), keys[0].descending, nulls_first=False)


def _operator(window: exp.Window, frame: Frame, scope: Scope, sort: dict[str, int]) -> tuple[dict[str, Any], Value]:
    function = window.this
    if isinstance(function, exp.RowNumber | exp.Rank | exp.DenseRank):
        if not sort:
            raise NotCarriedError(f"{says(window)}: only with an ORDER BY")
        if isinstance(function, exp.RowNumber) and len(sort) > 1:
            return {"$sum": 1, "window": {"documents": ["unbounded", "current"]}}, Value(None, "int")
        return {_RANKS.get(type(function), "$documentNumber"): {}}, Value(None, "int")
    if isinstance(function, exp.Lag | exp.Lead):
        return _shifted(function, scope, sort)
    if isinstance(function, exp.FirstValue):
        inner = value(function.this, scope)
        return {"$first": inner.code, "window": frame or {"documents": ["unbounded", "unbounded"]}}, inner
    if isinstance(function, exp.Sum | exp.Avg | exp.Min | exp.Max | exp.Count):
        return _over(function, frame, scope)
    raise NotCarriedError(f"the window function {says(function)}")


def _shifted(function: exp.Lag | exp.Lead, scope: Scope, sort: dict[str, int]) -> tuple[dict[str, Any], Value]:
    inner = value(function.this, scope)
    by = number_of(function.args["offset"]) if function.args.get("offset") else 1
    default = value(function.args["default"], scope) if function.args.get("default") else None
    if by is None or not sort or (default is not None and not default.constant):
        raise NotCarriedError(f"{says(function)}: only with an ORDER BY, a distance and a default that are written out")
    body: dict[str, Any] = {"output": inner.code, "by": -by if isinstance(function, exp.Lag) else by}
    if default is not None:
        body["default"] = default.code
    nullable = inner.nullable or default is None
    return {"$shift": body}, Value(None, inner.kind, nullable, inner.exact, inner.as_text)


def _over(function: exp.Expr, frame: Frame, scope: Scope) -> tuple[dict[str, Any], Value]:
    window = {"window": frame} if frame else {}
    if isinstance(function, exp.Count):
        if isinstance(function.this, exp.Star):
            return {"$sum": 1, **window}, Value(None, "int")
        inner = value(function.this, scope)
        code = {"$cond": [whether_there(inner), 1, 0]} if inner.nullable else 1
        return {"$sum": code, **window}, Value(None, "int")
    inner = value(function.this, scope)
    if isinstance(function, exp.Sum):
        if inner.nullable or inner.kind not in ("int", "decimal") or not _holds_current(frame):
            raise NotCarriedError(f"{says(function)} over rows that may hold no value")
        return {"$sum": exactly(inner), **window}, Value(None, inner.kind)
    if isinstance(function, exp.Avg):
        if inner.kind not in ("int", "decimal"):
            raise NotCarriedError(says(function))
        code = exactly(inner) if inner.kind == "decimal" else {"$toDecimal": inner.code}
        return {"$avg": code, **window}, Value(None, "decimal", nullable=True)
    name = "$min" if isinstance(function, exp.Min) else "$max"
    return {name: inner.code, **window}, Value(None, inner.kind, True, inner.exact, inner.as_text)


def _holds_current(frame: Frame) -> bool:
    if frame is None or "documents" not in frame:
        return True
    low, high = frame["documents"]
    return (low in ("unbounded", "current") or low <= 0) and (high in ("unbounded", "current") or high >= 0)


def _frame(select: exp.Select, window: exp.Window, keys: list[Key], scope: Scope) -> Frame:
    """The window's rows. None for all of the partition, which is what MongoDB takes without one."""
    spec = window.args.get("spec")
    if spec is not None and spec.args.get("kind") == "ROWS" and not spec.args.get("exclude"):
        low = _bound(spec.args.get("start"), spec.args.get("start_side"), window)
        return {"documents": [low, _bound(spec.args.get("end") or "CURRENT ROW", spec.args.get("end_side"), window)]}
    bounds = (spec.args.get("start"), spec.args.get("end") or "CURRENT ROW") if spec else ("UNBOUNDED", "CURRENT ROW")
    if bounds == ("UNBOUNDED", "UNBOUNDED") or not keys:
        return None
    if bounds != ("UNBOUNDED", "CURRENT ROW") or (spec and spec.args.get("exclude")):
        raise NotCarriedError(f"{says(window)}: the frame {says(spec) if spec else ''}")
    if isinstance(window.this, exp.FirstValue):
        return {"documents": ["unbounded", "current"]}
    if not isinstance(window.this, exp.Sum | exp.Avg | exp.Min | exp.Max | exp.Count):
        return None
    return _with_peers(select, window, keys, scope)


def _with_peers(select: exp.Select, window: exp.Window, keys: list[Key], scope: Scope) -> Frame:
    """Up to the current row and its peers: a range where one number or time orders, rows where no two are peers.

    A range ends at 0, since MongoDB's "current" leaves out the peers that come after.
    """
    if _without_ties(select, window, scope):
        return {"documents": ["unbounded", "current"]}
    key = keys[0]
    if len(keys) > 1 or key.value.nullable or key.value.kind not in ("int", "decimal", *TIMES):
        raise NotCarriedError(
            f"{says(window)}: rows that are equal in this order count together in SQL, not in MongoDB"
        )
    found = key.value
    if key.descending:
        # A range goes upwards only.
        number = {"$toLong": dated(found)} if found.kind in TIMES else found.code
        keys[0] = Key(Value({"$multiply": [number, -1]}, "int"), descending=False, nulls_first=False)
        return {"range": ["unbounded", 0]}
    if found.kind in TIMES:
        keys[0] = Key(Value(dated(found), found.kind), descending=False, nulls_first=False)
        return {"range": ["unbounded", 0], "unit": "millisecond"}
    return {"range": ["unbounded", 0]}


def _without_ties(select: exp.Select, window: exp.Window, scope: Scope) -> bool:
    named = _columns(_ordering(window))
    clause = select.args.get("group")
    if clause is not None:
        return named.issuperset(_columns(clause.expressions)) and all(
            isinstance(key, exp.Column) for key in clause.expressions
        )
    tables = [node for node in [select.args["from_"].this] if isinstance(node, exp.Table)]
    if select.args.get("joins") or not tables or tables[0].name not in scope.context.tables:
        return False
    alias, table = tables[0].alias_or_name, scope.context.tables[tables[0].name]
    return all((alias, name) in named for name in table.key)


def _columns(nodes: list[exp.Expr]) -> set[tuple[str, str]]:
    return {(node.table, node.name) for node in nodes if isinstance(node, exp.Column)}


def _ordering(window: exp.Window) -> list[exp.Expr]:
    return [*(window.args.get("partition_by") or []), *(part.this for part in window.args["order"].expressions)]


def _bound(held: Any, side: Any, window: exp.Window) -> Any:
    if held == "CURRENT ROW":
        return "current"
    if held == "UNBOUNDED":
        return "unbounded"
    number = number_of(held) if isinstance(held, exp.Expr) else None
    if number is None:
        raise NotCarriedError(f"{says(window)}: the frame")
    return -number if side == "PRECEDING" else number
