"""FROM and JOIN: what stands in the same document already, what an array holds, and what has to be looked up."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb.conditions import both, truth
from app.playground.translating.mongodb.queries import matching, merged
from app.playground.translating.mongodb.scopes import Columns, Context, Scope
from app.playground.translating.mongodb.sources import Source, columns_of, stages_of
from app.playground.translating.shapes import Table
from app.playground.translating.sql import conjuncts, says

Compile = Callable[[exp.Expr, Context, Scope | None], Any]
"""Compiles a query; given, since queries hold joins and joins hold queries."""


@dataclass(slots=True)
class Joined:
    """What is known while FROM is gone through. `hosts`: by alias, the path at which that table's document begins."""

    scope: Scope
    select: exp.Select
    compile: Compile
    pending: list[exp.Expr]
    hosts: dict[str, tuple[Table, str]] = field(default_factory=dict)
    unwound: set[str] = field(default_factory=set)
    used: dict[str, set[str]] = field(default_factory=dict)


def begin(select: exp.Select, scope: Scope, compile_: Compile) -> list[exp.Expr]:
    """Everything of FROM and JOIN, with the conditions that can stand early. Gives the conditions of WHERE that are left."""
    if select.args.get("from_") is None:
        raise NotCarriedError("a SELECT without a table")
    nodes, joins = [select.args["from_"].this], list(select.args.get("joins") or [])
    if len(joins) == 1 and joins[0].side == "RIGHT":
        nodes, joins = [joins[0].this], [exp.Join(this=nodes[0], side="LEFT", on=joins[0].args.get("on"))]
    where = select.args.get("where")
    going = Joined(scope, select, compile_, conjuncts(where.this if where else None))
    for column in select.find_all(exp.Column):
        going.used.setdefault(column.table, set()).add(column.name)
    source = _source(nodes[0], going)
    scope.collection = source.collection
    scope.stages += source.stages
    scope.places[source.alias] = source.columns("")
    if source.table is not None:
        going.hosts[source.alias] = (source.table, "")
        going.unwound |= {source.table.engines["mongodb"].get("unwind", "")}
    going.pending = _early(going)
    for join in joins:
        _join(join, going)
        going.pending = _early(going)
    return going.pending


def match(scope: Scope, parts: list[exp.Expr]) -> None:
    """A $match of conditions that hold together: the query language where it says them, $expr where it doesn't."""
    queries: list[dict[str, Any] | None] = []
    tests = []
    for part in parts:
        query = matching(part, scope)
        if query is None:
            tests.append(truth(part, scope))
        else:
            queries.append(query)
    found = merged(queries) or {}
    test = both(tests)
    if test is not True:
        found = {**found, "$expr": test}
    if found:
        scope.add("$match", found)


def _early(going: Joined) -> list[exp.Expr]:
    here = {part for part in going.pending if _placed(part, going)}
    match(going.scope, [part for part in going.pending if part in here])
    return [part for part in going.pending if part not in here]


def _placed(part: exp.Expr, going: Joined) -> bool:
    """Whether a condition needs nothing that is still to be joined, and no subquery."""
    if part.find(exp.Query):
        return False
    to_come = _aliases(going.select) - set(going.scope.places)
    return not {column.table for column in part.find_all(exp.Column)} & to_come


def _aliases(select: exp.Select) -> set[str]:
    nodes = [select.args["from_"].this, *(join.this for join in select.args.get("joins") or [])]
    return {node.alias_or_name for node in nodes}


