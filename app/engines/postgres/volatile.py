"""Whether a SELECT may change something: by a function that it calls, or by a view that calls one."""

import re
from dataclasses import dataclass

from app.core.limits import Limits
from app.engines.postgres.catalog import question
from app.engines.postgres.connections.session import Session

_CALLED = re.compile(r"(?<![\w$])([A-Za-z_][\w$]*+)\"?\s*+\(")


@dataclass(slots=True, weakref_slot=True)
class Views:
    """Of one sandbox: whether a view may call a function that was made there and changes something. None: to be asked."""

    may_change: bool | None = None


def called_in(text: str) -> list[str]:
    """The names before a parenthesis, as they are written; those in quotes and comments too."""
    return _CALLED.findall(text)


async def may_change(text: str, session: Session, views: Views, at: int, limits: Limits) -> bool:
    """Whether it calls a sequence's function, NOTIFY, or a volatile one that was made here, if only by a view. `at`: where it stands in the source."""
    if session.transaction == "failed":
        return False
    named = called_in(text)
    called = {name.lower() for name in named} - session.harmless | {name for name in named if not name.islower()}
    if not called and views.may_change is not None:
        return views.may_change
    names = "{" + ",".join(f'"{name}"' for name in called) + "}"
    found = bool((await session.ask(question("volatile"), at, limits, names)).rows)
    if not called:
        views.may_change = found
    return found
