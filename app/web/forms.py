"""What the workbench's form asks to run: the editor's source, or beside it the end of a transaction or a preview."""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Form

from app.core.engine import Engine
from app.core.errors import InvalidRequest
from app.playground.execution import Explain
from app.playground.runner import RunRequest
from app.web.deps import lines

Action = Literal["run", "explain", "format", "stop", "reset"]
TextForm = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class RunForm:
    """The fields that the buttons of the workbench's one form send. `end`: a label of the engine's `transaction_ends`."""

    source: str
    seed: str
    explain: Explain
    action: Action
    end: str
    preview: str

    def request(self, engine: Engine) -> RunRequest:
        """Raises InvalidRequest for an end or a preview that the engine doesn't have."""
        if not self.end and not self.preview:
            explain: Explain = "measure" if self.action == "explain" else self.explain
            return RunRequest(engine.slug, self.source, self.seed, explain=explain)
        # Without the seed: a new one would reset the sandbox first.
        return RunRequest(engine.slug, self._beside(engine), shown=(self.source, self.seed))

    def _beside(self, engine: Engine) -> str:
        if self.end:
            ends = dict(engine.transaction_ends)
            if self.end not in ends:
                raise InvalidRequest(f"{engine.label} ends no transaction by {self.end!r}.")
            return ends[self.end]
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
) -> RunForm:
    return RunForm(lines(source), lines(seed), explain, action, lines(end), lines(preview))


RunFormDep = Annotated[RunForm, Depends(run_form)]
