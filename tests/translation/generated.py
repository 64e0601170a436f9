"""Random SELECTs: over products and their reviews, with nulls in every corner; and of one table by its keys. The same seed gives the same ones."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from app.playground.translating.shapes import Table

NUMBERS = [
    "p.stock",
    "p.price",
    "p.id",
    "nullif(p.stock, 3)",
    "coalesce(nullif(p.stock, 0), 7)",
    "p.stock * 2",
    "p.price + 1",
    "p.price * p.stock",
    "r.stars",
    "r.user_id",
    "length(p.name)",
    "round(p.price, 0)",
    "p.stock / 4",
    "p.stock % 3",
    "-p.stock",
    "abs(p.stock - 10)",
    "greatest(p.stock, r.stars)",
    "(CASE WHEN p.stock > 20 THEN p.price WHEN r.stars IS NULL THEN 1 END)",
]
WRITTEN = ["0", "3", "5", "10.5", "20", "NULL", "4", "12.25", "39"]
TEXTS = [
    "p.name",
    "p.category",
    "r.text",
    "lower(p.name)",
    "nullif(p.category, 'tea')",
    "p.name || ' ' || p.category",
    "substring(p.name, 2, 3)",
    "coalesce(r.text, 'none')",
]
WRITTEN_TEXTS = ["'tea'", "'cups'", "'Go'", "'none'", "'M'", "NULL"]
PATTERNS = ["'%a%'", "'A%'", "'%e'", "'_o%'", "'Go'"]
SUBQUERIES = [
    "p.id IN (SELECT product_id FROM lines WHERE quantity > 2)",
    "p.id NOT IN (SELECT nullif(product_id, 4) FROM reviews)",
    "EXISTS (SELECT 1 FROM lines l WHERE l.product_id = p.id AND l.quantity < r.stars)",
    "nullif(p.id, 2) NOT IN (SELECT product_id FROM lines WHERE quantity > 3)",
    "p.price > (SELECT avg(price) FROM products q WHERE q.category = p.category)",
    "r.stars = (SELECT max(stars) FROM reviews s WHERE s.product_id = p.id)",
]


class Generator:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def statements(self, count: int) -> Iterator[str]:
        for _ in range(count):
            yield self._pick([self._rows, self._groups, self._distinct, self._window])()

    def _pick(self, choices: Any) -> Any:
        return self._random.choice(choices)

    def _maybe(self) -> str:
        return self._pick(["", "NOT "])

    def _atom(self) -> str:
        number, pick = self._pick(NUMBERS), self._pick
        return pick(
            [
                f"{number} {pick(['=', '<>', '<', '<=', '>', '>='])} {pick(WRITTEN + NUMBERS)}",
                f"{pick(TEXTS)} {pick(['=', '<>', '<', '>='])} {pick(WRITTEN_TEXTS + TEXTS)}",
                f"{number} {self._maybe()}IN ({', '.join(self._random.sample(WRITTEN, 3))})",
                f"{pick(NUMBERS + TEXTS)} IS {self._maybe()}NULL",
                f"{pick(TEXTS)} {self._maybe()}{pick(['LIKE', 'ILIKE'])} {pick(PATTERNS)}",
                f"{number} {self._maybe()}BETWEEN {pick(WRITTEN)} AND {pick(WRITTEN)}",
                f"{number} IS {self._maybe()}DISTINCT FROM {pick(WRITTEN + NUMBERS)}",
                f"({number} > {pick(WRITTEN)}) IS {self._maybe()}{pick(['TRUE', 'FALSE'])}",
                pick(SUBQUERIES),
            ]
        )

    def _condition(self, depth: int = 0) -> str:
        chance = self._random.random()
        if depth > 2 or chance < 0.45:
            return self._atom()
        if chance < 0.62:
            return f"NOT ({self._condition(depth + 1)})"
        return f"({self._condition(depth + 1)} {self._pick(['AND', 'OR'])} {self._condition(depth + 1)})"

    def _from(self) -> str:
        on = "r.product_id = p.id" + self._pick(["", f" AND {self._atom()}"])
        return f"FROM products p {self._pick(['LEFT JOIN', 'JOIN'])} reviews r ON {on} WHERE {self._condition()}"

    def _rows(self) -> str:
        return f"SELECT p.id, r.user_id, {self._pick(NUMBERS)} AS x, {self._condition(2)} AS y {self._from()} ORDER BY p.id, r.user_id"

    def _groups(self) -> str:
        number = self._pick(NUMBERS)
        aggregates = [
            "count(*)",
            f"count({number})",
            f"sum({number})",
            f"min({number})",
            f"avg({number})",
            f"max({self._pick(TEXTS)})",
            f"count(DISTINCT {self._pick(NUMBERS + TEXTS)})",
            f"sum({number}) FILTER (WHERE {self._atom()})",
        ]
        found = ", ".join(self._random.sample(aggregates, 3))
        key = self._pick(["p.category", "r.stars", "nullif(p.category, 'tea')", "p.stock % 3", ""])
        having = self._pick(
            ["", f" HAVING {self._pick(aggregates[:5])} {self._pick(['>', '<'])} {self._pick(WRITTEN)}"]
        )
        if not key:
            return f"SELECT {found} {self._from()}"
        return f"SELECT {key} AS key, {found} {self._from()} GROUP BY {key}{having}"

    def _distinct(self) -> str:
        return f"SELECT DISTINCT {self._pick(NUMBERS)} AS a, {self._pick(TEXTS)} AS b {self._from()}"

    def _window(self) -> str:
        function = self._pick(
            ["row_number()", "sum(p.stock)", "count(r.stars)", "lag(p.price)", "min(r.stars)", "avg(p.price)"]
        )
        partition = self._pick(["", "PARTITION BY p.category ", "PARTITION BY r.stars "])
        order = self._pick(["p.id, r.user_id", "p.price DESC, p.id, r.user_id"])
        frame = self._pick(["ROWS UNBOUNDED PRECEDING", "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"])
        return f"SELECT p.id, r.user_id, {function} OVER ({partition}ORDER BY {order} {frame}) AS w {self._from()}"


class Keyed:
    """SELECTs of one table by values that it holds, mostly of its key: what DynamoDB's and Redis's keys answer. `values`: by column, as text."""

    def __init__(self, seed: int, table: Table, values: Mapping[str, list[str]]) -> None:
        self._random, self._table, self._values = random.Random(seed), table, values

    def statements(self, count: int) -> Iterator[str]:
        for _ in range(count):
            yield self._statement()

    def _literal(self, column: str) -> str:
        return "'" + self._random.choice(self._values[column]).replace("'", "''") + "'"

    def _condition(self) -> str:
        plain = [name for name, kind in self._table.columns.items() if kind != "text[]"]
        column = self._random.choice([*self._table.key, *self._table.key, *plain])
        one, other = self._literal(column), self._literal(column)
        comparison = self._random.choice(["<", "<=", ">", ">=", "<>"])
        rest = [
            f"{column} {comparison} {one}",
            f"{column} BETWEEN {one} AND {other}",
            f"{column} IN ({one}, {other})",
            f"NOT {column} = {one}",
            f"({column} = {one} OR {column} > {other})",
        ]
        return self._random.choice([f"{column} = {one}"] * 6 + rest)

    def _statement(self) -> str:
        pick = self._random.choice
        columns = self._random.sample(
            list(self._table.columns), self._random.randint(1, min(3, len(self._table.columns)))
        )
        where = " AND ".join(self._condition() for _ in range(pick([0, 1, 1, 1, 2, 2, 3])))
        selected = pick([", ".join(columns)] * 4 + ["count(*)"])
        sql = f"SELECT {selected} FROM {self._table.name}" + (f" WHERE {where}" if where else "")
        if selected == "count(*)" or self._random.random() < 0.6:
            return sql
        order = pick(columns)
        limit = (
            f" LIMIT {self._random.randint(1, 4)}" if len(set(self._values[order])) == len(self._values[order]) else ""
        )
        return f"{sql} ORDER BY {order} {pick(['', 'DESC'])}{pick(['', limit])}"
