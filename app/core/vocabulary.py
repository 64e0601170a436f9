"""An engine's own words, for completion and help in the editor."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Word:
    """A command, function, method, operator or option that a source may use.

    `kind` is the engine's term (`keyword`, `command`, `function`, `method`, `operator`, `stage`, `option`, `parameter`, ...); `detail` a signature or
    type, short; `info` one sentence of help; `within` the word it belongs to: the command of an option, `collection` for its methods.
    """

    name: str
    kind: str
    detail: str | None = None
    info: str | None = None
    within: str | None = None


def encode_words(words: list[Word]) -> list[dict[str, Any]]:
    """The JSON shape of a vocabulary: what is not known is left out."""
    return [{key: value for key, value in asdict(word).items() if value is not None} for word in words]
