"""An SQL statement in every engine's words, with what could not be carried over; and whether it proved to be the same."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from app.playground.comparing import answers
from app.playground.comparing.answers import Answer, Difference
from app.playground.comparing.comparison import Judgement
from app.playground.translating import changes, shapes, sql
from app.playground.translating.carried import Answering, Carried, read
from app.playground.translating.changes import Change
from app.playground.translating.dynamodb import changes as dynamodb_changes
from app.playground.translating.dynamodb import selects as dynamodb_selects
from app.playground.translating.errors import NotCarriedError
from app.playground.translating.mongodb import aggregates as mongodb_selects
from app.playground.translating.mongodb import changes as mongodb_changes
from app.playground.translating.mongodb.scopes import Context
from app.playground.translating.redis import changes as redis_changes
from app.playground.translating.redis import selects as redis_selects
from app.playground.translating.shapes import Table

log = logging.getLogger(__name__)

REFERENCE = "postgres"
ENGINES = ("mongodb", "redis", "dynamodb")
Tables = Mapping[str, Table]

_SELECTS: Mapping[str, Callable[[exp.Expr, Tables], Carried]] = {
    "mongodb": mongodb_selects.select,
    "dynamodb": dynamodb_selects.select,
    "redis": redis_selects.select,
}
_CHANGES: Mapping[str, Callable[[Change, Tables], list[str]]] = {
    "mongodb": lambda change, tables: mongodb_changes.statements(change, Context(tables)),
    "dynamodb": lambda change, _: dynamodb_changes.statements(change),
    "redis": lambda change, _: redis_changes.statements(change),
}


@dataclass(frozen=True, slots=True)
class Translated:
    """`source`: what PostgreSQL runs, which for a change also reads what it left.

    `ordered`: whether the order of the answer counts; `order`: the places of the columns that decide it, where the answer has them.
    """

    source: str
    dataset: str
    ordered: bool
    order: tuple[int, ...]
    changes: bool
    carried: Mapping[str, Carried]


def translate(source: str, dataset: str) -> Translated:
    """Takes some ms. Raises InvalidRequest for SQL that can't be read, KeyError for an unknown dataset."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    tables = shapes.tables(dataset)
    tree = sql.read(source, dataset)
    if isinstance(tree, sql.CHANGES):
        return _changed(source, dataset, tree, tables)
    carried = {engine: _tried(engine, tree, tables) for engine in ENGINES}
    return Translated(source, dataset, tree.args.get("order") is not None, _order(tree), False, carried)


def _order(tree: exp.Expr) -> tuple[int, ...]:
    """The places of the columns that ORDER BY names; none where it names something else."""
    order = tree.args.get("order")
    if order is None or not isinstance(tree, exp.Query):
        return ()
    names, nodes = tree.named_selects, [sql.bare(node) for node in tree.selects]
    found = []
    for part in order.expressions:
        key = part.this
        if isinstance(key, exp.Column) and not key.table and key.name in names:
            found.append(names.index(key.name))
        elif key in nodes:
            found.append(nodes.index(key))
        else:
            return ()
    return tuple(found)


def _tried(engine: str, tree: exp.Expr, tables: Tables) -> Carried:
    try:
        return _SELECTS[engine](tree.copy(), tables)
    except NotCarriedError as exc:
        return Carried(engine, losses=(str(exc),))
    except RecursionError:
        return Carried(engine, losses=("it is nested too deeply",))
    except Exception:  # a parser of any SQL gives trees that nobody thought of; that one is named too, and logged
        log.exception("a statement could not be translated for %s", engine)
        return Carried(engine, losses=("a construct that is not known here",))


def _changed(source: str, dataset: str, tree: exp.Expr, tables: Tables) -> Translated:
    """A change, and after it a SELECT that reads what it left, the same for all engines that can say both."""
    made: dict[str, list[str]] = {}
    losses: dict[str, str] = {}
    change: Change | None = None
    for engine in ENGINES:
        try:
            change = changes.change(tree, tables)
            made[engine] = _CHANGES[engine](change, tables)
        except NotCarriedError as exc:
            losses[engine] = str(exc)
    source = f"{sql.first(source)};"
    if change is None or not made:
        carried = {engine: Carried(engine, losses=(losses[engine],)) for engine in ENGINES}
        return Translated(source, dataset, False, (), True, carried)
    check, reads = _check(change, dataset, tables, list(made))
    carried = {}
    for engine in ENGINES:
        if engine in reads:
            text = "\n".join([*made[engine], "", reads[engine].source])
            carried[engine] = replace(reads[engine], source=text)
        else:
            carried[engine] = Carried(engine, losses=(losses.get(engine, "what it left can't be read back by a key"),))
    text = f"{source}\n\n{check};" if check else source
    return Translated(text, dataset, False, (), True, carried)


def _check(change: Change, dataset: str, tables: Tables, engines: list[str]) -> tuple[str, dict[str, Carried]]:
    """The first SELECT of the changed table that most engines can say."""
    best: tuple[str, dict[str, Carried]] = ("", {})
    for text in _checks(change, engines):
        tree = sql.read(text, dataset)
        found = {engine: _tried(engine, tree, tables) for engine in engines}
        said = {engine: one for engine, one in found.items() if one.source}
        if len(said) > len(best[1]):
            best = (text, said)
        if len(said) == len(engines):
            break
    return best


def _checks(change: Change, engines: list[str]) -> Iterator[str]:
    table = change.table
    columns = [name for name in table.columns if all(shapes.kept(name, table, engine) for engine in engines)]
    listed = exp.select(*(exp.column(name, quoted=True) for name in columns)).from_(exp.to_table(table.name))
    yield listed.sql(dialect="postgres")
    rows = list(change.rows)
    if change.verb != "insert":
        try:
            rows = change.keys("")
        except NotCarriedError:
            return
    for names in (table.key, *((name,) for name in table.key)):
        if len({tuple(row.get(name) for name in names) for row in rows}) == 1 and all(
            name in rows[0] for name in names
        ):
            fixed = [exp.column(name, quoted=True).eq(exp.convert(rows[0][name])) for name in names]
            others = [name for name in columns if name not in names]
            for kept in (columns, others):
                if kept:
                    yield (
                        exp.select(*(exp.column(n, quoted=True) for n in kept))
                        .from_(exp.to_table(table.name))
                        .where(*fixed)
                        .sql(dialect="postgres")
                    )


def judge(translated: Translated, runs: Mapping[str, Mapping[str, Any]]) -> Judgement:
    """Every run compared with PostgreSQL's. An engine whose statement was not carried over is not judged."""
    found = {
        engine: read(run, translated.carried[engine].answering if engine in translated.carried else Answering())
        for engine, run in runs.items()
        if engine == REFERENCE or translated.carried[engine].source
    }
    first = found[REFERENCE]
    differences = {engine: _difference(first, answer, translated) for engine, answer in found.items()}
    return Judgement(REFERENCE, (), differences, translated.ordered)


def _difference(first: Answer, answer: Answer, translated: Translated) -> Difference | None:
    if first.rows is None:
        return Difference(problem=first.problem)
    found = answers.compare(first.rows, answer, (), ordered=translated.ordered)
    if found is None or not found.order_only or not translated.order:
        return found
    # Rows that are equal in what ORDER BY names may stand in any order.
    keys = [[tuple(row[at] for at in translated.order) for row in rows] for rows in (first.rows, answer.rows or [])]
    return None if keys[0] == keys[1] else found
