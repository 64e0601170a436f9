"""The shell's own vocabulary: methods with signatures, stages and operators, kept as data in `vocabulary/`."""

import tomllib
from functools import cache
from pathlib import Path

from app.core.vocabulary import Word

FOLDER = Path(__file__).parent / "vocabulary"
FILES = ("methods", "stages", "operators")


@cache
def all_words() -> tuple[Word, ...]:
    """Methods have the object they belong to in `within`; `kind` says `method`, `stage`, or which operator."""
    found: list[Word] = []
    for name in FILES:
        for group, entries in tomllib.loads((FOLDER / f"{name}.toml").read_text()).items():
            methods = name == "methods"
            for word, (detail, info) in entries.items():
                within = group if methods and group != "global" else None
                found.append(Word(word, "method" if methods else group, detail, info, within))
    return tuple(found)


def methods_of(within: str) -> list[Word]:
    """The methods of one of the shell's objects, by name."""
    return sorted((word for word in all_words() if word.within == within), key=lambda word: word.name.lower())
