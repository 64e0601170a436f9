"""Statements run so that every value comes back as the server's own text. The one module that knows asyncpg's inside.

asyncpg's public API decodes values from binary, which fails on some (`'0044-03-15 BC'::date`, `null::pg_class`), and
fetches all rows at once. A test holds the version that this was written for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import asyncpg

from app.core.results import Column
from app.engines.postgres.catalog import question

ASYNCPG_VERSIONS = ("0.31", "0.32")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one statement gave. `tag` is None when the server had more rows than were asked for."""

    columns: list[Column]
    rows: list[list[str | None]]
    tag: str | None


class NeedsParametersError(Exception):
    """The statement has another number of parameters (`$1`) than came with it."""

    def __init__(self, wanted: int, given: int) -> None:
        super().__init__(wanted, given)
        self.wanted, self.given = wanted, given


def use_text(connection: Any, types: Iterable[tuple[int, str]]) -> None:
    """Have values of these types (oid and name) sent as text."""
    settings = connection._protocol.get_settings()  # noqa: SLF001
    for oid, name in types:
        settings.add_python_codec(oid, name, "pg_catalog", [], "scalar", str, str, "text")


async def execute(connection: Any, text: str, max_rows: int, arguments: tuple[str | None, ...] = ()) -> Answer:
    """Execute one statement and fetch at most `max_rows` rows of it; 0 fetches all."""
    protocol = connection._protocol  # noqa: SLF001
    state = await protocol.prepare("", text, None, record_class=asyncpg.Record)
    wanted = len(state._get_parameters())  # noqa: SLF001
    if wanted != len(arguments):
        await protocol.close_portal("", None)  # ends what the prepare began
        raise NeedsParametersError(wanted, len(arguments))
    unknown = state._init_types()  # noqa: SLF001
    if unknown:
        await _learn(connection, unknown)
        state.mark_unprepared()  # the question took the place of the statement
    state._init_codecs()  # noqa: SLF001
    records, tag, _ = await protocol.bind_execute(state, arguments, "", max_rows, True, None)
    columns = [Column(a.name, a.type.name) for a in state._get_attributes()]  # noqa: SLF001
    return Answer(columns, [list(record.values()) for record in records], tag.decode() if tag else None)


async def copy_in(connection: Any, sql: str, data: bytes) -> str:
    """Execute COPY FROM STDIN with these rows. Returns the command tag."""
    tag: str = await connection._protocol.copy_in(sql, None, data, None, None, None)  # noqa: SLF001
    return tag


async def copy_out(connection: Any, sql: str) -> tuple[bytes, str]:
    """Execute COPY TO STDOUT. Returns what it wrote and the command tag."""
    pieces: list[bytes] = []

    async def take(piece: bytes) -> None:
        pieces.append(piece)

    tag: str = await connection._protocol.copy_out(sql, take, None)  # noqa: SLF001
    return b"".join(pieces), tag


async def _learn(connection: Any, oids: Iterable[int]) -> None:
    protocol = connection._protocol  # noqa: SLF001
    wanted = sorted(oids)
    use_text(connection, ((oid, "unknown") for oid in wanted))
    state = await protocol.prepare("", question("new_types"), None, record_class=asyncpg.Record)
    state._init_codecs()  # noqa: SLF001
    literal = "{" + ",".join(str(oid) for oid in wanted) + "}"
    records, _, _ = await protocol.bind_execute(state, (literal,), "", 0, True, None)
    use_text(connection, ((int(oid), name) for oid, name in records))
