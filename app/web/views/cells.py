"""Texts in a drawing: fit for XML and for one line, and how many cells of a code font they take."""

import re
import unicodedata

MAX_CELLS = 40
_UNFIT = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def plain(text: str) -> str:
    """The text with what XML can't hold, or a line can't show, as a visible sign."""
    return "".join(chr(0x2400 + ord(c)) if c < " " else "\ufffd" if _UNFIT.match(c) else c for c in text)


def cut(text: str, most: int = MAX_CELLS) -> str:
    """A text in at most `most` cells of the code font."""
    text = plain(text)
    if cells(text) <= most:
        return text
    kept = ""
    for character in text:
        if cells(kept) + cells(character) >= most:
            break
        kept += character
    return kept + "…"


def cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
