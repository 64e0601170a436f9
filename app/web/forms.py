"""What the workbench's forms ask to run: an editor's source, or beside it the end of a transaction, a preview, the rest of a result."""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Form

from app.core.engine import Engine
from app.core.errors import InvalidRequest
from app.playground.running.execution import Explain
from app.playground.running.runner import RunRequest
from app.web.deps import TextForm, lines

Action = Literal["open", "run", "explain", "format", "translate", "stop", "reset"]


@dataclass(frozen=True, slots=True)
class RunForm:
    """The fields that the buttons of a workbench's form send. `end`: a label of the engine's `transaction_ends`; `more`: a source that
    continues a result; `page`: the token of the open page; `part`: what of the source to run, as `start-end` in characters;
    `parent`: the shared playground that the texts came from.
    """

    source: str
    seed: str
    explain: Explain
    action: Action
    end: str
    preview: str
    more: str
    client: str
    page: str
    part: str = ""
    parent: str = ""

    def request(self, engine: Engine) -> RunRequest:
        """Raises InvalidRequest for an end or a preview that the engine doesn't have."""
        if not self.end and not self.preview and not self.more:
            explain: Explain = "measure" if self.action == "explain" else self.explain
            return RunRequest(
                engine.slug,
                self.source,
                self.seed,
                explain=explain,
                client=self.client,
                page=self.page,
                part=self._part(),
                shown=(self.source, self.seed),
            )
        # Without the seed: a new one would reset the sandbox first.
        return RunRequest(
            engine.slug, self._beside(engine), client=self.client, page=self.page, shown=(self.source, self.seed)
        )

    def _part(self) -> tuple[int, int] | None:
        if not self.part:
            return None
        start, _, end = self.part.partition("-")
        return int(start), int(end)

    def _beside(self, engine: Engine) -> str:
        if self.end:
            ends = dict(engine.transaction_ends)
            if self.end not in ends:
                raise InvalidRequest(f"{engine.label} ends no transaction by {self.end!r}.")
            return ends[self.end]
        if self.more:
            return self.more
        if not engine.preview:
            raise InvalidRequest(f"{engine.label} has no preview.")
        names = {"{name}": self.preview, "{string}": json.dumps(self.preview, ensure_ascii=False)}
        return re.sub(r"\{(?:name|string)\}", lambda found: names[found[0]], engine.preview)


def run_form(
    source: TextForm = "",
    seed: TextForm = "",
    explain: Annotated[Explain, Form()] = "none",
    action: Annotated[Action, Form()] = "run",
    end: TextForm = "",
    preview: TextForm = "",
    more: TextForm = "",
    client: Annotated[Literal["main", "A", "B"], Form()] = "main",
    page: Annotated[str, Form(max_length=64)] = "",
    part: Annotated[str, Form(pattern=r"^(\d{1,7}-\d{1,7})?$")] = "",
    parent: Annotated[str, Form(max_length=64)] = "",
) -> RunForm:
    return RunForm(
        lines(source), lines(seed), explain, action, lines(end), lines(preview), lines(more), client, page, part, parent
    )


RunFormDep = Annotated[RunForm, Depends(run_form)]
