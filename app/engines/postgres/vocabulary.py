"""PostgreSQL's own words, as its catalog tells them, and psql's commands that work here."""

from app.core.vocabulary import Word
from app.engines.postgres.admin import Admin
from app.engines.postgres.catalog import question
from app.engines.postgres.commands import HELP

MAX_INFO = 160
MAX_DETAIL = 72


async def words(admin: Admin) -> list[Word]:
    rows = await admin.fetch(question("words"))
    told = [
        Word(row["name"], row["kind"], _short(row["detail"]), _sentence(row["info"]), row["within"]) for row in rows
    ]
    return [*told, *(Word(f"\\{name}", "command", None, _sentence(info)) for name, info in HELP.items())]


def _sentence(text: str | None) -> str | None:
    if not text:
        return None
    return text[:1].upper() + text[1:MAX_INFO]


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= MAX_DETAIL else text[: MAX_DETAIL - 1] + "…"
