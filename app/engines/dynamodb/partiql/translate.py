"""A PartiQL statement as the API call that DynamoDB makes of it, given the keys of its table.

The emulator's own PartiQL knows no OR, BETWEEN, nested values or indexes and reads the whole table for every SELECT.
"""

from dataclasses import dataclass, field
from typing import Any

from app.engines.dynamodb.partiql.cursor import AttributeValue, Path
from app.engines.dynamodb.partiql.partiql import COMPARISONS, Node, Parsed

Keys = tuple[str, str | None]
"""The names of the partition key and of the sort key."""


_SHAPES = {
    "path": "{}",
    "size": "size({})",
    "plus": "{} + {}",
    "minus": "{} - {}",
    "not": "NOT ({})",
    "between": "{} BETWEEN {} AND {}",
    "missing": "attribute_not_exists({})",
    "null": "attribute_type({}, {})",
}


class TranslationProblem(ValueError):
    """Why DynamoDB would not run the statement, in its words."""


@dataclass(slots=True)
class Expressions:
    """Names and values of a call, each behind a placeholder."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, AttributeValue] = field(default_factory=dict)

    def path(self, path: Path) -> str:
        text = ""
        for part in path:
            if isinstance(part, int):
                text += f"[{part}]"
                continue
            placeholder = next((name for name, known in self.names.items() if known == part), f"#n{len(self.names)}")
            self.names[placeholder] = part
            text += f".{placeholder}" if text else placeholder
        return text

    def value(self, value: AttributeValue) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = value
        return placeholder

    def parameters(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.names:
            found["ExpressionAttributeNames"] = self.names
        if self.values:
            found["ExpressionAttributeValues"] = self.values
        return found

    def render(self, node: Node) -> str:
        """The node in DynamoDB's expression language."""
        if node.op in ("and", "or"):
            inner = (f"({self.render(arg)})" if arg.op == "or" else self.render(arg) for arg in node.args)
            return f" {node.op.upper()} ".join(inner)
        if node.op in ("path", "value", "size"):
            held = node.args[0]
            return self.value(held) if node.op == "value" else _SHAPES[node.op].format(self.path(held))
        args = [self.render(arg) for arg in node.args]
        if node.op in COMPARISONS:
            return f"{args[0]} {node.op} {args[1]}"
        if node.op == "in":
            return f"{args[0]} IN ({', '.join(args[1:])})"
        if node.op == "null":
            args.append(self.value({"S": "NULL"}))
        return _SHAPES.get(node.op, f"{node.op}({', '.join(args)})").format(*args)


@dataclass(slots=True)
class KeySplit:
    """A WHERE clause in its parts: what the keys answer, and what is left for a filter or a condition."""

    partition: Node | None = None
    sort: Node | None = None
    rest: list[Node] = field(default_factory=list)

    @property
    def whole_key(self) -> bool:
        return self.partition is not None and self.sort is not None and self.sort.op == "="


def split_where(where: Node | None, keys: Keys) -> KeySplit:
    """The first condition on each key that a Query could use; without one on the partition key, all is filter."""
    split = KeySplit()
    conjuncts = [] if where is None else list(where.args) if where.op == "and" else [where]
    for node in conjuncts:
        if split.partition is None and node.op == "=" and _is_key(node, keys[0]):
            split.partition = node
        elif split.sort is None and keys[1] and _is_sort_condition(node, keys[1]):
            split.sort = node
        else:
            split.rest.append(node)
    if split.partition is None:
        return KeySplit(rest=conjuncts)
    return split


def _is_key(node: Node, name: str) -> bool:
    left, *right = node.args
    return bool(left == Node("path", ((name,),)) and all(arg.op == "value" for arg in right))


def _is_sort_condition(node: Node, name: str) -> bool:
    usable = node.op in ("=", "<", "<=", ">", ">=", "between", "begins_with")
    return usable and _is_key(node, name)