def _source(node: exp.Expr, going: Joined) -> Source:
    context = going.scope.context
    alias = node.alias_or_name
    if isinstance(node, exp.Table) and node.name not in context.ctes:
        table = context.tables[node.name]
        place = table.engines["mongodb"].get("place") in going.used.get(alias, ())
        section = table.engines["mongodb"]
        return Source(
            alias, section["collection"], stages_of(table, place=place), lambda base: columns_of(table, base), table
        )
    if isinstance(node, exp.Table):
        query: exp.Expr = context.ctes[node.name]
    elif isinstance(node, exp.Subquery):
        query = node.this
    else:
        raise NotCarriedError(f"{says(node)} in FROM")
    compiled = going.compile(query, context, None)
    named = node.args["alias"].columns if node.args.get("alias") else []
    names = [column.name for column in named] or list(compiled.columns)

    def columns(base: str) -> Columns:
        return {
            name: replace(value, code=f"${base}{value.path}")
            for name, value in zip(names, compiled.columns.values(), strict=False)
        }

    return Source(alias, compiled.collection, compiled.stages, columns)


def _join(join: exp.Join, going: Joined) -> None:
    if join.side not in ("", "LEFT") or join.method or join.kind not in ("", "INNER", "CROSS", "OUTER"):
        name = " ".join(part for part in (join.method, join.side, join.kind) if part)
        raise NotCarriedError(f"{name} JOIN")
    left = join.side == "LEFT"
    source = _source(join.this, going)
    parts = conjuncts(join.args.get("on"))
    if not left:
        known = {*going.scope.places, source.alias}
        taken = [part for part in going.pending if _links(part, source.alias, known)]
        parts, going.pending = [*parts, *taken], [part for part in going.pending if part not in taken]
    rest = _inside(source, parts, going, left=left)
    if rest is None:
        rest = _unwound(source, parts, going, left=left)
    if rest is None:
        _looked_up(source, parts, going, left=left)
    else:
        match(going.scope, rest)


def _links(part: exp.Expr, alias: str, known: set[str]) -> bool:
    tables = {column.table for column in part.find_all(exp.Column)}
    return isinstance(part, exp.EQ) and alias in tables and len(tables) == 2 and tables <= known


def _equal(part: exp.Expr, alias: str) -> tuple[exp.Column, exp.Column] | None:
    """The columns of `other.column = alias.column`, the other's first."""
    if not isinstance(part, exp.EQ):
        return None
    left, right = part.this, part.expression
    if not (isinstance(left, exp.Column) and isinstance(right, exp.Column)):
        return None
    if left.table == alias:
        left, right = right, left
    return (left, right) if right.table == alias != left.table else None


def _inside(source: Source, parts: list[exp.Expr], going: Joined, *, left: bool) -> list[exp.Expr] | None:
    """The other table's columns that stand in a document which is there already; the conditions left over, or None."""
    if source.table is None:
        return None
    for host, (table, base) in going.hosts.items():
        held = table.engines["mongodb"].get("inside", {}).get(source.table.name)
        if held is None or not going.used.get(source.alias, set()) <= set(held["fields"]):
            continue
        links = [part for part in parts if _is_link(part, source.alias, host, held["on"])]
        if not links or (left and len(links) < len(parts)):
            continue
        outer = any(value.nullable for value in going.scope.places[host].values())
        going.scope.places[source.alias] = {
            name: replace(value, code=f"${base}{held['fields'][name]}", nullable=outer)
            for name, value in columns_of(source.table, "").items()
            if name in held["fields"]
        }
        whole = source.table.engines["mongodb"].get("fields", {}).get("id") == held["fields"].get("id")
        if whole and source.table.engines["mongodb"]["collection"] == table.engines["mongodb"]["collection"]:
            going.hosts[source.alias] = (source.table, base)
        return [part for part in parts if part not in links]
    return None


def _is_link(part: exp.Expr, alias: str, host: str, on: dict[str, str]) -> bool:
    pair = _equal(part, alias)
    return pair is not None and pair[0].table == host and on.get(pair[0].name) == pair[1].name


