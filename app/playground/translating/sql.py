"""The SQL that is translated: one statement, read and qualified with the dataset's own tables."""

import logging
from collections.abc import Iterator, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.tokenizer_core import TokenType

from app.core.errors import InvalidRequest
from app.datasets import DATASETS
from app.playground.translating import shapes

log = logging.getLogger(__name__)

MAX_CHARACTERS = 4_000
MAX_NODES = 600
CHANGES = (exp.Insert, exp.Update, exp.Delete)


def read(source: str, dataset: str) -> exp.Expr:
    """A SELECT (or set operation) with every column under its table's name, or an INSERT, UPDATE or DELETE as written.

    Takes some ms. Raises InvalidRequest for what is none of these, can't be read, or names what the dataset doesn't have.
    """
    if len(source) > MAX_CHARACTERS:
        raise InvalidRequest(f"The SQL has {len(source):,} characters; a translation takes {MAX_CHARACTERS:,}.")
    try:
        found = [tree for tree in sqlglot.parse(source, read="postgres") if tree]
        return _one(found, dataset)
    except SqlglotError as exc:
        raise InvalidRequest(f"This SQL can't be read: {_first_line(exc)}") from exc
    except RecursionError:
        raise InvalidRequest("This SQL is nested too deeply to be translated.") from None


def dataset_of(source: str) -> str:
    """The dataset that has the tables which a source names. Raises InvalidRequest where none has them all."""
    try:
        trees = [tree for tree in sqlglot.parse(source[:MAX_CHARACTERS], read="postgres") if tree]
    except (SqlglotError, RecursionError):
        trees = []
    names = {table.name for tree in trees for table in tree.find_all(exp.Table) if not _is_cte(table)}
    for name in DATASETS:
        if names and names <= set(shapes.tables(name)):
            return name
    told = f"no dataset has {', '.join(sorted(names)[:8])}" if names else "it names no table"
    raise InvalidRequest(
        f"A translation is of SQL over one of the datasets ({', '.join(DATASETS)}): {told}.",
        hint="Where rows are kept in each engine is known of the datasets alone.",
    )


def first(source: str) -> str:
    """The first statement's text, without its semicolon."""
    try:
        end = next((token for token in Postgres().tokenize(source) if token.token_type == TokenType.SEMICOLON), None)
    except SqlglotError as exc:
        raise InvalidRequest(f"This SQL can't be read: {_first_line(exc)}") from exc
    return (source[: end.start] if end else source).strip()


def _one(found: list[exp.Expr], dataset: str) -> exp.Expr:
    if len(found) == 2 and isinstance(found[0], CHANGES) and isinstance(found[1], exp.Query):
        # What a translation put there to read back what a change left.
        found = found[:1]
    if len(found) != 1:
        raise InvalidRequest(f"A translation takes one statement; there are {len(found)}.")
    tree = found[0].transform(_negated)
    if not isinstance(tree, (exp.Query, *CHANGES)):
        raise InvalidRequest("A translation takes a SELECT, INSERT, UPDATE or DELETE.")
    if sum(1 for _ in tree.walk()) > MAX_NODES:
        raise InvalidRequest(f"This SQL has more than {MAX_NODES} parts, too many to be translated.")
    tables = shapes.tables(dataset)
    for table in tree.find_all(exp.Table):
        if table.name not in tables and not _is_cte(table):
            raise InvalidRequest(f"The dataset {dataset} has no table {table.name!r}; it has {', '.join(tables)}.")
    if isinstance(tree, CHANGES):
        _check_columns(tree, tables)
        return tree
    for select in tree.find_all(exp.Select):
        _name_apart(select)
    schema: dict[str, object] = {name: dict(table.columns) for name, table in tables.items()}
    return qualify(tree, schema=schema, dialect="postgres", quote_identifiers=False)


def _check_columns(tree: exp.Expr, tables: Mapping[str, shapes.Table]) -> None:
    target = tree.find(exp.Table)
    if target is None or target.name not in tables:
        raise InvalidRequest("A change names the table that it changes.")
    listed = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
    for column in [*tree.find_all(exp.Column), *listed]:
        if not tree.find(exp.Query) and column.name not in tables[target.name].columns:
            raise InvalidRequest(f"The table {target.name} has no column {column.name!r}.")


def _negated(node: exp.Expr) -> exp.Expr:
    """NOT LIKE and its like as NOT around LIKE, so that one place alone knows of negation."""
    if not node.args.get("negate"):
        return node
    inner = node.copy()
    inner.set("negate", None)
    return exp.Not(this=inner)


def _name_apart(select: exp.Select) -> None:
    """Number columns of the same name, so that a position in ORDER BY stands for one of them."""
    taken: set[str] = set()
    for at, node in enumerate(select.expressions):
        name = node.alias_or_name
        if isinstance(bare(node), exp.Column) and name in taken:
            number = next(n for n in range(2, len(select.expressions) + 2) if f"{name}_{n}" not in taken)
            name = f"{name}_{number}"
            select.expressions[at] = exp.alias_(bare(node), name)
        taken.add(name)


def _is_cte(table: exp.Table) -> bool:
    return any(cte.alias == table.name for cte in table.root().find_all(exp.CTE))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].replace("\x1b[4m", "").replace("\x1b[0m", "")


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """The parts of a condition that hold together."""
    if node is None:
        return []
    node = bare(node)
    if isinstance(node, exp.And):
        return [*conjuncts(node.this), *conjuncts(node.expression)]
    return [node]


def bare(node: exp.Expr) -> exp.Expr:
    """Without parentheses and aliases."""
    while isinstance(node, exp.Paren | exp.Alias):
        node = node.this
    return node


def outside_subqueries(node: exp.Expr) -> Iterator[exp.Expr]:
    """The node and its parts, none of a subquery's."""
    yield from node.walk(prune=lambda part: isinstance(part, exp.Query | exp.Subquery) and part is not node)


def number_of(node: exp.Expr | None) -> int | None:
    """A whole number that is written out, as in LIMIT 3."""
    return int(node.this) if isinstance(node, exp.Literal) and node.is_int else None


def says(node: exp.Expr) -> str:
    """The node as a reader would write it, shortened."""
    text = " ".join(node.sql(dialect="postgres").split())
    return text if len(text) <= 60 else text[:59] + "…"
