"""Results as files: CSV, TSV, JSON, NDJSON, Markdown, SQL. A file that was cut ends by saying so."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from app.core.results import Column
from app.playground.files.tables import JSON_NUMBER, NUMERIC, Table, table_of

ROWS_AN_INSERT = 200
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Format:
    """Writes a table in parts: `head` once, `part` for each, `tail` once."""

    suffix: ClassVar[str]
    label: ClassVar[str]
    media_type: ClassVar[str]

    def __init__(self) -> None:
        self.written = 0

    def head(self, table: Table) -> str:
        return ""

    def part(self, table: Table) -> str:
        raise NotImplementedError

    def tail(self, cut: str | None) -> str:
        return ""


class Csv(Format):
    suffix, label, media_type = "csv", "CSV", "text/csv; charset=utf-8"

    def head(self, table: Table) -> str:
        return self._line([column.name for column in table.columns])

    def part(self, table: Table) -> str:
        return "".join(map(self._line, table.rows))

    def tail(self, cut: str | None) -> str:
        return f"# {cut}\r\n" if cut else ""

    def _line(self, cells: list[str] | list[str | None]) -> str:
        return ",".join(map(csv_cell, cells)) + "\r\n"


def csv_cell(cell: str | None) -> str:
    """Null is nothing, an empty text is `""`. What a spreadsheet would take for a formula begins with an apostrophe; numbers stay."""
    if cell is None:
        return ""
    guarded = guard(cell)
    if guarded == cell and cell and not re.search(r'[",\r\n]|^\s|\s$|^#', cell):
        return cell
    return '"' + guarded.replace('"', '""') + '"'


def guard(cell: str) -> str:
    if cell.startswith(_FORMULA) and not JSON_NUMBER.fullmatch(cell.removeprefix("+")):
        return f"'{cell}"
    return cell


class Tsv(Csv):
    suffix, label, media_type = "tsv", "TSV", "text/tab-separated-values; charset=utf-8"

    def _line(self, cells: list[str] | list[str | None]) -> str:
        return "\t".join(map(tsv_cell, cells)) + "\n"

    def tail(self, cut: str | None) -> str:
        return f"# {cut}\n" if cut else ""


def tsv_cell(cell: str | None) -> str:
    """As PostgreSQL's COPY writes it: null is \\N, and tabs and line ends are escaped."""
    if cell is None:
        return "\\N"
    escaped = cell.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return guard(escaped)


class Json(Format):
    suffix, label, media_type = "json", "JSON", "application/json"

    def head(self, table: Table) -> str:
        return "["

    def part(self, table: Table) -> str:
        lines = ",\n ".join(table.records)
        start = ",\n " if self.written and lines else ""
        self.written += len(table.records)
        return start + lines

    def tail(self, cut: str | None) -> str:
        comma = ",\n " if self.written else ""
        return (f"{comma}{json.dumps({'$cut': cut})}" if cut else "") + "]\n"


class Ndjson(Format):
    suffix, label, media_type = "ndjson", "NDJSON", "application/x-ndjson"

    def part(self, table: Table) -> str:
        return "".join(f"{record}\n" for record in table.records)

    def tail(self, cut: str | None) -> str:
        return json.dumps({"$cut": cut}) + "\n" if cut else ""


class Markdown(Format):
    suffix, label, media_type = "md", "Markdown", "text/markdown; charset=utf-8"

    def head(self, table: Table) -> str:
        names = " | ".join(markdown_cell(column.name) for column in table.columns)
        rules = " | ".join("---:" if column.type.split("(")[0] in NUMERIC else "---" for column in table.columns)
        return f"| {names} |\n| {rules} |\n"

    def part(self, table: Table) -> str:
        return "".join(f"| {' | '.join(map(markdown_cell, row))} |\n" for row in table.rows)

    def tail(self, cut: str | None) -> str:
        return f"\n*{cut}*\n" if cut else ""


_MARKED = re.compile(r"([\\`*_\[\]<>|~#&])")


def markdown_cell(cell: str | None) -> str:
    """A cell as text that no renderer takes for markup."""
    if cell is None:
        return "*null*"
    return _MARKED.sub(r"\\\1", cell).replace("\r", "").replace("\n", "<br>")


class Sql(Format):
    suffix, label, media_type = "sql", "SQL", "application/sql; charset=utf-8"

    def __init__(self, name: str = "result") -> None:
        super().__init__()
        self._name = sql_name(name)

    def head(self, table: Table) -> str:
        columns = ",\n".join(f"  {sql_name(column.name)} {_sql_type(column)}" for column in table.columns)
        return f"CREATE TABLE {self._name} (\n{columns}\n);\n"

    def part(self, table: Table) -> str:
        names = ", ".join(sql_name(column.name) for column in table.columns)
        parts = []
        for start in range(0, len(table.rows), ROWS_AN_INSERT):
            rows = table.rows[start : start + ROWS_AN_INSERT]
            values = ",\n".join(
                "  (" + ", ".join(sql_cell(x, c.type) for x, c in zip(row, table.columns, strict=True)) + ")"
                for row in rows
            )
            parts.append(f"INSERT INTO {self._name} ({names}) VALUES\n{values};\n")
        return "".join(parts)

    def tail(self, cut: str | None) -> str:
        return f"-- {cut}\n" if cut else ""


def sql_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql_type(column: Column) -> str:
    """The column's own type where it is written like one, else text."""
    return (
        column.type if re.fullmatch(r"[a-z][a-z0-9 _]*(?:\(\d+(?:,\d+)?\))?[a-z ]*(?:\[\])*", column.type) else "text"
    )


def sql_cell(cell: str | None, kind: str) -> str:
    if cell is None:
        return "NULL"
    if kind.split("(", maxsplit=1)[0] in NUMERIC and JSON_NUMBER.fullmatch(cell):
        return cell
    return "'" + cell.replace("\0", "").replace("'", "''") + "'"


FORMATS: dict[str, type[Format]] = {kind.suffix: kind for kind in (Csv, Tsv, Json, Ndjson, Markdown, Sql)}


@dataclass(slots=True)
class Export:
    """A file being written from the parts of a result."""

    format: Format
    columns: list[Column] | None = None
    count: int = 0
    left_out: set[str] = field(default_factory=set)

    def write(self, result: dict[str, Any]) -> str:
        """The text for one more part; nothing for a part without a table."""
        table = table_of(result, self.columns)
        if table is None:
            return ""
        text = self.format.part(table)
        if self.columns is None:
            self.columns = table.columns
            text = self.format.head(table) + text
        self.count += len(table.records)
        self.left_out |= table.left_out
        return text

    def end(self, cut: str | None) -> str:
        """The last of the file. Fields that came up after the columns were written are named."""
        if self.left_out and not isinstance(self.format, Json | Ndjson):
            names = ", ".join(sorted(self.left_out)[:20])
            said = f"Fields that only later documents have are left out: {names}."
            cut = f"{cut} {said}" if cut else said
        return self.format.tail(cut)


def whole(result: dict[str, Any], suffix: str) -> Iterator[str]:
    """An encoded result as a file, in pieces; with what was cut of it said at its end."""
    export = Export(FORMATS[suffix]())
    yield export.write(result)
    yield export.end(cut_of(result))


def cut_of(result: dict[str, Any]) -> str | None:
    truncated = result.get("truncated")
    return truncated["message"] if truncated else None