def translate(parsed: Parsed, keys: Keys) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters. `keys` are those of the index when the statement names one."""
    made = {"SELECT": _select, "INSERT": _insert, "UPDATE": _update, "DELETE": _delete, "EXISTS": _select}
    return made[parsed.verb](parsed, keys)


def _select(parsed: Parsed, keys: Keys) -> tuple[str, dict[str, Any]]:
    split = split_where(parsed.where, keys)
    expressions = Expressions()
    call: dict[str, Any] = {"TableName": parsed.table}
    if parsed.index:
        call["IndexName"] = parsed.index
    if split.partition:
        conditions = [node for node in (split.partition, split.sort) if node]
        call["KeyConditionExpression"] = " AND ".join(expressions.render(node) for node in conditions)
    if split.rest:
        call["FilterExpression"] = expressions.render(_all(split.rest))
    if parsed.projection and all(len(path) == 1 for path in parsed.projection):
        call["ProjectionExpression"] = ", ".join(expressions.path(path) for path in parsed.projection)
    if parsed.order:
        _order(parsed, keys, split, call)
    return "Query" if split.partition else "Scan", {**call, **expressions.parameters()}


def _order(parsed: Parsed, keys: Keys, split: KeySplit, call: dict[str, Any]) -> None:
    if split.partition is None:
        raise TranslationProblem(
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
        )
    for path, ascending in parsed.order:
        if path not in ((keys[0],), (keys[1],)):
            raise TranslationProblem(f"Variable reference {path[0]} in ORDER BY clause must be part of the primary key")
        if path == (keys[1],):
            call["ScanIndexForward"] = ascending


def _insert(parsed: Parsed, keys: Keys) -> tuple[str, dict[str, Any]]:
    expressions = Expressions()
    condition = f"attribute_not_exists({expressions.path((keys[0],))})"
    return "PutItem", {
        "TableName": parsed.table,
        "Item": parsed.item,
        "ConditionExpression": condition,
        **expressions.parameters(),
    }


def _update(parsed: Parsed, keys: Keys) -> tuple[str, dict[str, Any]]:
    key, rest = _target(parsed, keys)
    expressions = Expressions()
    clauses: dict[str, list[str]] = {"SET": [], "REMOVE": [], "ADD": [], "DELETE": []}
    for path, node in parsed.sets:
        if node.op in ("set_add", "set_delete"):
            clause = "ADD" if node.op == "set_add" else "DELETE"
            clauses[clause].append(f"{expressions.path(path)} {expressions.render(node.args[1])}")
        else:
            clauses["SET"].append(f"{expressions.path(path)} = {expressions.render(node)}")
    clauses["REMOVE"] = [expressions.path(path) for path in parsed.removes]
    exists = Node("attribute_exists", (Node("path", ((keys[0],),)),))
    call = {
        "TableName": parsed.table,
        "Key": key,
        "UpdateExpression": " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses.items() if parts),
        "ConditionExpression": expressions.render(_all([exists, *rest])),
        **expressions.parameters(),
    }
    return "UpdateItem", _with_returning(call, parsed)


def _delete(parsed: Parsed, keys: Keys) -> tuple[str, dict[str, Any]]:
    if parsed.returning not in (None, "ALL_OLD"):
        raise TranslationProblem("Only RETURNING ALL OLD * is supported in a DELETE statement")
    key, rest = _target(parsed, keys)
    expressions = Expressions()
    call: dict[str, Any] = {"TableName": parsed.table, "Key": key}
    if rest:
        call["ConditionExpression"] = expressions.render(_all(rest))
    return "DeleteItem", _with_returning({**call, **expressions.parameters()}, parsed)


def _all(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Node("and", tuple(nodes))


def _with_returning(call: dict[str, Any], parsed: Parsed) -> dict[str, Any]:
    return {**call, "ReturnValues": parsed.returning} if parsed.returning else call


def _target(parsed: Parsed, keys: Keys) -> tuple[dict[str, AttributeValue], list[Node]]:
    """The key of the one item that an UPDATE or DELETE is for, and what else is asked of it."""
    split = split_where(parsed.where, keys)
    if parsed.index:
        raise TranslationProblem("Update and delete statements take a table, not an index")
    if split.partition is None or (keys[1] and not split.whole_key):
        raise TranslationProblem("Where clause does not contain a mandatory equality on all key attributes")
    parts = [(keys[0], split.partition), *([(keys[1], split.sort)] if keys[1] and split.sort else [])]
    return {name: node.args[1].args[0] for name, node in parts}, split.rest