def _unwound(source: Source, parts: list[exp.Expr], going: Joined, *, left: bool) -> list[exp.Expr] | None:
    """The rows of an array in a document that is there already; the conditions left over, or None."""
    section = source.table.engines["mongodb"] if source.table else {}
    if source.table is None or "unwind" not in section:
        return None
    for host, (table, base) in going.hosts.items():
        array, theirs = f"{base}{section['unwind']}", table.engines["mongodb"]
        if theirs["collection"] != section["collection"] or "unwind" in theirs or array in going.unwound:
            continue
        links = [part for part in parts if _same_field(part, source.table, source.alias, table, host)]
        if not links or (left and len(links) < len(parts)):
            continue
        place = section.get("place") in going.used.get(source.alias, ())
        going.scope.stages += stages_of(source.table, base, keep=left, place=place)
        going.unwound.add(array)
        found = columns_of(source.table, base)
        going.scope.places[source.alias] = _maybe(found, array) if left else found
        going.hosts[source.alias] = (source.table, base)
        return [part for part in parts if part not in links]
    return None


def _same_field(part: exp.Expr, table: Table, alias: str, other: Table, host: str) -> bool:
    pair = _equal(part, alias)
    if pair is None or pair[0].table != host:
        return False
    theirs, ours = other.engines["mongodb"].get("fields", {}), table.engines["mongodb"].get("fields", {})
    return bool(theirs.get(pair[0].name, pair[0].name) == ours.get(pair[1].name, pair[1].name))


def _maybe(columns: Columns, array: str) -> Columns:
    """Columns of a row that may not be there: what stands beside the array is null without one."""
    there = {"$gt": [f"${array}", None]}
    return {
        name: replace(
            value,
            nullable=True,
            code=value.code
            if value.path and f"{value.path}.".startswith(f"{array}.")
            else {"$cond": [there, value.code, None]},
        )
        for name, value in columns.items()
    }


def _looked_up(source: Source, parts: list[exp.Expr], going: Joined, *, left: bool) -> None:
    scope = going.scope
    name = source.alias if source.alias not in _taken(going) else scope.context.fresh(source.alias)
    child = scope.child(source.collection)
    child.stages = list(source.stages)
    child.places[source.alias] = source.columns("")
    body: dict[str, Any] = {"from": source.collection}
    fields = [] if source.stages else [(part, _by_fields(part, source.alias, scope, child)) for part in parts]
    chosen = next(((part, found) for part, found in fields if found), None)
    if chosen is not None:
        parts = [part for part in parts if part is not chosen[0]]
        body["localField"], body["foreignField"] = chosen[1] or ("", "")
    match(child, parts)
    if child.stages or chosen is None:
        body |= {"let": child.lets} if child.lets else {}
        body["pipeline"] = child.stages
    scope.add("$lookup", {**body, "as": name})
    path = f"${name}"
    scope.add("$unwind", {"path": path, "preserveNullAndEmptyArrays": True} if left else path)
    found = source.columns(f"{name}.")
    scope.places[source.alias] = _maybe(found, name) if left else found
    if source.table is not None and not source.stages:
        going.hosts[source.alias] = (source.table, f"{name}.")


def _by_fields(part: exp.Expr, alias: str, scope: Scope, child: Scope) -> tuple[str, str] | None:
    """The two paths of an equality that $lookup takes as its fields: never null, which it would count as equal."""
    pair = _equal(part, alias)
    if pair is None or pair[0].table not in scope.places:
        return None
    ours, theirs = scope.column(pair[0]), child.column(pair[1])
    same = (ours.kind, ours.as_text, ours.exact) == (theirs.kind, theirs.as_text, theirs.exact)
    return (ours.path, theirs.path) if same and not ours.nullable and ours.path and theirs.path else None


def _taken(going: Joined) -> set[str]:
    """The names of fields that the documents of the pipeline may have."""
    found = set(going.scope.places)
    for table in going.scope.context.tables.values():
        section = table.engines["mongodb"]
        paths = [*section.get("fields", {}).values(), *table.columns, section.get("unwind", "")]
        found |= {path.split(".")[0] for path in paths}
    held = [value.path for columns in going.scope.places.values() for value in columns.values() if value.path]
    return found | {path.split(".")[0] for path in held}
