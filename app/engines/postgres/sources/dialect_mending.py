"""What sqlglot passes on as it is, and PostgreSQL can't read: mended in the tree, or taken out and named."""

from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp

WIDER = {
    exp.DType.UTINYINT: "SMALLINT",
    exp.DType.USMALLINT: "INT",
    exp.DType.UMEDIUMINT: "INT",
    exp.DType.UINT: "BIGINT",
    exp.DType.UBIGINT: "NUMERIC(20)",
    exp.DType.UDECIMAL: "NUMERIC",
    exp.DType.TINYINT: "SMALLINT",
    exp.DType.MEDIUMINT: "INT",
    exp.DType.YEAR: "SMALLINT",
}
KEPT_PROPERTIES = (exp.TemporaryProperty, exp.UnloggedProperty)


def mended(tree: exp.Expr, dialect: str, losses: list[str]) -> Iterator[exp.Expr]:
    """The statement as PostgreSQL can take it, and statements that have to follow it."""
    following: list[exp.Expr] = []
    if isinstance(tree, exp.Create):
        following = _create(tree, losses)
    for kind, mend in _MENDS:
        for node in list(tree.find_all(kind)):
            mend(node, dialect, losses)
    yield tree
    yield from following


def _create(tree: exp.Create, losses: list[str]) -> list[exp.Expr]:
    """Options of the table go, its plain indexes become statements of their own."""
    properties = tree.args.get("properties")
    if properties:
        for option in list(properties.expressions):
            if not isinstance(option, KEPT_PROPERTIES):
                losses.append(f"left out: {option.sql(dialect='mysql')}")
                option.pop()
        if not properties.expressions:
            properties.pop()
    if not isinstance(tree.this, exp.Schema):
        return []
    table = tree.this.this
    following: list[exp.Expr] = []
    for part in list(tree.this.expressions):
        if isinstance(part, exp.IndexColumnConstraint):
            part.pop()
            if part.args.get("kind"):
                losses.append(f"left out: {part.sql(dialect='mysql')}")
                continue
            columns = ", ".join(column.sql(dialect="postgres") for column in part.expressions)
            name = f"{part.this.sql(dialect='postgres')} " if part.this else ""
            following.append(
                exp.maybe_parse(
                    f"CREATE INDEX {name}ON {table.sql(dialect='postgres')} ({columns})", dialect="postgres"
                )
            )
        elif isinstance(part, exp.UniqueColumnConstraint) and isinstance(part.this, exp.Schema):
            part.this.set("this", None)
    return following


def _column(column: exp.ColumnDef, _: str, losses: list[str]) -> None:
    kind = column.args.get("kind")
    if isinstance(kind, exp.DataType) and kind.this == exp.DType.ENUM:
        name = column.this.sql(dialect="postgres")
        check = exp.CheckColumnConstraint(
            this=exp.In(this=exp.column(column.this.copy()), expressions=kind.expressions)
        )
        column.set("kind", exp.DataType.build("TEXT", dialect="postgres"))
        column.append("constraints", exp.ColumnConstraint(kind=check))
        losses.append(f"the ENUM of {name} is a CHECK")
    for constraint in list(column.args.get("constraints") or ()):
        if isinstance(constraint.kind, exp.OnUpdateColumnConstraint | exp.CommentColumnConstraint):
            losses.append(f"left out: {constraint.sql(dialect='mysql')} of {column.this.sql(dialect='postgres')}")
            constraint.pop()


def _type(kind: exp.DataType, dialect: str, losses: list[str]) -> None:
    if kind.this in WIDER:
        if kind.this.value.startswith("U"):
            losses.append("UNSIGNED: nothing keeps a number from being negative")
        kind.replace(exp.DataType.build(WIDER[kind.this], dialect="postgres"))
    elif dialect == "tsql" and kind.this == exp.DType.BIT:
        kind.replace(exp.DataType.build("BOOLEAN", dialect="postgres"))
    elif kind.expressions and kind.expressions[0].name.upper() == "MAX":
        binary = kind.this in (exp.DType.VARBINARY, exp.DType.BINARY)
        kind.replace(exp.DataType.build("BYTEA" if binary else "TEXT", dialect="postgres"))


def _insert(insert: exp.Insert, _: str, losses: list[str]) -> None:
    alternative = str(insert.args.get("alternative") or "").upper()
    conflict = insert.args.get("conflict")
    columns = insert.this.expressions if isinstance(insert.this, exp.Schema) else []
    if insert.args.get("ignore") or alternative == "IGNORE":
        insert.set("ignore", False)
        insert.set("alternative", None)
        insert.set("conflict", exp.OnConflict(action=exp.var("DO NOTHING")))
    elif alternative == "REPLACE" and columns:
        insert.set("alternative", None)
        sets = [exp.EQ(this=exp.column(name.copy()), expression=_excluded(name)) for name in columns[1:]]
        insert.set("conflict", _on(columns[0], sets, losses))
    elif conflict and conflict.args.get("duplicate") and columns:
        for call in list(conflict.find_all(exp.Anonymous)):
            if call.name.upper() == "VALUES" and call.expressions:
                call.replace(_excluded(call.expressions[0]))
        insert.set("conflict", _on(columns[0], conflict.expressions, losses))


def _on(key: exp.Expr, sets: Sequence[exp.Expr], losses: list[str]) -> exp.OnConflict:
    losses.append(f"the key of the conflict is not told: {key.sql(dialect='postgres')} is a guess")
    action = exp.var("DO UPDATE" if sets else "DO NOTHING")
    return exp.OnConflict(conflict_keys=[key.copy()], action=action, expressions=list(sets))


def _excluded(name: exp.Expr) -> exp.Column:
    identifier = name.this if isinstance(name, exp.Column) else name
    return exp.column(identifier.copy(), table="EXCLUDED")


def _select(select: exp.Select, dialect: str, _: list[str]) -> None:
    if dialect not in ("oracle", "mysql"):
        return
    source = select.args.get("from_")
    if source and isinstance(source.this, exp.Table) and source.this.name.upper() == "DUAL":
        source.pop()
    where = select.args.get("where")
    if not where:
        return
    parts = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    for part in parts:
        counts = isinstance(part, exp.LTE | exp.LT) and isinstance(part.this, exp.Column)
        if counts and part.this.name.upper() == "ROWNUM" and part.expression.is_int:
            most = int(part.expression.name) - isinstance(part, exp.LT)
            rest = [other for other in parts if other is not part]
            select.set("where", exp.Where(this=exp.and_(*rest, copy=False)) if rest else None)
            select.limit(most, copy=False)
            return


_MENDS: tuple[tuple[type[exp.Expr], Callable[..., None]], ...] = (
    (exp.ColumnDef, _column),
    (exp.DataType, _type),
    (exp.Insert, _insert),
    (exp.Select, _select),
)
